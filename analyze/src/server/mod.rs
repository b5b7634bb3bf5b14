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
#[cfg(test)]
mod made_up;
mod names;
mod recovery;
mod series;
mod utilisation;

use crate::analysis::Analysis;

/// All that is looked at, in reading order.
pub const ALL: &[&dyn Analysis] = &[
    &leak::Leak,
    &recovery::Recovery,
    &utilisation::Utilisation,
    &database::Database,
    &cache::Cache,
    &isolation::Isolation,
    &limits::Limits,
];
