//! Where a value is found in an answer: `json:/token`, `header:Location`, `cookie:session`, `regex:id=(\d+)`, `body`.

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};

use super::content::Content;
use super::cookies;
use crate::json::{self, Pointer};

/// The most memory that a pattern may take when it is compiled.
const PATTERN_BYTES_MOST: usize = 1 << 20;

/// Where a value is found.
#[derive(Debug, Clone)]
pub enum Source {
    /// At a pointer into a body of JSON.
    Json(Pointer),
    /// In a header: its first value.
    Header(String),
    /// In a cookie that the answer sets.
    Cookie(String),
    /// In the body: the first group of the first match, or the whole of it.
    Regex(Regex),
    /// The whole body.
    Body,
}

/// What of an answer has to be kept for somebody to look into it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Needs {
    /// The head.
    pub head: bool,
    /// The body, and the head that says how it is packed.
    pub body: bool,
}

impl Needs {
    /// Whether the answer is not looked into at all.
    pub const fn is_nothing(self) -> bool {
        !self.head && !self.body
    }

    /// What either of the two needs.
    #[must_use]
    pub const fn or(self, other: Self) -> Self {
        Self { head: self.head || other.head, body: self.body || other.body }
    }
}

impl Source {
    /// Reads a source as people write it.
    ///
    /// # Errors
    /// What is wrong with it, and what would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text == "body" {
            return Ok(Self::Body);
        }
        let named = |name: &str, example: &str| {
            let name = name.trim();
            if name.is_empty() {
                Err(format!("`{text}` names nothing: write `{example}`"))
            } else {
                Ok(name.to_owned())
            }
        };
        match text.split_once(':') {
            Some(("json", pointer)) => Pointer::parse(pointer.trim()).map(Self::Json).map_err(|_| {
                format!("`{text}` is no source: a JSON pointer begins with `/`, such as `json:/items/0/id`")
            }),
            Some(("header", name)) => named(name, "header:Location").map(Self::Header),
            Some(("cookie", name)) => named(name, "cookie:session").map(Self::Cookie),
            Some(("regex", pattern)) => compiled(pattern).map(Self::Regex),
            _ => Err(format!(
                "`{text}` is no source: there are `json:/pointer`, `header:Name`, `cookie:name`, `regex:…` and `body`"
            )),
        }
    }

    /// What of an answer it needs.
    pub const fn needs(&self) -> Needs {
        match self {
            Self::Header(_) | Self::Cookie(_) => Needs { head: true, body: false },
            Self::Json(_) | Self::Regex(_) | Self::Body => Needs { head: true, body: true },
        }
    }

    /// The value; `None` where there is none, or the body was cut.
    pub fn find(&self, content: &Content) -> Option<Vec<u8>> {
        match self {
            Self::Json(pointer) => json::text(pointer.find(content.whole_body()?)?).map(String::into_bytes),
            Self::Header(name) => content.header(name).next().map(<[u8]>::to_vec),
            Self::Cookie(name) => content
                .header("set-cookie")
                .filter_map(cookies::name_and_value)
                .find(|(given, _)| *given == name.as_bytes())
                .map(|(_, value)| value.to_vec()),
            Self::Regex(regex) => {
                let found = regex.captures(content.whole_body()?)?;
                found.get(1).or_else(|| found.get(0)).map(|found| found.as_bytes().to_vec())
            }
            Self::Body => content.whole_body().map(<[u8]>::to_vec),
        }
    }
}

/// A pattern of bounded size.
pub(super) fn compiled(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MOST).build().map_err(|error| {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default().trim_start_matches("error: ");
        format!("`{pattern}` is no regular expression: {reason}")
    })
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(pointer) => write!(f, "json:{pointer}"),
            Self::Header(name) => write!(f, "header:{name}"),
            Self::Cookie(name) => write!(f, "cookie:{name}"),
            Self::Regex(regex) => write!(f, "regex:{regex}"),
            Self::Body => f.write_str("body"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn find(source: &str) -> Option<String> {
        let head = b"HTTP/1.1 200 OK\r\nLocation: /a\r\nSet-Cookie: sid=abc; Path=/\r\nSet-Cookie: b=\"q\"\r\n\r\n";
        let body = br#"{"token": "t\"1", "items": [{"id": 7}], "none": null} <input value="x1">"#;
        let content = Content { head: head.to_vec(), body: body.to_vec(), is_cut: false };
        let found = Source::parse(source).expect(source).find(&content);
        found.map(|found| String::from_utf8(found).expect("text"))
    }

    #[test]
    fn values_are_found_where_they_are() {
        assert_eq!(find("json:/token").as_deref(), Some("t\"1"));
        assert_eq!(find("json:/items/0/id").as_deref(), Some("7"));
        assert_eq!(find("json:/items").as_deref(), Some(r#"[{"id":7}]"#));
        assert_eq!(find("header:location").as_deref(), Some("/a"));
        assert_eq!(find("cookie:sid").as_deref(), Some("abc"));
        assert_eq!(find("regex:value=\"([^\"]+)\"").as_deref(), Some("x1"));
        assert_eq!(find("regex:x\\d").as_deref(), Some("x1"));
        assert!(find("body").is_some_and(|body| body.starts_with('{')));
        for nowhere in ["json:/none", "json:/a", "header:X", "cookie:x", "regex:zzz"] {
            assert_eq!(find(nowhere), None, "{nowhere}");
        }
    }

    #[test]
    fn in_a_body_that_was_cut_nothing_is_found() {
        let content = Content { body: b"{\"a\":1}".to_vec(), is_cut: true, ..Content::default() };
        for source in ["json:/a", "regex:a", "body"] {
            assert_eq!(Source::parse(source).expect(source).find(&content), None);
        }
    }

    #[test]
    fn what_is_no_source_is_refused() {
        for (text, wrong) in [
            ("json:token", "begins with `/`"),
            ("token", "there are"),
            ("header:", "names nothing"),
            ("regex:(", "no regular expression"),
            ("regex:(a{1000}){1000}", "no regular expression"),
            ("xpath:/a", "there are"),
        ] {
            let error = Source::parse(text).expect_err(text);
            assert!(error.contains(wrong), "{text}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic_and_what_is_read_is_written_alike(text in "(json:|header:|cookie:|regex:|)\\PC{0,20}") {
            if let Ok(source) = Source::parse(&text) {
                let again = Source::parse(&source.to_string()).expect("our own");
                prop_assert_eq!(source.to_string(), again.to_string());
            }
        }
    }
}
