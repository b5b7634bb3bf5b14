//! An operation of a description, as a request.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::super::address::{self, encoded};
use super::super::names::identifier;
use super::super::sent::Sent;
use super::super::{Draft, Value, Written};
use super::example::Document;
use crate::scenario::http;

/// What an operation asks for to let somebody in.
enum Pass {
    Header(String, Written),
    Query(String, Written),
}

/// Adds the request of an operation; `item` is the path's entry, which may have parameters for all of its operations.
pub(super) fn add<'a>(
    document: &Document<'a>,
    path: &str,
    item: &'a Json,
    method: &str,
    operation: &'a Json,
    draft: &mut Draft,
) {
    let place = format!("{} {path}", method.to_uppercase());
    let id = operation.get("operationId").and_then(Json::as_str).map(str::to_owned);
    let name = id.unwrap_or_else(|| identifier(&place, "operation"));
    let mut sent = Sent { name, method: method.to_uppercase(), ..Sent::default() };
    let mut query = Vec::new();
    let mut filled = path.to_owned();
    for parameter in parameters(document, item, operation, &place, draft) {
        place_parameter(document, parameter, &mut filled, &mut query, &mut sent, &place, draft);
    }
    if filled.contains('{') {
        draft.note(None, format!("{place}: a part of the path is not described and stands as it is"));
    }
    if !query.is_empty() {
        filled = format!("{filled}?{}", query.join("&"));
    }
    sent.path = address::path(&filled);
    body(document, operation, &mut sent, &place, draft);
    let passes = passes(document, operation, &place, draft);
    // A header of a parameter gives way to the one of the security scheme.
    sent.headers.retain(|(name, _)| {
        !passes.iter().any(|pass| matches!(pass, Pass::Header(known, _) if known.eq_ignore_ascii_case(name)))
    });
    let Some(at) = draft.add(&sent) else { return };
    let request = &mut draft.requests[at];
    for pass in passes {
        match pass {
            Pass::Header(name, value) => request.headers.push((name, value)),
            Pass::Query(name, value) => {
                let joint = if request.path.as_str().contains('?') { "&" } else { "?" };
                request.path = request.path.clone().and(&Written::literal(&format!("{joint}{name}="))).and(&value);
            }
        }
    }
    request.expect_status = statuses(operation);
}

/// The parameters of the path and of the operation; the operation's come first.
fn parameters<'a>(
    document: &Document<'a>,
    item: &'a Json,
    operation: &'a Json,
    place: &str,
    draft: &mut Draft,
) -> Vec<&'a Json> {
    let mut known = BTreeSet::new();
    let mut parameters = Vec::new();
    for holder in [operation, item] {
        for parameter in holder.get("parameters").and_then(Json::as_array).into_iter().flatten() {
            let Some(parameter) = document.resolve(parameter) else {
                draft.note(None, format!("{place}: a parameter points at something outside of this document"));
                continue;
            };
            let text = |key: &str| parameter.get(key).and_then(Json::as_str).unwrap_or_default();
            if known.insert((text("in"), text("name"))) {
                parameters.push(parameter);
            }
        }
    }
    parameters
}

fn place_parameter<'a>(
    document: &Document<'a>,
    parameter: &'a Json,
    path: &mut String,
    query: &mut Vec<String>,
    sent: &mut Sent,
    place: &str,
    draft: &mut Draft,
) {
    let text = |key: &str| parameter.get(key).and_then(Json::as_str).unwrap_or_default();
    let (name, within) = (text("name"), text("in"));
    let is_required = parameter.get("required") == Some(&Json::Bool(true));
    if !is_required && within != "path" && !document.says_a_value(parameter) {
        draft.note(None, format!("{place}: the parameter `{name}` may be left out and has no example: it is left out"));
        return;
    }
    let described = parameter.get("content").and_then(Json::as_object).and_then(|content| content.values().next());
    let Some(value) = document.example(described.unwrap_or(parameter)) else {
        draft.note(None, format!("{place}: the parameter `{name}` is left out: nothing is known of its value"));
        return;
    };
    match within {
        "path" => *path = path.replace(&format!("{{{name}}}"), &encoded(&plain(&value))),
        "query" => match &value {
            Json::Array(values) => {
                query.extend(values.iter().map(|value| format!("{}={}", encoded(name), encoded(&plain(value)))));
            }
            _ => query.push(format!("{}={}", encoded(name), encoded(&plain(&value)))),
        },
        // These are said by the body and by what is expected.
        "header" if ["accept", "content-type", "authorization"].contains(&name.to_ascii_lowercase().as_str()) => {}
        "header" => sent.headers.push((name.to_owned(), plain(&value))),
        _ => draft.note(None, format!("{place}: the parameter `{name}` is not carried over: it is a cookie")),
    }
}

/// A value of a parameter as text: arrays with commas between.
fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn body<'a>(document: &Document<'a>, operation: &'a Json, sent: &mut Sent, place: &str, draft: &mut Draft) {
    let Some(body) = operation.get("requestBody").and_then(|body| document.resolve(body)) else { return };
    let Some(content) = body.get("content").and_then(Json::as_object) else { return };
    let find = |wanted: fn(&str) -> bool| content.iter().find(|(media_type, _)| wanted(media_type));
    let is_json = |media_type: &str| media_type.to_ascii_lowercase().contains("json") || media_type == "*/*";
    let is_form = |media_type: &str| media_type.starts_with("application/x-www-form-urlencoded");
    let is_text = |media_type: &str| media_type.starts_with("text/");
    let Some((media_type, described)) = find(is_json).or_else(|| find(is_form)).or_else(|| find(is_text)) else {
        let types: Vec<&str> = content.keys().map(String::as_str).collect();
        draft.note(
            None,
            format!("{place}: the body is left out: nothing is known of how to write {}", types.join(", ")),
        );
        return;
    };
    let Some(value) = document.example(described) else {
        draft.note(None, format!("{place}: the body is left out: there is no example of it and no schema"));
        return;
    };
    if is_json(media_type) {
        sent.json = Some(value);
        if !matches!(media_type.as_str(), "application/json" | "*/*") {
            sent.headers.push(("Content-Type".to_owned(), media_type.clone()));
        }
        return;
    }
    sent.headers.push(("Content-Type".to_owned(), media_type.clone()));
    sent.body = Some(match &value {
        Json::Object(fields) if is_form(media_type) => {
            let pairs = fields.iter().map(|(name, value)| format!("{}={}", encoded(name), encoded(&plain(value))));
            pairs.collect::<Vec<_>>().join("&")
        }
        other => plain(other),
    });
}

/// What the first of the security requirements asks for.
fn passes<'a>(document: &Document<'a>, operation: &'a Json, place: &str, draft: &mut Draft) -> Vec<Pass> {
    let required = operation.get("security").or_else(|| document.root.get("security")).and_then(Json::as_array);
    let Some(required) = required.and_then(|required| required.first()).and_then(Json::as_object) else {
        return Vec::new();
    };
    let schemes = document.root.pointer("/components/securitySchemes");
    let mut passes = Vec::new();
    for name in required.keys() {
        let scheme = schemes.and_then(|schemes| schemes.get(name)).and_then(|scheme| document.resolve(scheme));
        match scheme.and_then(pass) {
            Some(pass) => passes.push(pass),
            None => draft.note(None, format!("{place}: the security scheme `{name}` is not carried over")),
        }
    }
    if !passes.is_empty() {
        draft.note(None, "some operations ask who it is: give TOKEN with --var or in the environment");
    }
    passes
}

fn pass(scheme: &Json) -> Option<Pass> {
    let text = |key: &str| scheme.get(key).and_then(Json::as_str).unwrap_or_default();
    let token = Written::variable("TOKEN", "token");
    let authorization = |scheme: &str| Pass::Header("Authorization".to_owned(), Written::literal(scheme).and(&token));
    let name = text("name");
    match (text("type"), text("in")) {
        ("http", _) if text("scheme").eq_ignore_ascii_case("bearer") => Some(authorization("Bearer ")),
        ("http", _) if text("scheme").eq_ignore_ascii_case("basic") => Some(authorization("Basic ")),
        ("oauth2" | "openIdConnect", _) => Some(authorization("Bearer ")),
        ("apiKey", "header") if http::check_header(name, "token").is_ok() => Some(Pass::Header(name.to_owned(), token)),
        ("apiKey", "cookie") if http::check_header("Cookie", name).is_ok() => {
            Some(Pass::Header("Cookie".to_owned(), Written::literal(&format!("{name}=")).and(&token)))
        }
        ("apiKey", "query") => Some(Pass::Query(encoded(name), token)),
        _ => None,
    }
}

/// The statuses of success that an operation describes.
fn statuses(operation: &Json) -> Vec<Value> {
    let responses = operation.get("responses").and_then(Json::as_object);
    let mut statuses = Vec::new();
    for status in responses.into_iter().flatten().map(|(status, _)| status.as_str()) {
        if status.eq_ignore_ascii_case("2xx") {
            return vec![Value::literal("2xx")];
        }
        if let Some(number) = status.parse::<u16>().ok().filter(|number| (200..300).contains(number)) {
            statuses.push(Value::Integer(number.into()));
        }
    }
    statuses
}
