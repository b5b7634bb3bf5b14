//! The server's side: what probes sampled of the system under test and what the load shows of it, each looked at for one thing
//! that goes wrong. A run in, sections out.
//!
//! What a metric is, its name says ([`names`]): there is nothing to set up beyond the probes themselves (docs/server.md).

mod cache;
mod database;
mod isolation;
mod leak;
mod limits;
mod load;
mod names;
mod recovery;
mod series;
mod utilisation;

pub use self::utilisation::processors;

use super::Analysis;
use crate::failure::Failure;
use crate::load::{Detail, Run};
use crate::section::Section;

/// All that is looked at, in reading order.
const ALL: &[&dyn Analysis] = &[
    &leak::Leak,
    &recovery::Recovery,
    &utilisation::Utilisation,
    &database::Database,
    &cache::Cache,
    &isolation::Isolation,
    &limits::Limits,
];

/// The server's side of a run, one thing after another.
pub struct Server;

impl Analysis for Server {
    fn detail(&self) -> Detail {
        Detail::OverTime
    }

    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let mut sections = Vec::new();
        for analysis in ALL {
            sections.extend(analysis.sections(run)?);
        }
        Ok(sections)
    }
}
