//! The history of a scenario: the same figures of many runs, and at which run they changed.
//!
//! In: what was measured of runs, oldest first. Out: a [`Trend`], and that as sections. Pure: it opens no file and knows no
//! renderer.

mod find;
mod scenario;
mod sections;
mod series;

use std::collections::BTreeMap;

use runlog::manifest::Manifest;
use serde::Serialize;

pub use self::find::{FALSE_DISCOVERIES, Sought};
pub use self::scenario::{ScenarioOfHistory, most_frequent};
pub use self::series::Series;
use crate::baseline::Measure;
use crate::baseline::measured::MeasuredRun;
use crate::baseline::unit::Unit;
use crate::gate::Subject;

/// The runs that are looked at, oldest first, with what was measured of each; and those that are not.
#[derive(Debug, Clone, PartialEq)]
pub struct History {
    /// What all of them did.
    pub scenario: ScenarioOfHistory,
    /// The runs.
    pub runs: Vec<(RunOfHistory, MeasuredRun)>,
    /// Runs whose figures are not part of it.
    pub left_out: Vec<LeftOut>,
}

/// A run, as far as a history tells of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RunOfHistory {
    /// The name of its directory.
    pub directory: String,
    /// The wall time of its t=0, nanoseconds since the Unix epoch.
    pub started_unix_ns: u64,
    /// The machine that made the load.
    pub host: String,
    /// Its tags.
    pub tags: BTreeMap<String, String>,
}

impl RunOfHistory {
    /// What the manifest of a run in a directory of this name tells.
    pub fn new(directory: String, manifest: &Manifest) -> Self {
        let started_unix_ns = manifest.started_unix_ns;
        Self { directory, started_unix_ns, host: manifest.host.name.clone(), tags: manifest.tags.clone() }
    }
}

/// A run that is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The run.
    #[serde(flatten)]
    pub run: RunOfHistory,
    /// Why not.
    #[serde(flatten)]
    pub why: Why,
}

/// Why a run is not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum Why {
    /// It did something else than most.
    OtherScenario {
        /// What it did.
        scenario: ScenarioOfHistory,
    },
    /// It has no ending: it runs still, or was killed.
    NoEnding,
    /// Its figures are not to be held against others.
    NotToJudgeBy {
        /// Why not.
        reasons: Vec<String>,
    },
}

/// What came of looking at a history. Its JSON is the documented output of `trend --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Trend {
    /// What came of it.
    pub verdict: Verdict,
    /// What all runs did.
    pub scenario: ScenarioOfHistory,
    /// How it was looked at.
    pub looked: Looked,
    /// The changes, in the order of the runs at which they began.
    pub changes: Vec<ChangeOfSeries>,
    /// Whether percentiles are samples themselves; those of summary files are to within 1/512, and never too low.
    pub exact: bool,
    /// The runs, oldest first.
    pub runs: Vec<RunOfHistory>,
    /// Runs that are not part of it.
    pub left_out: Vec<LeftOut>,
    /// The figures, a value for each run.
    pub series: Vec<Series>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Something changed.
    Changed,
    /// Nothing did that could be seen.
    Unchanged,
    /// There are fewer runs than there have to be on both sides of a change, or too few that have any of the figures.
    NotEnoughData,
}

/// How a history was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Looked {
    /// How many runs there had to be on either side of a change.
    pub shortest: usize,
    /// How large a change had to be, as a share of the figure before.
    pub min_change: f64,
    /// How many series were looked at.
    pub series: usize,
    /// Of these, whose values are far enough apart for a change that large: the tests.
    pub tests: usize,
    /// The share of false ones that is accepted among the changes that are found.
    pub false_discoveries: f64,
    /// The largest p-value that was believed, as many as there were tests. 0 where none was.
    pub believed_p_value: f64,
    /// How many permutations a change was tested by, at the most.
    pub permutations: usize,
    /// How many changes were found that are smaller than `min_change`.
    pub small_changes: usize,
}

/// A figure that became another at some run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChangeOfSeries {
    /// Whose figure.
    pub subject: Subject,
    /// Which figure.
    pub figure: Measure,
    /// The unit of its values.
    pub unit: Unit,
    /// The place in `runs` of the first run that has it.
    pub first_run: usize,
    /// That run.
    pub run: RunOfHistory,
    /// The median of the runs from the change before (or the first) to this one.
    pub before: f64,
    /// The median from this one to the next (or the last).
    pub after: f64,
    /// (after − before) / before; absent where that was 0.
    pub change: Option<f64>,
    /// How surprising it would be if runs had come in any order.
    pub p_value: f64,
    /// Whether that is better or worse.
    pub direction: Direction,
    /// Whether it is the last of its figure, began so lately that it is news, and the latest runs still have it.
    pub is_news: bool,
}

/// Where a figure went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// To the better: more throughput, less of everything else.
    Better,
    /// To the worse.
    Worse,
}

impl ChangeOfSeries {
    /// Whether something got worse, and lately.
    pub fn is_bad_news(&self) -> bool {
        self.is_news && self.direction == Direction::Worse
    }
}

impl Trend {
    /// Whether something got worse lately and stayed so.
    pub fn has_bad_news(&self) -> bool {
        self.changes.iter().any(ChangeOfSeries::is_bad_news)
    }
}
