//! A core's books: every arrival is owed a row, and every row goes three ways: to the disk, into what rows add up to, and
//! into what is published once a second.

use runlog::row::{Row, ScenarioId};
use runlog::units::Nanos;

use super::ledger::Ledger;
use super::report::Gauge;
use crate::plan::flow::GroupId;
use crate::record::Recorder;

/// What a core keeps of what it does.
pub struct Books {
    /// What happened since the last report.
    pub gauge: Gauge,
    /// Where the rows go.
    pub recorder: Recorder,
    /// What they add up to.
    pub ledger: Ledger,
    /// Arrivals that were scheduled so far: as many rows are owed.
    pub scheduled: u64,
}

impl Books {
    /// Books that open now.
    pub fn new(recorder: Recorder, ledger: Ledger, now: Nanos) -> Self {
        Self { gauge: Gauge::new(now), recorder, ledger, scheduled: 0 }
    }

    /// An arrival is scheduled: from now on it is owed a row.
    pub const fn owe(&mut self) {
        self.scheduled += 1;
        self.gauge.scheduled += 1;
    }

    /// An iteration has ended.
    pub const fn iterated(&mut self, _scenario: ScenarioId, _took: Nanos) {}

    /// A group has ended.
    pub const fn group_ended(&mut self, _scenario: ScenarioId, _group: GroupId, _took: Nanos) {}

    /// Pays the row that an arrival is owed.
    pub fn pay(&mut self, row: &Row) {
        let has_failed = self.ledger.add(row);
        self.gauge.add(row, has_failed);
        self.recorder.write(row);
    }
}
