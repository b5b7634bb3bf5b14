//! What people want of TLS as rustls wants to be told, files read.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, SupportedCipherSuite, SupportedProtocolVersion, version};

use super::trust::Trusting;
use crate::scenario::target::{Tls, TlsVersion};
use runlog::text::printable_path;

/// Sessions that a worker keeps to resume; there is one server.
const SESSIONS_KEPT: usize = 32;

/// Why there is no TLS as it is wanted.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file does not hold what it should.
    #[error("cannot use {what} `{}`: {reason}", printable_path(path))]
    File {
        /// What it should be.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The system trusts nobody.
    #[error("the system has no certificates to trust ({reason}): install `ca-certificates`, or name a file (ca_cert)")]
    NoRoots {
        /// Where they were looked for.
        reason: String,
    },
    /// No certificate can have this name.
    #[error("`{name}` is no name that a certificate can have: give one with `server_name`")]
    Name {
        /// The name.
        name: String,
    },
    /// It does not fit together.
    #[error("TLS cannot be set up: {0}")]
    Setup(String),
}

/// How connections are secured.
#[derive(Debug, Clone)]
pub struct Security {
    config: ClientConfig,
    name: ServerName<'static>,
    least: TlsVersion,
    resumes: bool,
    /// Whether any certificate will do.
    pub is_insecure: bool,
}

/// How the connections of one thread are secured.
#[derive(Debug, Clone)]
pub struct Credentials {
    /// How it is negotiated.
    pub config: Arc<ClientConfig>,
    /// The name that the server's certificate must have.
    pub name: ServerName<'static>,
}

impl Security {
    /// Reads the files that are named. `host` is the name of the target, or its address.
    ///
    /// # Errors
    /// Where a file does not hold what it should, or no certificate could have the name.
    pub fn new(tls: &Tls, host: &str) -> Result<Self, TlsError> {
        let name = tls.server_name.as_deref().unwrap_or(host);
        let name = ServerName::try_from(name.to_owned()).map_err(|_| TlsError::Name { name: name.to_owned() })?;
        let setup = |error: rustls::Error| TlsError::Setup(error.to_string());
        let builder = ClientConfig::builder_with_provider(Arc::new(provider()))
            .with_protocol_versions(versions(tls.min_version))
            .map_err(setup)?;
        let builder = if tls.insecure {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Trusting))
        } else {
            builder.with_root_certificates(roots(tls.ca_cert.as_deref())?)
        };
        let mut config = match &tls.identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain = certificates("the client certificate", certificate)?;
                let secret = PrivateKeyDer::from_pem_file(key)
                    .map_err(|error| wrong("the key of the client certificate", key, &error))?;
                builder.with_client_auth_cert(chain, secret).map_err(|error| TlsError::File {
                    what: "the client certificate and its key",
                    path: certificate.clone(),
                    reason: error.to_string(),
                })?
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Self { config, name, least: tls.min_version, resumes: tls.resumption, is_insecure: tls.insecure })
    }

    /// For one thread: what is kept of sessions is shared with no other, so that nobody waits for a lock.
    pub fn for_one_thread(&self) -> Credentials {
        let mut config = self.config.clone();
        if self.resumes {
            config.resumption = Resumption::in_memory_sessions(SESSIONS_KEPT);
        }
        Credentials { config: Arc::new(config), name: self.name.clone() }
    }
}

/// `1.2 or later, asks for shop.example, sessions are resumed`.
impl fmt::Display for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let least = match self.least {
            TlsVersion::V1_2 => "1.2 or later",
            TlsVersion::V1_3 => "1.3",
        };
        let sessions = if self.resumes { "sessions are resumed" } else { "every handshake is a whole one" };
        let trust = if self.is_insecure { ", NO CERTIFICATE IS LOOKED AT" } else { "" };
        write!(f, "{least}, asks for {}, {sessions}{trust}", self.name.to_str())
    }
}

/// What encrypts. AES with 128 bits goes first, as browsers have it: a server that leaves the choice to the client does
/// then what it does for them, and the hashes of the handshake are those that processors have instructions for.
fn provider() -> CryptoProvider {
    let mut provider = ring::default_provider();
    let is_first = |suite: &SupportedCipherSuite| {
        use rustls::CipherSuite::{
            TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, TLS13_AES_128_GCM_SHA256,
        };
        matches!(
            suite.suite(),
            TLS13_AES_128_GCM_SHA256 | TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256 | TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256
        )
    };
    // Stable: among themselves they stay as they are.
    provider.cipher_suites.sort_by_key(|suite| !is_first(suite));
    provider
}

fn versions(least: TlsVersion) -> &'static [&'static SupportedProtocolVersion] {
    static BOTH: [&SupportedProtocolVersion; 2] = [&version::TLS13, &version::TLS12];
    match least {
        TlsVersion::V1_2 => &BOTH,
        TlsVersion::V1_3 => &BOTH[..1],
    }
}

/// What a file of trusted certificates is called.
const TRUSTED: &str = "the trusted certificates (ca_cert)";

/// Whose certificates are trusted: those of a file, or the system's.
fn roots(file: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let Some(path) = file else {
        let found = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(found.certs);
        if roots.is_empty() {
            let reason = found.errors.first().map_or_else(|| "none found".to_owned(), ToString::to_string);
            return Err(TlsError::NoRoots { reason });
        }
        return Ok(roots);
    };
    for certificate in certificates(TRUSTED, path)? {
        roots.add(certificate).map_err(|error| TlsError::File {
            what: TRUSTED,
            path: path.to_owned(),
            reason: error.to_string(),
        })?;
    }
    Ok(roots)
}

fn certificates(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let certificates = read.map_err(|error| wrong(what, path, &error))?;
    if certificates.is_empty() {
        let reason = "there is no certificate in it (PEM begins with `-----BEGIN CERTIFICATE-----`)".to_owned();
        return Err(TlsError::File { what, path: path.to_owned(), reason });
    }
    Ok(certificates)
}

fn wrong(what: &'static str, path: &Path, error: &rustls::pki_types::pem::Error) -> TlsError {
    use rustls::pki_types::pem::Error;
    let reason = match error {
        Error::Io(error) if error.kind() == std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        Error::Io(error) => error.to_string(),
        Error::NoItemsFound => "there is no such thing in it, as PEM".to_owned(),
        other => format!("it is not PEM: {other}"),
    };
    TlsError::File { what, path: path.to_owned(), reason }
}
