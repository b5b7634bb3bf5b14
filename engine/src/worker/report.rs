//! What a worker publishes of itself: once a second how it is doing, at the end its books.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use hdrhistogram::Histogram;
use runlog::manifest::Lookups;
use runlog::outcome::Failure;
use runlog::row::Row;
use runlog::spread::Spread;
use runlog::units::Nanos;

use super::breakdown::Breakdown;
use super::ledger::{Gathered, Ledger};
use super::seat::Seat;
use super::trouble::Trouble;

/// Message from a worker to whoever watches.
#[derive(Debug)]
pub enum Report {
    /// How the last second was.
    Second(Box<Second>),
    /// It has finished.
    Finished(Box<Finished>),
}

/// One core's last second.
#[derive(Debug, Clone)]
pub struct Second {
    /// Whose it was.
    pub seat: Seat,
    /// Its end.
    pub until: Nanos,
    /// What happened in it.
    pub gauge: Gauge,
    /// Requests on their way at its end.
    pub in_flight: u64,
    /// Open connections at its end.
    pub connections: u64,
    /// Arrivals that wait for a connection at its end.
    pub backlog: u64,
    /// Virtual users at work at its end.
    pub vus: u64,
    /// How long the core was at work in it.
    pub busy: Nanos,
    /// How long the core waited for the disk in it.
    pub record_stall: Nanos,
    /// Where the gauge belongs.
    pub home: SyncSender<Gauge>,
}

impl Second {
    /// Gives the gauge back, to count another second.
    pub fn give_back(self) {
        let Gauge { mut response, mut pacer_lag, mut trouble, mut watched, mut breakdown, since, .. } = self.gauge;
        response.clear();
        trouble.clear();
        pacer_lag.reset();
        watched.iter_mut().for_each(Gathered::clear);
        breakdown.clear();
        // A worker that has finished, or has enough of them, takes none back.
        let counting = Gauge::counting_in(response, pacer_lag, trouble, since);
        let _ = self.home.try_send(Gauge { watched, breakdown, ..counting });
    }
}

/// The gauges of a worker that count nothing now. They go round between the worker and whoever hears its reports: to count
/// another second takes no memory, and no time to get it.
#[derive(Debug)]
pub struct Gauges {
    spare: Receiver<Gauge>,
    home: SyncSender<Gauge>,
}

impl Default for Gauges {
    fn default() -> Self {
        let (home, spare) = sync_channel(Self::SPARE);
        for _ in 0..Self::SPARE {
            let _ = home.try_send(Gauge::new(Nanos::ZERO));
        }
        Self { spare, home }
    }
}

impl Gauges {
    /// As many as are ever on their way at once when reports are heard in time: one is shown, one is heard, one is next.
    const SPARE: usize = 3;

    /// One that counts from now on.
    pub fn take(&self, since: Nanos) -> Gauge {
        self.spare.try_recv().map_or_else(|_| Gauge::new(since), |gauge| Gauge { since, ..gauge })
    }

    /// Where they are to be given back to.
    pub fn home(&self) -> SyncSender<Gauge> {
        self.home.clone()
    }
}

/// A worker's books at its end. `rows == scheduled`, or rows are missing.
#[derive(Debug, Clone)]
pub struct Finished {
    /// Whose they are.
    pub seat: Seat,
    /// Arrivals that were scheduled.
    pub scheduled: u64,
    /// What its rows add up to.
    pub ledger: Ledger,
    /// How long the worker waited for the disk.
    pub record_stall: Nanos,
    /// Names that it looked up.
    pub lookups: Lookups,
}

/// Counts since the last report.
#[derive(Debug, Clone)]
pub struct Gauge {
    /// Since when.
    pub since: Nanos,
    /// Arrivals that were scheduled.
    pub scheduled: u64,
    /// Arrivals that are done.
    pub done: u64,
    /// Of these, without an answer or with a status that was not wanted.
    pub failed: u64,
    /// What these have failed of.
    pub trouble: Trouble,
    /// Of those that are done, with an answer.
    pub answered: u64,
    /// Of these, never sent.
    pub dropped: u64,
    /// Of these, not HTTP.
    pub bad_responses: u64,
    /// Lag + service time, of those answered.
    pub response: Spread,
    /// Scheduled → handed on, in ns, of the open model's arrivals; to three digits.
    pub pacer_lag: Histogram<u32>,
    /// What was gathered for each threshold that is watched; mostly there is none.
    pub watched: Vec<Gathered>,
    /// Counts by scenario, request and status class, where somebody publishes them.
    pub breakdown: Breakdown,
}

/// An hour: later arrivals count as that.
const LONGEST_NS: u64 = 3_600_000_000_000;

impl Gauge {
    /// Nothing yet.
    pub fn new(since: Nanos) -> Self {
        // The bounds are constants that the constructor accepts.
        let lags = Histogram::new_with_bounds(1, LONGEST_NS, 3).unwrap_or_else(|error| unreachable!("{error}"));
        Self::counting_in(Spread::default(), lags, Trouble::default(), since)
    }

    /// Nothing yet, in memory that is there already and empty.
    fn counting_in(response: Spread, pacer_lag: Histogram<u32>, trouble: Trouble, since: Nanos) -> Self {
        Self {
            since,
            scheduled: 0,
            done: 0,
            failed: 0,
            trouble,
            answered: 0,
            dropped: 0,
            bad_responses: 0,
            response,
            pacer_lag,
            watched: Vec::new(),
            breakdown: Breakdown::default(),
        }
    }

    /// Counts an arrival that is done.
    pub fn add(&mut self, row: &Row, has_failed: bool) {
        self.done += 1;
        if has_failed {
            self.failed += 1;
            self.trouble.count(row);
        }
        if let Some(response) = row.response_ns() {
            self.answered += 1;
            self.response.record(response);
        }
        self.dropped += u64::from(row.error == Some(Failure::Dropped));
        self.bad_responses += u64::from(row.error == Some(Failure::BadResponse));
        self.breakdown.add(row, has_failed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runlog::metric::Metric;

    #[test]
    fn a_gauge_that_comes_back_counts_anew() {
        let gauges = Gauges::default();
        let mut used: Vec<Gauge> = (0..=Gauges::SPARE).map(|_| gauges.take(Nanos::ZERO)).collect();
        for gauge in &mut used {
            gauge.scheduled = 1;
            gauge.watched = vec![Gathered { whole: 1, ..Gathered::new(Metric::HttpReqs) }];
            gauge.pacer_lag.saturating_record(5);
            gauge.add(&Row { lag_ns: Some(3), duration_ns: Some(4), status: 200, ..Row::default() }, true);
        }
        for gauge in used {
            let second = Second {
                seat: Seat { place: 0, of: 1, cpu: 0 },
                until: Nanos::ZERO,
                gauge,
                in_flight: 0,
                connections: 0,
                backlog: 0,
                vus: 0,
                busy: Nanos::ZERO,
                record_stall: Nanos::ZERO,
                home: gauges.home(),
            };
            second.give_back();
        }
        let again = gauges.take(Nanos(7));
        assert_eq!((again.since, again.scheduled, again.done, again.failed, again.answered), (Nanos(7), 0, 0, 0, 0));
        assert_eq!((again.response.count(), again.response.max(), again.pacer_lag.len()), (0, None, 0));
        assert!(again.trouble.by_frequency().is_empty());
        assert_eq!((again.watched.len(), again.watched[0].whole), (1, 0), "what is watched keeps its place");
    }
}
