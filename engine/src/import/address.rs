//! URLs of others, taken apart into what a scenario asks for: where to, and a path that can stand in a request line.

use std::collections::HashMap;

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Draft, Written};
use crate::scenario::http;

/// What a request line cannot hold, or what would mean something in a scenario's path.
const NOT_IN_PATHS: &AsciiSet = &CONTROLS.add(b' ').add(b'#').add(b'{').add(b'}');

/// What a value within a query, a form or a part of a path cannot hold: all but what RFC 3986 calls unreserved.
const NOT_IN_VALUES: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A value as a query, a form or a part of a path holds it.
pub(super) fn encoded(value: &str) -> String {
    utf8_percent_encode(value, NOT_IN_VALUES).to_string()
}

/// A URL, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// `http://host:port` or `https://host:port`.
    pub(super) origin: String,
    /// From the first `/` on, query included, percent-encoded where it must be.
    pub(super) path: String,
    /// `user:password`, where it holds one.
    pub(super) user: Option<String>,
}

/// Takes an `http` or `https` URL apart; `http://` where it names no scheme.
///
/// # Errors
/// What is wrong with it.
pub(super) fn parse(text: &str) -> Result<Address, String> {
    let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return Err(format!("`{scheme}://` is not supported: a URL begins with `http://` or `https://`"));
    }
    let (authority, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
    let (user, host) = authority.rsplit_once('@').map_or((None, authority), |(user, host)| (Some(user), host));
    let origin = format!("{scheme}://{}", host.to_ascii_lowercase());
    http::parse_url(&origin)?;
    Ok(Address { origin, path: path(rest), user: user.map(str::to_owned) })
}

/// A path with its query, as a request line can hold it: begins with `/`, without its fragment.
pub(super) fn path(text: &str) -> String {
    let text = text.split('#').next().unwrap_or_default();
    let encoded = utf8_percent_encode(text, NOT_IN_PATHS).to_string();
    if encoded.starts_with('/') { encoded } else { format!("/{encoded}") }
}

/// The text that comes most often; of several the first.
pub(super) fn most_frequent<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let mut counts: HashMap<&str, (usize, std::cmp::Reverse<usize>)> = HashMap::new();
    for (at, text) in texts.into_iter().enumerate() {
        counts.entry(text).or_insert((0, std::cmp::Reverse(at))).0 += 1;
    }
    counts.into_iter().max_by_key(|(_, count)| *count).map(|(text, _)| text)
}

impl Draft {
    /// Sets whom the load goes to: `${BASE_URL:-origin}`.
    pub(super) fn set_target(&mut self, origin: &str) {
        self.base_url = Written::variable("BASE_URL", origin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_taken_apart() {
        let address = parse("https://me:pw@Shop.example:8443/a b?q={x}&ü#top").expect("a URL");
        assert_eq!(address.origin, "https://shop.example:8443");
        assert_eq!(address.path, "/a%20b?q=%7Bx%7D&%C3%BC");
        assert_eq!(address.user.as_deref(), Some("me:pw"));
        assert_eq!(parse("localhost:80?x=1").map(|address| address.path), Ok("/?x=1".to_owned()));
        for text in ["ftp://h/", "http://", "http://a b/", "http://h:0/", ""] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn of_several_hosts_the_most_frequent_is_taken() {
        assert_eq!(most_frequent(["a", "b", "b", "a", "c"]), Some("a"));
        assert_eq!(most_frequent(["a", "b", "b"]), Some("b"));
        assert_eq!(most_frequent([]), None);
    }
}
