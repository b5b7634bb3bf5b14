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
    if let Some(timeout) = &draft.request_timeout {
        table.push(("request_timeout".to_owned(), Value::literal(timeout)));
    }
    table
}

/// `[name]` and its keys, one to a line.
fn section(text: &mut String, name: &str, table: &Table) {
    let _ = writeln!(text, "\n[{name}]");
    for (key_text, value) in table {
        let _ = writeln!(text, "{} = {}", key(key_text), long(value));
    }
}

fn request(text: &mut String, request: &Request) {
    let name = format!("requests.{}", key(&request.name));
    let mut table: Table = Vec::new();
    if request.method != "GET" {
        table.push(("method".to_owned(), Value::literal(&request.method)));
    }
    table.push(("path".to_owned(), Value::Text(request.path.clone())));
    let headers: Table =
        request.headers.iter().map(|(name, value)| (name.clone(), Value::Text(value.clone()))).collect();
    let mut sections = Vec::new();
    let mut inline_or_section = |table: &mut Table, key: &str, inside: &Table| {
        if inline_table(inside).len() + key.len() + 3 <= WIDEST {
            table.push((key.to_owned(), Value::Table(inside.clone())));
        } else {
            sections.push((key.to_owned(), inside.clone()));
        }
    };
    if !headers.is_empty() {
        inline_or_section(&mut table, "headers", &headers);
    }
    match &request.body {
        Some(Body::Json(Value::Table(inside))) => inline_or_section(&mut table, "json", inside),
        Some(Body::Json(value)) => table.push(("json".to_owned(), value.clone())),
        Some(Body::Text(body)) => table.push(("body".to_owned(), Value::Text(body.clone()))),
        None => {}
    }
    match request.expect_status.as_slice() {
        [] => {}
        [one] => table.push(("expect_status".to_owned(), Value::Integer((*one).into()))),
        several => {
            let several = several.iter().map(|&status| Value::Integer(status.into())).collect();
            table.push(("expect_status".to_owned(), Value::Array(several)));
        }
    }
    if request.follow_redirects > 0 {
        table.push(("follow_redirects".to_owned(), Value::Integer(request.follow_redirects.into())));
    }
    let checks: Table = request.checks.iter().map(|(name, check)| (name.clone(), Value::literal(check))).collect();
    if !checks.is_empty() {
        inline_or_section(&mut table, "checks", &checks);
    }
    section(text, &name, &table);
    for (inside, table) in sections {
        section(text, &format!("{name}.{inside}"), &table);
    }
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
