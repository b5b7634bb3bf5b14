//! Questions in SQL over runs: tables in, one table of figures out.
//!
//! `requests` is read by `runlog`'s reader when a query runs, and only the columns that the query names (`requests`,
//! `column`, `filter`); the samples are small and in memory already (`samples`). polars parses, plans and computes.
//! Percentiles by `QUANTILE_DISC` are nearest-rank, as everywhere. Nothing here knows how an answer is shown.

mod answer;
mod column;
mod error;
mod filter;
mod measure;
mod memory;
pub mod plugin;
mod requests;
mod samples;
mod source;

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use polars::prelude::{IntoLazy, LazyFrame, PolarsError, ScanArgsAnonymous};
use polars::sql::SQLContext;

pub use self::answer::{Answer, Cell};
pub use self::error::SqlError;
use self::error::{Known, Told};
use self::memory::Memory;
use self::requests::Requests;
use self::source::Source;

/// The tables of runs, to be asked.
pub struct Database {
    sources: Arc<[Source]>,
    context: SQLContext,
    known: Known,
    told: Told,
}

impl Database {
    /// Opens run directories as the tables `requests`, `engine`, `probes` and `events`. Of `requests`, only rows scheduled
    /// within `window` (nanoseconds since t=0) are there.
    ///
    /// # Errors
    /// Where one is no run directory, or cannot be read.
    pub fn open(runs: &[PathBuf], window: Range<u64>) -> Result<Self, SqlError> {
        Self::with_memory(runs, window, Memory::of_machine())
    }

    fn with_memory(runs: &[PathBuf], window: Range<u64>, memory: Memory) -> Result<Self, SqlError> {
        let sources: Arc<[Source]> = source::open(runs)?.into();
        let told = Told::default();
        let requests = Requests::new(sources.clone(), window, memory, told.clone());
        let mut database = Self { sources, context: SQLContext::new(), known: Known::default(), told };
        database.add("requests", requests.names(), requests.scanned()?);
        for (name, frame) in samples::tables(&database.sources)? {
            let columns = frame.get_column_names_owned().iter().map(ToString::to_string).collect();
            database.add(name, columns, frame.lazy());
        }
        Ok(database)
    }

    fn add(&mut self, name: &'static str, columns: Vec<String>, table: LazyFrame) {
        self.context.register(name, table);
        self.known.add(name, columns);
    }

    /// The answer to a query.
    ///
    /// # Errors
    /// Where the query is wrong, its rows cannot be read, or are more than memory holds.
    pub fn ask(&mut self, query: &str) -> Result<Answer, SqlError> {
        let answered = self.context.execute(query).and_then(LazyFrame::collect);
        answered.map(Answer::new).map_err(|error| self.explained(&error))
    }

    /// What the rows themselves have to say of a failure comes before what polars makes of it.
    fn explained(&self, error: &PolarsError) -> SqlError {
        self.told.take().unwrap_or_else(|| self.known.explain(error))
    }

    /// How many last lines without an end were passed over so far, which a killed engine leaves.
    pub fn torn_lines(&self) -> u64 {
        self.sources.iter().map(|source| source.torn_lines.load(Ordering::Relaxed)).sum()
    }
}

impl Requests {
    /// As a table that is read when it is asked for.
    fn scanned(self) -> Result<LazyFrame, SqlError> {
        let args = ScanArgsAnonymous { schema: Some(self.schema()), name: "requests", ..ScanArgsAnonymous::default() };
        Ok(LazyFrame::anonymous_scan(Arc::new(self), args)?)
    }
}
