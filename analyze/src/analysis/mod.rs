//! The analyses: one subject each, a run in, sections out. They know no renderer and not each other.
//!
//! Figures come from the run's summary and its windows of time, which were gathered in one pass over the rows; only what
//! somebody asks for in groups of their own reads them again.

mod background;
mod buckets;
mod busiest;
pub mod by;
pub mod capacity;
mod checks;
mod course;
mod curve;
mod errors;
mod events;
mod generator;
mod heat;
pub mod load_and_latency;
#[cfg(test)]
pub(crate) mod made_up;
pub mod objective;
mod outcomes;
mod overview;
mod percentiles;
mod phases;
mod probes;
mod reproduce;
mod sampled;
mod series;
pub mod server;
mod stages;
pub mod steps;
mod thresholds;
mod timeline;
mod traffic;
mod verdict;

pub use self::stages::{Plateau, plateaus, stages};
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
    &outcomes::Statuses,
    &outcomes::Unanswered,
    &checks::Checks,
    &thresholds::Thresholds,
    &verdict::Verdict,
];

/// For a page: the verdict comes first, and how to see for oneself last.
pub const REPORT: &[&dyn Analysis] = &[
    &verdict::Verdict,
    &background::Background,
    &thresholds::Thresholds,
    &checks::Checks,
    &traffic::Traffic,
    &percentiles::Percentiles,
    &percentiles::ServiceIntervals,
    &series::Series,
    &heat::Heat,
    &curve::Curve,
    &phases::Phases,
    &outcomes::Statuses,
    &errors::Errors,
    &load_and_latency::LoadAndLatency,
    &server::Server,
    &probes::Probes,
    &events::Events,
    &generator::Generator,
    &reproduce::Reproduce,
];
