//! The gate: a run's figures held against a baseline's.
//!
//! In: a [`Baseline`](crate::baseline::Baseline), what was measured of a run, how much worse it may be. Out: a [`GateResult`],
//! and that as sections. Pure: it opens no file and knows no renderer.

mod judge;
mod refusal;
mod sections;
pub mod sentence;

use serde::{Serialize, Serializer};

pub use self::judge::judge;
pub use self::refusal::{OtherScenario, is_of_its_scenario, reasons_to_refuse};
use crate::baseline::measured::Interval;
use crate::baseline::unit::Unit;
use crate::baseline::{Measure, Time};
use crate::exit;

/// What came of a run at the gate. Its JSON is the documented output of `gate --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct GateResult {
    /// The verdict.
    pub verdict: Verdict,
    /// The run.
    pub run: RunOfGate,
    /// The baseline.
    pub baseline: BaselineOfGate,
    /// Why no figure was looked at; empty unless refused.
    pub refusals: Vec<String>,
    /// What speaks against believing the figures, though they were looked at.
    pub warnings: Vec<String>,
    /// What came of each figure of the baseline, in its order.
    pub checks: Vec<Check>,
}

/// What the gate says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Nothing speaks against the run.
    Passed,
    /// At least one check failed.
    Failed,
    /// The run's figures do not speak of the system under test: none was looked at.
    Refused,
}

/// The run, as far as the gate tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunOfGate {
    /// The name of its scenario.
    pub name: String,
    /// The name of its directory.
    pub directory: String,
    /// The machine that made the load.
    pub host: String,
    /// The wall time of its t=0, nanoseconds since the Unix epoch.
    pub started_unix_ns: u64,
    /// Its arrivals.
    pub arrivals: u64,
    /// Of these, without an answer: no time is theirs.
    pub unanswered: u64,
    /// Whether its percentiles are samples themselves; those of a summary file are to within 1/512, and never too low.
    pub exact: bool,
}

/// The baseline, as far as the gate tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BaselineOfGate {
    /// Its file, as it was named.
    pub file: String,
    /// The scenario it is for; a hand-written one may be for any.
    pub name: Option<String>,
    /// How many runs it was saved from; none where it is hand-written.
    pub saved_from_runs: usize,
    /// Which time its percentiles are of.
    pub time: Time,
}

/// What a figure is of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Subject {
    /// The arrivals of a request.
    Request {
        /// Its name.
        request: String,
    },
    /// All arrivals.
    Total,
    /// The samples of a probe's metric.
    Probe {
        /// The probe's name.
        probe: String,
        /// The metric's name.
        metric: String,
    },
}

/// What came of one figure of the baseline.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// What it is of.
    pub subject: Subject,
    /// Which number.
    pub measure: Measure,
    /// The unit of its values.
    pub unit: Unit,
    /// The baseline's figure.
    pub baseline: f64,
    /// How much worse than that it may be, as a share of it.
    pub max_regression: f64,
    /// The baseline's figure with what is allowed on top.
    pub limit: f64,
    /// Which side of the limit is the wrong one.
    pub bound: Bound,
    /// The run's figure.
    pub value: Option<f64>,
    /// (value − baseline) / baseline; absent where there is no value, or a baseline of 0.
    pub change: Option<f64>,
    /// What chance may have moved.
    pub interval: Option<Interval>,
    /// How far runs of the same are apart by chance: as a share of the baseline's figure; of error rates as a difference.
    pub noise: Option<f64>,
    /// How many arrivals or samples the value comes from.
    pub samples: u64,
    /// What came of it.
    pub outcome: Outcome,
}

/// Which side of a limit a figure has to be on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// At or below it.
    AtMost,
    /// At or above it.
    AtLeast,
}

/// What came of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is as it should be.
    Passed,
    /// It is beyond its limit, but chance may have done that.
    WithinNoise,
    /// It is better than a saved baseline's, by more than is allowed to the other side and beyond noise.
    Better,
    /// It is worse, by more than is allowed and beyond noise.
    Regressed,
    /// There are samples, but too few to speak of this number.
    NotEnoughData,
    /// The run has nothing to hold against it.
    Missing(Missing),
}

/// What is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missing {
    /// The scenario has no request of the name.
    Request,
    /// There was no arrival.
    Arrivals,
    /// No arrival got an answer.
    Answers,
    /// The probe sampled nothing of the name.
    Samples,
}

impl Outcome {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::WithinNoise => "within noise",
            Self::Better => "better",
            Self::Regressed => "regressed",
            Self::NotEnoughData => "not enough data",
            Self::Missing(_) => "missing",
        }
    }

    /// Whether the gate stays shut. What is missing may hide anything; of what is too little nothing is known.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::Regressed | Self::Missing(_))
    }
}

impl Serialize for Outcome {
    /// The word for it, with `_` between its parts.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.word().replace(' ', "_"))
    }
}

impl GateResult {
    /// What came of a run whose figures were looked at.
    pub fn judged(run: RunOfGate, baseline: BaselineOfGate, warnings: Vec<String>, checks: Vec<Check>) -> Self {
        let has_failed = checks.iter().any(|check| check.outcome.is_failure());
        let verdict = if has_failed { Verdict::Failed } else { Verdict::Passed };
        Self { verdict, run, baseline, refusals: Vec::new(), warnings, checks }
    }

    /// What came of a run whose figures say nothing.
    pub const fn refused(run: RunOfGate, baseline: BaselineOfGate, refusals: Vec<String>) -> Self {
        Self { verdict: Verdict::Refused, run, baseline, refusals, warnings: Vec::new(), checks: Vec::new() }
    }

    /// What that means for whoever asked.
    pub const fn exit_code(&self) -> u8 {
        match self.verdict {
            Verdict::Passed => exit::PASSED,
            Verdict::Failed => exit::THRESHOLD_FAILED,
            Verdict::Refused => exit::NOT_VALID,
        }
    }

    /// The checks that came out so.
    pub fn count(&self, is_wanted: impl Fn(Outcome) -> bool) -> usize {
        self.checks.iter().filter(|check| is_wanted(check.outcome)).count()
    }
}
