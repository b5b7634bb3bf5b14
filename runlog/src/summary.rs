//! The figures of a run, folded once from its rows: what the engine shows at the end and the analysis shows ever after.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::directory::Run;
use crate::manifest::{Ending, How, Manifest};
use crate::outcome::{Blame, Failure};
use crate::reader::{self, ReadError};
use crate::row::{Batch, Columns};
use crate::statistics::{Figures, Samples};
use crate::threshold::{Aggregation, Metric, Threshold, ThresholdResult};
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
    /// Last lines without an end, which were passed over.
    pub torn_lines: u64,
    /// Tags of the whole run.
    pub tags: BTreeMap<String, String>,
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
        requests.push(tally.of_request(i).group(request.name.clone(), elapsed));
    }
    let total = tally.all(|_, _| true).group("total".to_owned(), elapsed);
    let mut summary = Summary {
        thresholds: manifest.thresholds.iter().map(|threshold| tally.judge(threshold)).collect(),
        checks: tally.checks(),
        validity: Validity::unknown(),
        run: RunFacts {
            name: manifest.name.clone(),
            directory: run.path.display().to_string(),
            target: manifest.target.clone(),
            started_unix_ns: manifest.started_unix_ns,
            planned_ns: manifest.planned_ns,
            elapsed_ns: elapsed,
            seed: manifest.seed,
            driver: manifest.engine.driver.clone(),
            cores: manifest.engine.cores.clone(),
            ended: None,
            ended_because: String::new(),
            rows: total.count,
            scheduled: None,
            torn_lines: folded.torn_lines,
            tags: manifest.tags.clone(),
        },
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
        self.run.scheduled = Some(ending.cores.iter().map(|books| books.scheduled).sum());
    }
}

/// What is kept of the arrivals of one request in one scenario.
#[derive(Debug, Clone, Default)]
struct Cell {
    count: u64,
    failed: u64,
    checked: u64,
    checks_made: u64,
    failed_checks: Vec<u64>,
    statuses: BTreeMap<u16, u64>,
    failures: BTreeMap<&'static str, u64>,
    bytes_sent: u64,
    bytes_received: u64,
    response: Samples,
    service: Samples,
    ttfb: Samples,
    receiving: Samples,
    lag: Samples,
    connecting: Samples,
    handshaking: Samples,
}

impl Cell {
    fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.failed += other.failed;
        self.checked += other.checked;
        self.checks_made += other.checks_made;
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
        self.bytes_sent += other.bytes_sent;
        self.bytes_received += other.bytes_received;
        self.response.extend(&other.response);
        self.service.extend(&other.service);
        self.ttfb.extend(&other.ttfb);
        self.receiving.extend(&other.receiving);
        self.lag.extend(&other.lag);
        self.connecting.extend(&other.connecting);
        self.handshaking.extend(&other.handshaking);
    }

    fn group(mut self, request: String, elapsed: Nanos) -> Group {
        Group {
            request,
            count: self.count,
            errors: self.failed,
            rate_per_s: per_second(self.count, elapsed).unwrap_or(0.0),
            response_time_ns: self.response.figures(),
            service_time_ns: self.service.figures(),
            ttfb_ns: self.ttfb.figures(),
            lag_ns: self.lag.figures(),
            statuses: self.statuses,
            error_kinds: self.failures,
            bytes_sent: self.bytes_sent,
            bytes_received: self.bytes_received,
        }
    }
}

fn per_second(count: u64, elapsed: Nanos) -> Option<f64> {
    (elapsed > Nanos::ZERO).then(|| count as f64 / elapsed.as_secs_f64())
}

/// All cells, a row of requests for each scenario.
struct Tally<'a> {
    manifest: &'a Manifest,
    cells: Vec<Cell>,
    elapsed: Nanos,
}

impl<'a> Tally<'a> {
    fn new(manifest: &'a Manifest) -> Self {
        let cells = vec![Cell::default(); manifest.scenarios.len() * manifest.requests.len()];
        Self { manifest, cells, elapsed: Nanos::ZERO }
    }

    fn add(&mut self, batch: &Batch) {
        for i in 0..batch.len() {
            let request = usize::from(batch.request[i].0);
            let cell = &mut self.cells[usize::from(batch.scenario[i].0) * self.manifest.requests.len() + request];
            let request = &self.manifest.requests[request];
            let (status, error) = (batch.status[i], batch.error[i]);
            let (lag, duration) = (batch.lag_ns[i], batch.duration_ns[i]);
            let answered = error.is_none();
            cell.count += 1;
            cell.failed += u64::from(!answered || !request.expects(status));
            cell.bytes_sent += batch.bytes_sent[i];
            cell.bytes_received += batch.bytes_received[i];
            match error {
                None => *cell.statuses.entry(status).or_default() += 1,
                Some(failure) => *cell.failures.entry(failure.word()).or_default() += 1,
            }
            if error.is_none_or(|failure| failure.blame() != Blame::Generator) {
                cell.checked += 1;
                cell.checks_made += request.checks.len() as u64;
                cell.failed_checks.resize(request.checks.len(), 0);
                for (check, fails) in cell.failed_checks.iter_mut().enumerate() {
                    *fails += u64::from(batch.failed_checks[i].contains(check));
                }
            }
            if let Some(lag) = lag {
                cell.lag.push(lag);
            }
            if let Some(ttfb) = batch.ttfb_ns[i] {
                cell.ttfb.push(ttfb);
            }
            if let (true, Some(lag), Some(duration)) = (answered, lag, duration) {
                cell.service.push(duration);
                cell.response.push(lag + duration);
                cell.receiving.push(duration.saturating_sub(batch.ttfb_ns[i].unwrap_or(duration)));
            }
            if batch.connect_ns[i] > 0 {
                cell.connecting.push(batch.connect_ns[i]);
            }
            if batch.tls_ns[i] > 0 {
                cell.handshaking.push(batch.tls_ns[i]);
            }
            let end = batch.scheduled_ns[i].saturating_add(lag.unwrap_or(0)).saturating_add(duration.unwrap_or(0));
            self.elapsed = self.elapsed.max(Nanos(end));
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
        let requests = self.manifest.requests.len();
        let mut sum = Cell::default();
        for (i, cell) in self.cells.iter().enumerate() {
            if wanted(i / requests, i % requests) {
                sum.merge(cell);
            }
        }
        sum
    }

    fn of_request(&self, request: usize) -> Cell {
        self.all(|_, this| this == request)
    }

    fn checks(&self) -> Vec<CheckResult> {
        let mut results = Vec::new();
        for (i, request) in self.manifest.requests.iter().enumerate().filter(|(_, request)| !request.checks.is_empty())
        {
            let cell = self.of_request(i);
            for (place, check) in request.checks.iter().enumerate() {
                let fails = cell.failed_checks.get(place).copied().unwrap_or(0);
                results.push(CheckResult {
                    request: request.name.clone(),
                    check: check.clone(),
                    passes: cell.checked - fails,
                    fails,
                });
            }
        }
        results
    }

    fn judge(&self, threshold: &Threshold) -> ThresholdResult {
        let manifest = self.manifest;
        let cell = self.all(|scenario, request| {
            let (scenario, request) = (&manifest.scenarios[scenario], &manifest.requests[request]);
            threshold.filter.iter().all(|(key, wanted)| match key.as_str() {
                "request" => request.name == *wanted,
                "scenario" => scenario.name == *wanted,
                tag => {
                    let value =
                        request.tags.get(tag).or_else(|| scenario.tags.get(tag)).or_else(|| manifest.tags.get(tag));
                    value == Some(wanted)
                }
            })
        });
        threshold.judge(self.value(threshold, cell))
    }

    /// The number that a threshold is about, in nanoseconds, as a share of one, as a count or per second.
    fn value(&self, threshold: &Threshold, cell: Cell) -> Option<f64> {
        let samples = match threshold.metric {
            Metric::HttpReqDuration => cell.service,
            Metric::HttpReqWaiting => cell.ttfb,
            Metric::HttpReqReceiving => cell.receiving,
            Metric::HttpReqConnecting => cell.connecting,
            Metric::HttpReqTlsHandshaking => cell.handshaking,
            Metric::ResponseTime => cell.response,
            Metric::ScheduleLag => cell.lag,
            Metric::HttpReqFailed => return share(cell.failed, cell.count),
            Metric::Checks => {
                let passed = cell.checks_made - cell.failed_checks.iter().sum::<u64>();
                return share(passed, cell.checks_made);
            }
            Metric::HttpReqs => return self.counted(threshold, cell.count),
            Metric::DroppedIterations => {
                let dropped = cell.failures.get(Failure::Dropped.word()).copied().unwrap_or(0);
                return self.counted(threshold, dropped);
            }
            Metric::DataSent => return self.counted(threshold, cell.bytes_sent),
            Metric::DataReceived => return self.counted(threshold, cell.bytes_received),
        };
        aggregated(samples, threshold.condition.aggregation)
    }

    fn counted(&self, threshold: &Threshold, count: u64) -> Option<f64> {
        match threshold.condition.aggregation {
            Aggregation::Rate => per_second(count, self.elapsed),
            _ => Some(count as f64),
        }
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn aggregated(mut samples: Samples, aggregation: Aggregation) -> Option<f64> {
    match aggregation {
        Aggregation::Avg => samples.mean(),
        Aggregation::Min => samples.min().map(|value| value as f64),
        Aggregation::Max => samples.max().map(|value| value as f64),
        Aggregation::Percentile(percentile) => samples.percentiles([percentile]).map(|[value]| value as f64),
        Aggregation::Count | Aggregation::Rate => Some(samples.count() as f64),
    }
}
