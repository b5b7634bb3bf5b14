//! What happened beside the load: stages, thresholds, how it ended.

use runlog::samples::Event;
use runlog::units::Nanos;

use super::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Finding, Level, Part, Section, Table, Value};

/// So many of the first events are shown, and as many of the last.
const MOST_ON_EITHER_SIDE: usize = 100;

/// The table of events.
pub struct Events;

impl Analysis for Events {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let events = &run.log.events;
        if events.is_empty() {
            return Ok(Vec::new());
        }
        let (first, rest) = events.split_at(events.len().min(MOST_ON_EITHER_SIDE));
        let (between, last) = rest.split_at(rest.len().saturating_sub(MOST_ON_EITHER_SIDE));
        let mut table = Table::new(&["after", "at", "event", "detail"], &[]);
        for event in first.iter().chain(last) {
            table.push(cells(event, run.summary.run.started_unix_ns));
        }
        let mut parts = vec![Part::Table(table)];
        if !between.is_empty() {
            let note = Finding::new(Level::Note, "").count(between.len() as u64);
            let note = note.and(" events between the first and the last hundred are left out; events.csv has them all");
            parts.push(Part::Findings(vec![note]));
        }
        Ok(vec![Section::new("Events", parts)])
    }
}

fn cells(event: &Event, started_unix_ns: u64) -> Vec<Value> {
    vec![
        Value::Time(Nanos(event.time_ns)),
        Value::Instant(started_unix_ns.saturating_add(event.time_ns)),
        event.kind.clone().into(),
        event.detail.clone().into(),
    ]
}
