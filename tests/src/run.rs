//! A run directory, read by a parser of its own: Drumfire's crates have no part in it, so that it can bear witness.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// The header line, as the contract has it.
pub const HEADER: &str = "scheduled_ns,lag_ns,connect_ns,tls_ns,ttfb_ns,duration_ns,scenario,request,status,error,\
                          failed_checks,bytes_sent,bytes_received,connection,vu";

/// A row.
#[allow(missing_docs, reason = "named as the columns are")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    pub scheduled_ns: u64,
    pub lag_ns: Option<u64>,
    pub connect_ns: u64,
    pub tls_ns: u64,
    pub ttfb_ns: Option<u64>,
    pub duration_ns: Option<u64>,
    pub scenario: String,
    pub request: String,
    pub status: u16,
    pub error: String,
    pub failed_checks: u64,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    /// With the file's number in front: connections are counted by core.
    pub connection: Option<(usize, u64)>,
    pub vu: Option<(usize, u64)>,
}

impl Row {
    /// When it was sent.
    pub fn sent_ns(&self) -> Option<u64> {
        Some(self.scheduled_ns + self.lag_ns?)
    }

    /// When its last byte came, or it was given up.
    pub fn ended_ns(&self) -> Option<u64> {
        Some(self.sent_ns()? + self.duration_ns?)
    }
}

/// A run directory.
#[derive(Debug)]
pub struct Run {
    path: PathBuf,
}

impl Run {
    /// The run directory at a path.
    pub fn at(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// `run.json`.
    #[track_caller]
    pub fn manifest(&self) -> Value {
        let path = self.path.join("run.json");
        let text = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// The row files, in order.
    #[track_caller]
    pub fn files(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.path).unwrap_or_else(|error| panic!("{}: {error}", self.path.display()));
        let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder can be read").path()).collect();
        files.retain(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with("requests-") && name.ends_with(".csv")
        });
        files.sort();
        files
    }

    /// All rows, of a run that ended in order: each file has its header and whole lines only.
    #[track_caller]
    pub fn rows(&self) -> Vec<Row> {
        let mut rows = Vec::new();
        for (number, path) in self.files().iter().enumerate() {
            let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            assert!(text.ends_with('\n'), "{} does not end with a whole line", path.display());
            rows.extend(rows_of(number, &text));
        }
        rows
    }

    /// All rows of a run that was killed: a last line without an end is none. Also says how many such lines there were.
    #[track_caller]
    pub fn whole_rows(&self) -> (Vec<Row>, usize) {
        let (mut rows, mut torn) = (Vec::new(), 0);
        for (number, path) in self.files().iter().enumerate() {
            let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let whole = text.rfind('\n').map_or(0, |end| end + 1);
            torn += usize::from(whole < text.len());
            rows.extend(rows_of(number, &text[..whole]));
        }
        (rows, torn)
    }

    /// Arrivals that the schedule brought, as the engine counted them.
    #[track_caller]
    pub fn scheduled(&self) -> u64 {
        books(&self.manifest()).iter().map(|core| number(core, "scheduled")).sum()
    }

    /// How it ended: `completed`, `interrupted`, `failed`.
    #[track_caller]
    pub fn ended(&self) -> String {
        self.manifest()["ending"]["how"].as_str().expect("the run has an ending").to_owned()
    }

    /// The verdict on the measurement: `valid`, `suspect`, `invalid`.
    #[track_caller]
    pub fn verdict(&self) -> String {
        self.manifest()["ending"]["validity"]["verdict"].as_str().expect("the run has a verdict").to_owned()
    }

    /// The reasons for the verdict.
    #[track_caller]
    pub fn reasons(&self) -> Vec<String> {
        let manifest = self.manifest();
        let reasons =
            manifest["ending"]["validity"]["reasons"].as_array().expect("the verdict has reasons, if only none");
        reasons.iter().map(|reason| reason.as_str().expect("a reason is a text").to_owned()).collect()
    }

    /// How often each check failed: by request and check.
    #[track_caller]
    pub fn failed_checks(&self) -> BTreeMap<(String, String), usize> {
        let manifest = self.manifest();
        let listed = manifest["requests"].as_array().expect("run.json lists its requests");
        let rows = self.rows();
        count(rows.iter().flat_map(|row| {
            let request = listed.iter().find(|request| request["name"] == row.request.as_str());
            let names = request.and_then(|request| request["checks"].as_array()).into_iter().flatten();
            let failed = names.enumerate().filter(|(bit, _)| row.failed_checks >> bit & 1 == 1);
            failed
                .map(|(_, name)| (row.request.clone(), name.as_str().expect("a check has a name").to_owned()))
                .collect::<Vec<_>>()
        }))
    }

    /// All rows, after asserting what holds of every run that ended in order, whatever happened in it:
    /// rows = arrivals, in every file, and every row is an arrival with an answer or with the reason for having none.
    #[track_caller]
    pub fn complete_rows(&self) -> Vec<Row> {
        let manifest = self.manifest();
        let books = books(&manifest);
        let names: Vec<String> = self.files().iter().map(|path| file_name(path)).collect();
        let booked: Vec<&str> = books.iter().map(|core| core["file"].as_str().expect("a core has a file")).collect();
        assert_eq!(names, booked, "the row files are those of the books");
        for (number_of_file, (path, core)) in self.files().iter().zip(&books).enumerate() {
            let text = fs::read_to_string(path).expect("a row file can be read");
            let rows = rows_of(number_of_file, &text).len() as u64;
            assert_eq!(rows, number(core, "scheduled"), "rows = arrivals, in {}", path.display());
            assert_eq!(rows, number(core, "rows"), "the books are right, of {}", path.display());
        }
        let rows = self.rows();
        let requests = listed_names(&manifest, "requests");
        let scenarios = listed_names(&manifest, "scenarios");
        for row in &rows {
            assert!(requests.contains(&row.request) && scenarios.contains(&row.scenario), "unknown names: {row:?}");
            assert_eq!(row.status == 0, !row.error.is_empty(), "an answer, or the reason for none: {row:?}");
            assert!(row.lag_ns.is_some() || !row.error.is_empty(), "answered, but never sent: {row:?}");
            assert_eq!(row.lag_ns.is_some(), row.duration_ns.is_some(), "sent for no time: {row:?}");
            assert!(row.ttfb_ns <= row.duration_ns, "the first byte after the last: {row:?}");
        }
        rows
    }
}

/// How many rows have each `error` word; rows with an answer are under the empty one.
pub fn errors(rows: &[Row]) -> BTreeMap<&str, usize> {
    count(rows.iter().map(|row| row.error.as_str()))
}

/// How many rows have each status.
pub fn statuses(rows: &[Row]) -> BTreeMap<u16, usize> {
    count(rows.iter().map(|row| row.status))
}

/// How many there are of each.
pub fn count<T: Ord>(values: impl IntoIterator<Item = T>) -> BTreeMap<T, usize> {
    let mut counts = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    counts
}

fn books(manifest: &Value) -> Vec<Value> {
    manifest["ending"]["cores"].as_array().expect("the run has an ending with books").clone()
}

#[track_caller]
fn number(object: &Value, key: &str) -> u64 {
    object[key].as_u64().unwrap_or_else(|| panic!("no number `{key}` in {object}"))
}

fn listed_names(manifest: &Value, list: &str) -> Vec<String> {
    let entries = manifest[list].as_array().expect("run.json lists its names");
    entries.iter().map(|entry| entry["name"].as_str().expect("what is listed has a name").to_owned()).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

#[track_caller]
fn rows_of(file: usize, text: &str) -> Vec<Row> {
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(HEADER), "the header line");
    lines.map(|line| row(file, line)).collect()
}

#[track_caller]
fn row(file: usize, line: &str) -> Row {
    let fields = fields(line);
    assert_eq!(fields.len(), 15, "fields in {line:?}");
    let optional = |place: usize| -> Option<u64> {
        let text = &fields[place];
        (!text.is_empty()).then(|| text.parse().unwrap_or_else(|_| panic!("`{text}` is no number, in {line:?}")))
    };
    let required = |place| optional(place).unwrap_or_else(|| panic!("field {place} is empty, in {line:?}"));
    Row {
        scheduled_ns: required(0),
        lag_ns: optional(1),
        connect_ns: required(2),
        tls_ns: required(3),
        ttfb_ns: optional(4),
        duration_ns: optional(5),
        scenario: fields[6].clone(),
        request: fields[7].clone(),
        status: u16::try_from(required(8)).expect("a status has three digits"),
        error: fields[9].clone(),
        failed_checks: required(10),
        bytes_sent: required(11),
        bytes_received: required(12),
        connection: optional(13).map(|connection| (file, connection)),
        vu: optional(14).map(|vu| (file, vu)),
    }
}

/// The fields of a line of CSV (RFC 4180; no line ends within fields).
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                fields.last_mut().expect("there is a field").push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => fields.last_mut().expect("there is a field").push(character),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_hold_commas_and_quotes() {
        assert_eq!(fields(r#"1,,"a ""b"", c",d"#), ["1", "", "a \"b\", c", "d"]);
        assert_eq!(fields(","), ["", ""]);
    }

    #[test]
    fn an_empty_field_is_nothing_and_not_0() {
        let row = row(3, "5,,0,0,,,steady,GET /,0,dropped,0,0,0,,");
        assert_eq!((row.scheduled_ns, row.lag_ns, row.duration_ns, row.vu), (5, None, None, None));
        assert_eq!((row.sent_ns(), row.error.as_str()), (None, "dropped"));
    }
}
