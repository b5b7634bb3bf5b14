//! The analyses: one subject each, a run in, sections out. They know no renderer and not each other.
//!
//! Percentiles, errors and verdicts come from the run's summary, which `runlog` folded; only what has a time axis is
//! grouped here, from the rows and the generator's samples, by polars.

mod buckets;
mod checks;
mod generator;
mod outcomes;
mod overview;
mod percentiles;
mod series;
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

/// For a page: the verdict comes first.
pub const REPORT: &[&dyn Analysis] = &[
    &verdict::Verdict,
    &overview::Overview,
    &thresholds::Thresholds,
    &traffic::Traffic,
    &percentiles::Percentiles,
    &series::Series,
    &outcomes::Outcomes,
    &checks::Checks,
    &generator::Generator,
];
