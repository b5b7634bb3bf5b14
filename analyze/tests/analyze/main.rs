//! The program as its users see it, on a run of fifty rows that can be counted by hand, and on worse ones.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod baseline;
mod capacity;
mod compare;
mod diff;
mod export;
mod gate;
mod help;
mod made_up;
mod plugins;
mod query;
mod report;
mod runs;
mod sections;
mod series;
mod summaries;
mod summary;
mod terminal;
mod trend;
