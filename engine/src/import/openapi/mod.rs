//! Descriptions of an API (OpenAPI 3): a request for each operation, with values that fit.
//!
//! Reading is done evenly over all operations with GET; what may change something has the weight 0 until somebody gives it
//! another one.

mod example;
mod operation;

use serde_json::Value as Json;

use self::example::Document;
use super::{Draft, Table, Value, Wrong, address};

/// Where a description names no server.
const NO_TARGET: &str = "http://127.0.0.1:8080";

const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Makes a draft of a description, which is JSON or YAML.
pub(super) fn draft(text: &str) -> Result<Draft, Wrong> {
    let root = parse(text)?;
    check_version(&root)?;
    let mut draft = Draft::new("Made from a description of an API (OpenAPI) by `drumfire import openapi`.");
    let document = Document { root: &root };
    target(&root, &mut draft);
    let paths = root.get("paths").and_then(Json::as_object);
    for (path, item) in paths.into_iter().flatten() {
        let Some(item) = document.resolve(item) else {
            draft.note(None, format!("{path} points at something outside of this document and is left out"));
            continue;
        };
        for method in METHODS {
            if let Some(description) = item.get(method) {
                operation::add(&document, path, item, method, description, &mut draft);
            }
        }
    }
    if root.get("webhooks").is_some() {
        draft.note(None, "webhooks are not carried over");
    }
    if draft.requests.is_empty() {
        return Err(Wrong::new(None, "there is no operation in this description: `paths` has none"));
    }
    add_scenario(&mut draft);
    Ok(draft)
}

fn parse(text: &str) -> Result<Json, Wrong> {
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text)
            .map_err(|error| Wrong::new(error.line(), format!("this is not JSON: {error}")));
    }
    serde_saphyr::from_str(text).map_err(|error| {
        let line = error.location().map(|location| location.line() as usize).filter(|line| *line > 0);
        Wrong::new(line, format!("this is not YAML: {}", error.without_snippet()))
    })
}

fn check_version(root: &Json) -> Result<(), Wrong> {
    if root.get("swagger").is_some() {
        return Err(Wrong::new(None, "Swagger 2.0 is not read: convert it to OpenAPI 3 first"));
    }
    let version = match root.get("openapi") {
        Some(Json::String(version)) => version.clone(),
        Some(Json::Number(version)) => version.to_string(),
        _ => return Err(Wrong::new(None, "this is no description of an API: it has no `openapi`")),
    };
    if version.starts_with("3.0") || version.starts_with("3.1") {
        return Ok(());
    }
    Err(Wrong::new(None, format!("OpenAPI {version} is not read: only 3.0 and 3.1 are")))
}

/// The first server, its variables in place.
fn target(root: &Json, draft: &mut Draft) {
    let servers = root.get("servers").and_then(Json::as_array).map(Vec::as_slice).unwrap_or_default();
    let Some(url) = servers.first().and_then(|server| server.get("url")).and_then(Json::as_str) else {
        draft.note(None, format!("the description names no server: here it is {NO_TARGET}"));
        return draft.set_target(NO_TARGET);
    };
    let mut url = url.to_owned();
    let variables = servers.first().and_then(|server| server.get("variables")).and_then(Json::as_object);
    for (name, variable) in variables.into_iter().flatten() {
        url = url.replace(&format!("{{{name}}}"), variable.get("default").and_then(Json::as_str).unwrap_or_default());
    }
    for other in servers.iter().skip(1).filter_map(|server| server.get("url")?.as_str()) {
        draft.note(None, format!("the server {other} is not carried over"));
    }
    let address = if url.contains("://") {
        address::parse(&url).unwrap_or_else(|reason| {
            draft.note(None, format!("the server {url} is {NO_TARGET} here: {reason}"));
            address::Address { origin: NO_TARGET.to_owned(), path: "/".to_owned(), user: None }
        })
    } else {
        draft.note(None, format!("the server {url} has no host: here it is {NO_TARGET}"));
        address::Address { origin: NO_TARGET.to_owned(), path: address::path(&url), user: None }
    };
    let path = address.path.split('?').next().unwrap_or_default().trim_end_matches('/');
    draft.set_target(&format!("{}{path}", address.origin));
}

/// A scenario over all operations.
fn add_scenario(draft: &mut Draft) {
    let reads = draft.requests.iter().any(|request| request.method == "GET");
    let weight = |method: &str| i64::from(method == "GET" || !reads);
    let mix: Table = draft.requests.iter().map(|one| (one.name.clone(), Value::Integer(weight(&one.method)))).collect();
    if !reads {
        draft.note(None, "there is no operation with GET: all of them have the same weight");
    } else if draft.requests.iter().any(|request| request.method != "GET") {
        draft.note(
            None,
            "operations that are not a GET have the weight 0 in the mix: give them another one to send them",
        );
    }
    draft.scenarios.push(vec![
        ("name".to_owned(), Value::literal("operations")),
        ("executor".to_owned(), Value::literal("constant-vus")),
        ("vus".to_owned(), Value::Integer(1)),
        ("duration".to_owned(), Value::literal("30s")),
        ("mix".to_owned(), Value::Table(mix)),
    ]);
}

#[cfg(test)]
mod tests {
    use super::super::tests::{accepted, imported};
    use super::super::{Kind, from_text};

    #[test]
    fn what_is_no_description_is_refused() {
        for (text, line, message) in [
            ("", None, "no `openapi`"),
            ("{\n\"a\": }", Some(2), "not JSON"),
            ("a: [1\nb: 2", Some(2), "not YAML"),
            ("swagger: '2.0'", None, "Swagger 2.0"),
            ("openapi: 2.5.0", None, "only 3.0 and 3.1"),
            ("openapi: 3.1.0\npaths: {}", None, "no operation"),
        ] {
            let error = from_text(Kind::Openapi, "file", text).expect_err(text);
            assert!(error.message.contains(message), "{text}: {error}");
            assert_eq!(error.line, line, "{text}: {error}");
        }
    }

    #[test]
    fn the_server_is_the_target() {
        let with = |servers: &str| {
            let text = format!("openapi: 3.0.3\nservers: {servers}\npaths: {{ /a: {{ get: {{}} }} }}");
            let text = imported(Kind::Openapi, &text).text;
            accepted(&text);
            text.lines().find(|line| line.starts_with("base_url")).unwrap_or_default().to_owned()
        };
        for (servers, wanted) in [
            ("[{ url: 'http://h:81/v1/' }]", "http://h:81/v1}"),
            ("[{ url: '{s}://h', variables: { s: { default: http } } }]", "http://h}"),
            ("[{ url: /v2 }]", "http://127.0.0.1:8080/v2}"),
            ("[]", "http://127.0.0.1:8080}"),
            ("[{ url: 'ftp://h' }]", "http://127.0.0.1:8080}"),
        ] {
            assert!(with(servers).contains(wanted), "{servers}: {}", with(servers));
        }
    }
}
