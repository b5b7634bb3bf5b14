//! Secrets of an input: each becomes a variable, and its value goes nowhere.

use std::collections::HashMap;

use percent_encoding::percent_decode_str;
use serde_json::Value as Json;

use super::Written;
use super::names::Names;
use crate::scenario::secrets::is_secret;

/// The variables that stand for the secrets of an input.
#[derive(Debug, Default)]
pub(super) struct Secrets {
    /// Wanted names with values → the names of their variables.
    known: HashMap<(String, String), String>,
    names: Names,
}

/// A secret's variable, where it is used.
pub(super) struct Found {
    /// Whose secret it is, such as the name of a header.
    pub(super) of: String,
    /// The variable's name.
    pub(super) variable: String,
}

impl Secrets {
    /// The variable for a secret: the same for the same value, another one for another.
    fn variable(&mut self, name: &str, value: &str) -> String {
        let mut wanted: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
            .take(60)
            .collect();
        if !is_secret(&wanted) || wanted.starts_with(|c: char| c.is_ascii_digit()) {
            wanted = format!("SECRET_{wanted}");
        }
        let names = &mut self.names;
        self.known.entry((wanted, value.to_owned())).or_insert_with_key(|(wanted, _)| names.unique(wanted)).clone()
    }

    /// A header's value, its secret as a variable: of credentials the scheme stays, such as `Bearer ${TOKEN:-}`.
    pub(super) fn header(&mut self, name: &str, value: &str, found: &mut Vec<Found>) -> Written {
        if name.eq_ignore_ascii_case("referer") {
            return self.path(value, found);
        }
        if !is_secret(name) || value.is_empty() {
            return Written::literal(value);
        }
        let scheme = ["Bearer", "Basic", "Digest"].into_iter().find_map(|scheme| {
            let (start, rest) = value.split_once(' ')?;
            start.eq_ignore_ascii_case(scheme).then(|| (scheme, rest.trim_start()))
        });
        let (start, wanted, secret) = match scheme {
            Some(("Bearer", secret)) => ("Bearer ", "TOKEN", secret),
            Some(("Basic", secret)) => ("Basic ", "BASIC_TOKEN", secret),
            Some((_, secret)) => ("Digest ", "DIGEST_TOKEN", secret),
            None => ("", name, value),
        };
        let variable = self.variable(wanted, secret);
        found.push(Found { of: format!("header `{name}`"), variable: variable.clone() });
        Written::literal(start).and(&Written::variable(&variable, ""))
    }

    /// A path with the secrets of its query as variables.
    pub(super) fn path(&mut self, path: &str, found: &mut Vec<Found>) -> Written {
        match path.split_once('?') {
            Some((path, query)) => Written::literal(path).and(&Written::literal("?")).and(&self.pairs(query, found)),
            None => Written::literal(path),
        }
    }

    /// `a=1&token=2` with the values of secrets as variables.
    pub(super) fn pairs(&mut self, pairs: &str, found: &mut Vec<Found>) -> Written {
        let mut written = Written::default();
        for (at, pair) in pairs.split('&').enumerate() {
            if at > 0 {
                written = written.and(&Written::literal("&"));
            }
            let secret = pair.split_once('=').filter(|(_, value)| !value.is_empty());
            let name = |name: &str| percent_decode_str(name).decode_utf8_lossy().into_owned();
            written = match secret.map(|(key, value)| (key, name(key), value)).filter(|(_, name, _)| is_secret(name)) {
                Some((key, name, value)) => {
                    let variable = self.variable(&name, value);
                    found.push(Found { of: format!("parameter `{name}`"), variable: variable.clone() });
                    written.and(&Written::literal(&format!("{key}="))).and(&Written::variable(&variable, ""))
                }
                None => written.and(&Written::literal(pair)),
            };
        }
        written
    }

    /// Puts marks in the place of a JSON value's secrets. Returns them with what they stand for.
    pub(super) fn json(&mut self, value: &mut Json, found: &mut Vec<Found>) -> Vec<(String, Written)> {
        let mut marks = Vec::new();
        self.json_under(None, value, found, &mut marks);
        marks
    }

    fn json_under(
        &mut self,
        secret: Option<&str>,
        value: &mut Json,
        found: &mut Vec<Found>,
        marks: &mut Vec<(String, Written)>,
    ) {
        match value {
            Json::Object(object) => {
                for (key, value) in object.iter_mut() {
                    self.json_under(secret.or_else(|| is_secret(key).then_some(key)), value, found, marks);
                }
            }
            Json::Array(values) => values.iter_mut().for_each(|value| self.json_under(secret, value, found, marks)),
            Json::String(_) | Json::Number(_) => {
                let Some(name) = secret else { return };
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                if text.is_empty() {
                    return;
                }
                let variable = self.variable(name, &text);
                found.push(Found { of: format!("field `{name}`"), variable: variable.clone() });
                // A mark holds nothing that any of the languages on the way would write differently.
                let mark = format!("drumfire-secret-{}-mark", marks.len());
                marks.push((mark.clone(), Written::variable(&variable, "")));
                *value = Json::from(mark);
            }
            Json::Null | Json::Bool(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_becomes_a_variable_of_its_own() {
        let (mut secrets, mut found) = (Secrets::default(), Vec::new());
        let mut header = |name: &str, value: &str| secrets.header(name, value, &mut found).as_str().to_owned();
        assert_eq!(header("Authorization", "Bearer abc"), "Bearer ${TOKEN:-}");
        assert_eq!(header("authorization", "bearer xyz"), "Bearer ${TOKEN_2:-}");
        assert_eq!(header("Authorization", "Bearer abc"), "Bearer ${TOKEN:-}");
        assert_eq!(header("X-Api-Key", "k"), "${X_API_KEY:-}");
        assert_eq!(header("Accept", "$x"), "$$x");
        assert_eq!(
            secrets.path("/a?q=1&api_%6bey=s&token=", &mut found).as_str(),
            "/a?q=1&api_%6bey=${API_KEY:-}&token="
        );
        assert_eq!(found.len(), 5);
        assert_eq!(secrets.header("Referer", "http://h/?token=abc", &mut found).as_str(), "http://h/?token=${TOKEN:-}");
    }

    #[test]
    fn secrets_in_json_are_found_however_deep() {
        let mut value = serde_json::json!({ "user": "a", "auth": { "password": "hunter2", "tokens": ["x", 7] } });
        let (mut secrets, mut found) = (Secrets::default(), Vec::new());
        let marks = secrets.json(&mut value, &mut found);
        assert!(!value.to_string().contains("hunter2"), "{value}");
        let variables: Vec<&str> = marks.iter().map(|(_, written)| written.as_str()).collect();
        assert_eq!(variables, ["${PASSWORD:-}", "${TOKENS:-}", "${TOKENS_2:-}"]);
    }
}
