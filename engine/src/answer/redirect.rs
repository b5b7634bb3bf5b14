//! Where a redirect leads to.

use crate::scenario::{Escape, http};

/// The longest path that is followed.
const PATH_BYTES_MOST: usize = 8 << 10;

/// Where a redirect leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// From the first `/` on, query included: it can stand in a request line.
    pub path: String,
    /// Whether the next request has the same method and body; otherwise it is a GET (or HEAD) without one.
    pub keeps_method_and_body: bool,
}

/// Where an answer with this status and `Location` leads to, on the host of this authority (RFC 9110, 15.4; RFC 3986,
/// 5.2). `path` is that of the request. `None` where it leads nowhere, or to another host.
pub fn follow(status: u16, method: &str, location: &[u8], authority: &str, path: &str) -> Option<Target> {
    let keeps_method_and_body = match status {
        301 | 302 => matches!(method, "GET" | "HEAD"),
        303 => false,
        307 | 308 => true,
        _ => return None,
    };
    let location = std::str::from_utf8(location).ok()?.split('#').next()?;
    let current = path.split('?').next().unwrap_or_default();
    let target = if let Some(rest) = on_this_host(location, authority)? {
        if rest.starts_with('/') { rest.to_owned() } else { format!("/{rest}") }
    } else if location.starts_with('/') {
        location.to_owned()
    } else if location.is_empty() || location.starts_with('?') {
        format!("{current}{location}")
    } else {
        format!("{}{location}", &current[..=current.rfind('/')?])
    };
    let mut path = String::new();
    Escape::Url.write_text(&without_dots(&target), &mut path);
    (path.len() <= PATH_BYTES_MOST && http::check_path(&path).is_ok()).then_some(Target { path, keeps_method_and_body })
}

/// What follows the host of an absolute URL; the inner `None` where it is not absolute, the outer where it is another host.
#[expect(clippy::option_option, reason = "another host, or none")]
fn on_this_host<'a>(location: &'a str, authority: &str) -> Option<Option<&'a str>> {
    let rest = match location.split_once("://") {
        Some((scheme, rest)) if !scheme.contains(['/', '?']) => {
            if !scheme.eq_ignore_ascii_case("http") {
                return None;
            }
            rest
        }
        _ => match location.strip_prefix("//") {
            Some(rest) => rest,
            None => return Some(None),
        },
    };
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, rest) = rest.split_at(end);
    let plain = |host: &str| host.strip_suffix(":80").unwrap_or(host).to_ascii_lowercase();
    (plain(host) == plain(authority)).then_some(Some(rest))
}

/// RFC 3986, 5.2.4: segments of dots are gone through, the query stays.
fn without_dots(target: &str) -> String {
    let (path, query) = target.split_at(target.find('?').unwrap_or(target.len()));
    let mut segments: Vec<&str> = Vec::new();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    for (place, part) in parts.iter().enumerate() {
        let is_last = place + 1 == parts.len();
        match *part {
            "." | ".." => {
                if *part == ".." {
                    segments.pop();
                }
                if is_last {
                    segments.push("");
                }
            }
            part => segments.push(part),
        }
    }
    format!("/{}{query}", segments.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn path(location: &str) -> Option<String> {
        follow(302, "GET", location.as_bytes(), "shop:8080", "/a/b/c?d=e").map(|target| target.path)
    }

    #[test]
    fn locations_of_every_form_are_followed() {
        for (location, wanted) in [
            ("/x?y#z", "/x?y"),
            ("x", "/a/b/x"),
            ("../x", "/a/x"),
            ("../../../x/.", "/x/"),
            ("?q=1", "/a/b/c?q=1"),
            ("", "/a/b/c"),
            ("http://shop:8080/x", "/x"),
            ("HTTP://SHOP:8080?x", "/?x"),
            ("//shop:8080/x/./y", "/x/y"),
            ("/ü b", "/%C3%BC%20b"),
            ("/a?u=http://other/", "/a?u=http://other/"),
        ] {
            assert_eq!(path(location).as_deref(), Some(wanted), "{location}");
        }
    }

    #[test]
    fn another_host_is_not_followed() {
        for location in ["http://other/x", "https://shop:8080/x", "//other/x", "mailto://x", "http://shop/x"] {
            assert_eq!(path(location), None, "{location}");
        }
    }

    #[test]
    fn the_status_says_what_becomes_of_method_and_body() {
        let keeps = |status, method| follow(status, method, b"/", "h", "/").map(|target| target.keeps_method_and_body);
        assert_eq!((keeps(302, "POST"), keeps(301, "GET"), keeps(303, "PUT")), (Some(false), Some(true), Some(false)));
        assert_eq!((keeps(307, "POST"), keeps(308, "POST")), (Some(true), Some(true)));
        assert_eq!((keeps(304, "GET"), keeps(200, "GET")), (None, None));
    }

    proptest! {
        #[test]
        fn what_is_followed_can_stand_in_a_request_line(location in "(http://h|//h|)\\PC{0,30}|[/.?a\r\n ]{0,12}", from in "/[a-z/.]{0,12}") {
            if let Some(target) = follow(302, "GET", location.as_bytes(), "h", &from) {
                prop_assert_eq!(http::check_path(&target.path), Ok(()));
            }
        }
    }
}
