//! Values that fit a schema: its examples, its defaults, or something of its type.

use serde_json::{Map, Value as Json};

/// A document whose parts point at each other.
pub(super) struct Document<'a> {
    pub(super) root: &'a Json,
}

/// The deepest nesting of a value that is made up.
const DEEPEST: usize = 8;
/// How many values are made up for one body.
const MOST_VALUES: usize = 500;
/// The longest chain of references.
const LONGEST_CHAIN: usize = 16;

impl<'a> Document<'a> {
    /// What stands at a place, or where it points to within the document; `None` where that leads nowhere.
    pub(super) fn resolve(&self, mut value: &'a Json) -> Option<&'a Json> {
        for _ in 0..LONGEST_CHAIN {
            let Some(reference) = value.get("$ref").and_then(Json::as_str) else { return Some(value) };
            let pointer = reference.strip_prefix('#')?;
            let pointer = percent_encoding::percent_decode_str(pointer).decode_utf8().ok()?;
            value = self.root.pointer(&pointer)?;
        }
        None
    }

    /// The example of a parameter or of a body, or one that fits its schema.
    pub(super) fn example(&self, holder: &'a Json) -> Option<Json> {
        let named = || {
            let (_, first) = holder.get("examples")?.as_object()?.iter().next()?;
            self.resolve(first)?.get("value").cloned()
        };
        let given = holder.get("example").cloned().or_else(named);
        given.or_else(|| Making { document: self, left: MOST_VALUES, within: Vec::new() }.of(holder.get("schema")?, 0))
    }

    /// What a parameter says itself of its value: an example, a default, the first of an enumeration.
    pub(super) fn says_a_value(&self, parameter: &'a Json) -> bool {
        let schema = parameter.get("schema").and_then(|schema| self.resolve(schema));
        parameter.get("example").is_some()
            || parameter.get("examples").is_some()
            || schema.is_some_and(|schema| given(schema).is_some())
    }
}

/// What a schema itself gives as a value.
fn given(schema: &Json) -> Option<&Json> {
    let first = |key: &str| schema.get(key)?.as_array()?.first();
    schema
        .get("example")
        .or_else(|| first("examples"))
        .or_else(|| schema.get("default"))
        .or_else(|| schema.get("const"))
        .or_else(|| first("enum"))
}

/// A value on its way.
struct Making<'d, 'a> {
    document: &'d Document<'a>,
    left: usize,
    /// The schemas by name that it stands in: one that contains itself is left out.
    within: Vec<&'a str>,
}

impl<'a> Making<'_, 'a> {
    fn of(&mut self, schema: &'a Json, depth: usize) -> Option<Json> {
        self.left = self.left.checked_sub(1)?;
        if depth > DEEPEST {
            return None;
        }
        let Some(name) = schema.get("$ref").and_then(Json::as_str) else { return self.of_itself(schema, depth) };
        if self.within.contains(&name) {
            return None;
        }
        self.within.push(name);
        let schema = self.document.resolve(schema);
        let value = schema.and_then(|schema| self.of_itself(schema, depth));
        self.within.pop();
        value
    }

    /// A value of a schema that is no reference.
    fn of_itself(&mut self, schema: &'a Json, depth: usize) -> Option<Json> {
        if let Some(value) = given(schema) {
            return Some(value.clone());
        }
        if let Some(parts) = schema.get("allOf").and_then(Json::as_array) {
            return self.all(schema, parts, depth);
        }
        let one = ["oneOf", "anyOf"].into_iter().find_map(|key| schema.get(key)?.as_array());
        if let Some(choices) = one {
            let is_null = |choice: &&Json| choice.get("type").and_then(Json::as_str) == Some("null");
            return self.of(choices.iter().find(|choice| !is_null(choice)).or_else(|| choices.first())?, depth + 1);
        }
        match kind(schema) {
            "object" => Some(self.object(schema, depth)),
            "array" => {
                let item = schema.get("items").and_then(|items| self.of(items, depth + 1));
                Some(Json::Array(item.into_iter().collect()))
            }
            "integer" | "number" => {
                let least = ["minimum", "exclusiveMinimum"].into_iter().find_map(|key| schema.get(key)?.as_i64());
                Some(Json::from(least.map_or(1, |least| least.saturating_add(1)).max(1)))
            }
            "boolean" => Some(Json::from(true)),
            "null" => Some(Json::Null),
            _ => Some(Json::from(text(schema))),
        }
    }

    /// All parts of an `allOf` put together, and what stands beside it.
    fn all(&mut self, schema: &'a Json, parts: &'a [Json], depth: usize) -> Option<Json> {
        let mut whole = Map::new();
        let mut other = None;
        for part in parts {
            match self.of(part, depth + 1) {
                Some(Json::Object(object)) => whole.extend(object),
                value => other = other.or(value),
            }
        }
        if let (Some(_), Json::Object(object)) = (schema.get("properties"), self.object(schema, depth)) {
            whole.extend(object);
        }
        if whole.is_empty() { other } else { Some(Json::Object(whole)) }
    }

    /// The properties that a client may send.
    fn object(&mut self, schema: &'a Json, depth: usize) -> Json {
        let mut object = Map::new();
        for (name, property) in schema.get("properties").and_then(Json::as_object).into_iter().flatten() {
            let is_read_only = |property: &Json| property.get("readOnly") == Some(&Json::Bool(true));
            if is_read_only(property) || self.document.resolve(property).is_some_and(is_read_only) {
                continue;
            }
            if let Some(value) = self.of(property, depth + 1) {
                object.insert(name.clone(), value);
            }
        }
        Json::Object(object)
    }
}

/// The type of a schema; of several the first that is not `null`.
fn kind(schema: &Json) -> &str {
    match schema.get("type") {
        Some(Json::String(kind)) => kind,
        Some(Json::Array(kinds)) => {
            kinds.iter().filter_map(Json::as_str).find(|kind| *kind != "null").unwrap_or("null")
        }
        _ if schema.get("properties").is_some() => "object",
        _ if schema.get("items").is_some() => "array",
        _ => "string",
    }
}

/// A string of a format.
fn text(schema: &Json) -> String {
    /// Longer ones are not made up.
    const LONGEST: u64 = 1000;
    let text = match schema.get("format").and_then(Json::as_str).unwrap_or_default() {
        "uuid" => "00000000-0000-4000-8000-000000000000",
        "date" => "2026-01-01",
        "date-time" => "2026-01-01T00:00:00Z",
        "time" => "00:00:00Z",
        "email" => "someone@example.com",
        "uri" | "url" => "http://example.com/",
        "hostname" => "example.com",
        "ipv4" => "192.0.2.1",
        "ipv6" => "2001:db8::1",
        _ => {
            let length = |key: &str| schema.get(key).and_then(Json::as_u64);
            let least = length("minLength").unwrap_or_default().min(LONGEST);
            let most = length("maxLength").unwrap_or(LONGEST).clamp(least, LONGEST);
            return "string".chars().cycle().take(most.min(least.max(6)) as usize).collect();
        }
    };
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(schema: &Json) -> Json {
        let root = json!({ "s": {
            "tree": { "type": "object", "properties": { "name": { "type": "string" }, "child": { "$ref": "#/s/tree" } } },
            "wide": { "allOf": [{ "$ref": "#/s/wide" }, { "$ref": "#/s/wide" }] },
            "loop": { "$ref": "#/s/loop" },
            "id": { "type": "integer", "readOnly": true }
        } });
        let holder = json!({ "schema": schema });
        Document { root: &root }.example(&holder).unwrap_or(Json::Null)
    }

    #[test]
    fn a_value_fits_its_schema() {
        for (schema, wanted) in [
            (json!({ "type": "string", "example": "x", "default": "y" }), json!("x")),
            (json!({ "enum": ["a", "b"] }), json!("a")),
            (json!({ "type": "integer", "minimum": 5 }), json!(6)),
            (json!({ "type": ["null", "boolean"] }), json!(true)),
            (json!({ "type": "array", "items": { "type": "string", "format": "date" } }), json!(["2026-01-01"])),
            (json!({ "type": "string", "maxLength": 3 }), json!("str")),
            (json!({ "oneOf": [{ "type": "null" }, { "type": "number" }] }), json!(1)),
            (
                json!({ "allOf": [{ "properties": { "a": { "type": "integer" } } }], "properties": { "b": { "const": 2 } } }),
                json!({ "a": 1, "b": 2 }),
            ),
            (json!({ "properties": { "id": { "$ref": "#/s/id" }, "c": { "type": "integer" } } }), json!({ "c": 1 })),
            (json!({ "$ref": "http://elsewhere/#/x" }), Json::Null),
        ] {
            assert_eq!(of(&schema), wanted, "{schema}");
        }
    }

    #[test]
    fn schemas_that_contain_themselves_come_to_an_end() {
        assert_eq!(of(&json!({ "$ref": "#/s/tree" })), json!({ "name": "string" }));
        assert_eq!(of(&json!({ "$ref": "#/s/wide" })), Json::Null);
        assert_eq!(of(&json!({ "$ref": "#/s/loop" })), Json::Null);
    }
}
