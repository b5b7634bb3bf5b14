//! `drumfire import`: a scenario file from what another tool wrote.
//!
//! In: the text of a curl command, of a recording or of a script. Out: the text of a scenario file, and notes on all that
//! could not be carried over. Each reader makes a [`Draft`], `write` makes TOML of it. Nothing here sends anything, opens
//! another file than the one it is given, or lets a secret into what it writes.

mod address;
mod curl;
mod har;
mod javascript;
mod k6;
mod names;
mod openapi;
mod secrets;
mod sent;
mod write;
mod written;

use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use self::names::Names;
use self::secrets::Secrets;
use self::written::{Table, Value, Written};

/// The largest input, in bytes: recordings hold answers too.
const LARGEST_INPUT: u64 = 256 << 20;

/// How many notes are told: who has more is told how many more.
const MOST_NOTES: usize = 500;

/// What kind of text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
    /// What a browser or a proxy recorded, in the HTTP Archive format (HAR 1.2)
    Har,
    /// The description of an API (OpenAPI 3.0 or 3.1), in JSON or YAML
    Openapi,
    /// A script of k6
    K6,
    /// Commands of curl
    Curl,
}

/// Why there is no scenario file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("error: {file}{}: {message}", line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct Error {
    /// The input, as it was named.
    pub file: String,
    /// The line of the input, from 1, where it is about one.
    pub line: Option<usize>,
    /// What is wrong, and what would be right.
    pub message: String,
}

/// What is wrong with an input, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wrong {
    line: Option<usize>,
    message: String,
}

impl Wrong {
    fn new(line: impl Into<Option<usize>>, message: impl Into<String>) -> Self {
        Self { line: line.into(), message: message.into() }
    }
}

/// What was not carried over, or only in another form.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Note {
    /// The line of the input, from 1, where it is about one.
    line: Option<usize>,
    text: String,
}

/// A scenario on its way into a file.
#[derive(Debug, Default)]
struct Draft {
    /// Where it is from, in one line.
    source: String,
    /// Of the whole run.
    tags: Table,
    base_url: Written,
    /// What else `[target]` says.
    target: Table,
    /// What `[target.tls]` says, where the target is secured.
    tls: Table,
    vars: Table,
    requests: Vec<Request>,
    flows: Vec<Flow>,
    /// The entries of `[[scenarios]]`.
    scenarios: Vec<Table>,
    /// The entries of `[[thresholds]]`.
    thresholds: Vec<Table>,
    notes: Vec<Note>,
    /// How many notes there was no room for.
    more_notes: usize,
    /// Of the requests.
    names: Names,
    secrets: Secrets,
}

/// A request of a draft.
#[derive(Debug, Clone, PartialEq)]
struct Request {
    name: String,
    method: String,
    path: Written,
    headers: Vec<(String, Written)>,
    body: Option<Body>,
    /// Numbers, and classes such as `2xx`.
    expect_status: Vec<Value>,
    /// How many redirects are followed.
    follow_redirects: u32,
    /// The names of checks with what they ask for.
    checks: Vec<(String, String)>,
}

/// The body of a request.
#[derive(Debug, Clone, PartialEq)]
enum Body {
    Text(Written),
    Json(Value),
}

/// A flow of a draft.
#[derive(Debug, Clone, PartialEq)]
struct Flow {
    name: String,
    steps: Vec<Step>,
}

/// A step of a flow.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    /// A request by its name.
    Request(String),
    /// A think time as it is written, such as `1s..5s`.
    Think(String),
}

impl Draft {
    fn new(source: impl Into<String>) -> Self {
        Self { source: source.into(), ..Self::default() }
    }

    /// Notes something once, on one line.
    fn note(&mut self, line: impl Into<Option<usize>>, text: impl AsRef<str>) {
        let note = Note { line: line.into(), text: on_one_line(text.as_ref()) };
        if self.notes.contains(&note) {
            return;
        }
        if self.notes.len() < MOST_NOTES { self.notes.push(note) } else { self.more_notes += 1 }
    }

    /// Says something of the target's connections, which all requests share: what was said of them first holds.
    fn connect(&mut self, line: impl Into<Option<usize>>, key: &str, value: Value) {
        let differs = insert(&mut self.target, key, value);
        self.note_difference(line, key, differs);
    }

    /// Says something of how connections are secured, as [`Draft::connect`] does.
    fn secure(&mut self, line: impl Into<Option<usize>>, key: &str, value: Value) {
        let differs = insert(&mut self.tls, key, value);
        self.note_difference(line, key, differs);
    }

    fn note_difference(&mut self, line: impl Into<Option<usize>>, key: &str, differs: bool) {
        if differs {
            self.note(line, format!("`{key}` is the same for all requests here: what was asked for first holds"));
        }
    }

    /// That nothing of an input can be sent, with the first reason that was noted.
    fn nothing_left(&self, message: &str) -> Wrong {
        let first = self.notes.first();
        let reason = first.map(|note| format!(": {}", note.text)).unwrap_or_default();
        Wrong::new(first.and_then(|note| note.line), format!("{message}{reason}"))
    }

    /// Adds a flow and one virtual user who goes through it for half a minute.
    fn add_visitor(&mut self, name: &str, steps: Vec<Step>) {
        self.flows.push(Flow { name: name.to_owned(), steps });
        self.scenarios.push(vec![
            ("name".to_owned(), Value::literal(name)),
            ("executor".to_owned(), Value::literal("constant-vus")),
            ("vus".to_owned(), Value::Integer(1)),
            ("duration".to_owned(), Value::literal("30s")),
            ("flow".to_owned(), Value::literal(name)),
        ]);
    }
}

/// Adds an entry to a table; into a table that is already there what the new one holds. Returns whether there was another
/// value, which stays.
fn insert(table: &mut Table, key: &str, value: Value) -> bool {
    match (table.iter_mut().find(|(known, _)| known == key), value) {
        (None, value) => {
            table.push((key.to_owned(), value));
            false
        }
        (Some((_, Value::Table(known))), Value::Table(new)) => {
            new.into_iter().fold(false, |differs, (key, value)| insert(known, &key, value) || differs)
        }
        (Some((_, known)), value) => *known != value,
    }
}

/// A time as a scenario writes it, rounded to milliseconds: `250ms`, `1.5s`, `2m`.
fn duration(seconds: f64) -> String {
    let milliseconds = (seconds.max(0.0) * 1e3).round() as u64;
    match milliseconds {
        0 => "0s".to_owned(),
        _ if milliseconds.is_multiple_of(3_600_000) => format!("{}h", milliseconds / 3_600_000),
        _ if milliseconds.is_multiple_of(60_000) => format!("{}m", milliseconds / 60_000),
        _ if milliseconds < 1000 => format!("{milliseconds}ms"),
        _ => format!("{}s", milliseconds as f64 / 1e3),
    }
}

/// What another program wrote comes into messages and comments as it is, but for what would break the line; at a length
/// that can be read.
fn on_one_line(text: &str) -> String {
    /// In characters.
    const LONGEST: usize = 300;
    let mut shown: String = text
        .chars()
        .take(LONGEST)
        .flat_map(|c| if c.is_control() { c.escape_default().collect() } else { vec![c] })
        .collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

/// What came of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// The scenario file.
    pub text: String,
    /// What was not carried over, a line each, with its place in the input.
    pub notes: Vec<String>,
}

/// Makes a scenario file of an input: a path, `-` for standard input, or for curl the command itself.
///
/// # Errors
/// Where the input cannot be had as text or is not what it should be.
pub fn import(kind: Kind, input: &str) -> Result<Imported, Error> {
    let (name, text) = if kind == Kind::Curl && input.trim_start().starts_with("curl ") {
        ("the command".to_owned(), input.to_owned())
    } else {
        read(input)?
    };
    from_text(kind, &name, &text)
}

/// Makes a scenario file of a text; `name` is the input's name in messages.
///
/// # Errors
/// Where it is not what it should be.
pub fn from_text(kind: Kind, name: &str, text: &str) -> Result<Imported, Error> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let draft = match kind {
        Kind::K6 => k6::draft(text),
        Kind::Openapi => openapi::draft(text),
        Kind::Har => har::draft(text),
        Kind::Curl => curl::draft(text),
    };
    let mut draft = draft.map_err(|wrong| error(name, wrong.line, &wrong.message))?;
    draft.notes.sort_by_key(|note| note.line);
    if draft.more_notes > 0 {
        draft.notes.push(Note { line: None, text: format!("and {} more of such notes", draft.more_notes) });
    }
    let written = write::file(&draft);
    if written.len() as u64 > crate::scenario::limits::LARGEST_FILE {
        return Err(error(name, None, "what it holds is more than a scenario file can: import a part of it"));
    }
    let notes = draft.notes.iter().map(|note| place(name, note.line) + &note.text).collect();
    Ok(Imported { text: written, notes })
}

fn place(name: &str, line: Option<usize>) -> String {
    line.map_or_else(|| format!("{name}: "), |line| format!("{name}:{line}: "))
}

fn error(file: &str, line: Option<usize>, message: &str) -> Error {
    Error { file: file.to_owned(), line, message: on_one_line(message) }
}

fn read(input: &str) -> Result<(String, String), Error> {
    let name = if input == "-" { "standard input" } else { input };
    let wrong = |message: String| error(name, None, &message);
    let mut bytes = Vec::new();
    let bounded = |reader: &mut dyn Read, bytes: &mut Vec<u8>| reader.take(LARGEST_INPUT + 1).read_to_end(bytes);
    let read = if input == "-" {
        bounded(&mut stdin().lock(), &mut bytes)
    } else {
        File::open(Path::new(input)).and_then(|mut file| bounded(&mut file, &mut bytes))
    };
    read.map_err(|reason| wrong(format!("cannot read it: {reason}")))?;
    if bytes.len() as u64 > LARGEST_INPUT {
        return Err(wrong(format!("it is larger than {} MiB", LARGEST_INPUT >> 20)));
    }
    let text = String::from_utf8(bytes).map_err(|bad| {
        let valid = &bad.as_bytes()[..bad.utf8_error().valid_up_to()];
        let line = valid.split(|&byte| byte == b'\n').count();
        error(name, Some(line), "it is not UTF-8 text")
    })?;
    Ok((name.to_owned(), text))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use runlog::tags::Tags;

    use super::*;
    use crate::scenario::{self, Variables};

    /// What comes of a text that is read without a mistake.
    pub(super) fn imported(kind: Kind, text: &str) -> Imported {
        from_text(kind, "file", text).unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    /// Fails where a scenario file is not accepted.
    pub(super) fn accepted(text: &str) -> scenario::Scenario {
        let variables = Variables { given: BTreeMap::new(), environment: &|_| None };
        scenario::check("imported.toml", "imported", text.to_owned(), &variables, &Tags::new())
            .unwrap_or_else(|error| panic!("{error}\n{text}"))
    }

    #[test]
    fn times_are_written_in_the_unit_that_reads_best() {
        for (seconds, text) in
            [(0.0, "0s"), (0.25, "250ms"), (1.5, "1.5s"), (90.0, "90s"), (120.0, "2m"), (7200.0, "2h"), (-1.0, "0s")]
        {
            assert_eq!(duration(seconds), text);
        }
    }

    #[test]
    fn a_flat_object_is_sent_as_k6_sends_it() {
        let script = "import http from 'k6/http'\n\
            export default function () { http.post('http://a/x', { user: 'a & b', n: 5 }) }";
        let scenario = accepted(&imported(Kind::K6, script).text);
        let request = &scenario.requests[0];
        let body = request.body.as_ref().and_then(scenario::Template::as_fixed);
        assert_eq!(body, Some("user=a%20%26%20b&n=5"));
        assert_eq!(request.headers[0].value.as_fixed(), Some("application/x-www-form-urlencoded"));
    }

    #[test]
    fn what_others_wrote_cannot_break_a_comment() {
        let imported = imported(Kind::Curl, "curl http://a/ '--x\nname = \"evil\"'");
        assert!(imported.text.contains("# - line 1: the option `--x\\nname"), "{}", imported.text);
        accepted(&imported.text);
    }

    /// A text with pieces of it replaced: each by where it is, how long it is, and what stands there now.
    pub(super) fn mutated(text: &str, edits: &[(f64, usize, String)]) -> String {
        let mut text = text.to_owned();
        for (place, length, new) in edits {
            let start = text.floor_char_boundary((text.len() as f64 * place) as usize);
            let end = text.floor_char_boundary((start + length).min(text.len())).max(start);
            text.replace_range(start..end, new);
        }
        text
    }

    proptest! {
        #[test]
        fn no_command_makes_it_panic_or_write_what_is_refused(
            words in proptest::collection::vec("curl|http://a/|https://a/|--proxy|--resolve|a:443:\\PC{0,4}|-[A-DF-Za-z#]{1,3}|--[a-z-]{1,12}|'|\"|\\$'|\\\\|[|;&#\n]|\\PC{0,8}|\\{\"token\": 1\\}", 0..12),
        ) {
            if let Ok(imported) = from_text(Kind::Curl, "file", &words.join(" ")) {
                accepted(&imported.text);
            }
        }

        #[test]
        fn no_script_makes_it_panic_or_write_what_is_refused(
            edits in proptest::collection::vec((0.0..1.0_f64, 0_usize..30, "\\PC{0,4}|[\\[\\]{}():,'`;0-9.-]{0,4}|http.get\\(|\\$\\{|const x = |sleep\\(1\\)"), 0..8),
        ) {
            let script = concat!(
                include_str!("../../tests/import/stress-test.js"),
                include_str!("../../tests/import/multi-tenant-load.js"),
                include_str!("../../tests/import/flash-sale.js"),
                include_str!("../../tests/import/rate-limit-test.js"),
            );
            if let Ok(imported) = from_text(Kind::K6, "file", &mutated(script, &edits)) {
                accepted(&imported.text);
            }
        }

        #[test]
        fn no_description_makes_it_panic_or_write_what_is_refused(
            edits in proptest::collection::vec((0.0..1.0_f64, 0_usize..20, "\\PC{0,4}|[\\[\\]{}:,\"0-9. \n*&-]{0,4}"), 0..5),
        ) {
            let description = mutated(include_str!("../../tests/import/shop-api.yaml"), &edits);
            if let Ok(imported) = from_text(Kind::Openapi, "file", &description) {
                accepted(&imported.text);
            }
        }

        #[test]
        fn no_archive_makes_it_panic_or_write_what_is_refused(
            edits in proptest::collection::vec((0.0..1.0_f64, 0_usize..20, "\\PC{0,4}|[\\[\\]{}:,\"0-9.-]{0,4}"), 0..5),
        ) {
            let archive = mutated(include_str!("../../tests/import/shop.har"), &edits);
            if let Ok(imported) = from_text(Kind::Har, "file", &archive) {
                accepted(&imported.text);
            }
        }

        #[test]
        fn any_body_and_header_arrives_as_it_was(body in "[\\PC\n\t\r$]{1,20}", header in "[a-zA-Z0-9 $'\"#]{0,20}") {
            prop_assume!(!body.starts_with('@'));
            let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
            let header = header.trim();
            let command =
                format!("curl http://a/ --data-raw {} -H {} -H 'Content-Type: text/plain'", quoted(&body), quoted(&format!("X: x{header}")));
            let scenario = accepted(&imported(Kind::Curl, &command).text);
            let request = &scenario.requests[0];
            let sent = request.body.as_ref().and_then(scenario::Template::as_fixed).map(str::to_owned);
            prop_assert_eq!(sent, Some(body.replace("\r\n", "\n")));
            prop_assert_eq!(request.headers[0].value.as_fixed().map(str::to_owned), Some(format!("x{header}")));
        }
    }
}
