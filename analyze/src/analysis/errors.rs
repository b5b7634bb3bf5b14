//! What went wrong: how often with which request, first when and last when.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use runlog::manifest::Request;
use runlog::summary::Group;
use runlog::units::Nanos;
use runlog::windows::{Fault, Sightings};

use super::Analysis;
use crate::failure::Failure;
use crate::load::{Detail, Run};
use crate::section::{Finding, Level, Part, Section, Table, Value};

/// The most rows of the table.
const MOST: usize = 100;

/// The table of errors.
pub struct Errors;

impl Analysis for Errors {
    fn detail(&self) -> Detail {
        Detail::OverTime
    }

    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let mut errors = if run.windows.faults.is_empty() { counted(run) } else { seen(run) };
        if errors.is_empty() {
            return Ok(Vec::new());
        }
        errors.sort_by_key(|error| Reverse(error.count));
        let others = errors.split_off(errors.len().min(MOST));
        let started = run.summary.run.started_unix_ns;
        let mut table = Table::new(&["request", "error"], &["count", "share", "first", "last", "first at", "last at"]);
        for error in &errors {
            table.push(error.cells(&run.summary.requests, started));
        }
        let mut parts = vec![Part::Table(table), Part::Findings(notes(&others, run.windows.faults.is_empty()))];
        parts.retain(|part| !matches!(part, Part::Findings(findings) if findings.is_empty()));
        Ok(vec![Section::new("Errors", parts)])
    }
}

/// What went wrong with a request, in one way.
struct Error {
    /// The request's place in the manifest.
    request: usize,
    name: String,
    count: u64,
    /// The first and the last instant at which such an arrival ended, exactly, where they are known.
    between: Option<(Nanos, Nanos)>,
}

impl Error {
    fn cells(&self, requests: &[Group], started_unix_ns: u64) -> Vec<Value> {
        let group = &requests[self.request];
        let at = |instant: Nanos| Value::Instant(started_unix_ns.saturating_add(instant.0));
        let (first, last) = self.between.unzip();
        vec![
            group.request.clone().into(),
            self.name.clone().into(),
            Value::Count(self.count),
            Value::share(self.count, group.count),
            first.map(Value::Time).into(),
            last.map(Value::Time).into(),
            first.map(at).into(),
            last.map(at).into(),
        ]
    }
}

fn notes(others: &[Error], is_without_instants: bool) -> Vec<Finding> {
    let mut notes = Vec::new();
    if !others.is_empty() {
        let arrivals = others.iter().fold(0_u64, |sum, error| sum.saturating_add(error.count));
        let note = Finding::new(Level::Note, "left out are ").count(others.len() as u64);
        notes.push(note.and(" rarer ones, of ").count(arrivals).and(" arrivals together"));
    }
    let note = if is_without_instants {
        "when they were is not known: the summary file is from before that was kept"
    } else {
        "first and last are when such an arrival was over, to the nanosecond since the start of the run; what was never sent \
         was over when it was scheduled"
    };
    notes.push(Finding::new(Level::Note, note));
    notes
}

fn name_of(fault: Fault) -> String {
    match fault {
        Fault::Failure(failure) => failure.word().to_owned(),
        Fault::Status(status) => format!("status {status}"),
    }
}

/// As they were seen, in all scenarios together.
fn seen(run: &Run) -> Vec<Error> {
    let requests = run.log.manifest.requests.len().max(1);
    let mut together: BTreeMap<(usize, Fault), Sightings> = BTreeMap::new();
    for (cell, fault, seen) in run.windows.faults.iter() {
        together.entry((cell % requests, fault)).and_modify(|mine| mine.merge(&seen)).or_insert(seen);
    }
    let error = |((request, fault), seen): ((usize, Fault), Sightings)| Error {
        request,
        name: name_of(fault),
        count: seen.count,
        between: Some((seen.first, seen.last)),
    };
    together.into_iter().map(error).collect()
}

/// As they were counted, without their instants.
fn counted(run: &Run) -> Vec<Error> {
    let of = |(request, (group, wanted)): (usize, (&Group, &Request))| {
        let unwanted = group.statuses.iter().filter(|(status, _)| !wanted.expects(**status));
        let statuses = unwanted.map(|(status, &count)| (format!("status {status}"), count));
        let failures = group.error_kinds.iter().map(|(&kind, &count)| (kind.to_owned(), count));
        let error = move |(name, count)| Error { request, name, count, between: None };
        failures.chain(statuses).map(error).collect::<Vec<_>>()
    };
    run.summary.requests.iter().zip(&run.log.manifest.requests).enumerate().flat_map(of).collect()
}
