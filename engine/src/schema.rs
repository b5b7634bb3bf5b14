//! The JSON Schema of a scenario file, for editors: made from the table of its keys.
//!
//! It says no more than a schema can: names that must exist and numbers that must fit together are found by
//! `drumfire check`. Every string may hold `${NAME}`, and one that does may stand for a number, too. Editors that follow
//! `$ref` tend to overlook what stands beside it, and a schema with `allOf` altogether: so there is none of the latter.

use runlog::metric::Metric;
use serde_json::{Map, Value, json};

use crate::scenario::keys::{EXECUTORS, Key, PROBES, ROOT, STEPS, Shape, any_executor, any_probe, any_step};
use crate::scenario::limits;

/// Matches what holds a variable, whose value only a run knows.
const VARIABLE: &str = r"\$\{";
const NAME: &str = r"^[^\x00-\x1f\x7f-\x9f]{1,100}$";
const SPAN: &str = r"(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|μs|ms|s|m|h|d))+";
const RATE: &str = r"^\s*[0-9]+(?:\.[0-9]+)?\s*/\s*(?:s|m|min|h|d)\s*$";
const URL: &str = r"^(?:[Hh][Tt][Tt][Pp][Ss]?://|unix:)";
const PROBE_METRIC: &str = r"^[^.]+\..";
const METHOD: &str = r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,30}$";
const STATUS: &str = r"^\s*(?:[1-9][0-9]{2}|[1-9][xX]{2}|[1-9][0-9]{2}\s*\.\.\s*[1-9][0-9]{2})\s*$";
const BOUND: &str = r"^\s*(?:avg|min|max|med|count|rate|value|p\([^)]*\))\s*(?:<=|>=|==|!=|<|>)\s*\S";
const CHECK: &str = r"^\s*(?:not\s+)*(?:status\b|json:|header:|cookie:|body\b|duration\b|ttfb\b|response_time\b)";
const SOURCE: &str = r"^\s*(?:json:(?:/|\s*$)|header:.|cookie:.|regex:.|body\s*$)";
const METHODS: [&str; 7] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/// What a file that others include may hold.
const OF_INCLUDED: [&str; 4] = ["vars", "data", "requests", "flows"];

/// The schema as text, ready for a file.
pub fn text() -> String {
    format!("{:#}\n", schema())
}

/// The schema (draft 2020-12).
pub fn schema() -> Value {
    let mut definitions = Definitions(Map::new());
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A scenario of Drumfire",
        "description": "What is sent, in what mix, when, and what must hold. `drumfire check` says more than a schema can.",
    });
    let mut root = definitions.object(ROOT.iter());
    let required = root["required"].take();
    if let (Some(schema), Value::Object(root)) = (schema.as_object_mut(), root) {
        schema.extend(root.into_iter().filter(|(_, value)| !value.is_null()));
    }
    schema["if"] = json!({ "propertyNames": { "enum": OF_INCLUDED }, "minProperties": 1 });
    schema["then"] = json!({ "description": "A file that others include." });
    schema["else"] = json!({ "required": required });
    definitions.add_steps();
    definitions.add_scenarios();
    definitions.add_probes();
    definitions.0.sort_keys();
    schema["$defs"] = definitions.0.into();
    schema
}

/// The tables, by their names.
struct Definitions(Map<String, Value>);

impl Definitions {
    /// A table with these keys and no others; keys of the same name may be of different shapes.
    fn object<'a>(&mut self, keys: impl Iterator<Item = &'a Key>) -> Value {
        let mut properties: Map<String, Value> = Map::new();
        let mut required = Vec::new();
        for key in keys {
            if key.is_required {
                required.push(key.name);
            }
            let schema = self.key(key);
            match properties.get_mut(key.name) {
                Some(other) => widen(other, schema),
                None => drop(properties.insert(key.name.to_owned(), schema)),
            }
        }
        let mut object = json!({ "type": "object", "properties": properties, "additionalProperties": false });
        if !required.is_empty() {
            object["required"] = required.into();
        }
        object
    }

    fn key(&mut self, key: &Key) -> Value {
        let mut schema = json!({ "description": key.doc });
        if let (Some(into), Value::Object(shape)) = (schema.as_object_mut(), self.shape(key.shape)) {
            into.extend(shape);
        }
        if let Shape::Table(name, _) = key.shape {
            self.0[name]["description"] = key.doc.into();
        }
        if let Some(default) = key.default.and_then(toml_value) {
            schema["default"] = default;
        }
        if let Some(example) = toml_value(key.example) {
            schema["examples"] = json!([example]);
        }
        schema
    }

    fn shape(&mut self, shape: Shape) -> Value {
        match shape {
            Shape::Table(name, keys) => {
                if !self.0.contains_key(name) {
                    let table = self.object(keys.iter());
                    self.0.insert(name.to_owned(), table);
                }
                reference(name)
            }
            Shape::TableOf(_, value) => {
                let value = self.shape(*value);
                json!({ "type": "object", "patternProperties": { NAME: value }, "additionalProperties": false })
            }
            Shape::ArrayOf(item) => json!({ "type": "array", "items": self.shape(*item) }),
            Shape::Steps => json!({ "type": "array", "items": reference("step") }),
            Shape::StringOr(name, keys) => {
                let table = self.shape(Shape::Table(name, keys));
                json!({ "type": ["string", "object"], "if": { "type": "object" }, "then": table })
            }
            Shape::Probes => json!({ "type": "array", "items": reference("probe") }),
            Shape::Scenarios => json!({ "type": "array", "items": reference("scenario"), "minItems": 1 }),
            simple => value(simple),
        }
    }

    /// `step`, and one for each kind of step.
    fn add_steps(&mut self) {
        let names: Vec<Value> = STEPS.iter().map(|step| json!({ "required": [step.name] })).collect();
        let mut chain = json!({ "anyOf": names });
        for step in STEPS.iter().rev() {
            let name = format!("step_{}", step.name);
            chain = json!({ "if": { "required": [step.name] }, "then": reference(&name), "else": chain });
            self.described(name, step.doc, step.keys.iter());
        }
        self.by_kind("step", "A step of a flow.", any_step(), chain);
    }

    /// `scenario`, and one for each executor.
    fn add_scenarios(&mut self) {
        let mut chain = json!({ "required": ["executor"] });
        for executor in EXECUTORS.iter().rev() {
            let name = format!("scenario_{}", executor.name.replace('-', "_"));
            chain = branch("executor", executor.name, &name, &chain);
            self.described(name, executor.doc, executor.all());
        }
        self.by_kind("scenario", "Who sends how much, when.", any_executor(), chain);
    }

    /// `probe`, and one for each kind.
    fn add_probes(&mut self) {
        let mut chain = json!({ "required": ["kind"] });
        for kind in PROBES.iter().rev() {
            let name = format!("probe_{}", kind.name);
            chain = branch("kind", kind.name, &name, &chain);
            self.described(name, kind.doc, kind.all());
        }
        self.by_kind("probe", "What is sampled beside the load.", any_probe(), chain);
    }

    /// A table that is of one kind or another: every key, so that editors offer them, and the chain of its kinds.
    fn by_kind<'a>(&mut self, name: &str, doc: &str, keys: impl Iterator<Item = &'a Key>, chain: Value) {
        self.described(name.to_owned(), doc, keys);
        if let (Some(Value::Object(table)), Value::Object(chain)) = (self.0.get_mut(name), chain) {
            table.remove("required");
            table.remove("additionalProperties");
            table.extend(chain);
        }
    }

    fn described<'a>(&mut self, name: String, doc: &str, keys: impl Iterator<Item = &'a Key>) {
        let mut table = self.object(keys);
        table["description"] = doc.into();
        self.0.insert(name, table);
    }
}

/// The table of this name where a key has this value, and what else there is otherwise.
fn branch(key: &str, value: &str, name: &str, otherwise: &Value) -> Value {
    let this = json!({ "required": [key], "properties": { key: { "const": value } } });
    json!({ "if": this, "then": reference(name), "else": otherwise })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// Makes a key that is of one shape also one of another.
fn widen(key: &mut Value, other: Value) {
    if *key == other {
        return;
    }
    // A word out of a list is an `anyOf`, too, but its branches are not described.
    let is_wide = |shapes: &&mut Vec<Value>| shapes.iter().all(|shape| shape.get("description").is_some());
    match key.get_mut("anyOf").and_then(Value::as_array_mut).filter(is_wide) {
        Some(shapes) if shapes.contains(&other) => {}
        Some(shapes) => shapes.push(other),
        None => *key = json!({ "anyOf": [key.take(), other] }),
    }
}

/// What stands behind a key, where it is no table of the file's own.
fn value(shape: Shape) -> Value {
    match shape {
        Shape::Count { least, most } => {
            json!({ "type": ["integer", "string"], "minimum": least, "maximum": most, "pattern": VARIABLE })
        }
        Shape::Factor => json!({ "type": ["number", "string"], "exclusiveMinimum": 0, "pattern": VARIABLE }),
        Shape::Times => json!({ "type": ["integer", "string"], "minimum": 0,
            "pattern": or_variable(r"^\s*[0-9]+\s*\.\.\s*[0-9]+\s*$") }),
        Shape::Boolean => json!({ "type": "boolean" }),
        Shape::OneOf(words) => one_of(words),
        Shape::Share => json!({ "type": ["number", "string"], "minimum": 0, "maximum": 1, "pattern": VARIABLE }),
        Shape::Metric => {
            let names: Vec<_> = Metric::ALL.iter().map(|metric| metric.name()).collect();
            json!({ "anyOf": [{ "enum": names }, { "type": "string", "pattern": or_variable(PROBE_METRIC) }] })
        }
        Shape::Method => {
            json!({ "anyOf": [{ "enum": METHODS }, { "type": "string", "pattern": or_variable(METHOD) }] })
        }
        Shape::Statuses => {
            let status = json!({ "type": ["integer", "string"], "minimum": 100, "maximum": 999,
                "pattern": or_variable(STATUS) });
            json!({ "anyOf": [status, { "type": "array", "items": status, "minItems": 1 }] })
        }
        Shape::Json => json!({}),
        Shape::Vars | Shape::Fields => names_with(&json!({ "type": ["string", "number", "boolean"] })),
        Shape::Tags => names_with(&json!({ "type": "string" })),
        Shape::Headers => json!({ "type": "object", "additionalProperties": { "type": "string" },
            "maxProperties": limits::MOST_HEADERS }),
        Shape::Mix => json!({ "type": "object", "minProperties": 1,
            "additionalProperties": { "type": ["number", "string"], "minimum": 0, "pattern": VARIABLE } }),
        text => pattern(text).map_or_else(
            || json!({ "type": "string" }),
            |pattern| json!({ "type": "string", "pattern": or_variable(&pattern) }),
        ),
    }
}

/// As much of a grammar as a regular expression says without becoming a riddle.
fn pattern(shape: Shape) -> Option<String> {
    Some(match shape {
        Shape::Name => NAME.to_owned(),
        Shape::RequestName | Shape::FlowName | Shape::File | Shape::Condition => r"\S".to_owned(),
        Shape::Url => URL.to_owned(),
        Shape::ProbeUrl => format!(r"{URL}|^\{{\{{\s*target\s*\}}\}}"),
        Shape::Pointer => r"^(?:/|$)".to_owned(),
        Shape::Path => r"^(?:/|\{\{)".to_owned(),
        Shape::Duration => format!(r"^\s*{SPAN}\s*$"),
        Shape::Rate => RATE.to_owned(),
        Shape::Bound => BOUND.to_owned(),
        Shape::Check => CHECK.to_owned(),
        Shape::Source => SOURCE.to_owned(),
        Shape::Think => {
            let chance = format!(r"exponential\(\s*{SPAN}\s*\)|lognormal\(\s*{SPAN}\s*,\s*[0-9]+(?:\.[0-9]+)?\s*\)");
            format!(r"^\s*(?:{SPAN}(?:\s*\.\.\s*{SPAN})?|{chance})\s*$")
        }
        _ => return None,
    })
}

fn or_variable(pattern: &str) -> String {
    format!("{pattern}|{VARIABLE}")
}

fn one_of(words: &[&str]) -> Value {
    json!({ "anyOf": [{ "enum": words }, { "type": "string", "pattern": VARIABLE }] })
}

fn names_with(value: &Value) -> Value {
    json!({ "type": "object", "additionalProperties": value })
}

/// A value written as TOML, as JSON.
fn toml_value(text: &str) -> Option<Value> {
    let table: Map<String, Value> = toml::from_str(&format!("value = {text}")).ok()?;
    table.into_iter().next().map(|(_, value)| value)
}
