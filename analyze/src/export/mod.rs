//! A run for other tools: a file per format behind one trait, rows in, bytes out.
//!
//! An exporter is given the run's directory, opened, and a place to write to; it knows neither what the place is nor what a
//! person asked for. Memory is bounded whatever the size of the run: rows pass by in batches.

mod concurrency;
mod format;
mod hlog;
mod in_order;
mod jtl;
mod k6;
mod parquet;
mod quoting;
mod source;
mod vegeta;

use std::io::{self, Write};

use runlog::reader::ReadError;
use runlog::row::Row;

pub use self::format::{AskedError, Format};
pub use self::hlog::Hlog;
pub use self::jtl::Jtl;
pub use self::k6::K6;
pub use self::parquet::Parquet;
pub use self::source::Source;
pub use self::vegeta::Vegeta;
pub use crate::time::Time;

/// Writes runs in one format.
pub trait Exporter: Sync {
    /// Writes the run. Returns how many torn last lines of its files were passed over.
    ///
    /// # Errors
    /// Where a row cannot be read or `out` not be written; what was written so far is then worth nothing.
    fn export(&self, source: &Source<'_>, out: &mut (dyn Write + Send)) -> Result<u64, ExportError>;
}

/// Why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The run cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The place it goes to cannot be written.
    #[error(transparent)]
    Write(#[from] io::Error),
}

impl Time {
    /// When it begins, since t=0. An arrival that was never sent has no other instant than its scheduled one.
    pub const fn start_ns(self, row: &Row) -> u64 {
        match (self, row.lag_ns) {
            (Self::Service, Some(lag)) => row.scheduled_ns.saturating_add(lag),
            _ => row.scheduled_ns,
        }
    }

    /// How long an answer took; `None` where there was none.
    pub fn of_answer_ns(self, row: &Row) -> Option<u64> {
        match self {
            Self::Response => row.response_ns(),
            Self::Service => row.service_ns(),
        }
    }

    /// How long it took to an answer or until it was given up; nothing where it was never sent.
    pub fn elapsed_ns(self, row: &Row) -> u64 {
        row.end_ns() - self.start_ns(row)
    }
}
