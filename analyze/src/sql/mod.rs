//! Questions in SQL over runs: tables in, one table of figures out.
//!
//! `requests` is read by `runlog`'s reader when a query runs, and only the columns that the query names (`requests`,
//! `column`, `filter`); the samples are small and in memory already (`samples`). polars parses, plans and computes.
//! Percentiles by `QUANTILE_DISC` are nearest-rank, as everywhere. Nothing here knows how an answer is shown.

mod answer;
mod column;
mod error;
mod filter;
mod memory;
pub mod plugin;
mod requests;
mod samples;
mod source;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use polars::prelude::{IntoLazy, LazyFrame, PolarsError, ScanArgsAnonymous, polars_err};
use polars::sql::SQLContext;
use runlog::directory::Run;

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
    /// Opens runs as the tables `requests`, `engine`, `probes` and `events`. Of `requests`, only rows scheduled
    /// within `window` (nanoseconds since t=0) are there.
    ///
    /// # Errors
    /// Where polars does not take one of them.
    pub fn open(runs: Vec<Run>, window: Range<u64>) -> Result<Self, SqlError> {
        Self::with_memory(runs, window, Memory::of_machine())
    }

    fn with_memory(runs: Vec<Run>, window: Range<u64>, memory: Memory) -> Result<Self, SqlError> {
        let sources: Arc<[Source]> = source::named(runs).into();
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
        // polars panics where it should say that it cannot do something.
        let asked = AssertUnwindSafe(|| self.context.execute(query).and_then(LazyFrame::collect));
        let answered =
            catch_unwind(asked).unwrap_or_else(|_| Err(polars_err!(SQLInterface: "polars has no answer to it")));
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

#[cfg(test)]
mod tests {
    use super::*;
    use runlog::directory::Run;
    use runlog::row::{self, Row};
    use std::fs;
    use std::path::Path;

    const ROWS: u64 = 300_000;

    /// The run of fifty rows with others in their place: one a millisecond, in a file of several pieces.
    fn many_rows() -> tempfile::TempDir {
        let fixture = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../runlog/fixtures/fifty-rows"));
        let home = tempfile::tempdir().expect("a temporary directory");
        let manifest =
            fs::read_to_string(fixture.join("run.json")).expect("ours").replace("\"rows\": 27", "\"rows\": 300000");
        fs::write(home.path().join("run.json"), manifest).expect("writable");
        let names = Run::open(fixture).expect("ours").manifest.names();
        let mut text = row::header().into_bytes();
        for number in 0..ROWS {
            let row =
                Row { scheduled_ns: number * 1_000_000, duration_ns: Some(number), status: 200, ..Row::default() };
            text.extend_from_slice(&row.line(&names));
        }
        fs::write(home.path().join("requests-00.csv"), text).expect("writable");
        home
    }

    /// A query's cells, and how many bytes of the disk were read for them.
    fn asked(home: &Path, memory: Memory, query: &str) -> Result<(Vec<Vec<Cell>>, u64), SqlError> {
        let mut database = Database::with_memory(vec![Run::open(home).expect("a run")], 0..u64::MAX, memory)?;
        let answer = database.ask(query)?;
        let rows = (0..answer.rows()).map(|place| answer.row(place)).collect();
        Ok((rows, database.sources[0].bytes_read.load(Ordering::Relaxed)))
    }

    #[test]
    fn a_limit_reads_no_more_than_it_needs_and_the_first_rows() {
        let home = many_rows();
        let (all, whole) = asked(home.path(), Memory::OfMachine, "SELECT count(*) AS n FROM requests").expect("rows");
        assert_eq!(all, [[Cell::Whole(ROWS.cast_signed())]]);
        let query = "SELECT duration_ns FROM requests LIMIT 3";
        let (first, read) = asked(home.path(), Memory::OfMachine, query).expect("rows");
        assert_eq!(first, [[Cell::Whole(0)], [Cell::Whole(1)], [Cell::Whole(2)]]);
        assert!(read < whole / 5, "{read} of {whole} bytes");
    }

    #[test]
    fn rows_keep_their_order_across_chunks_and_threads() {
        let home = many_rows();
        let query = "SELECT duration_ns FROM requests WHERE duration_ns % 1000 = 7";
        let (rows, _) = asked(home.path(), Memory::OfMachine, query).expect("rows");
        let expected: Vec<_> = (0..ROWS.cast_signed() / 1000).map(|row| vec![Cell::Whole(row * 1000 + 7)]).collect();
        assert_eq!(rows, expected);
    }

    #[test]
    fn what_does_not_fit_into_memory_is_refused_and_what_does_is_not() {
        let home = many_rows();
        let megabyte = Memory::Fixed(1 << 20);
        let refused = |query| asked(home.path(), megabyte, query).expect_err(query).to_string();
        let error = refused("SELECT sum(duration_ns) FROM requests");
        assert!(
            error.starts_with("the query needs 300,023 rows in memory, 2.29 MiB of them, and 1.00 MiB are free"),
            "{error}"
        );
        assert!(error.contains("name fewer columns, filter with WHERE"), "{error}");
        refused("SELECT sum(duration_ns) FROM requests WHERE status = 200");
        for query in [
            "SELECT sum(duration_ns) AS x FROM requests WHERE time_s < 1",
            "SELECT sum(duration_ns) AS x FROM requests WHERE request = 'list' AND duration_ns < 1000",
            "SELECT sum(duration_ns) AS x FROM (SELECT duration_ns FROM requests LIMIT 1000)",
        ] {
            let (rows, _) = asked(home.path(), megabyte, query).expect(query);
            assert_eq!(rows, [[Cell::Whole(999 * 500)]], "{query}");
        }
    }

    #[test]
    fn queries_over_the_rows_at_the_same_time_do_not_wait_for_each_other() {
        let home = many_rows();
        let query = "SELECT count(*) AS n FROM requests a JOIN requests b ON a.duration_ns = b.duration_ns \
                     JOIN requests c ON a.duration_ns = c.duration_ns WHERE a.duration_ns < 100 AND b.duration_ns % 2 = 0";
        let (rows, _) = asked(home.path(), Memory::OfMachine, query).expect("rows");
        assert_eq!(rows, [[Cell::Whole(50)]]);
    }
}
