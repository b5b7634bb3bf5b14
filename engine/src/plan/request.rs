//! Request bytes, built once: what goes over the wire, and the same as people may see it.

use std::fmt::Write;

use crate::scenario::{Request, Target, Text};

/// What we call ourselves where a request does not say.
const USER_AGENT: &str = concat!("drumfire/", env!("CARGO_PKG_VERSION"));

/// The whole request as it goes over the wire.
pub(super) fn bytes(request: &Request, target: &Target) -> Box<[u8]> {
    build(request, target, |text| &text.real)
}

/// The same with its secrets taken out; it tells the length of the real body.
pub(super) fn shown(request: &Request, target: &Target) -> Box<[u8]> {
    build(request, target, |text| &text.shown)
}

fn build(request: &Request, target: &Target, text: impl Fn(&Text) -> &str) -> Box<[u8]> {
    let mut head = String::new();
    let has = |name: &str| request.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name));
    let mut line = |name: &str, value: &str| {
        // Writing to a string does not fail.
        let _ = write!(head, "{name}: {value}\r\n");
    };
    if !has("host") {
        line("Host", &target.url.authority());
    }
    if !has("user-agent") {
        line("User-Agent", USER_AGENT);
    }
    if !has("accept") {
        line("Accept", "*/*");
    }
    for header in &request.headers {
        line(&header.name, text(&header.value));
    }
    // A method that is meant to carry a body says so even where there is none (RFC 9110, 8.6).
    match &request.body {
        Some(body) => line("Content-Length", &body.real.len().to_string()),
        None if matches!(request.method.as_str(), "POST" | "PUT" | "PATCH") => line("Content-Length", "0"),
        None => {}
    }
    let prefix = target.url.path.trim_end_matches('/');
    let body = request.body.as_ref().map_or("", &text);
    format!("{} {prefix}{} HTTP/1.1\r\n{head}\r\n{body}", request.method, text(&request.path)).into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Header;
    use crate::scenario::http::parse_url;

    fn text(text: &str) -> Text {
        Text { real: text.to_owned(), shown: "[redacted]".to_owned() }
    }

    fn request(method: &str, headers: &[(&str, &str)], body: Option<&str>) -> Request {
        Request {
            name: "r".to_owned(),
            method: method.to_owned(),
            path: Text { real: "/a?b=c".to_owned(), shown: "/a?b=c".to_owned() },
            headers: headers
                .iter()
                .map(|(name, value)| Header { name: (*name).to_owned(), value: text(value) })
                .collect(),
            body: body.map(text),
            expect_status: Vec::new(),
            checks: Vec::new(),
            tags: runlog::manifest::Tags::new(),
        }
    }

    fn sent(base_url: &str, request: &Request) -> String {
        let target = Target { url: parse_url(base_url).expect("a URL"), shown: base_url.to_owned() };
        String::from_utf8(bytes(request, &target).into()).expect("text").replace(USER_AGENT, "drumfire/X")
    }

    #[test]
    fn a_plain_request_has_what_a_server_wants_to_see() {
        assert_eq!(
            sent("http://h:8080", &request("GET", &[], None)),
            "GET /a?b=c HTTP/1.1\r\nHost: h:8080\r\nUser-Agent: drumfire/X\r\nAccept: */*\r\n\r\n"
        );
    }

    #[test]
    fn given_headers_stand_in_their_order_and_for_those_we_would_add() {
        let headers = [("X-B", "1"), ("accept", "text/html"), ("HOST", "other"), ("User-Agent", "me"), ("A", "2")];
        assert_eq!(
            sent("http://h", &request("GET", &headers, None)),
            "GET /a?b=c HTTP/1.1\r\nX-B: 1\r\naccept: text/html\r\nHOST: other\r\nUser-Agent: me\r\nA: 2\r\n\r\n"
        );
    }

    #[test]
    fn the_length_of_a_body_is_that_of_its_bytes() {
        let sent = sent("http://h", &request("POST", &[], Some("grün")));
        assert!(sent.ends_with("Content-Length: 5\r\n\r\ngrün"), "{sent}");
    }

    #[test]
    fn a_method_with_a_body_says_that_it_has_none() {
        assert!(sent("http://h", &request("PUT", &[], None)).contains("Content-Length: 0\r\n"));
        assert!(!sent("http://h", &request("DELETE", &[], None)).contains("Content-Length"));
    }

    #[test]
    fn the_path_of_the_base_url_comes_first() {
        for base_url in ["http://h/v1", "http://h/v1/"] {
            assert!(sent(base_url, &request("GET", &[], None)).starts_with("GET /v1/a?b=c HTTP/1.1\r\n"));
        }
        assert!(sent("http://h/", &request("GET", &[], None)).starts_with("GET /a?b=c HTTP/1.1\r\n"));
    }

    #[test]
    fn what_people_see_has_no_secrets_and_the_real_length() {
        let target = Target { url: parse_url("http://h").expect("a URL"), shown: "http://h".to_owned() };
        let shown = shown(&request("POST", &[("Cookie", "hunter2")], Some("{}")), &target);
        let shown = String::from_utf8(shown.into()).expect("text");
        assert!(shown.ends_with("Cookie: [redacted]\r\nContent-Length: 2\r\n\r\n[redacted]"), "{shown}");
    }
}
