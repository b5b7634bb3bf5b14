//! Requests taken apart into what goes over the wire, and the same as people may see it.

use std::fmt::Write;

use super::parts::{Parts, carries_body};
use super::resolve::Scope;
use super::template::Template;
use crate::scenario::{Header, Request, Target};

/// What we call ourselves where a request does not say.
const USER_AGENT: &str = concat!("drumfire/", env!("CARGO_PKG_VERSION"));

/// What a request is made of, its names looked up in a scope.
pub(super) fn parts(request: &Request, target: &Target, scope: &Scope<'_>) -> Parts {
    let mut headers = Template::default();
    let mut body_headers = Template::default();
    headers.push_literal(added_headers(request, target).as_bytes());
    for header in &request.headers {
        let lines = if speaks_of_body(header, request) { &mut body_headers } else { &mut headers };
        lines.push_literal(format!("{}: ", header.name).as_bytes());
        lines.append(scope.template(&header.value));
        lines.push_literal(b"\r\n");
    }
    Parts {
        method: request.method.clone(),
        prefix: prefix(target).to_owned(),
        path: scope.template(&request.path),
        headers,
        body_headers,
        body: request.body.as_ref().map(|body| scope.template(body)),
        file_length: request.body_file.as_ref().map(|file| file.bytes().len() as u64),
        has_cookie: has_header(request, "cookie"),
    }
}

/// What a request is made of that a trace holds: the lines that every one of them has.
pub(super) fn traced_headers(target: &Target) -> String {
    let mut head = String::new();
    line(&mut head, "Host", &target.url.authority());
    line(&mut head, "User-Agent", USER_AGENT);
    line(&mut head, "Accept", "*/*");
    head
}

/// The whole request with its secrets taken out and its placeholders as they are written.
pub(super) fn shown(request: &Request, target: &Target) -> Box<[u8]> {
    let mut head = added_headers(request, target);
    for body in [false, true] {
        for header in request.headers.iter().filter(|header| speaks_of_body(header, request) == body) {
            line(&mut head, &header.name, &header.value.shown);
        }
    }
    match &request.body {
        Some(body) => {
            let length = body.as_fixed().map_or_else(|| "…".to_owned(), |body| body.len().to_string());
            line(&mut head, "Content-Length", &length);
        }
        None if request.body_file.is_some() => {
            let length = request.body_file.as_ref().map_or(0, |file| file.bytes().len());
            line(&mut head, "Content-Length", &length.to_string());
        }
        None if carries_body(&request.method) => line(&mut head, "Content-Length", "0"),
        None => {}
    }
    let body = request.body.as_ref().map_or("", |body| &body.shown);
    let path = &request.path.shown;
    format!("{} {}{path} HTTP/1.1\r\n{head}\r\n{body}", request.method, prefix(target)).into_bytes().into()
}

/// The path of the base URL, without a `/` at its end.
pub(super) fn prefix(target: &Target) -> &str {
    target.url.path.trim_end_matches('/')
}

/// Whether a header goes when the body goes: where a redirect makes a GET of a POST.
fn speaks_of_body(header: &Header, request: &Request) -> bool {
    (request.body.is_some() || request.body_file.is_some())
        && header.name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"))
}

/// Whether a request wants its body to be asked for.
pub(super) fn expects_continue(request: &Request) -> bool {
    request.headers.iter().any(|header| header.name.eq_ignore_ascii_case("expect"))
}

fn has_header(request: &Request, name: &str) -> bool {
    request.headers.iter().any(|header| header.name.eq_ignore_ascii_case(name))
}

/// The lines of the headers that a server wants to see and a request does not give.
fn added_headers(request: &Request, target: &Target) -> String {
    let mut head = String::new();
    for (name, value) in [("Host", target.url.authority().as_str()), ("User-Agent", USER_AGENT), ("Accept", "*/*")] {
        if !has_header(request, name) {
            line(&mut head, name, value);
        }
    }
    head
}

fn line(head: &mut String, name: &str, value: &str) {
    // Writing to a string does not fail.
    let _ = write!(head, "{name}: {value}\r\n");
}
