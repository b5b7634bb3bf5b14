//! The analyses: one subject each, a run in, sections out. They know no renderer and not each other.
//!
//! Figures come from the run's summary and its windows of time, which were gathered in one pass over the rows; only what
//! somebody asks for in groups of their own reads them again.

mod buckets;
pub mod by;
mod checks;
mod course;
mod generator;
mod outcomes;
mod overview;
mod percentiles;
mod series;
mod stages;
mod thresholds;
mod traffic;
mod verdict;

pub use self::stages::stages;
use crate::failure::Failure;
use crate::load::{Detail, Run};
use crate::section::Section;

/// Looks at one side of a run.
pub trait Analysis {
    /// What it looks at, of which no more is gathered than somebody looks at.
    fn detail(&self) -> Detail {
        Detail::Figures
    }

    /// What there is to say, or nothing.
    ///
    /// # Errors
    /// Where the rows cannot be read.
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure>;
}

/// For a terminal: the verdict comes last, where the eye is when the text has scrolled by.
pub const SUMMARY: &[&dyn Analysis] = &[
    &overview::Overview,
    &course::Course,
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
