//! A request as a server sees it, read strictly: whatever is not well-formed fails the test.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use crate::scripted::Asked;

/// A well-formed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `GET`.
    pub method: String,
    /// Path and query, as they came.
    pub target: String,
    /// Header lines in their order.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl Request {
    /// Reads one: an HTTP/1.1 request line with a target of printable ASCII, whole headers with a single `Host`, and a
    /// body that is as long as the single `Content-Length` says.
    #[track_caller]
    pub fn of(asked: &Asked) -> Self {
        Self::read(&asked.bytes)
    }

    #[track_caller]
    fn read(bytes: &[u8]) -> Self {
        let shown = String::from_utf8_lossy(bytes);
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Request::new(&mut headers);
        let head = match parsed.parse(bytes) {
            Ok(httparse::Status::Complete(head)) => head,
            other => panic!("not a request ({other:?}): {shown:?}"),
        };
        assert_eq!(parsed.version, Some(1), "HTTP/1.1: {shown:?}");
        let target = parsed.path.expect("a whole request has a target").to_owned();
        assert!(target.starts_with('/') && target.bytes().all(|byte| byte.is_ascii_graphic()), "{shown:?}");
        assert!(!target.contains('#'), "a fragment is never sent: {shown:?}");
        let headers: Vec<(String, String)> = parsed
            .headers
            .iter()
            .map(|header| (header.name.to_owned(), String::from_utf8_lossy(header.value).into_owned()))
            .collect();
        let method = parsed.method.expect("a whole request has a method").to_owned();
        let request = Self { method, target, headers, body: bytes[head..].to_vec() };
        assert_eq!(request.all("host").len(), 1, "one Host: {shown:?}");
        assert!(request.all("transfer-encoding").is_empty(), "bodies have lengths: {shown:?}");
        let lengths = request.all("content-length");
        assert!(lengths.len() <= 1, "at most one Content-Length: {shown:?}");
        let length = lengths.first().map_or(0, |text| text.parse().expect("a Content-Length is a number"));
        assert_eq!(request.body.len(), length, "the body is as long as it says: {shown:?}");
        request
    }

    /// The values of all headers of this name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let same = self.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
        same.map(|(_, value)| value.as_str()).collect()
    }

    /// The value of the only header of this name.
    #[track_caller]
    pub fn header(&self, name: &str) -> &str {
        match self.all(name)[..] {
            [value] => value,
            ref values => panic!("`{name}` has the values {values:?} in {self:?}"),
        }
    }

    /// The path's segments, decoded.
    pub fn segments(&self) -> Vec<String> {
        let path = self.target.split_once('?').map_or(self.target.as_str(), |(path, _)| path);
        path.split('/').skip(1).map(|segment| decoded(segment, false)).collect()
    }

    /// The query's parameters, decoded as a form is.
    pub fn query(&self) -> Vec<(String, String)> {
        self.target.split_once('?').map_or_else(Vec::new, |(_, query)| pairs(query))
    }

    /// The form in the body, decoded.
    #[track_caller]
    pub fn form(&self) -> Vec<(String, String)> {
        assert_eq!(self.header("content-type"), "application/x-www-form-urlencoded");
        pairs(&self.text())
    }

    /// The JSON in the body.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), "application/json");
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.text()))
    }

    /// The body as text.
    #[track_caller]
    pub fn text(&self) -> String {
        String::from_utf8(self.body.clone()).expect("the body is UTF-8")
    }
}

fn pairs(text: &str) -> Vec<(String, String)> {
    let pairs = text.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decoded(name, true), decoded(value, true)))
        .collect()
}

#[track_caller]
fn decoded(text: &str, plus_is_space: bool) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, behind)) = rest.split_first() {
        rest = behind;
        match byte {
            b'%' => {
                let digits = rest.split_off(..2).expect("two digits behind %");
                let digits = std::str::from_utf8(digits).expect("the digits behind % are ASCII");
                bytes.push(u8::from_str_radix(digits, 16).expect("the digits behind % are hexadecimal"));
            }
            b'+' if plus_is_space => bytes.push(b' '),
            byte => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).expect("what is decoded is UTF-8")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_taken_apart_and_decoded() {
        let request = Request::read(b"GET /a%2Fb/c%C3%A9?q=x+y%26&flag HTTP/1.1\r\nHost: h\r\n\r\n");
        assert_eq!(request.segments(), ["a/b", "c\u{e9}"]);
        assert_eq!(request.query(), [("q".into(), "x y&".into()), ("flag".into(), String::new())]);
    }

    #[test]
    #[should_panic = "as long as it says"]
    fn a_body_that_is_longer_than_its_length_is_refused() {
        Request::read(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nab");
    }

    #[test]
    #[should_panic = "not a request"]
    fn half_a_request_is_refused() {
        Request::read(b"GET / HTTP/1.1\r\nHost: h\r\n");
    }
}
