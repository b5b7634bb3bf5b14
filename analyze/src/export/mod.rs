//! A run for other tools: a file per format behind one trait, rows in, bytes out.
//!
//! An exporter is given the run's directory, opened, and a place to write to; it knows neither what the place is nor what a
//! person asked for. Memory is bounded whatever the size of the run: rows pass by in batches.

mod concurrency;
mod hlog;
mod in_order;
mod jtl;
mod k6;
mod parquet;
mod quoting;
mod source;
mod vegeta;

use std::io::{self, Write};
use std::path::Path;

use clap::ValueEnum;
use runlog::reader::ReadError;
use runlog::row::Row;

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

/// What a run can be exported to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Every row and column, manifest and samples: nothing is lost (.parquet)
    Parquet,
    /// JMeter's results as CSV, for its HTML dashboard (.jtl)
    Jtl,
    /// What `vegeta encode --to csv` writes (.vegeta.csv)
    Vegeta,
    /// What `k6 run --summary-export` writes (.k6.json)
    K6,
    /// HdrHistogram's interval log, version 2, an interval a second for each request (.hlog)
    Hlog,
}

impl Format {
    /// The endings of files that name a format.
    const ENDINGS: [(&'static str, Self); 5] = [
        (".parquet", Self::Parquet),
        (".jtl", Self::Jtl),
        (".vegeta.csv", Self::Vegeta),
        (".k6.json", Self::K6),
        (".hlog", Self::Hlog),
    ];

    /// The format that the name of a file asks for.
    pub fn of_file(path: &Path) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_ascii_lowercase();
        Self::ENDINGS.into_iter().find_map(|(ending, format)| name.ends_with(ending).then_some(format))
    }

    /// What writes it, with this time or the one that users of the format would expect: the service time, which is what
    /// other tools measure, but the response time in a histogram log, which is compared with no other tool. `None` where a
    /// time was asked for and the format has both.
    pub fn exporter(self, time: Option<Time>) -> Option<Box<dyn Exporter>> {
        let or = |usual| time.unwrap_or(usual);
        Some(match self {
            Self::Parquet if time.is_some() => return None,
            Self::Parquet => Box::new(Parquet),
            Self::Jtl => Box::new(Jtl { time: or(Time::Service) }),
            Self::Vegeta => Box::new(Vegeta { time: or(Time::Service) }),
            Self::K6 => Box::new(K6 { time: or(Time::Service) }),
            Self::Hlog => Box::new(Hlog { time: or(Time::Response) }),
        })
    }
}
