//! What people should not see: values that by their name are secrets, taken out of what is shown and kept.

use serde_json::Value;
use tokio_postgres::config::Host;

/// Stands where a secret was.
pub const REDACTED: &str = "[redacted]";

/// Whether a header, a JSON key, a query parameter or a variable has the name of a secret.
pub fn is_secret(name: &str) -> bool {
    let plain: String = name.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).collect::<String>().to_lowercase();
    matches!(plain.as_str(), "cookie" | "setcookie")
        || ["authorization", "token", "secret", "password", "passwd", "apikey"].iter().any(|part| plain.contains(part))
}

/// A header's value as people may see it: of credentials the scheme stays, such as `Bearer [redacted]`.
pub fn redact_header(name: &str, value: &str) -> String {
    if !is_secret(name) {
        return value.to_owned();
    }
    match value.split_once(' ') {
        Some((scheme @ ("Basic" | "Bearer" | "Digest"), _)) => format!("{scheme} {REDACTED}"),
        _ => REDACTED.to_owned(),
    }
}

/// A path with the secrets of its query taken out.
pub fn redact_path(path: &str) -> String {
    match path.split_once('?') {
        Some((path, query)) => format!("{path}?{}", redact_pairs(query)),
        None => path.to_owned(),
    }
}

/// Where something is, as a URL or as words such as `host=db password=x`, with the passwords and the secrets of its query taken out.
pub fn redact_place(text: &str) -> String {
    let word = |word: &str| match word.split_once('=') {
        Some((name, _)) if is_secret(name) && !name.contains("://") => format!("{name}={REDACTED}"),
        _ => redact_path(&without_password(word)),
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// `scheme://user:password@host` without the password. Those of databases are taken with a `/` in them, as a database takes them.
fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let ends: &[char] = if scheme.starts_with("postgres") { &[] } else { &['/', '?', '#'] };
    let authority = &rest[..rest.find(ends).unwrap_or(rest.len())];
    match authority.split_once('@').and_then(|(user, _)| user.split_once(':')) {
        Some((user, password)) => {
            let behind = &rest[user.len() + 1 + password.len()..];
            format!("{scheme}://{user}:{REDACTED}{behind}")
        }
        None => text.to_owned(),
    }
}

/// A database as people may see it: without the password.
pub(super) fn shown_database(config: &tokio_postgres::Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        Some(Host::Unix(path)) => path.display().to_string(),
        None => config.get_hostaddrs().first().map_or_else(String::new, ToString::to_string),
    };
    let port = config.get_ports().first().map_or_else(String::new, |port| format!(":{port}"));
    let user = config.get_user().map_or_else(String::new, |user| format!("{user}@"));
    format!("postgres://{user}{host}{port}/{}", config.get_dbname().unwrap_or_default())
}

/// `a=1&token=2` with the values of secrets taken out.
fn redact_pairs(pairs: &str) -> String {
    let shown: Vec<String> = pairs
        .split('&')
        .map(|pair| match pair.split_once('=') {
            Some((name, _)) if is_secret(&percent_decoded(name)) => format!("{name}={REDACTED}"),
            _ => pair.to_owned(),
        })
        .collect();
    shown.join("&")
}

/// A name as the server will read it: `%74oken` is `token`.
fn percent_decoded(name: &str) -> String {
    let hex = |byte: Option<&u8>| byte.and_then(|&byte| char::from(byte).to_digit(16));
    let bytes = name.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = hex(bytes.get(at + 1)).zip(hex(bytes.get(at + 2))).filter(|_| byte == b'%');
        decoded.push(escaped.map_or(byte, |(high, low)| (high * 16 + low) as u8));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

/// A JSON value with the values of secret keys taken out, however deep they are.
pub fn redact_json(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                if is_secret(key) {
                    *value = Value::from(REDACTED);
                } else {
                    redact_json(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(redact_json),
        _ => {}
    }
}

/// A body with the secrets taken out where it is JSON or a form; any other text stays as it is.
pub fn redact_body(body: &str) -> String {
    if let Ok(mut value @ (Value::Object(_) | Value::Array(_))) = serde_json::from_str::<Value>(body) {
        let before = value.clone();
        redact_json(&mut value);
        return if value == before { body.to_owned() } else { value.to_string() };
    }
    if body.contains(char::is_whitespace) { body.to_owned() } else { redact_pairs(body) }
}

/// A whole scenario, as resolved, with its secrets taken out: of requests, and of variables wherever they stand.
pub(super) fn redact_scenario(scenario: &mut Value) {
    redact_vars(scenario);
    redact_key(scenario, "target", |target| {
        redact_key(target, "proxy_authorization", |value| {
            redact_text(value, |text| redact_header("Proxy-Authorization", text));
        });
    });
    redact_key(scenario, "probes", |probes| probes.as_array_mut().into_iter().flatten().for_each(redact_probe));
    let Some(requests) = scenario.get_mut("requests").and_then(Value::as_object_mut) else { return };
    for request in requests.values_mut() {
        redact_key(request, "headers", redact_headers);
        redact_key(request, "path", |path| redact_text(path, redact_path));
        redact_key(request, "body", |body| redact_text(body, redact_body));
        for key in ["json", "form", "query"] {
            redact_key(request, key, redact_json);
        }
    }
}

fn redact_headers(headers: &mut Value) {
    for (name, value) in headers.as_object_mut().into_iter().flatten() {
        redact_text(value, |text| redact_header(name, text));
    }
}

fn redact_probe(probe: &mut Value) {
    let is_database = probe.get("kind").is_some_and(|kind| kind == "postgres");
    redact_key(probe, "url", |url| redact_text(url, if is_database { redact_database } else { redact_path }));
    redact_key(probe, "headers", redact_headers);
}

/// How to connect to a database, without the password.
fn redact_database(text: &str) -> String {
    text.parse().map_or_else(|_| REDACTED.to_owned(), |config| shown_database(&config))
}

/// Takes secrets out of every table `vars`, however deep it stands.
fn redact_vars(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for (key, value) in object.iter_mut() {
                if key == "vars" {
                    redact_json(value);
                }
                redact_vars(value);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(redact_vars),
        _ => {}
    }
}

fn redact_key(request: &mut Value, key: &str, redact: impl FnOnce(&mut Value)) {
    if let Some(value) = request.get_mut(key) {
        redact(value);
    }
}

fn redact_text(value: &mut Value, redact: impl FnOnce(&str) -> String) {
    if let Value::String(text) = value {
        *text = redact(text);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_known_by_their_names() {
        for name in [
            "Authorization",
            "proxy-authorization",
            "Cookie",
            "Set-Cookie",
            "X-API-Key",
            "access_token",
            "Secret",
            "db-password",
            "APIKEY",
        ] {
            assert!(is_secret(name), "{name}");
        }
        for name in ["Accept", "q", "page", "X-Request-Id", "key", "authority"] {
            assert!(!is_secret(name), "{name}");
        }
    }

    #[test]
    fn the_scheme_of_credentials_stays() {
        assert_eq!(redact_header("Authorization", "Bearer abc"), "Bearer [redacted]");
        assert_eq!(redact_header("Cookie", "a=1; b=2"), "[redacted]");
        assert_eq!(redact_header("Accept", "a b"), "a b");
    }

    #[test]
    fn a_scenario_loses_the_secrets_of_requests_and_variables() {
        let mut scenario = serde_json::json!({
            "vars": { "api_key": "hunter2", "tier": "free" },
            "setup": { "steps": [{ "request": "login", "vars": { "password": "hunter2" } }] },
            "requests": { "login": { "form": { "password": "hunter2" }, "query": { "token": "hunter2", "q": "lamp" } } },
        });
        redact_scenario(&mut scenario);
        let text = scenario.to_string();
        assert!(!text.contains("hunter2") && text.contains("lamp") && text.contains("free"), "{text}");
    }

    #[test]
    fn a_scenario_loses_the_secrets_of_probes() {
        let mut scenario = serde_json::json!({ "probes": [
            { "kind": "json", "url": "http://h/?token=hunter2&x=lamp", "headers": { "Authorization": "Bearer hunter2" } },
            { "kind": "postgres", "url": "postgres://me:hunter2@db/shop" },
            { "kind": "postgres", "url": "hunter2" },
        ]});
        redact_scenario(&mut scenario);
        let text = scenario.to_string();
        assert!(!text.contains("hunter2") && text.contains("lamp") && text.contains("me@db:5432/shop"), "{text}");
    }

    #[test]
    fn queries_and_bodies_lose_their_secrets_only() {
        assert_eq!(redact_path("/a?q=1&api_key=s3&%74oken=t&x"), "/a?q=1&api_key=[redacted]&%74oken=[redacted]&x");
        assert_eq!(redact_body("user=a&password=b"), "user=a&password=[redacted]");
        assert_eq!(redact_body(r#"{"a": {"token": [1, 2]}, "b": 1}"#), r#"{"a":{"token":"[redacted]"},"b":1}"#);
        assert_eq!(redact_body(r#"{"a": 1}"#), r#"{"a": 1}"#);
        assert_eq!(redact_body("the password=is not a form"), "the password=is not a form");
    }

    #[test]
    fn a_database_is_shown_without_its_password() {
        for text in ["postgres://me:hunter2@db:5433/shop", "host=db port=5433 user=me password='hunter2' dbname=shop"] {
            let config = text.parse().expect("a database");
            assert_eq!(shown_database(&config), "postgres://me@db:5433/shop");
        }
    }
}
