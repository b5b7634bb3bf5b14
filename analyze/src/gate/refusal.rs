//! What keeps the gate from looking at figures at all.

use std::fmt;

use runlog::manifest::How;
use runlog::summary::Summary;
use runlog::text::printable;
use runlog::units::Thousands;
use runlog::validity::Verdict;

use crate::baseline::Baseline;

/// The run is of another scenario than the baseline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherScenario {
    /// The baseline's: its name, and its digest where it was saved.
    pub baseline: (String, Option<String>),
    /// The run's.
    pub run: (String, String),
}

impl std::error::Error for OtherScenario {}

impl fmt::Display for OtherScenario {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ((expected, expected_digest), (name, digest)) = (&self.baseline, &self.run);
        let (expected, name) = (printable(expected), printable(name));
        // The beginning of a digest tells two apart; the whole is in the files.
        let short = |digest: &str| printable(&digest.chars().take(12).collect::<String>());
        match expected_digest {
            _ if expected != name => write!(
                f,
                "the run is of the scenario `{name}` (sha256 {}), the baseline of `{expected}` (sha256 {}); \
                 hold it against a baseline of its own scenario",
                short(digest),
                expected_digest.as_deref().map_or_else(|| "not saved".to_owned(), short)
            ),
            expected_digest => write!(
                f,
                "the scenario `{name}` is not what it was: its requests, flows, schedules or data have the sha256 {}, and had {} \
                 when the baseline was saved; if that is meant, save it anew with `drumfire-analyze baseline RUN -o FILE --update`",
                short(digest),
                expected_digest.as_deref().map_or_else(String::new, short)
            ),
        }
    }
}

/// Whether a baseline is for a scenario of this name and digest.
///
/// # Errors
/// Where it is for another.
pub fn is_of_its_scenario(baseline: &Baseline, name: &str, digest: &str) -> Result<(), OtherScenario> {
    let expected_digest = baseline.saved.as_ref().map(|saved| saved.scenario_sha256.clone());
    let is_same = baseline.name.as_deref().is_none_or(|expected| expected == name)
        && expected_digest.as_deref().is_none_or(|expected| expected == digest);
    if is_same {
        return Ok(());
    }
    let expected = baseline.name.clone().unwrap_or_else(|| name.to_owned());
    Err(OtherScenario { baseline: (expected, expected_digest), run: (name.to_owned(), digest.to_owned()) })
}

/// Why the figures of a run are not to be held against anything, nor saved: the generator was the limit, or it is not a whole
/// run, or one of another rate than its scenario's. Empty where they may be.
pub fn reasons_to_refuse(summary: &Summary) -> Vec<String> {
    let mut reasons = Vec::new();
    let run = &summary.run;
    match summary.validity.verdict {
        Verdict::Invalid => {
            reasons.push(summary.validity.fault().to_owned());
            reasons.extend(summary.validity.reasons.iter().cloned());
        }
        Verdict::Unknown => reasons.extend(summary.validity.reasons.iter().cloned()),
        Verdict::Valid | Verdict::Suspect => {}
    }
    let cut_short = match run.ended {
        Some(How::Completed) | None => None,
        Some(How::Interrupted) => Some("interrupted"),
        Some(How::Aborted) => Some("aborted, as a threshold did not hold,"),
        Some(How::Failed) => Some("broken off"),
    };
    if let Some(how) = cut_short {
        reasons.push(format!("the run was {how} after {} of {}", run.elapsed_ns, run.planned_ns));
    }
    if run.by_hand.scalings > 0 {
        reasons.push(format!("{}: it is another load than the scenario's", run.by_hand));
    }
    if let Some(scheduled) = run.scheduled.filter(|&scheduled| scheduled != run.rows) {
        let (scheduled, rows) = (Thousands(scheduled), Thousands(run.rows));
        reasons.push(format!("the engine counted {scheduled} arrivals, but {rows} rows were read: some are missing"));
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::{Saved, SavedRun};

    #[test]
    fn a_run_of_another_scenario_is_told_by_name_and_by_digest() {
        let by_hand = Baseline { name: Some("load".to_owned()), ..Baseline::default() };
        let saved = Saved {
            runs: vec![SavedRun { name: "a".to_owned(), started_unix_ns: 0 }],
            drumfire_version: "0.1.0".to_owned(),
            scenario_sha256: "aaaaaaaaaaaaaaaaaaaa".to_owned(),
        };
        let saved = Baseline { saved: Some(saved), ..by_hand.clone() };
        assert_eq!(is_of_its_scenario(&Baseline::default(), "any", "x"), Ok(()));
        assert_eq!(is_of_its_scenario(&by_hand, "load", "x"), Ok(()));
        assert_eq!(is_of_its_scenario(&saved, "load", "aaaaaaaaaaaaaaaaaaaa"), Ok(()));
        let said = |baseline, name| is_of_its_scenario(baseline, name, "bbb").expect_err("another").to_string();
        assert_eq!(
            said(&by_hand, "spike"),
            "the run is of the scenario `spike` (sha256 bbb), the baseline of `load` (sha256 not saved); hold it against a \
             baseline of its own scenario"
        );
        assert!(said(&saved, "load").contains("have the sha256 bbb, and had aaaaaaaaaaaa when"));
    }
}
