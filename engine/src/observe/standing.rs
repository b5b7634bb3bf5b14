//! How a run stands at an instant, put together for whoever shows it: figures and words, nothing to be worked out.

use std::fmt::Display;

use runlog::statistics::Figures;
use runlog::threshold::Threshold;
use runlog::units::{Nanos, Rate};
use runlog::validity::Validity;

use super::history::Point;
use super::pulse::Recent;

/// How a run stands.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The name of the run.
    pub name: String,
    /// Whom the load goes to.
    pub target: String,
    /// Now, since t=0.
    pub now: Nanos,
    /// When the last schedule ends.
    pub planned: Nanos,
    /// What a person should know of the run as a whole: that it is stopping, say. Mostly nothing.
    pub state: Option<String>,
    /// How the last second was.
    pub recent: Recent,
    /// At what rate the schedules bring arrivals now; `None` in the closed model.
    pub scheduled: Option<Rate>,
    /// How many virtual users the schedules want now; `None` in the open model.
    pub users: Option<u64>,
    /// Response times of all seconds; `None` without an answer.
    pub response: Option<Figures>,
    /// Arrivals that are done.
    pub done: u64,
    /// Of these, without an answer or with a status that was not wanted.
    pub failed: u64,
    /// Of these, never sent.
    pub dropped: u64,
    /// What they have failed of, the most frequent first.
    pub trouble: Vec<(String, u64)>,
    /// The run so far.
    pub history: Vec<Point>,
    /// Where each scenario stands.
    pub scenarios: Vec<StageNow>,
    /// The thresholds that are watched while the run lasts.
    pub thresholds: Vec<ThresholdNow>,
    /// How many others wait for the end.
    pub judged_later: usize,
    /// Whether the measurement can be believed so far.
    pub validity: Validity,
}

impl Standing {
    /// Whether there are figures of a second yet.
    pub fn has_figures(&self) -> bool {
        self.recent.until > Nanos::ZERO
    }
}

/// Where a scenario stands.
#[derive(Debug, Clone, PartialEq)]
pub struct StageNow {
    /// Its name.
    pub scenario: String,
    /// The number of its stage, from 1, and of how many.
    pub stage: (usize, usize),
    /// What its schedule wants now: `1,240/s`, `12 users`.
    pub now: String,
    /// Where the stage leads to.
    pub target: String,
    /// How long the stage lasts from now; `None` when its schedule has ended.
    pub left: Option<Nanos>,
}

/// How a threshold stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ThresholdNow {
    /// The threshold, as a person reads it.
    pub threshold: String,
    /// What it is held against, and whether that is well; `None` while there is nothing to judge.
    pub seen: Option<(String, bool)>,
}

impl ThresholdNow {
    /// A threshold that is held against this value.
    pub fn new<M: Display>(threshold: &Threshold<M>, value: Option<f64>) -> Self {
        let condition = &threshold.condition;
        let seen = value.map(|value| (condition.show(value), condition.holds(value)));
        Self { threshold: threshold.to_string(), seen }
    }

    /// The threshold and whether it holds, where there was anything to judge.
    pub fn judged(self) -> Option<(String, bool)> {
        self.seen.map(|(_, holds)| (self.threshold, holds))
    }
}
