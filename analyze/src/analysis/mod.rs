//! The analyses: one subject each, a run in, sections out. They know no renderer and not each other.
//!
//! Percentiles, errors and verdicts come from the run's summary, which `runlog` folded.

mod checks;
mod outcomes;
mod overview;
mod percentiles;
mod thresholds;
mod traffic;
mod verdict;

use crate::failure::Failure;
use crate::load::Run;
use crate::section::Section;

/// Looks at one side of a run.
pub trait Analysis {
    /// What there is to say, or nothing.
    ///
    /// # Errors
    /// Where the rows cannot be read.
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure>;
}

/// For a terminal: the verdict comes last, where the eye is when the text has scrolled by.
pub const SUMMARY: &[&dyn Analysis] = &[
    &overview::Overview,
    &traffic::Traffic,
    &percentiles::Percentiles,
    &outcomes::Outcomes,
    &checks::Checks,
    &thresholds::Thresholds,
    &verdict::Verdict,
];
