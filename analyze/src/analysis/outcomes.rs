//! What became of the arrivals: statuses, and why there was no answer.

use runlog::summary::{Group, Summary};

use super::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Finding, Level, Part, Section, Table, Value};

/// The most rows of the table: a server may answer with hundreds of statuses.
const MOST: usize = 200;

/// Statuses per request.
pub struct Statuses;

impl Analysis for Statuses {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let Summary { requests, total, .. } = &run.summary;
        if total.statuses.is_empty() {
            return Ok(Vec::new());
        }
        let mut table = Table::new(&["request", "status"], &["count", "share"]);
        let all = || requests.iter().flat_map(|group| group.statuses.iter().map(move |of_group| (group, of_group)));
        for (group, (status, &count)) in all().take(MOST) {
            table.push(cells(group, status.to_string(), count));
        }
        let mut parts = vec![Part::Table(table)];
        if let Some(others @ 1..) = all().count().checked_sub(MOST) {
            let note = Finding::new(Level::Note, "").count(others as u64);
            parts.push(Part::Findings(vec![note.and(" further statuses are left out; `summary --json` has them all")]));
        }
        Ok(vec![Section::new("Statuses", parts)])
    }
}

/// Errors per request, where there was no answer.
pub struct Unanswered;

impl Analysis for Unanswered {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let Summary { requests, total, .. } = &run.summary;
        if total.error_kinds.is_empty() {
            return Ok(Vec::new());
        }
        let mut table = Table::new(&["request", "error"], &["count", "share"]);
        for group in requests {
            for (&kind, &count) in &group.error_kinds {
                table.push(cells(group, kind.to_owned(), count));
            }
        }
        Ok(vec![Section::new("Without an answer", vec![Part::Table(table)])])
    }
}

fn cells(group: &Group, outcome: String, count: u64) -> Vec<Value> {
    vec![group.request.clone().into(), outcome.into(), Value::Count(count), Value::share(count, group.count)]
}
