//! The mathematics behind `diff`, `gate`, `trend`, `capacity` and noise floors: what differs, by how much, and whether that is
//! noise.
//!
//! Windows of time and a seed come in, figures with intervals and verdicts go out. Nothing here knows files, clocks,
//! commands or sections.
//!
//! ```text
//! Windows ──matrix──▶ Matrix ──blocks──▶ multiplicities ──bootstrap──▶ Resampled ──comparison──▶ Comparison
//! ```
//!
//! Times are known by their bucket (`runlog::sketch`), to within 1/128: figures from here are for comparing; those that a
//! table shows come from `runlog`.

pub mod blocks;
pub mod bootstrap;
pub mod chance;
pub mod change;
pub mod comparison;
pub mod distribution;
pub mod effect;
pub mod matrix;
pub mod multiplicity;
pub mod noise;
pub mod scalability;
pub mod shape;
#[cfg(test)]
pub(crate) mod simulation;
pub mod slope;
pub mod split;
pub mod statistic;
pub mod windows;
