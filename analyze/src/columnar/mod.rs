//! A run as one Parquet file, and back: rows as columns, with the manifest and the samples beside them, so that nothing of
//! the run is lost.
//!
//! The columns are the rows' own, by their names, and behind them `worker` (the row file, counted from 0) and `tag_…`
//! for each tag: of the request, else of the scenario, else of the run. What does not exist is null. Numbers are INT64; names
//! and words are texts with a dictionary. The file's metadata holds `run.json` as it is (that of shards put
//! together), and the samples packed.
//!
//! `schema` says what the file holds; `write` and `read` are a mirror pair.

pub mod read;
mod schema;
pub mod write;

pub use self::read::{ParquetReadError, ParquetRun};
pub use self::write::RowWriter;

#[cfg(test)]
mod tests;
