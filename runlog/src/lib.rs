//! The run directory: the contract between the engine, which writes it, and the analysis, which reads it.
//!
//! In: rows, samples and a manifest, from the engine. Out: the same again, in columns, and the figures that both
//! programs must agree on (statistics, thresholds, validity). This crate knows nothing of the network, of scenario
//! files, of polars or of command lines.
//!
//! ```text
//! run.json           manifest::Manifest      requests-CC.csv   row::Row, one per scheduled arrival, a file per core
//! engine.csv         samples::EngineSample   probes.csv, events.csv   samples::{ProbeSample, Event}
//! ```

pub mod buckets;
pub mod change;
pub mod condition;
pub mod contribution;
pub mod control;
pub mod course;
pub mod directory;
pub mod histogram;
pub mod interval;
pub mod manifest;
pub mod metric;
pub mod outcome;
pub mod outline;
pub mod probe;
pub mod reader;
pub mod row;
pub mod samples;
pub mod sign;
pub mod sketch;
pub mod spread;
pub mod statistics;
pub mod summary;
pub mod tags;
pub mod tally;
pub mod text;
pub mod threshold;
pub mod units;
pub mod validity;
pub mod windows;
