//! What a request is made of, and how that is written: with its gaps filled, and as a redirect or a trace wants it.

use runlog::units::Nanos;

use super::template::{Missing, Scene, Template};
use crate::answer::Jar;
use crate::data::Entry;

/// What a message is made of.
#[derive(Debug)]
pub struct Parts {
    /// The method.
    pub method: String,
    /// The path of the base URL, without a `/` at its end.
    pub prefix: String,
    /// From the first `/` on, query included.
    pub path: Template,
    /// Header lines, each with its line end.
    pub headers: Template,
    /// The header lines that speak of the body: its type.
    pub body_headers: Template,
    /// The body.
    pub body: Option<Template>,
    /// The length of the file that is the body, in place of it.
    pub file_length: Option<u64>,
    /// Whether a cookie is among the headers, so that none of the jar is sent.
    pub has_cookie: bool,
}

/// Where a redirect has led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// From the first `/` on, whatever the base URL.
    pub path: String,
    /// The method, where it is another one, and then without the body.
    pub method: Option<&'static str>,
    /// How many more redirects are followed.
    pub left: u32,
}

impl Parts {
    /// The whole request, where nothing in it changes.
    pub(super) fn fixed(&self) -> Option<Box<[u8]>> {
        let body = self.body.as_ref().map(Template::as_fixed);
        let (path, headers, body_headers) =
            (self.path.as_fixed()?, self.headers.as_fixed()?, self.body_headers.as_fixed()?);
        if path.first() != Some(&b'/') || body.is_some_and(|body| body.is_none()) {
            return None;
        }
        let mut whole =
            [self.method.as_bytes(), b" ", self.prefix.as_bytes(), path, b" HTTP/1.1\r\n", headers].concat();
        match body.flatten() {
            _ if self.file_length.is_some() => {
                whole.extend_from_slice(body_headers);
                self.write_file_length(&mut whole);
            }
            Some(body) => {
                whole.extend_from_slice(body_headers);
                whole.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
                whole.extend_from_slice(body);
            }
            None => whole.extend_from_slice(self.without_body()),
        }
        Some(whole.into())
    }

    /// Writes the request that stands in a trace.
    pub fn write_traced(&self, entry: &Entry<'_>, out: &mut Vec<u8>) {
        for part in [self.method.as_str(), " ", &self.prefix, &entry.path, " HTTP/1.1\r\n"] {
            out.extend_from_slice(part.as_bytes());
        }
        out.extend_from_slice(self.headers.as_fixed().unwrap_or_default());
        match &entry.body {
            Some(body) => {
                out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
                out.extend_from_slice(body);
            }
            None => out.extend_from_slice(self.without_body()),
        }
    }

    /// How the head of a request without a body ends.
    fn without_body(&self) -> &'static [u8] {
        if carries_body(&self.method) { b"Content-Length: 0\r\n\r\n" } else { b"\r\n" }
    }

    /// Writes the request, its gaps filled, behind what is there. `hop` is where a redirect has led to; cookies of the jar
    /// are added.
    ///
    /// # Errors
    /// Where a gap cannot be filled; then part of it is written.
    pub fn write(
        &self,
        scene: &mut Scene<'_>,
        jar: Option<&Jar>,
        hop: Option<&Hop>,
        out: &mut Vec<u8>,
    ) -> Result<(), Missing> {
        out.extend_from_slice(hop.and_then(|hop| hop.method).unwrap_or(&self.method).as_bytes());
        out.push(b' ');
        let path = out.len();
        if let Some(hop) = hop {
            out.extend_from_slice(hop.path.as_bytes());
        } else {
            self.write_path(scene, out)?;
        }
        let path = path..out.len();
        out.extend_from_slice(b" HTTP/1.1\r\n");
        self.headers.write(scene, out)?;
        if let Some(jar) = jar.filter(|_| !self.has_cookie) {
            write_cookies(jar, path, scene.unix, out);
        }
        let keeps_body = hop.is_none_or(|hop| hop.method.is_none());
        if let Some(body) = self.body.as_ref().filter(|_| keeps_body) {
            self.body_headers.write(scene, out)?;
            return write_body(body, scene, out);
        }
        if self.file_length.is_some() && keeps_body {
            self.body_headers.write(scene, out)?;
            self.write_file_length(out);
            return Ok(());
        }
        out.extend_from_slice(if keeps_body { self.without_body() } else { b"\r\n" });
        Ok(())
    }

    /// Writes the last header, which is the length of the file behind it.
    fn write_file_length(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", self.file_length.unwrap_or_default()).as_bytes());
    }

    fn write_path(&self, scene: &mut Scene<'_>, out: &mut Vec<u8>) -> Result<(), Missing> {
        let start = out.len();
        out.extend_from_slice(self.prefix.as_bytes());
        let path = out.len();
        self.path.write(scene, out)?;
        let schemes: [&[u8]; 2] = [b"http://", b"https://"];
        if let Some(scheme) = schemes.into_iter().find(|scheme| out[path..].starts_with(scheme)) {
            // A URL that was captured: its path is whole already.
            let rest = path + scheme.len();
            let host = out[rest..].iter().position(|byte| matches!(byte, b'/' | b'?')).unwrap_or(out.len() - rest);
            out.drain(start..rest + host);
        }
        if out.get(start) != Some(&b'/') {
            out.insert(start, b'/');
        }
        Ok(())
    }
}

/// A method that is meant to carry a body says so even where there is none (RFC 9110, 8.6).
pub(super) fn carries_body(method: &str) -> bool {
    matches!(method, "POST" | "PUT" | "PATCH")
}

fn write_cookies(jar: &Jar, path: std::ops::Range<usize>, now: Nanos, out: &mut Vec<u8>) {
    let path = out[path].split(|&byte| byte == b'?').next().unwrap_or_default();
    let path = String::from_utf8_lossy(path).into_owned();
    let start = out.len();
    out.extend_from_slice(b"Cookie: ");
    if jar.write(&path, now, out) {
        out.extend_from_slice(b"\r\n");
    } else {
        out.truncate(start);
    }
}

/// Writes the last header, which is the length of the body, and the body behind it.
fn write_body(body: &Template, scene: &mut Scene<'_>, out: &mut Vec<u8>) -> Result<(), Missing> {
    /// As many digits as a length can have: the body is written behind room for them, and moved up to those it has.
    const DIGITS: usize = 10;
    out.extend_from_slice(b"Content-Length: ");
    let length_at = out.len();
    out.resize(length_at + DIGITS + 4, 0);
    let body_at = out.len();
    body.write(scene, out)?;
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(out.len() - body_at).as_bytes();
    let head_end = length_at + digits.len();
    out[length_at..head_end].copy_from_slice(digits);
    out[head_end..head_end + 4].copy_from_slice(b"\r\n\r\n");
    out.copy_within(body_at.., head_end + 4);
    out.truncate(out.len() - (body_at - head_end - 4));
    Ok(())
}
