//! `[requests.NAME]`: what is sent, and what is wanted of the answer.

use std::path::Path;
use std::sync::Arc;

use runlog::row::FailedChecks;
use runlog::tags::Tags;

use super::document::{Node, Table, Value};
use super::error::{Problem, Problems};
use super::escape::Escape;
use super::interpolate::Text;
use super::status::{Statuses, parse_statuses, status_of};
use super::template::{Names, Piece, Place, Template, json, template};
use super::{Check, Header, Request, http, keys, limits, secrets, vars};
use crate::answer;
use crate::data::BodyFile;

/// What does not count as failed where a request does not say: what browsers are content with.
pub const DEFAULT_EXPECT_STATUS: (u16, u16) = (200, 399);

/// Reads an entry of `[requests]`. Files are found from `folder`, where the scenario file is.
pub(super) fn request(
    name: &str,
    table: &Table,
    folder: &Path,
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<Request> {
    let place = format!("request `{name}`");
    table.know(&place, keys::REQUEST, problems);
    let method = problems.keep(table.read("method", method));
    let path = whole_path(&place, table, names, problems);
    let headers = table.get("headers").map_or(Some(Vec::new()), |node| headers(node, names, problems));
    let body = body(table, headers.as_deref().unwrap_or_default(), names, problems);
    let body_file = problems.keep(table.read("body_file", |node| body_file(node, folder)));
    let expect_status = problems.keep(table.read("expect_status", expect_status));
    let redirects = problems.keep(table.read("follow_redirects", |node| node.count(0, limits::MOST_REDIRECTS)));
    let checks = table.get("checks").map_or(Some(Vec::new()), |node| checks(node, problems));
    let tags = tags(table, problems);
    let mut headers = headers?;
    let body = body?.map(|Body { template, media_type }| {
        if let Some(media_type) = media_type.filter(|_| content_type(&headers).is_none()) {
            let value = Template::fixed(Text::plain(media_type));
            headers.push(Header { name: "Content-Type".to_owned(), value });
        }
        template
    });
    let body_file = body_file?;
    if body_file.is_some() && content_type(&headers).is_none() {
        let value = Template::fixed(Text::plain("application/octet-stream"));
        headers.push(Header { name: "Content-Type".to_owned(), value });
    }
    Some(Request {
        name: name.to_owned(),
        method: method?.unwrap_or_else(|| "GET".to_owned()),
        path: path?,
        headers,
        body,
        body_file,
        expect_status: expect_status?.unwrap_or_else(|| vec![DEFAULT_EXPECT_STATUS]),
        follow_redirects: redirects?.unwrap_or(0),
        checks: checks?,
        tags: tags?,
    })
}

fn method(node: &Node) -> Result<String, Problem> {
    let method = node.str("a method such as \"GET\"")?;
    http::check_method(method).map_err(|error| node.problem(error).expected("not a method"))?;
    Ok(method.to_owned())
}

/// The path with its query.
fn whole_path(place: &str, table: &Table, names: &Names<'_>, problems: &mut Problems) -> Option<Template> {
    let text = problems.keep(table.require(place, "path", "such as `path = \"/api/products\"`", path));
    let path = text.and_then(|text| template(text, Place::Path, names, problems));
    let fields = table.get("query").map_or(Some(Template::default()), |node| fields(node, names, problems));
    let (text, mut path, fields) = (text?, path?, fields?);
    path.shown = secrets::redact_path(&text.shown);
    if !fields.shown.is_empty() {
        let sign = if text.real.contains('?') { "&" } else { "?" };
        path.pieces.push(Piece::Literal(sign.to_owned()));
        path.pieces.extend(fields.pieces);
        path.shown.extend([sign, &fields.shown]);
    }
    Some(path)
}

/// A path that can stand in a request line whatever its placeholders are filled with.
fn path(node: &Node) -> Result<&Text, Problem> {
    let text = node.text("a path such as \"/api/products\"")?;
    let mut literal = String::new();
    let mut from = 0;
    for mark in &text.placeholders {
        literal.push_str(&text.real[from..mark.range.start]);
        literal.push('x');
        from = mark.range.end;
    }
    literal.push_str(&text.real[from..]);
    // A path may be a placeholder alone: a URL that was captured.
    let check = if text.placeholders.first().is_some_and(|mark| mark.range.start == 0) {
        http::check_path(&format!("/{literal}"))
    } else {
        http::check_path(&literal)
    };
    check.map_err(|error| node.problem(error).expected("not a path"))?;
    Ok(text)
}

/// Names and values as a query or a form has them: `a=1&b=2`.
fn fields(node: &Node, names: &Names<'_>, problems: &mut Problems) -> Option<Template> {
    let table = problems.keep(node.table("a table such as `{ q = \"lamp\", limit = 20 }`"))?;
    let values = table.entries.iter().map(|entry| {
        let text = problems.keep(vars::value(&entry.node))?;
        template(&text, Place::Form, names, problems)
    });
    let values: Vec<Template> = values.collect::<Vec<_>>().into_iter().collect::<Option<_>>()?;
    let mut all = Template::default();
    for (entry, value) in table.entries.iter().zip(values) {
        let mut name = if all.shown.is_empty() { String::new() } else { "&".to_owned() };
        Escape::Percent.write_text(&entry.key, &mut name);
        name.push('=');
        let shown = if secrets::is_secret(&entry.key) { secrets::REDACTED } else { &value.shown };
        all.shown.extend([name.as_str(), shown]);
        all.pieces.push(Piece::Literal(name));
        all.pieces.extend(value.pieces);
    }
    Some(all)
}

fn headers(node: &Node, names: &Names<'_>, problems: &mut Problems) -> Option<Vec<Header>> {
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
        let Some(text) = problems.keep(entry.node.text("the header's value as a string")) else { continue };
        let checked = http::check_header(name, &text.real);
        problems.keep(checked.map_err(|error| Problem::new(entry.key_span, error).expected("this header")));
        let Some(mut value) = template(text, Place::Header, names, problems) else { continue };
        value.shown = secrets::redact_header(name, &text.shown);
        headers.push(Header { name: name.clone(), value });
    }
    Some(headers)
}

/// The literal value of `Content-Type`.
fn content_type(headers: &[Header]) -> Option<&str> {
    let header = headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-type"))?;
    Some(header.value.as_fixed().unwrap_or_default())
}

/// A body, and what it says of itself where no header does.
struct Body {
    template: Template,
    media_type: Option<&'static str>,
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

/// The body; the outer `None` where it is wrong.
#[expect(clippy::option_option, reason = "wrong, or not there")]
fn body(table: &Table, headers: &[Header], names: &Names<'_>, problems: &mut Problems) -> Option<Option<Body>> {
    let given: Vec<(&str, &Node)> =
        ["body", "json", "form", "body_file"].into_iter().filter_map(|key| Some((key, table.get(key)?))).collect();
    let (key, node) = match given[..] {
        [] => return Some(None),
        [only] => only,
        [(first, _), (second, node), ..] => {
            let problem = node.problem(format!("a request has either a `{first}` or a `{second}`"));
            let help = "`json` is a TOML value that is sent as JSON, `form` a table that is sent as a form; `body` is sent as it is written";
            problems.add(problem.expected("one of them is too many").help(help));
            return None;
        }
    };
    let (template, media_type) = match key {
        // Read beside the others.
        "body_file" => return Some(None),
        "json" => {
            let mut shown = problems.keep(node.json(true))?;
            secrets::redact_json(&mut shown);
            let json = json(node, names, problems)?;
            (Template { shown: shown.to_string(), ..json }, Some(JSON))
        }
        "form" => (fields(node, names, problems)?, Some(FORM)),
        _ => {
            let text = problems.keep(node.text("the body as a string"))?;
            let body = template(text, place_of_body(content_type(headers)), names, problems)?;
            (Template { shown: secrets::redact_body(&text.shown), ..body }, None)
        }
    };
    Some(Some(Body { template, media_type }))
}

fn body_file(node: &Node, folder: &Path) -> Result<Arc<BodyFile>, Problem> {
    let path = folder.join(node.str("the path of a file as a string")?);
    let opened = BodyFile::open(&path).map(Arc::new);
    opened.map_err(|error| node.problem(error.to_string()).expected("this file"))
}

/// How values are written into a body that is text, by what it says of itself.
fn place_of_body(content_type: Option<&str>) -> Place {
    let media_type = content_type.unwrap_or_default().to_ascii_lowercase();
    // The text of a form stands as it is written; `fields` encodes it, this does not.
    if media_type.contains("json") {
        Place::JsonText
    } else if media_type.starts_with(FORM) {
        Place::Path
    } else {
        Place::Text
    }
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
        let check = entry.node.str("a check such as \"status == 200\"").and_then(|text| {
            answer::Check::parse(text).map_err(|error| entry.node.problem(error).expected("not a check"))
        });
        if let Some(check) = problems.keep(check) {
            checks.push(Check { name: entry.key.clone(), check });
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
