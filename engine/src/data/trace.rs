//! Traces: requests with their times, to be made again. From CSV, from an access log, or from an earlier run.

use std::borrow::Cow;
use std::collections::HashMap;
use std::path::Path;

use memmap2::Mmap;
use runlog::directory::{MANIFEST, Run};
use runlog::reader;
use runlog::row::Columns;
use runlog::units::Nanos;

use super::combined;
use super::error::{DataError, map};
use super::records::{end_of_record, fields, start_of_record};
use crate::scenario::{Escape, http, limits};

/// What a trace is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TraceFormat {
    /// CSV with a column `time`, and `request` or `path` (with `method` and `body`).
    Csv,
    /// An access log in combined or common format.
    Combined,
    /// The directory of an earlier run.
    Run,
}

/// Requests with their times. The file is mapped, and a request is read from it when it is made.
#[derive(Debug)]
pub struct Trace {
    text: Option<Mmap>,
    format: TraceFormat,
    columns: CsvColumns,
    names: Vec<TraceName>,
    /// In the order of their times.
    entries: Vec<Place>,
    skipped: u64,
}

/// What a request of a trace is called in the rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TraceName {
    /// Its name: of a request of the scenario, or method and path without what differs from one to the next.
    pub name: String,
    /// Its method.
    pub method: String,
    /// Its path, with `{}` where it differs.
    pub path: String,
}

/// A request of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// From the first `/` on: it can stand in a request line.
    pub path: Cow<'a, str>,
    /// Its body, where it has one.
    pub body: Option<Vec<u8>>,
}

/// Where a request is, and when it was.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: Nanos,
    offset: u64,
    name: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct CsvColumns {
    time: usize,
    /// How many nanoseconds one of the column's numbers is.
    unit_ns: f64,
    request: Option<usize>,
    method: Option<usize>,
    path: Option<usize>,
    body: Option<usize>,
}

/// More names than this are one.
const NAMES_MOST: usize = 1000;

impl Trace {
    /// Opens a trace and finds its requests. What it is written in is found out where it is not said.
    ///
    /// # Errors
    /// Where it cannot be read, or there is no request in it.
    pub fn open(path: &Path, format: Option<TraceFormat>) -> Result<Self, DataError> {
        let format = format.unwrap_or_else(|| {
            if path.join(MANIFEST).is_file() {
                TraceFormat::Run
            } else if path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("csv")) {
                TraceFormat::Csv
            } else {
                TraceFormat::Combined
            }
        });
        let mut gathering = Gathering::default();
        let mut columns = CsvColumns::default();
        let text = match format {
            TraceFormat::Run => {
                gathering.run(path)?;
                None
            }
            TraceFormat::Csv => {
                let text = map(path)?;
                columns = gathering.csv(path, &text)?;
                Some(text)
            }
            TraceFormat::Combined => {
                let text = map(path)?;
                gathering.combined(&text);
                Some(text)
            }
        };
        let Gathering { names, mut entries, skipped, .. } = gathering;
        entries.sort_by_key(|(at, _, _)| *at);
        let Some(&(first, ..)) = entries.first() else {
            return Err(DataError::Empty { path: path.to_owned(), what: "has no request that could be sent" });
        };
        let place = |(at, offset, name): (i128, u64, u32)| Place { at: Nanos((at - first) as u64), offset, name };
        let entries = entries.into_iter().map(place).collect();
        Ok(Self { text, format, columns, names, entries, skipped })
    }

    /// How many requests there are: at least one.
    pub const fn len(&self) -> u64 {
        self.entries.len() as u64
    }

    /// Whether there is no request: never.
    pub const fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// When a request was made, counted from the first one; the last one's time for those behind it.
    pub fn at(&self, number: u64) -> Nanos {
        self.entries.get(number as usize).or_else(|| self.entries.last()).map_or(Nanos::ZERO, |place| place.at)
    }

    /// What a request is called, by its place in `names`.
    pub fn name(&self, number: u64) -> u32 {
        self.entries.get(number as usize).map_or(0, |place| place.name)
    }

    /// What the requests are called.
    pub fn names(&self) -> &[TraceName] {
        &self.names
    }

    /// Lines that were passed over: no request that could be sent again.
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }

    /// A request.
    pub fn entry(&self, number: u64) -> Entry<'_> {
        let place = self.entries.get(number as usize);
        let (Some(place), Some(text)) = (place, &self.text) else {
            let path = self.names.get(self.name(number) as usize).map_or("/", |name| name.path.as_str());
            return Entry { path: sendable(Cow::Borrowed(path)), body: None };
        };
        let start = place.offset as usize;
        match self.format {
            TraceFormat::Csv => {
                let record = &text[start..end_of_record(text, start)];
                let field = |column: Option<usize>| column.and_then(|column| fields(record).nth(column));
                let path = field(self.columns.path).map_or(Cow::Borrowed("/"), |path| match path {
                    Cow::Borrowed(path) => String::from_utf8_lossy(path),
                    Cow::Owned(path) => Cow::Owned(String::from_utf8_lossy(&path).into_owned()),
                });
                let body = field(self.columns.body).filter(|body| !body.is_empty()).map(Cow::into_owned);
                Entry { path: sendable(path), body }
            }
            TraceFormat::Combined | TraceFormat::Run => {
                let end = memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |end| start + end);
                let line = std::str::from_utf8(&text[start..end]).unwrap_or_default();
                let path = combined::parse(line).map_or("/", |logged| logged.path);
                Entry { path: sendable(Cow::Borrowed(path)), body: None }
            }
        }
    }
}

/// A path with everything percent-encoded that cannot stand in a request line.
fn sendable(path: Cow<'_, str>) -> Cow<'_, str> {
    if http::check_path(&path).is_ok() {
        return path;
    }
    let mut encoded = if path.starts_with('/') { String::new() } else { "/".to_owned() };
    Escape::Url.write_text(&path, &mut encoded);
    Cow::Owned(encoded)
}

/// What has been found so far: times in nanoseconds since some beginning.
#[derive(Default)]
struct Gathering {
    names: Vec<TraceName>,
    known: HashMap<(String, String), u32>,
    entries: Vec<(i128, u64, u32)>,
    skipped: u64,
}

impl Gathering {
    /// The name of a request by what it is called, or by method and path.
    fn name(&mut self, request: Option<&str>, method: &str, path: &str) -> u32 {
        let pattern = pattern(path);
        let mut name = request.map_or_else(|| format!("{method} {pattern}"), str::to_owned);
        name.retain(|c| !c.is_control());
        name.truncate(name.floor_char_boundary(limits::LONGEST_NAME));
        let key = (name, method.to_owned());
        if let Some(&known) = self.known.get(&key) {
            return known;
        }
        let (key, pattern) = if self.names.len() < NAMES_MOST {
            (key, pattern)
        } else {
            ((format!("{method} other"), method.to_owned()), "/{}".to_owned())
        };
        *self.known.entry(key.clone()).or_insert_with(|| {
            self.names.push(TraceName { name: key.0, method: key.1, path: pattern });
            self.names.len() as u32 - 1
        })
    }

    fn combined(&mut self, text: &[u8]) {
        const SECOND: i128 = 1_000_000_000;
        let mut offset = 0;
        for line in text.split_inclusive(|&byte| byte == b'\n') {
            let start = offset;
            offset += line.len() as u64;
            let logged = std::str::from_utf8(line).ok().and_then(|line| combined::parse(line.trim_end()));
            match logged {
                Some(logged) => {
                    let name = self.name(None, logged.method, logged.path);
                    self.entries.push((i128::from(logged.at) * SECOND, start, name));
                }
                None => self.skipped += u64::from(!line.trim_ascii().is_empty()),
            }
        }
        // The log knows seconds only: those of one second are spread over it evenly, in the order of the log.
        self.entries.sort_by_key(|(at, _, _)| *at);
        for same in self.entries.chunk_by_mut(|a, b| a.0 == b.0) {
            let count = same.len() as i128;
            for (place, entry) in (0..).zip(same) {
                entry.0 += SECOND * place / count;
            }
        }
    }

    fn csv(&mut self, path: &Path, text: &[u8]) -> Result<CsvColumns, DataError> {
        let wrong = |line, what: String| DataError::Line { path: path.to_owned(), line, what };
        let mut at = if text.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
        let header = start_of_record(text, at).unwrap_or(text.len());
        at = end_of_record(text, header);
        let columns = CsvColumns::of(&text[header..at]).map_err(|what| wrong(1, what))?;
        let mut line = 1 + memchr::memchr_iter(b'\n', &text[..at]).count() as u64;
        while let Some(start) = start_of_record(text, at) {
            line += memchr::memchr_iter(b'\n', &text[at..start]).count() as u64;
            let end = end_of_record(text, start);
            let record: Vec<Cow<'_, str>> = fields(&text[start..end])
                .map(|field| Cow::Owned(String::from_utf8_lossy(&field).into_owned()))
                .collect();
            let field = |column: Option<usize>| column.and_then(|column| record.get(column)).map(|field| field.trim());
            let time = field(Some(columns.time)).unwrap_or_default();
            let time = time_ns(time, columns.unit_ns).ok_or_else(|| wrong(line, format!("`{time}` is no time")))?;
            let method = field(columns.method).filter(|method| !method.is_empty()).unwrap_or("GET");
            http::check_method(method).map_err(|what| wrong(line, what))?;
            let request = field(columns.request).filter(|request| !request.is_empty());
            let name = self.name(request, method, field(columns.path).unwrap_or("/"));
            self.entries.push((time, start as u64, name));
            line += memchr::memchr_iter(b'\n', &text[start..end]).count() as u64;
            at = end;
        }
        Ok(columns)
    }

    fn run(&mut self, path: &Path) -> Result<(), DataError> {
        let run = Run::open(path)?;
        let requests = &run.manifest.requests;
        let mut names = Vec::with_capacity(requests.len());
        for request in requests {
            // Wherever a redirect leads, it leads there again.
            let is_redirect =
                request.name.strip_suffix("::redirect").is_some_and(|led| requests.iter().any(|r| r.name == led));
            names.push((!is_redirect).then(|| {
                let place = self.name(Some(&request.name), &request.method, &request.path);
                if let Some(known) = self.names.get_mut(place as usize).filter(|known| known.name == request.name) {
                    known.path.clone_from(&request.path);
                }
                place
            }));
        }
        let folded = reader::fold(&run.rows, Columns::ALL, Vec::new, |entries: &mut Vec<(u64, u16)>, batch| {
            entries.extend((0..batch.len()).map(|place| batch.row(place)).map(|row| (row.scheduled_ns, row.request.0)));
        })?;
        for (at, request) in folded.states.into_iter().flatten() {
            if let Some(name) = names[usize::from(request)] {
                self.entries.push((i128::from(at), 0, name));
            }
        }
        Ok(())
    }
}

impl CsvColumns {
    fn of(header: &[u8]) -> Result<Self, String> {
        let names: Vec<String> = fields(header).map(|name| String::from_utf8_lossy(&name).trim().to_owned()).collect();
        let place = |name: &str| names.iter().position(|known| known == name);
        let time = [("time", 1e9), ("time_ns", 1.0), ("scheduled_ns", 1.0)]
            .into_iter()
            .find_map(|(name, unit_ns)| Some((place(name)?, unit_ns)));
        let (time, unit_ns) =
            time.ok_or_else(|| format!("there is no column `time` (or `time_ns`): there are {}", names.join(", ")))?;
        let columns = Self {
            time,
            unit_ns,
            request: place("request"),
            method: place("method"),
            path: place("path"),
            body: place("body"),
        };
        if columns.request.is_none() && columns.path.is_none() {
            return Err("there is neither a column `request` nor a column `path`".to_owned());
        }
        Ok(columns)
    }
}

/// A number of some unit, or a date (RFC 3339), in nanoseconds.
fn time_ns(text: &str, unit_ns: f64) -> Option<i128> {
    if let Ok(whole) = text.parse::<i64>() {
        return Some(i128::from(whole) * unit_ns as i128);
    }
    if let Ok(number) = text.parse::<f64>() {
        return number.is_finite().then_some((number * unit_ns).round() as i128);
    }
    let date = humantime::parse_rfc3339(text).ok()?;
    Some(date.duration_since(std::time::UNIX_EPOCH).ok()?.as_nanos().cast_signed())
}

/// A path without its query, and with `{}` for what differs from one request to the next: numbers and ids.
fn pattern(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segments: Vec<&str> = path.split('/').map(|segment| if is_id(segment) { "{}" } else { segment }).collect();
    segments.join("/")
}

fn is_id(segment: &str) -> bool {
    let digits = segment.bytes().filter(u8::is_ascii_digit).count();
    let plain = segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    digits > 0 && (digits == segment.len() || segment.len() >= 16 && plain && digits >= 3)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(name: &str, text: &str) -> Result<Trace, DataError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        Trace::open(&path, None)
    }

    fn all(trace: &Trace) -> Vec<(u64, String, String)> {
        let one = |number| {
            let name = &trace.names()[trace.name(number) as usize];
            (trace.at(number).0 / 1_000_000, name.name.clone(), trace.entry(number).path.into_owned())
        };
        (0..trace.len()).map(one).collect()
    }

    fn wanted(entries: &[(u64, &str, &str)]) -> Vec<(u64, String, String)> {
        entries.iter().map(|(at, name, path)| (*at, (*name).to_owned(), (*path).to_owned())).collect()
    }

    #[test]
    fn an_access_log_is_played_from_its_first_request() {
        let line =
            |second: u32, request: &str| format!("h - - [01/Jan/2026:00:00:{second:02} +0000] \"{request}\" 200 1\n");
        let log = [
            line(2, "GET /api/products/17?x=1 HTTP/1.1"),
            line(1, "GET / HTTP/1.1"),
            line(2, "GET /api/products/18 HTTP/1.1"),
            line(2, "-"),
        ];
        let trace = open("access.log", &log.concat()).expect("a trace");
        assert_eq!(trace.skipped(), 1);
        let entries = [
            (0, "GET /", "/"),
            (1000, "GET /api/products/{}", "/api/products/17?x=1"),
            (1500, "GET /api/products/{}", "/api/products/18"),
        ];
        assert_eq!(all(&trace), wanted(&entries));
    }

    #[test]
    fn csv_says_when_what_and_with_which_body() {
        let csv = "time,method,path,body,request\n0.5,POST,/a b,\"{\"\"x\"\": 1}\",\n1.25,,/c,,\n10,,,,login\n";
        let trace = open("trace.csv", csv).expect("a trace");
        let entries = [(0, "POST /a b", "/a%20b"), (750, "GET /c", "/c"), (9500, "login", "/")];
        assert_eq!(all(&trace), wanted(&entries));
        assert_eq!(trace.entry(0).body.as_deref(), Some(b"{\"x\": 1}".as_slice()));
        assert_eq!(trace.entry(1).body, None);
    }

    #[test]
    fn times_are_seconds_nanoseconds_or_dates() {
        for (csv, second) in [
            ("time_ns,path\n5,/\n1000005,/\n", 1),
            ("time,path\n2026-01-01T00:00:00.5Z,/\n2026-01-01T00:00:02Z,/\n", 1500),
            ("time,path\n-1,/\n1,/\n", 2000),
        ] {
            let trace = open("t.csv", csv).expect(csv);
            assert_eq!(trace.at(1), Nanos::from_millis(second), "{csv}");
        }
    }

    #[test]
    fn an_earlier_run_is_a_trace() {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../runlog/fixtures/fifty-rows"));
        let trace = Trace::open(path, None).expect("our own run");
        let run = Run::open(path).expect("our own run");
        assert_eq!(trace.names().len(), run.manifest.requests.len());
        assert!(trace.len() >= 50 && trace.at(0) == Nanos::ZERO);
    }

    #[test]
    fn what_is_no_trace_says_why() {
        for (name, text, wrong) in [
            ("a.csv", "when,path\n1,/\n", "no column `time`"),
            ("a.csv", "time\n1\n", "neither a column `request` nor"),
            ("a.csv", "time,path\n1,/\nsoon,/\n", "line 3: `soon` is no time"),
            ("a.csv", "time,path\n", "has no request"),
            ("a.log", "nonsense\n", "has no request"),
        ] {
            let error = open(name, text).expect_err(wrong).to_string();
            assert!(error.contains(wrong), "{error}");
        }
    }

    #[test]
    fn names_are_bounded() {
        let rows: Vec<String> = (0..3000).map(|number| format!("{number},/path-{number}x\n")).collect();
        let trace = open("t.csv", &format!("time,path\n{}", rows.concat())).expect("a trace");
        assert!(trace.names().len() <= NAMES_MOST + 1, "{}", trace.names().len());
        assert_eq!(trace.names()[trace.name(2999) as usize].name, "GET other");
    }
}
