//! The figures of a run, folded once from its rows: what the engine shows at the end and the analysis shows ever after.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::AtomicU64;

use serde::Serialize;

use crate::control::{ByHand, Control};
use crate::directory::Run;
use crate::manifest::{Ending, How, Lookups, Manifest, ProbeBooks};
use crate::metric::{Metric, MetricKind};
use crate::reader::ReadError;
use crate::statistics::Figures;
use crate::tally::{
    Answers, Cells, Counts, Gathered, Grouping, Groups, Question, Questions, Recall, StoreError, StoredGroups, Stretch,
    gather,
};
use crate::threshold::{Aggregation, Threshold, ThresholdResult};
use crate::units::{Nanos, Percentile};
use crate::validity::Validity;

/// The figures of a run. Its JSON is the stable, documented output of `summary --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Summary {
    /// A group for each request that the scenario names, in its order.
    pub requests: Vec<Group>,
    /// All requests together.
    pub total: Group,
    /// Whether percentiles are samples themselves. Where not, they are from histograms, to within 1/512 of the sample and
    /// never below it; all other figures are exact in either case.
    pub exact: bool,
    /// What came of each threshold, those on what probes sample behind the others.
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
    /// Opening a connection, where one was opened. Not kept by the engine's own closing lines.
    pub connect_ns: Option<Figures>,
    /// The TLS handshake, where there was one. Not kept by the engine's own closing lines.
    pub tls_ns: Option<Figures>,
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
    /// How each probe fared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<ProbeBooks>,
    /// How the load was changed by hand.
    #[serde(skip_serializing_if = "ByHand::is_nothing")]
    pub by_hand: ByHand,
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
            probes: Vec::new(),
            by_hand: ByHand::default(),
            torn_lines: 0,
            tags: manifest.tags.clone(),
        }
    }
}

/// Reads the rows of a run into its figures.
///
/// # Errors
/// Where a row cannot be read.
pub fn summarize(run: &Run) -> Result<Summary, ReadError> {
    let wanted = Wanted::of(run, Stretch::WHOLE);
    let gathered = gather(&run.rows, None, || wanted.nothing())?;
    wanted.summary(&gathered, None)
}

/// The metrics of times that every group shows.
pub const SHOWN: [Metric; 6] = [
    Metric::ResponseTime,
    Metric::HttpReqDuration,
    Metric::HttpReqWaiting,
    Metric::ScheduleLag,
    Metric::HttpReqConnecting,
    Metric::HttpReqTlsHandshaking,
];

/// Above so many bytes, times are not kept to be ranked but read again.
const MOST_KEPT_BYTES: u64 = 600 << 20;

/// Of so many times of so many metrics, each with four bytes: whether to keep them, or to read them again.
pub const fn recall(rows: u64, metrics: u64) -> Recall {
    if rows.saturating_mul(metrics * 4) <= MOST_KEPT_BYTES { Recall::Memory } else { Recall::Files }
}

/// What a summary is made of.
#[derive(Debug)]
pub struct Wanted<'r> {
    run: &'r Run,
    cells: Cells,
    metrics: Vec<Metric>,
    recall: Recall,
}

impl<'r> Wanted<'r> {
    /// Of a stretch of this run.
    pub fn of(run: &'r Run, within: Stretch) -> Self {
        // Times of connecting are few: connections are kept.
        let kept = |metrics: usize| recall(run.rows_expected(), metrics as u64 - 2);
        Self::recalled(run, within, kept)
    }

    /// Of all of this run, whose times are known to within their buckets: what is kept without rows.
    pub fn of_histograms(run: &'r Run) -> Self {
        Self::recalled(run, Stretch::WHOLE, |_| Recall::Buckets)
    }

    fn recalled(run: &'r Run, within: Stretch, recall: impl Fn(usize) -> Recall) -> Self {
        let thresholds = run.manifest.thresholds.iter().filter(|threshold| threshold.is_of_rows());
        let more = thresholds.map(|threshold| threshold.metric).filter(|metric| metric.kind() == MetricKind::Time);
        let mut metrics: Vec<Metric> = SHOWN.into_iter().chain(more).collect();
        metrics.sort_unstable();
        metrics.dedup();
        let (cells, recall) = (Cells { within, ..Cells::new(run.manifest.requests.len()) }, recall(metrics.len()));
        Self { run, cells, metrics, recall }
    }

    /// What its rows are gathered in.
    pub fn nothing(&self) -> Groups<'_, Cells> {
        Groups::new(&self.cells, &self.run.manifest.requests, &self.metrics, self.recall)
    }

    /// Adds what was gathered of other rows of the same requests, and kept without them.
    ///
    /// # Errors
    /// Where it cannot have been gathered of rows.
    pub fn add_stored(&self, groups: &mut Groups<'_, Cells>, stored: &StoredGroups) -> Result<(), StoreError> {
        groups.add_stored(stored, self.run.manifest.scenarios.len() * self.cells.requests)
    }

    /// The figures of what was gathered. What is read a second time is told in `progress`.
    ///
    /// # Errors
    /// Where rows cannot be read a second time.
    pub fn summary(
        &self,
        gathered: &Gathered<Groups<'_, Cells>>,
        progress: Option<&AtomicU64>,
    ) -> Result<Summary, ReadError> {
        let manifest = &self.run.manifest;
        let groups = &gathered.tally;
        let elapsed = groups.elapsed;
        let length = self.cells.within.length(elapsed);
        let all = self.sets();
        let mut questions = Questions::of(groups);
        let asked: Vec<Times> = all.iter().map(|set| Times::ask(&mut questions, set)).collect();
        let trials: Vec<Trial<'_>> =
            manifest.thresholds.iter().map(|threshold| self.trial(threshold, &mut questions)).collect();
        let answers = questions.answer(&self.run.rows, progress)?;

        let mut requests: Vec<Group> = Vec::with_capacity(all.len());
        let names = manifest.requests.iter().map(|request| request.name.as_str()).chain(["total"]);
        for ((set, times), name) in all.iter().zip(&asked).zip(names) {
            requests.push(Group::new(name.to_owned(), &counts(groups, set), &times.figures(&answers), length));
        }
        let total = requests.pop().unwrap_or_else(|| unreachable!("the total is the last of them"));
        let recorded = manifest.ending.as_ref().map_or(&[][..], |ending| &ending.thresholds);
        let judge = |(place, trial): (usize, &Trial<'_>)| match recorded.get(place) {
            Some(result) if !trial.threshold.is_of_rows() => result.clone(),
            _ => trial.judge(groups, &answers, length),
        };
        let mut summary = Summary {
            exact: self.recall != Recall::Buckets,
            thresholds: trials.iter().enumerate().map(judge).collect(),
            checks: self.checks(groups),
            validity: Validity::unknown(),
            run: RunFacts {
                by_hand: ByHand::of(&Control::course(&self.run.events), elapsed),
                torn_lines: gathered.torn_lines,
                ..RunFacts::new(manifest, &self.run.path, elapsed, groups.rows)
            },
            requests,
            total,
        };
        match &manifest.ending {
            Some(ending) => summary.conclude(ending),
            None => summary.thresholds.extend(manifest.probe_thresholds.iter().map(|threshold| threshold.judge(None))),
        }
        Ok(summary)
    }

    /// The cells of each request, and of all.
    fn sets(&self) -> Vec<Vec<usize>> {
        let Manifest { scenarios, requests, .. } = &self.run.manifest;
        let of = |request| (0..scenarios.len()).map(|scenario| self.cells.of(scenario, request)).collect();
        let mut sets: Vec<Vec<usize>> = (0..requests.len()).map(of).collect();
        sets.push((0..scenarios.len() * requests.len()).collect());
        sets
    }

    /// What a threshold asks.
    fn trial<'t>(&self, threshold: &'t Threshold, questions: &mut Questions<'_, '_, Cells>) -> Trial<'t> {
        let manifest = &self.run.manifest;
        let mut cells = Vec::new();
        for (i, scenario) in manifest.scenarios.iter().enumerate() {
            for (j, request) in manifest.requests.iter().enumerate() {
                if manifest.counts_for(threshold, scenario, request) {
                    cells.push(self.cells.of(i, j));
                }
            }
        }
        let percentile = match threshold.condition.aggregation {
            Aggregation::Percentile(percentile) => percentile,
            _ => Percentile::P50,
        };
        let question = questions.ask_percentile(&cells, threshold.metric, percentile);
        Trial { threshold, cells, question }
    }

    fn checks(&self, groups: &Groups<'_, Cells>) -> Vec<CheckResult> {
        let mut results = Vec::new();
        for (request, set) in self.run.manifest.requests.iter().zip(self.sets()) {
            let counts = counts(groups, &set);
            for (place, check) in request.checks.iter().enumerate() {
                let fails = counts.failed_checks.get(place).copied().unwrap_or(0);
                let (request, check) = (request.name.clone(), check.clone());
                results.push(CheckResult { request, check, passes: counts.checked - fails, fails });
            }
        }
        results
    }
}

/// What became of the arrivals of these groups together.
pub fn counts<G: Grouping>(groups: &Groups<'_, G>, set: &[usize]) -> Counts {
    let mut counts = Counts::default();
    for group in set.iter().filter_map(|&group| groups.groups().get(group)) {
        counts.merge(&group.counts);
    }
    counts
}

/// The questions after the times that a group shows.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    asked: [Question; SHOWN.len()],
}

impl Times {
    /// Asks for the times of these groups together.
    pub fn ask<G: Grouping>(questions: &mut Questions<'_, '_, G>, set: &[usize]) -> Self {
        Self { asked: SHOWN.map(|metric| questions.ask_figures(set, metric)) }
    }

    /// The answers, in the order of the metrics.
    pub fn figures(&self, answers: &Answers) -> [Option<Figures>; SHOWN.len()] {
        self.asked.map(|question| answers.figures(question))
    }
}

impl Group {
    /// A group of this name, with the figures of its times in the order of [`SHOWN`]; `elapsed` is what its rate is over.
    pub fn new(request: String, counts: &Counts, times: &[Option<Figures>; SHOWN.len()], elapsed: Nanos) -> Self {
        let [response_time_ns, service_time_ns, ttfb_ns, lag_ns, connect_ns, tls_ns] = *times;
        Self {
            request,
            count: counts.arrivals,
            errors: counts.failed,
            rate_per_s: per_second(counts.arrivals, elapsed).unwrap_or(0.0),
            response_time_ns,
            service_time_ns,
            ttfb_ns,
            lag_ns,
            connect_ns,
            tls_ns,
            statuses: counts.statuses(),
            error_kinds: counts.failures(),
            bytes_sent: counts.bytes_sent,
            bytes_received: counts.bytes_received,
        }
    }
}

/// A threshold, and what it is judged by.
struct Trial<'t> {
    threshold: &'t Threshold,
    cells: Vec<usize>,
    question: Question,
}

impl Trial<'_> {
    fn judge(&self, groups: &Groups<'_, Cells>, answers: &Answers, length: Nanos) -> ThresholdResult {
        let counts = counts(groups, &self.cells);
        let metric = self.threshold.metric;
        let value = match (metric.kind(), self.threshold.condition.aggregation) {
            // No row tells.
            _ if !self.threshold.is_of_rows() => None,
            (MetricKind::Time, aggregation) => self.of_times(aggregation, answers),
            (MetricKind::Share, _) => {
                counts.value(metric).filter(|(_, whole)| *whole > 0).map(|(part, whole)| part as f64 / whole as f64)
            }
            (_, Aggregation::Rate) => counts.value(metric).and_then(|(total, _)| per_second(total, length)),
            _ => counts.value(metric).map(|(total, _)| total as f64),
        };
        self.threshold.judge(value.filter(|_| counts.arrivals > 0))
    }

    fn of_times(&self, aggregation: Aggregation, answers: &Answers) -> Option<f64> {
        let time = |value: Option<u64>| value.map(|ns| ns as f64);
        match aggregation {
            Aggregation::Avg => answers.mean(self.question),
            Aggregation::Min => time(answers.min(self.question)),
            Aggregation::Max => time(answers.max(self.question)),
            Aggregation::Percentile(percentile) => time(answers.percentile(self.question, percentile)),
            Aggregation::Count | Aggregation::Rate | Aggregation::Value => Some(answers.count(self.question) as f64),
        }
    }
}

impl Summary {
    /// Adds what the ending of the run tells.
    pub fn conclude(&mut self, ending: &Ending) {
        self.validity = ending.validity.clone();
        self.thresholds.extend(ending.probe_thresholds.iter().cloned());
        self.run.probes.clone_from(&ending.probes);
        self.run.ended = Some(ending.how);
        self.run.ended_because.clone_from(&ending.reason);
        for books in &ending.cores {
            self.run.lookups.merge(&books.lookups);
        }
        self.run.scheduled = Some(ending.cores.iter().fold(0, |sum, books| books.scheduled.saturating_add(sum)));
    }
}

/// So many over a time; `None` where no time has passed.
pub fn per_second(count: u64, elapsed: Nanos) -> Option<f64> {
    (elapsed > Nanos::ZERO).then(|| count as f64 / elapsed.as_secs_f64())
}
