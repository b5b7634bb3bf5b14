//! Where figures are sent: a URL, and what is needed to be let in there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

use crate::plan::Endpoint;
use crate::scenario::Text;
use crate::scenario::http::{self, Scheme, Url};
use crate::scenario::secrets::{REDACTED, redact_path};
use crate::scenario::target::Tls;
use crate::tls::{Security, TlsError};

/// Where figures are sent.
#[derive(Debug, Clone)]
pub struct Destination {
    url: Url,
    /// As people may see it.
    shown: String,
    headers: Vec<(String, String)>,
    security: Option<Security>,
}

/// Figures cannot be sent there.
#[derive(Debug, thiserror::Error)]
pub enum DestinationError {
    /// It is no URL that figures can be sent to.
    #[error("{0}")]
    Url(String),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// What is in a variable of the environment are no headers.
    #[error(
        "the environment's {variable} is not a list of headers such as `Authorization=Bearer%20…,X-Scope-OrgID=7`: {why}"
    )]
    Headers {
        /// The variable.
        variable: &'static str,
        /// What is wrong, without what may be a secret.
        why: String,
    },
}

impl Destination {
    /// Reads a URL, which may hold a user and a password; `path` is its path where it has none. Adds headers that a variable of
    /// the environment holds: they come before those that the URL makes.
    ///
    /// # Errors
    /// What is wrong with it; never with what may be a secret.
    pub fn new(url: &str, path: &str, variable: &'static str, headers: Option<&str>) -> Result<Self, DestinationError> {
        let (plain, credentials) = without_credentials(url);
        let mut url = http::parse_url(&plain).map_err(|error| DestinationError::Url(redact_path(&error)))?;
        if matches!(url.scheme, Scheme::Unix(_)) {
            return Err(DestinationError::Url("metrics are sent to `http://` or `https://` only".to_owned()));
        }
        if matches!(url.path.as_str(), "" | "/") {
            path.clone_into(&mut url.path);
        }
        let mut headers =
            parse_headers(headers.unwrap_or_default()).map_err(|why| DestinationError::Headers { variable, why })?;
        if let (Some(pair), false) = (credentials, has(&headers, "authorization")) {
            let pair: Vec<u8> = percent_decode_str(pair).collect();
            headers.push(("Authorization".to_owned(), format!("Basic {}", STANDARD.encode(pair))));
        }
        let security = match url.scheme {
            Scheme::Https => Some(Security::new(&Tls::default(), url.host_name())?),
            Scheme::Http | Scheme::Unix(_) => None,
        };
        let shown = format!("{}{}", url.base(), redact_path(&url.path));
        Ok(Self { url, shown, headers, security })
    }

    /// As people may see it.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    pub(super) fn into_endpoint(self) -> Endpoint {
        let Self { url, shown, headers, security } = self;
        let headers = headers.into_iter().map(|(name, value)| (name, Text::plain(&value))).collect();
        Endpoint { url, shown, address: None, headers, security }
    }
}

fn has(headers: &[(String, String)], name: &str) -> bool {
    headers.iter().any(|(other, _)| other.eq_ignore_ascii_case(name))
}

/// A URL as people may see it: without a password, and without the secrets of its query.
pub fn redacted(text: &str) -> String {
    let (plain, credentials) = without_credentials(text);
    let (scheme, rest) = plain.split_at(end_of_scheme(&plain));
    let hidden = credentials.map_or(String::new(), |_| format!("{REDACTED}@"));
    format!("{scheme}{hidden}{}", redact_path(rest))
}

/// A URL without what stands before an `@`, and that.
fn without_credentials(text: &str) -> (String, Option<&str>) {
    let (scheme, rest) = text.split_at(end_of_scheme(text));
    let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    match authority.rsplit_once('@') {
        Some((credentials, host)) => (format!("{scheme}{host}{path}"), Some(credentials)),
        None => (text.to_owned(), None),
    }
}

/// Where the scheme of a URL ends, its slashes included; 0 where it has none.
fn end_of_scheme(text: &str) -> usize {
    text.find("://").map_or(0, |at| at + "://".len())
}

/// `Name=value,Name=value`, with what is percent-encoded decoded, as OpenTelemetry's exporters have it.
fn parse_headers(text: &str) -> Result<Vec<(String, String)>, String> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').ok_or("a header has no `=`")?;
            let value = percent_decode_str(value.trim()).decode_utf8().map_err(|_| "a value is no text")?;
            let name = name.trim();
            http::check_header(name, &value)
                .map_err(|_| format!("`{}` is no header, or its value none", name.escape_debug()))?;
            Ok((name.to_owned(), value.into_owned()))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination(url: &str, headers: Option<&str>) -> Result<Destination, String> {
        Destination::new(url, "/v1/metrics", "X_HEADERS", headers).map_err(|error| error.to_string())
    }

    #[test]
    fn credentials_of_a_url_are_used_and_not_shown() {
        let read = destination("http://me:p%40ss@h:9090/api/v1/write?token=x&a=b", None).unwrap();
        assert_eq!(read.shown, "http://h:9090/api/v1/write?token=[redacted]&a=b");
        assert_eq!(read.url.path, "/api/v1/write?token=x&a=b");
        let expected = ("Authorization".to_owned(), format!("Basic {}", STANDARD.encode("me:p@ss")));
        assert_eq!(read.headers, [expected]);
        assert_eq!(redacted("http://me:pass@h:9090/w?token=x"), "http://[redacted]@h:9090/w?token=[redacted]");
        assert_eq!(redacted("http://h:9090/w"), "http://h:9090/w");
        assert_eq!(redacted("me:pass@h:9090/w"), "[redacted]@h:9090/w");
        for wrong in
            ["http://me:hunter2@", "ftp://me:hunter2@h/", "http://me:hunter2@h:x/", "unix:/a", "me:hunter2@h/w"]
        {
            let error = destination(wrong, None).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn headers_come_from_the_environment() {
        let read = |headers| destination("http://me:pw@h/", Some(headers));
        let headers = read("authorization=Bearer%20abc, X-Scope-OrgID=7,").unwrap().headers;
        let expected = [("authorization", "Bearer abc"), ("X-Scope-OrgID", "7")];
        assert_eq!(headers, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let error = read("hunter2").unwrap_err();
        assert!(error.contains("X_HEADERS") && !error.contains("hunter2"), "{error}");
        assert!(read("a b=hunter2").unwrap_err().contains("`a b`"));
    }

    #[test]
    fn a_path_is_that_of_the_kind_unless_one_is_written() {
        let path = |text| destination(text, None).unwrap().url.path;
        assert_eq!(path("http://h:4318"), "/v1/metrics");
        assert_eq!(path("http://h:4318/"), "/v1/metrics");
        assert_eq!(path("http://h:9090/api/v1/otlp/v1/metrics"), "/api/v1/otlp/v1/metrics");
    }
}
