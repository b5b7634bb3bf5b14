//! A core's books: what its rows add up to, kept in constant memory while they go by, so that the end of a run needs no
//! second look at them. Response times are not among it: they are in the reports of each second already.

use std::collections::BTreeMap;

use runlog::contribution::Contribution;
use runlog::manifest::Manifest;
use runlog::metric::Metric;
use runlog::outcome::Failure;
use runlog::row::Row;
use runlog::spread::Spread;
use runlog::units::Nanos;

/// Statuses are three digits.
const STATUSES: usize = 1000;

/// What rows add up to.
#[derive(Debug, Clone)]
pub struct Ledger {
    manifest: &'static Manifest,
    /// For each scenario and request: which thresholds it counts for.
    counts_for: Vec<Vec<usize>>,
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

/// What is kept for one threshold.
#[derive(Debug, Clone)]
pub struct Gathered {
    /// The metric.
    pub metric: Metric,
    /// How many arrivals it applies to.
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
        let applying = |scenario, request| {
            let counts = |&place: &usize| manifest.counts_for(&manifest.thresholds[place], scenario, request);
            (0..manifest.thresholds.len()).filter(counts).collect()
        };
        let cells = manifest.scenarios.iter().flat_map(|s| manifest.requests.iter().map(move |r| (s, r)));
        let gathered = |metric| Gathered { metric, arrivals: 0, times: None, part: 0, whole: 0 };
        Self {
            manifest,
            counts_for: cells.map(|(scenario, request)| applying(scenario, request)).collect(),
            rows: 0,
            failed: 0,
            end: Nanos::ZERO,
            bytes_sent: 0,
            bytes_received: 0,
            service: Spread::default(),
            lag: Spread::default(),
            thresholds: manifest.thresholds.iter().map(|threshold| gathered(threshold.metric)).collect(),
            checks: manifest.requests.iter().map(|request| (0, vec![0; request.checks.len()])).collect(),
            statuses: vec![0; STATUSES],
            failures: vec![0; Failure::ALL.len()],
        }
    }

    /// Adds a row. Returns whether its arrival has failed: no answer, or a status that was not wanted.
    pub fn add(&mut self, row: &Row) -> bool {
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
        for &threshold in &self.counts_for[cell] {
            let gathered = &mut self.thresholds[threshold];
            gathered.add(gathered.metric.contribution(row, request));
        }
        has_failed
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

impl Gathered {
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
