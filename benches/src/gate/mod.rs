//! How often the gate is wrong: simulated pairs of runs of which it is known what changed between them.
//!
//! A `simulated` run is one of a service whose times hang together, as real ones do: what is wrong with a second is wrong with
//! the next as well. Of each pair the first is saved as a baseline, and gate and diff are asked about the second (`pair`); how
//! often they said what, and how sure that number is, is counted by what had changed (`rates`).

pub mod pair;
pub mod rates;
pub mod simulated;
