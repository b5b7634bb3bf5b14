//! Why there is no secure connection, in words that say what to do.

use rustls::{AlertDescription, CertificateError, Error};

/// What went wrong with a handshake.
pub fn explain(error: &Error) -> String {
    match error {
        Error::InvalidCertificate(error) => certificate(error),
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server wants a client certificate: give one with `client_cert` and `client_key` \
             (--client-cert, --client-key)"
                .to_owned()
        }
        Error::AlertReceived(AlertDescription::UnknownCA | AlertDescription::BadCertificate) => {
            "the server does not accept the client certificate".to_owned()
        }
        Error::AlertReceived(AlertDescription::ProtocolVersion) | Error::PeerIncompatible(_) => {
            format!("the two sides have no TLS version or cipher in common ({error}): see `min_version` (--tls-min)")
        }
        Error::AlertReceived(AlertDescription::UnrecognisedName) => {
            "the server knows no host of that name: see `server_name` (--server-name)".to_owned()
        }
        Error::AlertReceived(alert) => format!("the server refuses the handshake (alert {alert:?})"),
        Error::NoApplicationProtocol => "the server does not speak HTTP/1.1".to_owned(),
        Error::InvalidMessage(_) => {
            format!("what came back is not TLS ({error}): does the server speak plain http at this port?")
        }
        other => other.to_string(),
    }
}

fn certificate(error: &CertificateError) -> String {
    const TRUST: &str = "name the certificate of who issued it with `ca_cert` (--ca-cert), \
                         or do without looking at it: `insecure = true` (--insecure)";
    match error {
        CertificateError::UnknownIssuer => {
            format!("the server's certificate is not trusted: its issuer is not known here; {TRUST}")
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            "the server's certificate has expired: renew it, or do without looking at it: `insecure = true` \
             (--insecure)"
                .to_owned()
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "the server's certificate is not valid yet: is the clock of this machine right?".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            let names = match error {
                CertificateError::NotValidForNameContext { presented, .. } if !presented.is_empty() => {
                    format!(" (it is for {})", presented.join(", "))
                }
                _ => String::new(),
            };
            format!(
                "the server's certificate is for another name{names}: say which with `server_name` (--server-name), \
                 or do without looking at it: `insecure = true` (--insecure)"
            )
        }
        CertificateError::Revoked => "the server's certificate has been revoked".to_owned(),
        other => format!("the server's certificate is not accepted: {other:?}; {TRUST}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_certificate_is_said_with_what_to_do() {
        for (error, wanted) in [
            (Error::InvalidCertificate(CertificateError::UnknownIssuer), "--ca-cert"),
            (Error::InvalidCertificate(CertificateError::Expired), "expired"),
            (Error::InvalidCertificate(CertificateError::NotValidForName), "server_name"),
            (Error::AlertReceived(AlertDescription::CertificateRequired), "client_cert"),
            (Error::AlertReceived(AlertDescription::ProtocolVersion), "min_version"),
        ] {
            assert!(explain(&error).contains(wanted), "{error:?}: {}", explain(&error));
        }
    }
}
