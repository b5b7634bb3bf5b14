//! What became of the arrivals: statuses, and why there was no answer.

use runlog::summary::{Group, Summary};

use super::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Part, Section, Table, Value};

/// Statuses and errors per request.
pub struct Outcomes;

impl Analysis for Outcomes {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let Summary { requests, total, .. } = &run.summary;
        let mut sections = Vec::new();
        if !total.statuses.is_empty() {
            let mut table = Table::new(&["request", "status"], &["count", "share"]);
            for group in requests {
                for (status, &count) in &group.statuses {
                    table.push(cells(group, status.to_string(), count));
                }
            }
            sections.push(Section::new("Statuses", vec![Part::Table(table)]));
        }
        if !total.error_kinds.is_empty() {
            let mut table = Table::new(&["request", "error"], &["count", "share"]);
            for group in requests {
                for (&kind, &count) in &group.error_kinds {
                    table.push(cells(group, kind.to_owned(), count));
                }
            }
            sections.push(Section::new("Without an answer", vec![Part::Table(table)]));
        }
        Ok(sections)
    }
}

fn cells(group: &Group, outcome: String, count: u64) -> Vec<Value> {
    vec![group.request.clone().into(), outcome.into(), Value::Count(count), Value::share(count, group.count)]
}
