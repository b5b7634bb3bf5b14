//! What became of the arrivals: statuses, and why there was no answer.

use runlog::summary::{Group, Summary};

use super::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Part, Section, Table, Value};

/// Statuses per request.
pub struct Statuses;

impl Analysis for Statuses {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let Summary { requests, total, .. } = &run.summary;
        if total.statuses.is_empty() {
            return Ok(Vec::new());
        }
        let mut table = Table::new(&["request", "status"], &["count", "share"]);
        for group in requests {
            for (status, &count) in &group.statuses {
                table.push(cells(group, status.to_string(), count));
            }
        }
        Ok(vec![Section::new("Statuses", vec![Part::Table(table)])])
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
