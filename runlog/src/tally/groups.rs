//! Rows in groups: how many of each, what became of them, and how their times are spread.

use std::collections::BTreeMap;

use super::Tally;
use super::kept::Kept;
use super::members::Members;
use crate::histogram::Histogram;
use crate::manifest::Request;
use crate::metric::Metric;
use crate::outcome::Failure;
use crate::row::{Batch, Columns, Row};
use crate::units::Nanos;

/// Which group a row belongs to.
pub trait Grouping: Sync {
    /// The columns that tell.
    fn columns(&self) -> Columns;

    /// The group of the row at this place; none where it is left out. Groups are numbered from 0 without great gaps.
    fn group(&self, batch: &Batch, place: usize) -> Option<usize>;
}

/// A stretch of a run: what was scheduled from one instant to before another, since t=0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// From here on.
    pub from: Nanos,
    /// Up to here.
    pub to: Nanos,
}

impl Stretch {
    /// All of it.
    pub const WHOLE: Self = Self { from: Nanos::ZERO, to: Nanos(u64::MAX) };

    /// Whether what was scheduled then belongs to it.
    #[inline]
    pub const fn has(self, scheduled_ns: u64) -> bool {
        self.from.0 <= scheduled_ns && scheduled_ns < self.to.0
    }

    /// What belongs to both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), to: self.to.min(other.to) }
    }

    /// How long it is of a run of this length.
    #[must_use]
    pub fn length(self, elapsed: Nanos) -> Nanos {
        elapsed.min(self.to).since(self.from)
    }
}

/// A group for each request in each scenario: what all of the run's figures can be put together from.
#[derive(Debug, Clone, Copy)]
pub struct Cells {
    /// How many requests there are.
    pub requests: usize,
    /// What is looked at.
    pub within: Stretch,
}

impl Cells {
    /// Of a whole run.
    pub const fn new(requests: usize) -> Self {
        Self { requests, within: Stretch::WHOLE }
    }

    /// The group of a request in a scenario, by their places in the manifest.
    pub const fn of(self, scenario: usize, request: usize) -> usize {
        scenario * self.requests + request
    }
}

impl Grouping for Cells {
    fn columns(&self) -> Columns {
        Columns::SCENARIO.and(Columns::REQUEST).and(Columns::SCHEDULED_NS)
    }

    #[inline]
    fn group(&self, batch: &Batch, place: usize) -> Option<usize> {
        let cell = self.of(usize::from(batch.scenario[place].0), usize::from(batch.request[place].0));
        self.within.has(batch.scheduled_ns[place]).then_some(cell)
    }
}

/// Where times are found again when it is known which of them are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recall {
    /// Every time is kept, in four bytes.
    Memory,
    /// The rows are read a second time.
    Files,
    /// Nowhere: there are no rows. Each is taken for the highest of its bucket, 1/512 above it at the most.
    Buckets,
}

/// How many arrivals, and what became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Arrivals.
    pub arrivals: u64,
    /// Of these, without an answer or with a status that was not wanted.
    pub failed: u64,
    /// Checks that were made.
    pub checks_made: u64,
    /// Of these, passed.
    pub checks_passed: u64,
    /// Of the arrivals, those whose checks were made.
    pub checked: u64,
    /// How often the check at each place failed.
    pub failed_checks: Vec<u64>,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// How many answers there are of each status.
    pub(super) statuses: Vec<u64>,
    /// How many arrivals failed in each way.
    pub(super) failures: [u64; Failure::ALL.len()],
}

impl Counts {
    /// Adds the rows at these places of a batch: a column at a time, for which a row need not be put together.
    fn add_all(&mut self, batch: &Batch, places: &[u32], requests: &[Request]) {
        let places = || places.iter().map(|&place| place as usize);
        let request = |place: usize| &requests[usize::from(batch.request[place].0)];
        self.arrivals += places().len() as u64;
        for place in places() {
            self.bytes_sent = self.bytes_sent.saturating_add(batch.bytes_sent[place]);
            self.bytes_received = self.bytes_received.saturating_add(batch.bytes_received[place]);
        }
        for place in places() {
            let (error, status) = (batch.error[place], batch.status[place]);
            self.failed += u64::from(request(place).is_failure(error, status));
            match error {
                None => self.add_status(status.into()),
                Some(failure) => self.failures[failure as usize] += 1,
            }
        }
        for place in places().filter(|&place| !request(place).checks.is_empty()) {
            let row = batch.row(place);
            if row.is_checked() {
                self.add_checks(&row, request(place).checks.len());
            }
        }
    }

    #[inline]
    fn add_status(&mut self, status: usize) {
        if self.statuses.len() <= status {
            self.statuses.resize(status + 1, 0);
        }
        self.statuses[status] += 1;
    }

    fn add_checks(&mut self, row: &Row, checks: usize) {
        self.checked += 1;
        self.failed_checks.resize(checks, 0);
        for (check, fails) in self.failed_checks.iter_mut().enumerate() {
            *fails += u64::from(row.failed_checks.contains(check));
        }
        let failed = u64::from(row.failed_checks.0.count_ones()).min(checks as u64);
        self.checks_made += checks as u64;
        self.checks_passed += checks as u64 - failed;
    }

    /// Adds those of others.
    pub fn merge(&mut self, other: &Self) {
        self.arrivals += other.arrivals;
        self.failed += other.failed;
        self.checks_made += other.checks_made;
        self.checks_passed += other.checks_passed;
        self.checked += other.checked;
        self.bytes_sent = self.bytes_sent.saturating_add(other.bytes_sent);
        self.bytes_received = self.bytes_received.saturating_add(other.bytes_received);
        add_up(&mut self.failed_checks, &other.failed_checks);
        add_up(&mut self.statuses, &other.statuses);
        for (mine, theirs) in self.failures.iter_mut().zip(&other.failures) {
            *mine += theirs;
        }
    }

    /// Status → how many answers.
    pub fn statuses(&self) -> BTreeMap<u16, u64> {
        (0_u16..).zip(&self.statuses).filter(|(_, count)| **count > 0).map(|(status, &count)| (status, count)).collect()
    }

    /// Error word → how many arrivals without an answer.
    pub fn failures(&self) -> BTreeMap<&'static str, u64> {
        let counted = Failure::ALL.iter().zip(&self.failures).filter(|(_, count)| **count > 0);
        counted.map(|(failure, &count)| (failure.word(), count)).collect()
    }

    /// A share or a total that makes up a metric, as (of these, out of these); a total has the same twice. `None` where the
    /// metric is of another kind.
    pub fn value(&self, metric: Metric) -> Option<(u64, u64)> {
        let total = |count: u64| Some((count, count));
        match metric {
            Metric::HttpReqFailed => Some((self.failed, self.arrivals)),
            Metric::Checks => Some((self.checks_passed, self.checks_made)),
            Metric::HttpReqs => total(self.arrivals),
            Metric::DroppedIterations => total(self.failures[Failure::Dropped as usize]),
            Metric::DataSent => total(self.bytes_sent),
            Metric::DataReceived => total(self.bytes_received),
            _ => None,
        }
    }
}

/// Adds numbers to those at the same places.
fn add_up(mine: &mut Vec<u64>, theirs: &[u64]) {
    mine.resize(mine.len().max(theirs.len()), 0);
    for (mine, theirs) in mine.iter_mut().zip(theirs) {
        *mine += theirs;
    }
}

/// How the times of one metric are spread in a group.
#[derive(Debug, Clone, Default)]
pub(super) struct Times {
    pub(super) histogram: Histogram,
    pub(super) kept: Option<Kept>,
}

impl Times {
    fn add(&mut self, times: &[u64]) {
        self.histogram.record_all(times);
        if let Some(kept) = &mut self.kept {
            kept.extend(times);
        }
    }
}

/// What is gathered of a group.
#[derive(Debug, Clone, Default)]
pub struct Group {
    /// What became of its arrivals.
    pub counts: Counts,
    /// In the order of the metrics.
    pub(super) times: Vec<Times>,
}

/// Groups of rows.
#[derive(Debug)]
pub struct Groups<'a, G> {
    pub(super) grouping: &'a G,
    pub(super) requests: &'a [Request],
    pub(super) metrics: &'a [Metric],
    recall: Recall,
    pub(super) all: Vec<Group>,
    /// From t=0 to the end of the last arrival, in a group or not.
    pub elapsed: Nanos,
    /// How many rows there were, in a group or not.
    pub rows: u64,
    members: Members,
    /// The times of a metric in a group of a batch.
    times: Vec<u64>,
}

impl<'a, G: Grouping> Groups<'a, G> {
    /// Nothing yet: the `metrics` are those of times that are wanted, the `requests` those of the manifest.
    pub fn new(grouping: &'a G, requests: &'a [Request], metrics: &'a [Metric], recall: Recall) -> Self {
        Self {
            grouping,
            requests,
            metrics,
            recall,
            all: Vec::new(),
            elapsed: Nanos::ZERO,
            rows: 0,
            members: Members::default(),
            times: Vec::new(),
        }
    }

    /// The groups that there are, by their numbers.
    pub fn groups(&self) -> &[Group] {
        &self.all
    }

    pub(super) const fn recall(&self) -> Recall {
        self.recall
    }

    fn new_group(&self) -> Group {
        let kept = match self.recall {
            Recall::Memory => Some(Kept::default()),
            Recall::Files | Recall::Buckets => None,
        };
        let times = Times { histogram: Histogram::default(), kept };
        Group { counts: Counts::default(), times: vec![times; self.metrics.len()] }
    }

    fn reserve(&mut self, groups: usize) {
        while self.all.len() < groups {
            self.all.push(self.new_group());
        }
    }
}

impl<G: Grouping> Tally for Groups<'_, G> {
    fn columns(&self) -> Columns {
        let counted = Columns::SCHEDULED_NS
            .and(Columns::LAG_NS)
            .and(Columns::DURATION_NS)
            .and(Columns::REQUEST)
            .and(Columns::STATUS)
            .and(Columns::ERROR)
            .and(Columns::FAILED_CHECKS)
            .and(Columns::BYTES_SENT)
            .and(Columns::BYTES_RECEIVED);
        self.metrics.iter().fold(counted.and(self.grouping.columns()), |all, metric| all.and(metric.columns()))
    }

    fn add(&mut self, batch: &Batch) {
        self.rows += batch.len() as u64;
        self.elapsed = self.elapsed.max(Nanos(batch.last_end_ns().unwrap_or(0)));
        self.members.sort(self.grouping, batch);
        self.reserve(self.members.most());
        for (id, places) in self.members.groups() {
            let group = &mut self.all[id];
            group.counts.add_all(batch, places, self.requests);
            for (metric, times) in self.metrics.iter().zip(&mut group.times) {
                self.times.clear();
                metric.each_time(batch, places, |ns| self.times.push(ns));
                times.add(&self.times);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.reserve(other.all.len());
        self.elapsed = self.elapsed.max(other.elapsed);
        self.rows += other.rows;
        for (mine, theirs) in self.all.iter_mut().zip(other.all) {
            mine.counts.merge(&theirs.counts);
            for (mine, theirs) in mine.times.iter_mut().zip(theirs.times) {
                mine.histogram.merge(&theirs.histogram);
                if let (Some(mine), Some(theirs)) = (&mut mine.kept, theirs.kept) {
                    mine.merge(theirs);
                }
            }
        }
    }
}
