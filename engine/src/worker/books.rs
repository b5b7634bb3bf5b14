//! A core's books: every arrival is owed a row, and every row goes three ways: to the disk, into what rows add up to, and
//! into what is published once a second.

use runlog::row::{Row, ScenarioId};
use runlog::units::Nanos;

use super::breakdown::Breakdown;
use super::ledger::Ledger;
use super::report::Gauge;
use crate::plan::GroupId;
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
    pub fn new(recorder: Recorder, ledger: Ledger, breakdown: Breakdown, now: Nanos) -> Self {
        let gauge = Gauge { watched: ledger.to_watch(), breakdown, ..Gauge::new(now) };
        Self { gauge, recorder, ledger, scheduled: 0 }
    }

    /// Goes on counting in another gauge. Returns the one so far.
    pub fn turn(&mut self, mut next: Gauge) -> Gauge {
        if next.watched.len() != self.gauge.watched.len() {
            next.watched = self.ledger.to_watch();
        }
        if next.breakdown.is_absent() {
            next.breakdown = self.gauge.breakdown.like();
        }
        std::mem::replace(&mut self.gauge, next)
    }

    /// An arrival is scheduled: from now on it is owed a row.
    pub const fn owe(&mut self) {
        self.scheduled += 1;
        self.gauge.scheduled += 1;
    }

    /// Pays the row that an arrival is owed.
    pub fn pay(&mut self, row: &Row) {
        let has_failed = self.ledger.add(row, &mut self.gauge.watched);
        self.gauge.add(row, has_failed);
        self.recorder.write(row);
    }

    /// An iteration has come to its end and took so long.
    pub fn iterated(&mut self, scenario: ScenarioId, took: Nanos) {
        self.gauge.breakdown.iterated(scenario);
        self.ledger.iterated(scenario, took, &mut self.gauge.watched);
    }

    /// A group has come to its end and took so long.
    pub fn group_ended(&mut self, scenario: ScenarioId, group: GroupId, took: Nanos) {
        self.ledger.group_ended(scenario, group, took, &mut self.gauge.watched);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;
    use std::sync::Arc;

    use runlog::directory::Run;
    use runlog::manifest::Manifest;
    use runlog::metric::Metric;
    use runlog::row::Names;
    use runlog::threshold::{Aggregation, Threshold};

    use crate::record::Journal;
    use crate::stop::Stop;

    /// A run with one scenario, `mixed`, of the tag `tier = "free"`, and the groups `cart` and `cart::pay`.
    fn manifest(thresholds: Vec<Threshold>) -> &'static Manifest {
        let path = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../runlog/fixtures/fifty-rows"));
        let mut manifest = Run::open(path).expect("our own run").manifest;
        manifest.scenarios.truncate(1);
        manifest.scenarios[0].name = "mixed".to_owned();
        manifest.scenarios[0].tags = [("tier".to_owned(), "free".to_owned())].into();
        manifest.groups = vec!["cart".to_owned(), "cart::pay".to_owned()];
        Box::leak(Box::new(Manifest { thresholds, ..manifest }))
    }

    fn threshold(metric: Metric, filter: &[(&str, &str)], condition: &str) -> Threshold {
        let filter = filter.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect();
        Threshold::new(metric, filter, condition.parse().expect("a condition"))
    }

    fn books(thresholds: Vec<Threshold>) -> Books {
        let file = tempfile::tempfile().expect("a temporary file");
        let (_, mut recorders) =
            Journal::start(vec![file], &Names::new(["mixed"], ["list"]), Arc::new(Stop::default())).expect("room");
        Books::new(recorders.remove(0), Ledger::new(manifest(thresholds)), Breakdown::default(), Nanos::ZERO)
    }

    #[test]
    fn an_iteration_counts_for_the_thresholds_whose_filter_it_passes() {
        let mut books = books(vec![
            threshold(Metric::Iterations, &[], "count > 0"),
            threshold(Metric::IterationDuration, &[("scenario", "mixed"), ("tier", "free")], "max < 1s"),
            threshold(Metric::IterationDuration, &[("tier", "paid")], "max < 1s"),
            threshold(Metric::IterationDuration, &[("group", "cart")], "max < 1s"),
            threshold(Metric::HttpReqs, &[], "count > 0"),
        ]);
        books.iterated(ScenarioId(0), Nanos(30));
        books.iterated(ScenarioId(0), Nanos(50));
        let value = |place: usize, aggregation| books.ledger.thresholds[place].bounds(aggregation, Nanos::ZERO);
        assert_eq!(value(0, Aggregation::Count), Some((2.0, 2.0)));
        assert_eq!(value(1, Aggregation::Max), Some((50.0, 50.0)));
        assert_eq!((value(2, Aggregation::Max), value(3, Aggregation::Max)), (None, None));
        assert_eq!(value(4, Aggregation::Count), None, "an iteration is no arrival");
    }

    #[test]
    fn a_group_counts_for_its_own_thresholds_and_those_of_all_groups() {
        let mut books = books(vec![
            threshold(Metric::GroupDuration, &[("group", "cart")], "max < 1s"),
            threshold(Metric::GroupDuration, &[("group", "cart::pay")], "max < 1s"),
            threshold(Metric::GroupDuration, &[], "max < 1s"),
        ]);
        books.group_ended(ScenarioId(0), GroupId(1), Nanos(20));
        books.group_ended(ScenarioId(0), GroupId(0), Nanos(70));
        let longest: Vec<_> = books
            .ledger
            .thresholds
            .iter()
            .map(|gathered| gathered.bounds(Aggregation::Max, Nanos::ZERO).map(|(_, highest)| highest))
            .collect();
        assert_eq!(longest, [Some(70.0), Some(20.0), Some(70.0)]);
    }

    #[test]
    fn a_row_counts_for_no_threshold_that_rows_cannot_tell() {
        let mut books =
            books(vec![threshold(Metric::Iterations, &[], "count > 0"), threshold(Metric::HttpReqs, &[], "count > 0")]);
        books.owe();
        books.pay(&Row { status: 200, lag_ns: Some(1), duration_ns: Some(2), ..Row::default() });
        assert_eq!(books.ledger.thresholds.iter().map(|gathered| gathered.arrivals).collect::<Vec<_>>(), [0, 1]);
        assert!(books.gauge.watched.is_empty(), "nothing is watched");
    }

    #[test]
    fn what_is_watched_begins_anew_with_each_gauge() {
        let aborting = Threshold { abort_on_fail: true, ..threshold(Metric::Iterations, &[], "count > 0") };
        let mut books = books(vec![threshold(Metric::HttpReqs, &[], "count > 0"), aborting]);
        books.iterated(ScenarioId(0), Nanos(30));
        let first = books.turn(Gauge::new(Nanos::from_secs(1)));
        books.iterated(ScenarioId(0), Nanos(30));
        books.iterated(ScenarioId(0), Nanos(30));
        assert_eq!((first.watched.len(), first.watched[0].whole), (1, 1));
        assert_eq!((books.gauge.watched[0].whole, books.ledger.thresholds[1].whole), (2, 3));
    }
}
