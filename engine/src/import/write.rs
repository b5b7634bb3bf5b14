//! A draft as TOML, in the order in which a person would write it.

use std::fmt::Write;

use toml_writer::{ToTomlKey, ToTomlValue};

use super::{Body, Draft, Flow, Request, Step, Table, Value, Written};

/// Where a line is too long to be read, in bytes.
const WIDEST: usize = 110;

/// The scenario file of a draft.
pub(super) fn file(draft: &Draft) -> String {
    let mut text = String::new();
    comments(&mut text, draft);
    if !draft.tags.is_empty() {
        let _ = writeln!(text, "\ntags = {}", inline_table(&draft.tags));
    }
    section(&mut text, "target", &target(draft));
    if !draft.tls.is_empty() && draft.base_url.as_str().contains("https://") {
        section(&mut text, "target.tls", &draft.tls);
    }
    if !draft.vars.is_empty() {
        section(&mut text, "vars", &draft.vars);
    }
    for one in &draft.requests {
        request(&mut text, one);
    }
    if !draft.flows.is_empty() {
        text.push_str("\n[flows]\n");
    }
    for one in &draft.flows {
        flow(&mut text, one);
    }
    for one in &draft.scenarios {
        section(&mut text, "[scenarios]", one);
    }
    for one in &draft.thresholds {
        section(&mut text, "[thresholds]", one);
    }
    text
}

fn comments(text: &mut String, draft: &Draft) {
    let _ = writeln!(text, "# {}", super::on_one_line(&draft.source));
    if draft.notes.is_empty() {
        return;
    }
    text.push_str("#\n# Not as it was, or not carried over:\n");
    for note in &draft.notes {
        let place = note.line.map(|line| format!("line {line}: ")).unwrap_or_default();
        let _ = writeln!(text, "# - {place}{}", note.text);
    }
}

fn target(draft: &Draft) -> Table {
    let mut table = vec![("base_url".to_owned(), Value::Text(draft.base_url.clone()))];
    table.extend(draft.target.iter().cloned());
    table
}

/// `[name]` or `[[name]]` and its keys, one to a line; tables that are too wide for one stand behind it.
fn section(text: &mut String, header: &str, table: &Table) {
    let _ = writeln!(text, "\n[{header}]");
    let name = header.trim_matches(['[', ']']);
    let mut wide = Vec::new();
    for (key_text, value) in table {
        match value {
            Value::Table(inside) if inline_table(inside).len() + key_text.len() + 3 > WIDEST => {
                wide.push((key_text, inside));
            }
            _ => drop(writeln!(text, "{} = {}", key(key_text), long(value))),
        }
    }
    for (key_text, inside) in wide {
        section(text, &format!("{name}.{}", key(key_text)), inside);
    }
}

fn request(text: &mut String, request: &Request) {
    let mut table: Table = Vec::new();
    let mut put = |key: &str, value: Value| table.push((key.to_owned(), value));
    if request.method != "GET" {
        put("method", Value::literal(&request.method));
    }
    put("path", Value::Text(request.path.clone()));
    if !request.headers.is_empty() {
        let headers = request.headers.iter().map(|(name, value)| (name.clone(), Value::Text(value.clone())));
        put("headers", Value::Table(headers.collect()));
    }
    match &request.body {
        Some(Body::Json(value)) => put("json", value.clone()),
        Some(Body::Text(body)) => put("body", Value::Text(body.clone())),
        None => {}
    }
    match request.expect_status.as_slice() {
        [] => {}
        [one] => put("expect_status", one.clone()),
        several => put("expect_status", Value::Array(several.to_vec())),
    }
    if request.follow_redirects > 0 {
        put("follow_redirects", Value::Integer(request.follow_redirects.into()));
    }
    if !request.checks.is_empty() {
        let checks = request.checks.iter().map(|(name, check)| (name.clone(), Value::literal(check)));
        put("checks", Value::Table(checks.collect()));
    }
    section(text, &format!("requests.{}", key(&request.name)), &table);
}

fn flow(text: &mut String, flow: &Flow) {
    let _ = writeln!(text, "{} = [", key(&flow.name));
    for step in &flow.steps {
        let step = match step {
            Step::Request(name) => vec![("request".to_owned(), Value::literal(name))],
            Step::Think(time) => vec![("think".to_owned(), Value::literal(time))],
        };
        let _ = writeln!(text, "    {},", inline_table(&step));
    }
    text.push_str("]\n");
}

fn key(name: &str) -> String {
    name.to_toml_key()
}

/// A value; an array that would make a line too long has a line for each of its elements.
fn long(value: &Value) -> String {
    let short = inline(value);
    match value {
        Value::Array(values) if short.len() > WIDEST => {
            let lines: Vec<String> = values.iter().map(|value| format!("    {},\n", inline(value))).collect();
            format!("[\n{}]", lines.concat())
        }
        _ => short,
    }
}

fn inline(value: &Value) -> String {
    match value {
        Value::Text(text) => string(text),
        Value::Integer(integer) => integer.to_string(),
        Value::Float(float) => format!("{float:?}"),
        Value::Boolean(boolean) => boolean.to_string(),
        Value::Array(values) => format!("[{}]", values.iter().map(inline).collect::<Vec<_>>().join(", ")),
        Value::Table(table) => inline_table(table),
    }
}

fn inline_table(table: &Table) -> String {
    if table.is_empty() {
        return "{}".to_owned();
    }
    let entries: Vec<String> = table.iter().map(|(name, value)| format!("{} = {}", key(name), inline(value))).collect();
    format!("{{ {} }}", entries.join(", "))
}

fn string(text: &Written) -> String {
    text.as_str().to_toml_value()
}
