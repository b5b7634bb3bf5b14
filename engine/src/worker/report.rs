//! What a worker publishes of itself: once a second how it is doing, at the end its books.

use hdrhistogram::Histogram;
use runlog::outcome::Failure;
use runlog::row::Row;
use runlog::spread::Spread;
use runlog::units::Nanos;

use super::ledger::Ledger;
use super::seat::Seat;

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
    /// Of these, with an answer.
    pub answered: u64,
    /// Of these, never sent.
    pub dropped: u64,
    /// Of these, not HTTP.
    pub bad_responses: u64,
    /// Lag + service time, of those answered.
    pub response: Spread,
    /// Scheduled → handed on, in ns, of the open model's arrivals; to three digits.
    pub pacer_lag: Histogram<u32>,
}

/// An hour: later arrivals count as that.
const LONGEST_NS: u64 = 3_600_000_000_000;

impl Gauge {
    /// Nothing yet.
    pub fn new(since: Nanos) -> Self {
        Self {
            since,
            scheduled: 0,
            done: 0,
            failed: 0,
            answered: 0,
            dropped: 0,
            bad_responses: 0,
            response: Spread::default(),
            // The bounds are constants that the constructor accepts.
            pacer_lag: Histogram::new_with_bounds(1, LONGEST_NS, 3).unwrap_or_else(|error| unreachable!("{error}")),
        }
    }

    /// Counts an arrival that is done.
    pub fn add(&mut self, row: &Row, has_failed: bool) {
        self.done += 1;
        self.failed += u64::from(has_failed);
        if let Some(response) = row.response_ns() {
            self.answered += 1;
            self.response.record(response);
        }
        self.dropped += u64::from(row.error == Some(Failure::Dropped));
        self.bad_responses += u64::from(row.error == Some(Failure::BadResponse));
    }
}
