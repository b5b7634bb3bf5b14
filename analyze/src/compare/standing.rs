//! How a run stands to what it is held against: what came of all its figures.

use super::diff::Diff;
use crate::baseline::Measure;
use crate::gate::{self, GateResult};
use crate::statistics::comparison::Verdict;

/// How a run stands to what it is held against.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    pub(super) run: String,
    /// How many figures were looked at.
    pub(super) figures: usize,
    /// Those that are worse, or missing, request by request.
    pub(super) worse: Vec<Worse>,
    pub(super) better: usize,
    /// Those of which there is too little to say.
    pub(super) unknown: usize,
    /// Whether it is no run to judge by.
    pub(super) refused: bool,
}

/// The figures of a request, or of all, that are worse.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Worse {
    pub(super) subject: String,
    pub(super) figures: Vec<(Measure, Amount)>,
}

/// By how much a figure is worse.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Amount {
    /// So many times what it is held against, less one; of error rates it may be a difference of shares.
    Change(f64),
    /// What it is held against is zero.
    Unmeasured,
    /// There is no such figure.
    Missing,
}

/// What a run comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Worse,
    Better,
    Even,
    Unknown,
    Refused,
}

impl Standing {
    /// What a comparison comes to. The figures of all requests together come first.
    pub fn of_diff(run: String, diff: &Diff) -> Self {
        let all = || std::iter::once(&diff.total).chain(&diff.requests);
        let count = |wanted: fn(Verdict) -> bool| {
            all().flat_map(|compared| &compared.figures).filter(|judged| wanted(judged.verdict)).count()
        };
        let mut standing = Self {
            run,
            figures: count(|_| true),
            worse: Vec::new(),
            better: count(|verdict| verdict == Verdict::Better),
            unknown: count(|verdict| matches!(verdict, Verdict::NotEnoughData(_))),
            refused: false,
        };
        for compared in all() {
            for judged in compared.figures.iter().filter(|judged| judged.verdict == Verdict::Worse) {
                let amount = judged.difference.map_or(Amount::Unmeasured, Amount::Change);
                standing.add(&compared.request, judged.figure, amount);
            }
        }
        standing
    }

    /// What the gate made of a run.
    pub fn of_gate(run: String, result: &GateResult) -> Self {
        let mut standing = Self {
            run,
            figures: result.checks.len(),
            worse: Vec::new(),
            better: result.count(|outcome| outcome == gate::Outcome::Better),
            unknown: result.count(|outcome| outcome == gate::Outcome::NotEnoughData),
            refused: result.verdict == gate::Verdict::Refused,
        };
        for check in result.checks.iter().filter(|check| check.outcome.is_failure()) {
            let amount = match check.outcome {
                gate::Outcome::Missing(_) => Amount::Missing,
                _ => check.change.map_or(Amount::Unmeasured, Amount::Change),
            };
            standing.add(&check.subject.name(), check.measure, amount);
        }
        standing
    }

    pub(super) fn add(&mut self, subject: &str, measure: Measure, amount: Amount) {
        match self.worse.iter_mut().find(|worse| worse.subject == subject) {
            Some(worse) => worse.figures.push((measure, amount)),
            None => self.worse.push(Worse { subject: subject.to_owned(), figures: vec![(measure, amount)] }),
        }
    }

    pub(super) fn worse_figures(&self) -> u64 {
        self.worse.iter().map(|worse| worse.figures.len() as u64).sum()
    }

    pub(super) const fn outcome(&self) -> Outcome {
        match self {
            Self { refused: true, .. } => Outcome::Refused,
            _ if !self.worse.is_empty() => Outcome::Worse,
            _ if self.better > 0 => Outcome::Better,
            _ if self.unknown == self.figures => Outcome::Unknown,
            _ => Outcome::Even,
        }
    }
}
