//! Passed or failed, and whether to believe it: one sentence, then what led to it.

use runlog::manifest::How;
use runlog::summary::{RunFacts, Summary};
use runlog::threshold::ThresholdResult;
use runlog::validity;

use super::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Finding, Level, Part, Section};

/// The verdict on a run.
pub struct Verdict;

impl Analysis for Verdict {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let summary = &run.summary;
        let mut parts = vec![Part::Headline(headline(summary))];
        let reasons = reasons(summary);
        if !reasons.is_empty() {
            parts.push(Part::Findings(reasons));
        }
        Ok(vec![Section::new("Verdict", parts)])
    }
}

fn headline(summary: &Summary) -> Finding {
    let (level, believable) = match (summary.validity.verdict, summary.run.ended) {
        (validity::Verdict::Invalid, _) => {
            return Finding::new(Level::Bad, format!("Not valid: {}.", summary.validity.fault()));
        }
        _ if is_incomplete(&summary.run) => {
            (Level::Bad, "but rows are missing, so nobody can tell what they would say.")
        }
        (validity::Verdict::Unknown, _) => (Level::Warning, "nobody can tell whether the measurement is valid."),
        (validity::Verdict::Suspect, _) => (Level::Warning, "the measurement is suspect."),
        (validity::Verdict::Valid, Some(How::Interrupted | How::Aborted)) => {
            (Level::Warning, "the measurement is valid, but cut short.")
        }
        (validity::Verdict::Valid, _) => (Level::Good, "the measurement is valid."),
    };
    let all = summary.thresholds.len() as u64;
    let failed = summary.thresholds.iter().filter(|threshold| !threshold.passed).count() as u64;
    let outcome = match (summary.run.ended, failed, all) {
        (Some(How::Failed), ..) => Finding::new(Level::Bad, "Broken off: the run could not go on"),
        (Some(How::Aborted), ..) => Finding::new(Level::Bad, "Aborted: a threshold did not hold"),
        (_, 0, 0) => Finding::new(level, "No thresholds to pass or fail"),
        (_, 0, 1) => Finding::new(level, "Passed: the threshold holds"),
        (_, 0, _) => Finding::new(level, "Passed: all ").count(all).and(" thresholds hold"),
        (_, 1, 1) => Finding::new(Level::Bad, "Failed: the threshold does not hold"),
        (_, 1, _) => Finding::new(Level::Bad, "Failed: 1 of ").count(all).and(" thresholds does not hold"),
        (_, _, _) => {
            Finding::new(Level::Bad, "Failed: ").count(failed).and(" of ").count(all).and(" thresholds do not hold")
        }
    };
    outcome.and("; ").and(believable)
}

fn reasons(summary: &Summary) -> Vec<Finding> {
    let level = match summary.validity.verdict {
        validity::Verdict::Invalid => Level::Bad,
        validity::Verdict::Suspect | validity::Verdict::Unknown => Level::Warning,
        validity::Verdict::Valid => Level::Note,
    };
    let mut findings = failed(&summary.thresholds);
    findings.extend(summary.validity.reasons.iter().map(|reason| Finding::new(level, reason.clone())));
    findings.extend(ending(&summary.run));
    if !summary.run.by_hand.is_nothing() {
        findings.push(Finding::new(Level::Warning, summary.run.by_hand.to_string()));
    }
    findings.extend(missing_rows(&summary.run));
    findings
}

/// The most thresholds that are named.
const MOST_NAMED: usize = 10;

/// Which thresholds do not hold.
fn failed(thresholds: &[ThresholdResult]) -> Vec<Finding> {
    let failed = || thresholds.iter().filter(|threshold| !threshold.passed);
    let named = |threshold: &ThresholdResult| {
        let ThresholdResult { threshold, shown, .. } = threshold;
        Finding::new(Level::Bad, threshold.clone()).and(" does not hold (").and(shown.clone()).and(")")
    };
    let mut findings: Vec<Finding> = failed().take(MOST_NAMED).map(named).collect();
    let others = failed().count() - findings.len();
    if others > 0 {
        findings.push(Finding::new(Level::Bad, "").count(others as u64).and(" others do not hold either"));
    }
    findings
}

fn ending(run: &RunFacts) -> Option<Finding> {
    let finding = match run.ended? {
        How::Completed if run.ended_because.is_empty() => return None,
        How::Completed => return Some(Finding::new(Level::Note, run.ended_because.clone())),
        How::Interrupted => Finding::new(Level::Warning, "the run was interrupted after ").and(run.elapsed_ns),
        How::Aborted => Finding::new(Level::Bad, "the run was aborted after ").and(run.elapsed_ns),
        How::Failed => Finding::new(Level::Bad, "the run could not go on after ").and(run.elapsed_ns),
    };
    let finding = finding.and(" of ").and(run.planned_ns);
    Some(match run.ended_because.as_str() {
        "" => finding,
        because => finding.and(": ").and(because.to_owned()),
    })
}

/// Every arrival should be a row.
fn is_incomplete(run: &RunFacts) -> bool {
    run.scheduled.is_some_and(|scheduled| scheduled != run.rows)
}

fn missing_rows(run: &RunFacts) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let (true, Some(scheduled)) = (is_incomplete(run), run.scheduled) {
        let finding = Finding::new(Level::Bad, "the engine counted ").count(scheduled).and(" arrivals, but ");
        findings.push(finding.count(run.rows).and(" rows were read: the figures are not those of the whole run"));
    }
    match run.torn_lines {
        0 => {}
        1 => findings.push(Finding::new(Level::Warning, "1 last line without an end was passed over")),
        torn => {
            let finding = Finding::new(Level::Warning, "").count(torn);
            findings.push(finding.and(" last lines without an end were passed over"));
        }
    }
    findings
}
