//! A request as another tool sends it, made one of a scenario: without what follows from the body or the connection, and
//! without its secrets.

use serde_json::Value as Json;

use super::names::identifier;
use super::secrets::Found;
use super::{Body, Draft, Request, Value, Written};
use crate::scenario::{http, limits};

/// The largest body that is written into a scenario file, in bytes.
const LARGEST_BODY: usize = 1 << 20;

/// Headers that follow from the connection or the body; a scenario has no say in them.
const AUTOMATIC: [&str; 9] = [
    "connection",
    "content-length",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// A request as another tool sends it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Sent {
    /// The line of the input, from 1.
    pub(super) line: Option<usize>,
    /// The name it should have; empty for one by method and path.
    pub(super) name: String,
    pub(super) method: String,
    /// From the first `/` on, query included, percent-encoded.
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Option<String>,
    /// A body that is JSON whatever the headers say.
    pub(super) json: Option<Json>,
}

impl Sent {
    /// The value of a header; names are the same in capitals and small letters.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

impl Draft {
    /// Makes a request of what another tool sends and notes what cannot be sent so. Returns its place among the requests;
    /// `None` where it cannot be sent at all, which is noted, or where there are too many.
    pub(super) fn add(&mut self, sent: &Sent) -> Option<usize> {
        let upper = sent.method.to_ascii_uppercase();
        let method = if http::check_method(&sent.method).is_ok() { sent.method.clone() } else { upper };
        if let Err(reason) = http::check_method(&method) {
            self.note(sent.line, format!("a request to {} is left out: {reason}", shown_path(&sent.path)));
            return None;
        }
        if self.requests.len() >= limits::MOST_OF_A_KIND {
            self.note(None, format!("more than {} requests: the others are left out", limits::MOST_OF_A_KIND));
            return None;
        }
        let given = Some(&sent.name).filter(|name| limits::check_name(name).is_ok());
        let made = || identifier(&format!("{method}_{}", shown_path(&sent.path)), "request");
        let name = self.names.unique(&given.cloned().unwrap_or_else(made));
        let mut found = Vec::new();
        let path = self.secrets.path(&sent.path, &mut found);
        let headers = self.headers(sent, &mut found);
        let body = self.body(sent, &mut found);
        self.note_secrets(sent.line, found);
        self.requests.push(Request {
            name,
            method,
            path,
            headers,
            body,
            expect_status: Vec::new(),
            follow_redirects: 0,
            checks: Vec::new(),
        });
        Some(self.requests.len() - 1)
    }

    /// Says which variables the secrets of an input have become.
    pub(super) fn note_secrets(&mut self, line: Option<usize>, found: Vec<Found>) {
        for Found { of, variable } in found {
            let form = if variable.starts_with("BASIC_TOKEN") { " (the Base64 of user:password)" } else { "" };
            let how = "with --var or in the environment";
            self.note(line, format!("the secret in {of} is not in this file: give it as {variable}{form}, {how}"));
        }
    }

    fn headers(&mut self, sent: &Sent, found: &mut Vec<Found>) -> Vec<(String, Written)> {
        let mut kept: Vec<(String, String)> = Vec::new();
        for (name, value) in &sent.headers {
            // Names such as `:authority` are HTTP/2's way to write the request line.
            if name.starts_with(':') || AUTOMATIC.contains(&name.to_ascii_lowercase().as_str()) {
                continue;
            }
            if let Err(reason) = http::check_header(name, value) {
                self.note(sent.line, format!("the header `{name}` is left out: {reason}"));
            } else if let Some((_, before)) = kept.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
                self.note(sent.line, format!("the header `{name}` is there twice: its values are written as one"));
                before.push_str(", ");
                before.push_str(value);
            } else if kept.len() == limits::MOST_HEADERS - 1 {
                self.note(sent.line, format!("the header `{name}` is left out: there are too many"));
            } else {
                kept.push((name.clone(), value.clone()));
            }
        }
        kept.into_iter()
            .map(|(name, value)| {
                let value = self.secrets.header(&name, &value, found);
                (name, value)
            })
            .collect()
    }

    fn body(&mut self, sent: &Sent, found: &mut Vec<Found>) -> Option<Body> {
        if let Some(json) = &sent.json {
            return Some(self.json_body(json.clone(), &json.to_string(), found));
        }
        let body = sent.body.as_deref().filter(|body| !body.is_empty())?;
        if body.len() > LARGEST_BODY {
            self.note(sent.line, format!("a body of {} bytes is left out: it is too large for this file", body.len()));
            return None;
        }
        let media_type = sent.header("content-type").unwrap_or_default().to_ascii_lowercase();
        if media_type.contains("json")
            && let Ok(value @ (Json::Object(_) | Json::Array(_))) = serde_json::from_str::<Json>(body)
        {
            return Some(self.json_body(value, body, found));
        }
        if media_type.starts_with("multipart/") {
            self.note(sent.line, "a multipart body is written as it was sent: look through it for secrets");
        }
        let is_form = media_type.starts_with("application/x-www-form-urlencoded")
            || (media_type.is_empty() && !body.contains(char::is_whitespace));
        Some(Body::Text(if is_form { self.secrets.pairs(body, found) } else { Written::literal(body) }))
    }

    /// A body of JSON; as the text it was where TOML has no way to write it.
    fn json_body(&mut self, mut value: Json, text: &str, found: &mut Vec<Found>) -> Body {
        let marks = self.secrets.json(&mut value, found);
        if let Some(mut table @ Value::Table(_)) = Value::from_json(&value) {
            for (mark, written) in &marks {
                table.replace(mark, written);
            }
            return Body::Json(table);
        }
        let text = if marks.is_empty() { text.to_owned() } else { value.to_string() };
        Body::Text(marks.iter().fold(Written::literal(&text), |text, (mark, written)| text.with(mark, written)))
    }
}

/// A path for a message: without its query, which may hold secrets.
pub(super) fn shown_path(path: &str) -> &str {
    path.split('?').next().unwrap_or_default()
}
