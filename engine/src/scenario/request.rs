//! `[requests.NAME]`: what is sent, and what is wanted of the answer.

use runlog::manifest::Tags;
use runlog::row::FailedChecks;

use super::document::{Node, Table, Value};
use super::error::{Problem, Problems};
use super::interpolate::Text;
use super::status::{Statuses, parse_check, parse_statuses, status_of};
use super::{Check, Header, Request, http, keys, limits, secrets};

/// What does not count as failed where a request does not say: what browsers are content with.
pub(super) const DEFAULT_EXPECT_STATUS: (u16, u16) = (200, 399);

pub(super) fn request(name: &str, table: &Table, problems: &mut Problems) -> Option<Request> {
    let place = format!("request `{name}`");
    table.know(&place, keys::REQUEST, problems);
    for key in ["path", "headers", "body", "json"] {
        table.get(key).into_iter().for_each(|node| refuse_templates(node, problems));
    }
    let method = problems.keep(table.read("method", method));
    let path = problems.keep(table.require(&place, "path", "such as `path = \"/api/products\"`", path));
    let headers = table.get("headers").map_or(Some(Vec::new()), |node| headers(node, problems));
    let body = problems.keep(body(table));
    let expect_status = problems.keep(table.read("expect_status", expect_status));
    let checks = table.get("checks").map_or(Some(Vec::new()), |node| checks(node, problems));
    let tags = tags(table, problems);
    let (body, is_json) = body?.map_or((None, false), |(body, is_json)| (Some(body), is_json));
    let mut headers = headers?;
    if is_json && !headers.iter().any(|header| header.name.eq_ignore_ascii_case("content-type")) {
        headers.push(Header { name: "Content-Type".to_owned(), value: Text::plain("application/json") });
    }
    Some(Request {
        name: name.to_owned(),
        method: method?.unwrap_or_else(|| "GET".to_owned()),
        path: path?,
        headers,
        body,
        expect_status: expect_status?.unwrap_or_else(|| vec![DEFAULT_EXPECT_STATUS]),
        checks: checks?,
        tags: tags?,
    })
}

fn method(node: &Node) -> Result<String, Problem> {
    let method = node.str("a method such as \"GET\"")?;
    http::check_method(method).map_err(|error| node.problem(error).expected("not a method"))?;
    Ok(method.to_owned())
}

fn path(node: &Node) -> Result<Text, Problem> {
    let text = node.text("a path such as \"/api/products\"")?;
    http::check_path(&text.real).map_err(|error| node.problem(error).expected("not a path"))?;
    Ok(Text { real: text.real.clone(), shown: secrets::redact_path(&text.shown) })
}

fn headers(node: &Node, problems: &mut Problems) -> Option<Vec<Header>> {
    let table = problems.keep(node.table("a table such as `{ Accept = \"text/html\" }`"))?;
    if table.entries.len() > limits::MOST_HEADERS {
        let message = format!("a request has at most {} headers, not {}", limits::MOST_HEADERS, table.entries.len());
        problems.add(node.problem(message).expected("too many"));
        return None;
    }
    let mut headers: Vec<Header> = Vec::with_capacity(table.entries.len());
    for entry in &table.entries {
        let name = &entry.key;
        if headers.iter().any(|header| header.name.eq_ignore_ascii_case(name)) {
            let problem = Problem::new(entry.key_span, format!("the header `{name}` is given twice"));
            problems.add(problem.expected("again").help("names of headers are the same in capitals and small letters"));
        }
        let Some(value) = problems.keep(entry.node.text("the header's value as a string")) else { continue };
        let checked = http::check_header(name, &value.real);
        problems.keep(checked.map_err(|error| Problem::new(entry.key_span, error).expected("this header")));
        let shown = secrets::redact_header(name, &value.shown);
        headers.push(Header { name: name.clone(), value: Text { real: value.real.clone(), shown } });
    }
    Some(headers)
}

/// The body, and whether it is JSON.
fn body(table: &Table) -> Result<Option<(Text, bool)>, Problem> {
    match (table.get("body"), table.get("json")) {
        (None, None) => Ok(None),
        (Some(_), Some(json)) => Err(json
            .problem("a request has either a `body` or a `json`")
            .expected("one of them is too many")
            .help("`json` is a TOML value that is sent as JSON; `body` is sent as it is written")),
        (Some(node), None) => {
            let text = node.text("the body as a string")?;
            Ok(Some((Text { real: text.real.clone(), shown: secrets::redact_body(&text.shown) }, false)))
        }
        (None, Some(node)) => {
            let mut shown = node.json(true)?;
            secrets::redact_json(&mut shown);
            Ok(Some((Text { real: node.json(false)?.to_string(), shown: shown.to_string() }, true)))
        }
    }
}

/// A template in a request would be sent as it is written, which nobody who writes one wants.
fn refuse_templates(node: &Node, problems: &mut Problems) {
    match &node.value {
        Value::String { text, .. } if has_template(&text.real) => {
            let problem = node.problem("templates such as `{{ … }}` are not supported yet").expected("a template");
            problems.add_last(node.span, problem.help("`${NAME}` takes a value from `--var` or the environment"));
        }
        Value::Array(nodes) => nodes.iter().for_each(|node| refuse_templates(node, problems)),
        Value::Table(table) => table.entries.iter().for_each(|entry| refuse_templates(&entry.node, problems)),
        _ => {}
    }
}

fn has_template(text: &str) -> bool {
    text.split_once("{{").is_some_and(|(_, rest)| rest.contains("}}"))
}

fn expect_status(node: &Node) -> Result<Statuses, Problem> {
    let one = |node: &Node| {
        let range = match &node.value {
            Value::Integer(number) => status_of(*number),
            Value::String { text, .. } => parse_statuses(&text.real),
            _ => return Err(node.not("a status such as 200, \"2xx\" or \"200..299\"")),
        };
        range.map_err(|error| node.problem(error).expected("not a status"))
    };
    match &node.value {
        Value::Array(nodes) if nodes.is_empty() => {
            Err(node.problem("`expect_status` is empty: no answer could be right").expected("at least one status"))
        }
        Value::Array(nodes) => nodes.iter().map(one).collect(),
        _ => one(node).map(|range| vec![range]),
    }
}

fn checks(node: &Node, problems: &mut Problems) -> Option<Vec<Check>> {
    let table = problems.keep(node.table("a table such as `{ \"status is 200\" = \"status == 200\" }`"))?;
    if table.entries.len() > FailedChecks::MOST {
        let message = format!("a request has at most {} checks, not {}", FailedChecks::MOST, table.entries.len());
        problems.add(node.problem(message).expected("too many"));
    }
    let mut checks = Vec::with_capacity(table.entries.len());
    for entry in &table.entries {
        let name = limits::check_name(&entry.key);
        problems.keep(name.map_err(|error| Problem::new(entry.key_span, error).expected("the name of a check")));
        let statuses = entry
            .node
            .str("a check such as \"status == 200\"")
            .and_then(|text| parse_check(text).map_err(|error| entry.node.problem(error).expected("not a check")));
        if let Some(statuses) = problems.keep(statuses) {
            checks.push(Check { name: entry.key.clone(), statuses });
        }
    }
    Some(checks)
}

/// The key `tags` of a table.
pub(super) fn tags(table: &Table, problems: &mut Problems) -> Option<Tags> {
    let Some(node) = table.get("tags") else { return Some(Tags::new()) };
    let table = problems.keep(node.table("a table such as `{ tier = \"free\" }`"))?;
    let mut tags = Tags::new();
    for entry in &table.entries {
        let Some(value) = problems.keep(entry.node.str("the tag's value as a string")) else { continue };
        let checked = limits::check_tag(&entry.key, value);
        problems.keep(checked.map_err(|error| Problem::new(entry.key_span, error).expected("this tag")));
        tags.insert(entry.key.clone(), value.to_owned());
    }
    Some(tags)
}
