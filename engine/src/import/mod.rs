//! `drumfire import`: a scenario file from what another tool wrote.
//!
//! In: the text of a curl command, of a recording or of a script. Out: the text of a scenario file, and notes on all that
//! could not be carried over. Each reader makes a [`Draft`], `write` makes TOML of it. Nothing here sends anything, opens
//! another file than the one it is given, or lets a secret into what it writes.

mod address;
mod curl;
mod secrets;
mod sent;
mod shell;
mod write;
mod written;

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, stdin};
use std::path::Path;

use self::secrets::Secrets;
use self::written::{Table, Value, Written};

/// The largest input, in bytes: recordings hold answers too.
const LARGEST_INPUT: u64 = 256 << 20;

/// What kind of text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Kind {
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
    base_url: Written,
    /// With its unit; the scenario's default where there is none.
    request_timeout: Option<String>,
    vars: Table,
    requests: Vec<Request>,
    flows: Vec<Flow>,
    /// The entries of `[[scenarios]]`.
    scenarios: Vec<Table>,
    /// The entries of `[[thresholds]]`.
    thresholds: Vec<Table>,
    notes: Vec<Note>,
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
    expect_status: Vec<u16>,
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
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// A name for a request that no other has: `get_api_products`, `get_api_products_2`.
    fn request_name(&self, wanted: &str) -> String {
        unique(wanted, &self.requests.iter().map(|request| request.name.as_str()).collect())
    }
}

/// A name like the one wanted that is not taken.
fn unique(wanted: &str, taken: &HashSet<&str>) -> String {
    /// Leaves room for a number within the longest name.
    const LONGEST: usize = 80;
    let wanted = &wanted[..wanted.floor_char_boundary(LONGEST)];
    let numbered = (2_u64..).map(|number| format!("{wanted}_{number}"));
    std::iter::once(wanted.to_owned()).chain(numbered).find(|name| !taken.contains(name.as_str())).unwrap_or_default()
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

/// A text in letters, digits and `_`, in small letters; `other` where nothing is left of it.
fn identifier(text: &str, other: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let joined = words.collect::<Vec<_>>().join("_").to_ascii_lowercase();
    if joined.is_empty() { other.to_owned() } else { joined }
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
        Kind::Curl => curl::draft(text),
    };
    let draft = draft.map_err(|wrong| error(name, wrong.line, &wrong.message))?;
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
    use runlog::manifest::Tags;

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
    fn what_others_wrote_cannot_break_a_comment() {
        let imported = imported(Kind::Curl, "curl http://a/ '--x\nname = \"evil\"'");
        assert!(imported.text.contains("# - line 1: the option `--x\\nname"), "{}", imported.text);
        accepted(&imported.text);
    }

    proptest! {
        #[test]
        fn no_command_makes_it_panic(
            words in proptest::collection::vec("curl|http://a/|-[A-Za-z#]{1,3}|--[a-z-]{1,12}|'|\"|\\$'|\\\\|[|;&#\n]|\\PC{0,8}|\\{\"token\": 1\\}", 0..12),
        ) {
            let _ = from_text(Kind::Curl, "file", &words.join(" "));
        }

        #[test]
        fn any_body_and_header_arrives_as_it_was(body in "[\\PC\n\t\r$]{1,20}", header in "[a-zA-Z0-9 $'\"#]{0,20}") {
            // Two braces are written in a way that today's scenarios do not read.
            prop_assume!(!body.contains("{{") && !body.starts_with('@'));
            let quoted = |text: &str| format!("'{}'", text.replace('\'', "'\\''"));
            let header = header.trim();
            let command =
                format!("curl http://a/ --data-raw {} -H {} -H 'Content-Type: text/plain'", quoted(&body), quoted(&format!("X: x{header}")));
            let scenario = accepted(&imported(Kind::Curl, &command).text);
            let request = &scenario.requests[0];
            prop_assert_eq!(request.body.as_ref().map(|body| body.real.clone()), Some(body.replace("\r\n", "\n")));
            prop_assert_eq!(&request.headers[0].value.real, &format!("x{header}"));
        }
    }
}
