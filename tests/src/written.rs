//! Run directories that no load has made: their rows are thought up by a test or a bench.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde_json::{Value, json};

use crate::run::{HEADER, Row};

/// A request of such a run.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Its name, as in the rows.
    pub name: String,
    /// The names of its checks, in the order of the bits in the rows.
    pub checks: Vec<String>,
}

impl Request {
    /// One of this name, without checks.
    pub fn named(name: &str) -> Self {
        Self { name: name.to_owned(), checks: Vec::new() }
    }
}

/// What `run.json` says of such a run: a schedule that was kept to its end, by a generator that was never the limit.
#[derive(Debug, Clone)]
pub struct Manifest {
    /// The name of the run.
    pub name: String,
    /// The name of its only scenario, as in the rows.
    pub scenario: String,
    /// Its requests; status 200 is what each of them expects.
    pub requests: Vec<Request>,
    /// What it was made from.
    pub seed: u64,
    /// Arrivals per second.
    pub rate: u64,
    /// How long it lasted.
    pub elapsed_ns: u64,
    /// How many rows each core wrote.
    pub rows: Vec<u64>,
}

impl Manifest {
    /// The document.
    pub fn json(&self) -> Value {
        let (rate, elapsed_ns, cpus) = (self.rate as f64, self.elapsed_ns, self.rows.len());
        let requests: Vec<_> = self
            .requests
            .iter()
            .map(|Request { name, checks }| {
                json!({"name": name, "method": "GET", "path": "/", "expect_status": [[200, 200]], "checks": checks, "tags": {}})
            })
            .collect();
        let cores: Vec<_> = self
            .rows
            .iter()
            .enumerate()
            .map(|(core, rows)| {
                json!({"core": core, "file": rows_file(core), "scheduled": rows, "rows": rows, "record_stall_ns": 0})
            })
            .collect();
        json!({
            "format": {"major": 1, "minor": 2}, "drumfire_version": "made up", "name": self.name,
            "command": ["made up"], "started_unix_ns": 1_700_000_000_000_000_000_u64, "seed": self.seed,
            "planned_ns": elapsed_ns, "target": "http://127.0.0.1:1",
            "host": {"name": "nowhere", "cpu": "none", "cpus": cpus, "memory_bytes": 0, "kernel": "0", "open_files_limit": 0},
            "engine": {"driver": "none", "cores": (0..cpus).collect::<Vec<_>>()}, "tags": {},
            "scenarios": [{"name": self.scenario, "executor": "constant-arrival-rate", "model": "open", "peak_rate": rate,
                           "max_connections": 64, "stages": [{"at_ns": elapsed_ns, "target": rate}], "tags": {}}],
            "requests": requests, "thresholds": [], "scenario": null,
            "ending": {"how": "completed", "reason": "", "elapsed_ns": elapsed_ns, "cores": cores,
                       "validity": {"verdict": "valid", "reasons": []}},
        })
    }
}

/// The name of the row file of a core.
pub fn rows_file(core: usize) -> String {
    format!("requests-{core:02}.csv")
}

/// Writes a run directory of these rows, by core.
///
/// # Errors
/// Where the folder cannot be written.
pub fn write(folder: &Path, requests: &[Request], cores: &[Vec<Row>]) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    for (core, rows) in cores.iter().enumerate() {
        let lines: String = rows.iter().map(line).collect();
        fs::write(folder.join(rows_file(core)), format!("{HEADER}\n{lines}"))?;
    }
    let rows = || cores.iter().flatten();
    let manifest = Manifest {
        name: "written".to_owned(),
        scenario: rows().next().map_or_else(|| "steady".to_owned(), |row| row.scenario.clone()),
        requests: requests.to_vec(),
        seed: 1,
        rate: 100,
        elapsed_ns: rows().map(|row| row.ended_ns().unwrap_or(row.scheduled_ns)).max().unwrap_or(0),
        rows: cores.iter().map(|rows| rows.len() as u64).collect(),
    };
    Ok(fs::write(folder.join("run.json"), manifest.json().to_string())?)
}

/// An arrival with an answer.
pub fn answered(request: &str, scheduled_ns: u64, lag_ns: u64, duration_ns: u64) -> Row {
    Row {
        scheduled_ns,
        lag_ns: Some(lag_ns),
        connect_ns: 0,
        tls_ns: 0,
        ttfb_ns: Some(duration_ns / 2),
        duration_ns: Some(duration_ns),
        scenario: "steady".to_owned(),
        request: request.to_owned(),
        status: 200,
        error: String::new(),
        failed_checks: 0,
        bytes_sent: 100,
        bytes_received: 1_000,
        connection: Some((0, 1)),
        vu: Some((0, 1)),
    }
}

/// An arrival that was sent and got no answer.
pub fn failed(request: &str, scheduled_ns: u64, error: &str) -> Row {
    let row = answered(request, scheduled_ns, 700, 1_000_000);
    Row { status: 0, error: error.to_owned(), ttfb_ns: None, bytes_received: 0, ..row }
}

/// An arrival that was never sent: without lag, duration and connection.
pub fn dropped(request: &str, scheduled_ns: u64) -> Row {
    let row = failed(request, scheduled_ns, "dropped");
    Row { lag_ns: None, duration_ns: None, bytes_sent: 0, connection: None, vu: None, ..row }
}

/// So many numbers, the same every time (Lehmer 1951, with the factor of Park and Miller 1988).
pub fn numbers(count: usize) -> impl Iterator<Item = u64> {
    std::iter::successors(Some(20_231), |last| Some(last * 48_271 % 2_147_483_647)).take(count)
}

/// A row as a line, with its end.
pub fn line(row: &Row) -> String {
    let optional = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let place = |place: Option<(usize, u64)>| optional(place.map(|(_, number)| number));
    let fields = [
        row.scheduled_ns.to_string(),
        optional(row.lag_ns),
        row.connect_ns.to_string(),
        row.tls_ns.to_string(),
        optional(row.ttfb_ns),
        optional(row.duration_ns),
        quoted(&row.scenario),
        quoted(&row.request),
        row.status.to_string(),
        row.error.clone(),
        row.failed_checks.to_string(),
        row.bytes_sent.to_string(),
        row.bytes_received.to_string(),
        place(row.connection),
        place(row.vu),
    ];
    fields.join(",") + "\n"
}

/// A name as a field (RFC 4180), in quotes where it holds a comma or a quote, and where it begins or ends with a blank.
fn quoted(text: &str) -> String {
    let plain = !text.contains(['"', ',']) && text.trim() == text && !text.is_empty();
    if plain { text.to_owned() } else { format!("\"{}\"", text.replace('"', "\"\"")) }
}
