//! The figures of a run, folded once from its rows: what the engine shows at the end and the analysis shows ever after.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use crate::contribution::Contribution;
use crate::directory::Run;
use crate::manifest::{Ending, How, Lookups, Manifest, Request};
use crate::metric::{Metric, MetricKind};
use crate::reader::{self, ReadError};
use crate::row::{Batch, Columns, Row};
use crate::statistics::{Figures, Samples};
use crate::threshold::{Aggregation, Threshold, ThresholdResult};
use crate::units::Nanos;
use crate::validity::Validity;

/// The figures of a run. Its JSON is the stable, documented output of `summary --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// A group for each request that the scenario names, in its order.
    pub requests: Vec<Group>,
    /// All requests together.
    pub total: Group,
    /// What came of each threshold.
    pub thresholds: Vec<ThresholdResult>,
    /// What came of each check.
    pub checks: Vec<CheckResult>,
    /// Whether the measurement can be believed.
    pub validity: Validity,
    /// What was run.
    pub run: RunFacts,
}

/// The figures of the arrivals of one request, or of all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// The request's name; `total` for all.
    pub request: String,
    /// Arrivals: rows.
    pub count: u64,
    /// Of these, without an answer or with a status that was not wanted.
    pub errors: u64,
    /// Arrivals over the time from t=0 to the end of the last one.
    pub rate_per_s: f64,
    /// Lag + service time, of arrivals that got an answer.
    pub response_time_ns: Option<Figures>,
    /// Sent → last byte, of arrivals that got an answer.
    pub service_time_ns: Option<Figures>,
    /// Sent → first byte, where one came.
    pub ttfb_ns: Option<Figures>,
    /// Scheduled → sent, of arrivals that were sent.
    pub lag_ns: Option<Figures>,
    /// Status → how many answers.
    pub statuses: BTreeMap<u16, u64>,
    /// Error word → how many arrivals without an answer.
    pub error_kinds: BTreeMap<&'static str, u64>,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Bytes received.
    pub bytes_received: u64,
}

/// How often a check passed and failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CheckResult {
    /// The request it belongs to.
    pub request: String,
    /// Its name.
    pub check: String,
    /// How often it passed.
    pub passes: u64,
    /// How often it failed.
    pub fails: u64,
}

/// What was run, as far as a summary tells.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunFacts {
    /// The run's name.
    pub name: String,
    /// Its directory.
    pub directory: String,
    /// Whom the load went to.
    pub target: String,
    /// The wall time of t=0, nanoseconds since the Unix epoch.
    pub started_unix_ns: u64,
    /// How long the schedule lasts.
    pub planned_ns: Nanos,
    /// From t=0 to the end of the last arrival.
    pub elapsed_ns: Nanos,
    /// The seed.
    pub seed: u64,
    /// `io_uring` with its flags, or `epoll`.
    pub driver: String,
    /// The processors of the workers.
    pub cores: Vec<usize>,
    /// How it ended; absent where it did not end in order.
    pub ended: Option<How>,
    /// What a person should know of the ending.
    pub ended_because: String,
    /// Rows that were read.
    pub rows: u64,
    /// Arrivals that the engine counted; absent where it did not end in order. Equal to `rows`, or rows are missing.
    pub scheduled: Option<u64>,
    /// Names that were looked up while connections were opened.
    #[serde(skip_serializing_if = "Lookups::is_none")]
    pub lookups: Lookups,
    /// Last lines without an end, which were passed over.
    pub torn_lines: u64,
    /// Tags of the whole run.
    pub tags: BTreeMap<String, String>,
}

impl RunFacts {
    /// What a manifest tells before the ending.
    pub fn new(manifest: &Manifest, directory: &Path, elapsed: Nanos, rows: u64) -> Self {
        Self {
            name: manifest.name.clone(),
            directory: directory.display().to_string(),
            target: manifest.target.clone(),
            started_unix_ns: manifest.started_unix_ns,
            planned_ns: manifest.planned_ns,
            elapsed_ns: elapsed,
            seed: manifest.seed,
            driver: manifest.engine.driver.clone(),
            cores: manifest.engine.cores.clone(),
            ended: None,
            ended_because: String::new(),
            rows,
            scheduled: None,
            lookups: Lookups::default(),
            torn_lines: 0,
            tags: manifest.tags.clone(),
        }
    }
}

/// Folds the rows of a run into its figures.
///
/// # Errors
/// Where a row cannot be read.
pub fn summarize(run: &Run) -> Result<Summary, ReadError> {
    let manifest = &run.manifest;
    let folded = reader::fold(&run.rows, Columns::ALL, || Tally::new(manifest), Tally::add)?;
    let mut tally = Tally::new(manifest);
    for state in &folded.states {
        tally.merge(state);
    }
    let elapsed = tally.elapsed;
    let mut requests = Vec::with_capacity(manifest.requests.len());
    for (i, request) in manifest.requests.iter().enumerate() {
        requests.push(tally.all(|_, this| this == i).group(request.name.clone(), elapsed, &tally.wanted));
    }
    let total = tally.all(|_, _| true).group("total".to_owned(), elapsed, &tally.wanted);
    let mut summary = Summary {
        thresholds: tally.thresholds(),
        checks: tally.checks(),
        validity: Validity::unknown(),
        run: RunFacts { torn_lines: folded.torn_lines, ..RunFacts::new(manifest, &run.path, elapsed, total.count) },
        requests,
        total,
    };
    if let Some(ending) = &manifest.ending {
        summary.conclude(ending);
    }
    Ok(summary)
}

impl Summary {
    /// Adds what the ending of the run tells.
    pub fn conclude(&mut self, ending: &Ending) {
        self.validity = ending.validity.clone();
        self.run.ended = Some(ending.how);
        self.run.ended_because.clone_from(&ending.reason);
        for books in &ending.cores {
            self.run.lookups.merge(&books.lookups);
        }
        self.run.scheduled = Some(ending.cores.iter().map(|books| books.scheduled).sum());
    }
}

/// What is kept of the arrivals of one request in one scenario.
#[derive(Debug, Clone, Default)]
struct Cell {
    count: u64,
    failed: u64,
    checked: u64,
    failed_checks: Vec<u64>,
    statuses: BTreeMap<u16, u64>,
    failures: BTreeMap<&'static str, u64>,
    /// In the order of the metrics that are wanted.
    metrics: Vec<Gathered>,
}

/// What is kept for one metric.
#[derive(Debug, Clone, Default)]
struct Gathered {
    times: Samples,
    part: u64,
    whole: u64,
}

impl Gathered {
    fn add(&mut self, contribution: Contribution) {
        match contribution {
            Contribution::Time(Some(time)) => self.times.push(time),
            Contribution::Time(None) => {}
            Contribution::Share { part, whole } => {
                self.part += part;
                self.whole += whole;
            }
            Contribution::Count(count) => self.whole += count,
        }
    }

    fn merge(&mut self, other: &Self) {
        self.times.extend(&other.times);
        self.part += other.part;
        self.whole += other.whole;
    }

    /// The number that a condition of this aggregation is about.
    fn value(mut self, kind: MetricKind, aggregation: Aggregation, elapsed: Nanos) -> Option<f64> {
        match (kind, aggregation) {
            (MetricKind::Share, _) => (self.whole > 0).then(|| self.part as f64 / self.whole as f64),
            (MetricKind::Counter, Aggregation::Rate) => per_second(self.whole, elapsed),
            (MetricKind::Counter, _) => Some(self.whole as f64),
            (MetricKind::Time, Aggregation::Avg) => self.times.mean(),
            (MetricKind::Time, Aggregation::Min) => self.times.min().map(|value| value as f64),
            (MetricKind::Time, Aggregation::Max) => self.times.max().map(|value| value as f64),
            (MetricKind::Time, Aggregation::Percentile(percentile)) => {
                self.times.percentiles([percentile]).map(|[value]| value as f64)
            }
            (MetricKind::Time, Aggregation::Count | Aggregation::Rate | Aggregation::Value) => {
                Some(self.times.count() as f64)
            }
            // No row tells.
            (MetricKind::Gauge, _) => None,
        }
    }
}

impl Cell {
    fn add(&mut self, row: &Row, request: &Request, wanted: &[Metric]) {
        self.count += 1;
        self.failed += u64::from(request.has_failed(row));
        match row.error {
            None => *self.statuses.entry(row.status).or_default() += 1,
            Some(failure) => *self.failures.entry(failure.word()).or_default() += 1,
        }
        if row.is_checked() {
            self.checked += 1;
            self.failed_checks.resize(request.checks.len(), 0);
            for (check, fails) in self.failed_checks.iter_mut().enumerate() {
                *fails += u64::from(row.failed_checks.contains(check));
            }
        }
        self.metrics.resize_with(wanted.len(), Gathered::default);
        for (gathered, metric) in self.metrics.iter_mut().zip(wanted) {
            gathered.add(metric.contribution(row, request));
        }
    }

    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.failed += other.failed;
        self.checked += other.checked;
        self.failed_checks.resize(self.failed_checks.len().max(other.failed_checks.len()), 0);
        for (mine, theirs) in self.failed_checks.iter_mut().zip(&other.failed_checks) {
            *mine += theirs;
        }
        for (&status, count) in &other.statuses {
            *self.statuses.entry(status).or_default() += count;
        }
        for (&word, count) in &other.failures {
            *self.failures.entry(word).or_default() += count;
        }
        self.metrics.resize_with(self.metrics.len().max(other.metrics.len()), Gathered::default);
        for (mine, theirs) in self.metrics.iter_mut().zip(&other.metrics) {
            mine.merge(theirs);
        }
    }

    fn group(self, request: String, elapsed: Nanos, wanted: &[Metric]) -> Group {
        let mut metrics: BTreeMap<Metric, Gathered> = wanted.iter().copied().zip(self.metrics).collect();
        let mut figures = |metric| metrics.remove(&metric).and_then(|mut gathered| gathered.times.figures());
        let (response_time_ns, service_time_ns) = (figures(Metric::ResponseTime), figures(Metric::HttpReqDuration));
        let (ttfb_ns, lag_ns) = (figures(Metric::HttpReqWaiting), figures(Metric::ScheduleLag));
        let bytes = |metric| metrics.get(&metric).map_or(0, |gathered| gathered.whole);
        Group {
            request,
            count: self.count,
            errors: self.failed,
            rate_per_s: per_second(self.count, elapsed).unwrap_or(0.0),
            response_time_ns,
            service_time_ns,
            ttfb_ns,
            lag_ns,
            statuses: self.statuses,
            error_kinds: self.failures,
            bytes_sent: bytes(Metric::DataSent),
            bytes_received: bytes(Metric::DataReceived),
        }
    }
}

/// So many over a time; `None` where no time has passed.
pub fn per_second(count: u64, elapsed: Nanos) -> Option<f64> {
    (elapsed > Nanos::ZERO).then(|| count as f64 / elapsed.as_secs_f64())
}

/// What every group shows.
const SHOWN: [Metric; 6] = [
    Metric::ResponseTime,
    Metric::HttpReqDuration,
    Metric::HttpReqWaiting,
    Metric::ScheduleLag,
    Metric::DataSent,
    Metric::DataReceived,
];

/// All cells, a row of requests for each scenario.
struct Tally<'a> {
    manifest: &'a Manifest,
    wanted: Vec<Metric>,
    cells: Vec<Cell>,
    elapsed: Nanos,
}

impl<'a> Tally<'a> {
    fn new(manifest: &'a Manifest) -> Self {
        let cells = vec![Cell::default(); manifest.scenarios.len() * manifest.requests.len()];
        let mut wanted = SHOWN.to_vec();
        wanted.extend(manifest.thresholds.iter().map(|threshold| threshold.metric));
        wanted.sort();
        wanted.dedup();
        Self { manifest, wanted, cells, elapsed: Nanos::ZERO }
    }

    fn add(&mut self, batch: &Batch) {
        for place in 0..batch.len() {
            let row = batch.row(place);
            let request = usize::from(row.request.0);
            let cell = usize::from(row.scenario.0) * self.manifest.requests.len() + request;
            self.cells[cell].add(&row, &self.manifest.requests[request], &self.wanted);
            self.elapsed = self.elapsed.max(Nanos(row.end_ns()));
        }
    }

    fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.cells.iter_mut().zip(&other.cells) {
            mine.merge(theirs);
        }
        self.elapsed = self.elapsed.max(other.elapsed);
    }

    /// The cells of the scenarios and requests (by their places) that are wanted, as one.
    fn all(&self, wanted: impl Fn(usize, usize) -> bool) -> Cell {
        let mut sum = Cell::default();
        self.each(wanted, |cell| sum.merge(cell));
        sum
    }

    fn each(&self, wanted: impl Fn(usize, usize) -> bool, mut take: impl FnMut(&Cell)) {
        let requests = self.manifest.requests.len();
        for (i, cell) in self.cells.iter().enumerate() {
            if wanted(i / requests, i % requests) {
                take(cell);
            }
        }
    }

    fn checks(&self) -> Vec<CheckResult> {
        let mut results = Vec::new();
        for (i, request) in self.manifest.requests.iter().enumerate() {
            for (place, check) in request.checks.iter().enumerate() {
                let (mut checked, mut fails) = (0, 0);
                self.each(
                    |_, this| this == i,
                    |cell| {
                        checked += cell.checked;
                        fails += cell.failed_checks.get(place).copied().unwrap_or(0);
                    },
                );
                let passes = checked - fails;
                results.push(CheckResult { request: request.name.clone(), check: check.clone(), passes, fails });
            }
        }
        results
    }

    /// What came of each threshold: where rows cannot tell, as it was recorded when the run ended.
    fn thresholds(&self) -> Vec<ThresholdResult> {
        let recorded = self.manifest.ending.as_ref().map_or(&[][..], |ending| &ending.thresholds);
        let judge = |(place, threshold): (usize, &Threshold)| match recorded.get(place) {
            _ if threshold.is_of_rows() => self.judge(threshold),
            Some(result) => result.clone(),
            None => threshold.judge(None),
        };
        self.manifest.thresholds.iter().enumerate().map(judge).collect()
    }

    fn judge(&self, threshold: &Threshold) -> ThresholdResult {
        let manifest = self.manifest;
        let mut gathered = Gathered::default();
        let mut arrivals = 0;
        self.each(
            |scenario, request| {
                manifest.counts_for(threshold, &manifest.scenarios[scenario], &manifest.requests[request])
            },
            |cell| {
                arrivals += cell.count;
                let place = self.wanted.iter().position(|&metric| metric == threshold.metric);
                if let Some(more) = place.and_then(|place| cell.metrics.get(place)) {
                    gathered.merge(more);
                }
            },
        );
        let value = gathered.value(threshold.metric.kind(), threshold.condition.aggregation, self.elapsed);
        threshold.judge(value.filter(|_| arrivals > 0))
    }
}
