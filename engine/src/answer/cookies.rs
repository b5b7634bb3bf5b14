//! Cookies of one virtual user (RFC 6265), as far as requests to a single host need them.

use std::time::UNIX_EPOCH;

use runlog::units::Nanos;

/// The most cookies that are kept: as many as browsers keep for a host at least. The oldest leave first.
const COOKIES_MOST: usize = 64;
/// A cookie of more bytes, name and value together, is ignored, as by browsers.
const COOKIE_BYTES_MOST: usize = 4096;

/// The cookies that a virtual user has.
#[derive(Debug, Clone, Default)]
pub struct Jar {
    /// In the order in which they were first set.
    cookies: Vec<Cookie>,
}

#[derive(Debug, Clone)]
struct Cookie {
    name: Vec<u8>,
    value: Vec<u8>,
    path: Vec<u8>,
    /// Since 1970.
    expires: Option<Nanos>,
}

impl Jar {
    /// Takes the values of an answer's `Set-Cookie` headers; `path` is that of its request, `now` the time since 1970.
    pub fn hear<'a>(&mut self, set: impl Iterator<Item = &'a [u8]>, path: &str, now: Nanos) {
        for value in set {
            let Some(cookie) = parse(value, path, now) else { continue };
            let place = self.cookies.iter().position(|other| other.name == cookie.name && other.path == cookie.path);
            let is_over = cookie.expires.is_some_and(|expires| expires <= now);
            match (place, is_over) {
                (Some(place), true) => drop(self.cookies.remove(place)),
                (Some(place), false) => self.cookies[place] = cookie,
                (None, true) => {}
                (None, false) => {
                    if self.cookies.len() == COOKIES_MOST {
                        self.cookies.remove(0);
                    }
                    self.cookies.push(cookie);
                }
            }
        }
    }

    /// Writes the cookies for a request to this path, as the value of a `Cookie` header: those of longer paths first.
    /// Returns whether there are any. `now` is the time since 1970.
    pub fn write(&self, path: &str, now: Nanos, out: &mut Vec<u8>) -> bool {
        let is_sent =
            |cookie: &&Cookie| cookie.matches(path.as_bytes()) && cookie.expires.is_none_or(|expires| expires > now);
        let mut sent: Vec<&Cookie> = self.cookies.iter().filter(is_sent).collect();
        sent.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        for (place, cookie) in sent.iter().enumerate() {
            out.extend_from_slice(if place > 0 { b"; " } else { b"" });
            out.extend_from_slice(&cookie.name);
            out.push(b'=');
            out.extend_from_slice(&cookie.value);
        }
        !sent.is_empty()
    }
}

impl Cookie {
    /// RFC 6265, 5.1.4.
    fn matches(&self, path: &[u8]) -> bool {
        path.strip_prefix(self.path.as_slice())
            .is_some_and(|rest| rest.is_empty() || self.path.ends_with(b"/") || rest.starts_with(b"/"))
    }
}

/// The name and the value at the start of a `Set-Cookie` header; `None` where it is to be ignored.
pub(super) fn name_and_value(set: &[u8]) -> Option<(&[u8], &[u8])> {
    let pair = set.split(|&byte| byte == b';').next()?;
    let at = pair.iter().position(|&byte| byte == b'=')?;
    let (name, value) = (pair[..at].trim_ascii(), pair[at + 1..].trim_ascii());
    let good = !name.is_empty() && pair.len() <= COOKIE_BYTES_MOST && !pair.iter().any(u8::is_ascii_control);
    good.then_some((name, value))
}

/// RFC 6265, 5.2 and 5.3. `Domain` does not matter, since all requests go to one host, and neither does `Secure`.
fn parse(set: &[u8], request_path: &str, now: Nanos) -> Option<Cookie> {
    let (name, value) = name_and_value(set)?;
    let mut path = default_path(request_path);
    let (mut expires, mut max_age) = (None, None);
    for attribute in set.split(|&byte| byte == b';').skip(1) {
        let at = attribute.iter().position(|&byte| byte == b'=').unwrap_or(attribute.len());
        let (key, value) = (attribute[..at].trim_ascii(), attribute.get(at + 1..).unwrap_or_default().trim_ascii());
        match key.to_ascii_lowercase().as_slice() {
            b"path" if value.starts_with(b"/") && !value.iter().any(u8::is_ascii_control) => path = value.to_vec(),
            b"max-age" => max_age = max_age.or_else(|| seconds(value, now)),
            b"expires" => expires = expires.or_else(|| date(value)),
            _ => {}
        }
    }
    Some(Cookie { name: name.to_vec(), value: value.to_vec(), path, expires: max_age.or(expires) })
}

/// Everything up to the last `/` of a request's path (RFC 6265, 5.1.4).
fn default_path(request_path: &str) -> Vec<u8> {
    let path = request_path.split('?').next().unwrap_or_default();
    match path.rfind('/') {
        None | Some(0) => b"/".to_vec(),
        Some(last) => path.as_bytes()[..last].to_vec(),
    }
}

/// When a number of seconds from now is over; one that is not above zero is over at once.
fn seconds(text: &[u8], now: Nanos) -> Option<Nanos> {
    let seconds: i64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    Some(u64::try_from(seconds).map_or(Nanos::ZERO, |seconds| match seconds {
        0 => Nanos::ZERO,
        _ => Nanos(now.0.saturating_add(seconds.saturating_mul(1_000_000_000))),
    }))
}

fn date(text: &[u8]) -> Option<Nanos> {
    let date = httpdate::parse_http_date(&std::str::from_utf8(text).ok()?.replace('-', " ")).ok()?;
    Some(
        date.duration_since(UNIX_EPOCH)
            .map_or(Nanos::ZERO, |span| Nanos(u64::try_from(span.as_nanos()).unwrap_or(u64::MAX))),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NOW: Nanos = Nanos(1_800_000_000_000_000_000);

    fn jar(path: &str, set: &[&str]) -> Jar {
        let mut jar = Jar::default();
        jar.hear(set.iter().map(|value| value.as_bytes()), path, NOW);
        jar
    }

    fn sent(jar: &Jar, path: &str) -> String {
        let mut out = Vec::new();
        assert_eq!(jar.write(path, NOW, &mut out), !out.is_empty());
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_cookie_whose_time_is_over_does_not_come_back() {
        let jar = jar("/", &["a=1; Max-Age=60"]);
        let later = NOW.after(Nanos::from_secs(60));
        assert!(jar.write("/", NOW, &mut Vec::new()) && !jar.write("/", later, &mut Vec::new()));
    }

    #[test]
    fn a_cookie_comes_back() {
        let jar = jar("/", &["sid=abc; Path=/; HttpOnly; SameSite=Lax", "theme=dark"]);
        assert_eq!(sent(&jar, "/x/y"), "sid=abc; theme=dark");
    }

    #[test]
    fn a_cookie_comes_back_to_its_path_only() {
        let jar = jar("/shop/cart", &["a=1", "b=2; Path=/shop/cart/", "c=3; Path=/"]);
        assert_eq!(sent(&jar, "/shop/cart/x"), "b=2; a=1; c=3");
        assert_eq!(sent(&jar, "/shopping"), "c=3");
    }

    #[test]
    fn a_cookie_is_replaced_and_taken_away() {
        let mut jar = jar("/", &["a=1", "b=1", "a=2"]);
        assert_eq!(sent(&jar, "/"), "a=2; b=1");
        jar.hear([b"a=; Max-Age=0".as_slice(), b"b=; Expires=Thu, 01-Jan-1970 00:00:00 GMT"].into_iter(), "/", NOW);
        assert_eq!(sent(&jar, "/"), "");
    }

    #[test]
    fn what_is_no_cookie_is_ignored() {
        let long = "a=".to_owned() + &"x".repeat(5000);
        assert_eq!(sent(&jar("/", &["", "a", "=1", "; Path=/", &long]), "/"), "");
    }

    #[test]
    fn there_are_never_too_many() {
        let set: Vec<String> = (0..100).map(|number| format!("c{number}=1")).collect();
        let jar = jar("/", &set.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(sent(&jar, "/").matches('=').count(), COOKIES_MOST);
    }

    proptest! {
        #[test]
        fn nothing_gets_out_that_could_end_a_header(set in proptest::collection::vec(any::<u8>(), 0..60), name in "[a-z]{1,3}") {
            let mut jar = Jar::default();
            let value = [name.as_bytes(), b"=", &set].concat();
            jar.hear([set.as_slice(), &value].into_iter(), "/", NOW);
            let mut out = Vec::new();
            jar.write("/", NOW, &mut out);
            prop_assert!(!out.iter().any(u8::is_ascii_control));
        }
    }
}
