//! That a threshold did not hold: told once, and acted on once.

use std::fmt::Display;

use runlog::threshold::Threshold;
use runlog::units::Nanos;

use super::finding::Finding;

/// Whether a threshold has not held yet, and what was made of that.
#[derive(Debug, Default)]
pub struct Fall {
    /// What it was held against when it did not hold for the first time, and when.
    pub first: Option<(f64, Nanos)>,
    is_announced: bool,
    has_aborted: bool,
}

impl Fall {
    /// What came to light, each thing once.
    pub fn findings<M: Display>(&mut self, threshold: &Threshold<M>, now: Nanos) -> Vec<Finding> {
        let Some((value, at)) = self.first else { return Vec::new() };
        let what = || format!("{threshold} does not hold: it was {}", threshold.condition.show(value));
        let mut findings = Vec::new();
        if !self.is_announced {
            self.is_announced = true;
            findings.push(Finding { at, what: what(), aborts: false });
        }
        if threshold.abort_on_fail && !self.has_aborted && now >= threshold.delay_abort_eval_ns {
            self.has_aborted = true;
            findings.push(Finding { at: now, what: what(), aborts: true });
        }
        findings
    }
}
