//! Access logs in combined (or common) format, as nginx and Apache write them.

use std::time::UNIX_EPOCH;

/// What a line of an access log says of its request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Logged<'a> {
    /// Seconds since 1970.
    pub(super) at: i64,
    pub(super) method: &'a str,
    pub(super) path: &'a str,
}

/// Reads a line; `None` where it has no time or no request that could be sent again.
pub(super) fn parse(line: &str) -> Option<Logged<'_>> {
    let (_, rest) = line.split_once('[')?;
    let (time, rest) = rest.split_once(']')?;
    let (_, rest) = rest.split_once('"')?;
    let (request, _) = rest.split_once('"')?;
    let mut words = request.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    if !words.next()?.starts_with("HTTP/") || words.next().is_some() {
        return None;
    }
    let path = match target.split_once("://") {
        Some(("http" | "https", rest)) => rest.find('/').map_or("/", |at| &rest[at..]),
        _ => target,
    };
    let sendable = path.starts_with('/') && method != "CONNECT" && crate::scenario::http::check_method(method).is_ok();
    sendable.then_some(Logged { at: seconds(time)?, method, path })
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `10/Oct/2000:13:55:36 -0700` in seconds since 1970.
fn seconds(text: &str) -> Option<i64> {
    let (local, zone) = text.split_once(' ')?;
    let mut parts = local.splitn(4, [':', '/']);
    let (day, month, year, clock) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.iter().position(|known| *known == month)? + 1;
    let date = humantime::parse_rfc3339(&format!("{year}-{month:02}-{day:0>2}T{clock}Z")).ok()?;
    let seconds = i64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()?;
    let (sign, digits) = zone.split_at_checked(1)?;
    let number: i64 = digits.parse().ok().filter(|_| digits.len() == 4)?;
    let offset = number / 100 * 3600 + number % 100 * 60;
    match sign {
        "+" => Some(seconds - offset),
        "-" => Some(seconds + offset),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_line_says_when_and_what() {
        let line =
            r#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif?a=b HTTP/1.0" 200 2326 "-" "curl""#;
        let wanted = Logged { at: 971_211_336, method: "GET", path: "/apache_pb.gif?a=b" };
        assert_eq!(parse(line), Some(wanted));
        let absolute = r#"h - - [01/Jan/2026:00:00:00 +0000] "POST http://h/x HTTP/1.1" 201 0"#;
        assert_eq!(parse(absolute), Some(Logged { at: 1_767_225_600, method: "POST", path: "/x" }));
    }

    #[test]
    fn what_cannot_be_sent_again_is_passed_over() {
        for request in
            ["-", "", "\\x16\\x03\\x01", "CONNECT h:443 HTTP/1.1", "GET /", "GET * HTTP/1.1", "get /x HTTP/1.1"]
        {
            let line = format!(r#"h - - [01/Jan/2026:00:00:00 +0000] "{request}" 400 0"#);
            assert_eq!(parse(&line), None, "{request}");
        }
        assert_eq!(parse("h - - [01/Foo/2026:00:00:00 +0000] \"GET / HTTP/1.1\" 200 1"), None);
    }

    proptest! {
        #[test]
        fn no_line_makes_it_panic(line in "\\PC{0,40}|[\\[\\]\":/ +A-Z0-9]{0,60}") {
            prop_assert!(parse(&line).is_none_or(|logged| logged.path.starts_with('/')));
        }
    }
}
