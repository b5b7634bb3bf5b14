//! A core's books: what its rows add up to, kept in constant memory while they go by, so that the end of a run needs no
//! second look at them; and the iterations, which are no rows. Response times are not among it: they are in the reports of each second already.

use std::collections::BTreeMap;

use runlog::contribution::Contribution;
use runlog::manifest::{Manifest, Scenario};
use runlog::metric::{Metric, MetricKind};
use runlog::outcome::Failure;
use runlog::row::{Row, ScenarioId};
use runlog::spread::Spread;
use runlog::summary::per_second;
use runlog::threshold::{Aggregation, Threshold};
use runlog::units::Nanos;

use crate::plan::GroupId;

/// Statuses are three digits.
const STATUSES: usize = 1000;

/// What rows add up to.
#[derive(Debug, Clone)]
pub struct Ledger {
    manifest: &'static Manifest,
    /// For each scenario and request: which thresholds its rows count for.
    of_rows: Vec<Vec<Counts>>,
    /// For each scenario: which thresholds its iterations count for.
    of_iterations: Vec<Vec<Counts>>,
    /// For each scenario and group: which thresholds its durations count for.
    of_groups: Vec<Vec<Counts>>,
    /// How many rows.
    pub rows: u64,
    /// Of these, without an answer or with a status that was not wanted.
    pub failed: u64,
    /// When the last one was over.
    pub end: Nanos,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// Service time of those answered.
    pub service: Spread,
    /// Lag of those sent.
    pub lag: Spread,
    /// What each threshold is about.
    pub thresholds: Vec<Gathered>,
    /// For each request: how often its checks were made, and how often each failed.
    pub checks: Vec<(u64, Vec<u64>)>,
    statuses: Vec<u64>,
    failures: Vec<u64>,
}

/// Where something counts.
#[derive(Debug, Clone, Copy)]
struct Counts {
    /// The place of the threshold.
    threshold: usize,
    /// Its place among those that are watched, if it is.
    watched: Option<usize>,
}

/// The thresholds that are looked at while the run lasts and that arrivals or iterations count for, with their places.
pub fn watched(manifest: &Manifest) -> impl Iterator<Item = (usize, &Threshold)> {
    let is_watched = |threshold: &Threshold| {
        (threshold.abort_on_fail || threshold.window_ns.is_some()) && threshold.metric.kind() != MetricKind::Gauge
    };
    manifest.thresholds.iter().enumerate().filter(move |(_, threshold)| is_watched(threshold))
}

/// What is kept for one threshold.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// The metric.
    pub metric: Metric,
    /// How many arrivals (or iterations, or groups) it applies to.
    pub arrivals: u64,
    /// Its times, where it has some.
    pub times: Option<Box<Spread>>,
    /// The part of a share.
    pub part: u64,
    /// The whole of a share, or a count.
    pub whole: u64,
}

impl Ledger {
    /// Empty books for the run of this manifest.
    pub fn new(manifest: &'static Manifest) -> Self {
        let requests = |scenario| manifest.requests.iter().map(move |request| (scenario, request));
        let groups = |scenario| manifest.groups.iter().map(move |group| (scenario, group.as_str()));
        let iteration = |metric, scenario: &Scenario, group| {
            counting(manifest, |threshold| {
                metric == threshold.metric && manifest.counts_for_iteration(threshold, scenario, group)
            })
        };
        let iterations = |scenario| {
            let mut counts = iteration(Metric::Iterations, scenario, None);
            counts.extend(iteration(Metric::IterationDuration, scenario, None));
            counts
        };
        let row = |(scenario, request)| {
            counting(manifest, |threshold| {
                threshold.metric.is_of_rows() && manifest.counts_for(threshold, scenario, request)
            })
        };
        let group = |(scenario, group)| iteration(Metric::GroupDuration, scenario, Some(group));
        Self {
            manifest,
            of_rows: manifest.scenarios.iter().flat_map(requests).map(row).collect(),
            of_iterations: manifest.scenarios.iter().map(iterations).collect(),
            of_groups: manifest.scenarios.iter().flat_map(groups).map(group).collect(),
            rows: 0,
            failed: 0,
            end: Nanos::ZERO,
            bytes_sent: 0,
            bytes_received: 0,
            service: Spread::default(),
            lag: Spread::default(),
            thresholds: manifest.thresholds.iter().map(|threshold| Gathered::new(threshold.metric)).collect(),
            checks: manifest.requests.iter().map(|request| (0, vec![0; request.checks.len()])).collect(),
            statuses: vec![0; STATUSES],
            failures: vec![0; Failure::ALL.len()],
        }
    }

    /// Nothing yet, for each threshold that is watched.
    pub fn to_watch(&self) -> Vec<Gathered> {
        watched(self.manifest).map(|(_, threshold)| Gathered::new(threshold.metric)).collect()
    }

    /// Adds a row, also to what is gathered for the watched thresholds. Returns whether its arrival has failed: no answer,
    /// or a status that was not wanted.
    pub fn add(&mut self, row: &Row, watched: &mut [Gathered]) -> bool {
        let place = usize::from(row.request.0);
        let request = &self.manifest.requests[place];
        self.rows += 1;
        let has_failed = request.has_failed(row);
        self.failed += u64::from(has_failed);
        self.end = self.end.max(Nanos(row.end_ns()));
        self.bytes_sent += row.bytes_sent;
        self.bytes_received += row.bytes_received;
        match row.error {
            None => self.statuses[usize::from(row.status) % STATUSES] += 1,
            Some(failure) => self.failures[failure as usize] += 1,
        }
        if let Some(lag) = row.lag_ns {
            self.lag.record(lag);
        }
        if let Some(service) = row.service_ns() {
            self.service.record(service);
        }
        if !request.checks.is_empty() && row.is_checked() {
            let (made, fails) = &mut self.checks[place];
            *made += 1;
            for (check, fails) in fails.iter_mut().enumerate() {
                *fails += u64::from(row.failed_checks.contains(check));
            }
        }
        let cell = usize::from(row.scenario.0) * self.manifest.requests.len() + place;
        for &counts in &self.of_rows[cell] {
            let contribution = self.thresholds[counts.threshold].metric.contribution(row, request);
            counts.add(contribution, &mut self.thresholds, watched);
        }
        has_failed
    }

    /// Adds an iteration that took so long, also to what is gathered for the watched thresholds.
    pub fn iterated(&mut self, scenario: ScenarioId, took: Nanos, watched: &mut [Gathered]) {
        for &counts in &self.of_iterations[usize::from(scenario.0)] {
            let contribution = match self.thresholds[counts.threshold].metric.kind() {
                MetricKind::Time => Contribution::Time(Some(took.0)),
                MetricKind::Share | MetricKind::Counter | MetricKind::Gauge => Contribution::Count(1),
            };
            counts.add(contribution, &mut self.thresholds, watched);
        }
    }

    /// Adds a group that took so long, also to what is gathered for the watched thresholds.
    pub fn group_ended(&mut self, scenario: ScenarioId, group: GroupId, took: Nanos, watched: &mut [Gathered]) {
        let cell = usize::from(scenario.0) * self.manifest.groups.len() + usize::from(group.0);
        for &counts in &self.of_groups[cell] {
            counts.add(Contribution::Time(Some(took.0)), &mut self.thresholds, watched);
        }
    }

    /// Adds another core's books.
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.failed += other.failed;
        self.end = self.end.max(other.end);
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        self.service.add(&other.service);
        self.lag.add(&other.lag);
        self.thresholds.iter_mut().zip(&other.thresholds).for_each(|(mine, theirs)| mine.merge(theirs));
        add_each(&mut self.statuses, &other.statuses);
        add_each(&mut self.failures, &other.failures);
        for (mine, theirs) in self.checks.iter_mut().zip(&other.checks) {
            mine.0 += theirs.0;
            add_each(&mut mine.1, &theirs.1);
        }
    }

    /// Status → how many answers.
    pub fn statuses(&self) -> BTreeMap<u16, u64> {
        let counted = (0_u16..).zip(&self.statuses).filter(|(_, count)| **count > 0);
        counted.map(|(status, &count)| (status, count)).collect()
    }

    /// Error word → how many arrivals without an answer.
    pub fn failures(&self) -> BTreeMap<&'static str, u64> {
        let counted = Failure::ALL.iter().zip(&self.failures).filter(|(_, count)| **count > 0);
        counted.map(|(failure, &count)| (failure.word(), count)).collect()
    }
}

/// The thresholds of a manifest that something counts for.
fn counting(manifest: &Manifest, counts: impl Fn(&Threshold) -> bool) -> Vec<Counts> {
    let watched: Vec<usize> = watched(manifest).map(|(place, _)| place).collect();
    let all = manifest.thresholds.iter().enumerate();
    let among_watched = |threshold| watched.iter().position(|&place| place == threshold);
    all.filter(|(_, threshold)| counts(threshold))
        .map(|(threshold, _)| Counts { threshold, watched: among_watched(threshold) })
        .collect()
}

impl Counts {
    fn add(self, contribution: Contribution, all: &mut [Gathered], watched: &mut [Gathered]) {
        all[self.threshold].add(contribution);
        if let Some(place) = self.watched {
            watched[place].add(contribution);
        }
    }
}

impl Gathered {
    /// Nothing yet.
    pub const fn new(metric: Metric) -> Self {
        Self { metric, arrivals: 0, times: None, part: 0, whole: 0 }
    }

    /// Forgets everything and keeps the memory.
    pub fn clear(&mut self) {
        if let Some(times) = &mut self.times {
            times.clear();
        }
        (self.arrivals, self.part, self.whole) = (0, 0, 0);
    }

    /// Between which two numbers the one lies that a condition of this aggregation is about: they differ for percentiles
    /// only. `None` without a sample.
    pub fn bounds(&self, aggregation: Aggregation, elapsed: Nanos) -> Option<(f64, f64)> {
        let times = self.times.as_deref();
        let value = match (self.metric.kind(), aggregation) {
            _ if self.arrivals == 0 => None,
            (MetricKind::Time, Aggregation::Percentile(percentile)) => {
                let (lowest, highest) = times?.percentile(percentile)?;
                return Some((lowest as f64, highest as f64));
            }
            (MetricKind::Time, Aggregation::Avg) => times?.mean(),
            (MetricKind::Time, Aggregation::Min) => times?.min().map(|value| value as f64),
            (MetricKind::Time, Aggregation::Max) => times?.max().map(|value| value as f64),
            (MetricKind::Time, _) => Some(times.map_or(0, Spread::count) as f64),
            (MetricKind::Share, _) => (self.whole > 0).then(|| self.part as f64 / self.whole as f64),
            (MetricKind::Counter, Aggregation::Rate) => per_second(self.whole, elapsed),
            (MetricKind::Counter | MetricKind::Gauge, _) => Some(self.whole as f64),
        }?;
        Some((value, value))
    }

    fn add(&mut self, contribution: Contribution) {
        self.arrivals += 1;
        match contribution {
            Contribution::Time(Some(time)) => self.times.get_or_insert_default().record(time),
            Contribution::Time(None) => {}
            Contribution::Share { part, whole } => {
                self.part += part;
                self.whole += whole;
            }
            Contribution::Count(count) => self.whole += count,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.arrivals += other.arrivals;
        if let Some(theirs) = &other.times {
            self.times.get_or_insert_default().add(theirs);
        }
        self.part += other.part;
        self.whole += other.whole;
    }
}

fn add_each(mine: &mut [u64], theirs: &[u64]) {
    for (mine, theirs) in mine.iter_mut().zip(theirs) {
        *mine += theirs;
    }
}
