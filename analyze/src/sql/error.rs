//! Why a query has no answer, in words that help: what is wrong, what there is, what was probably meant.

use std::sync::{Arc, Mutex, PoisonError};

use polars::error::PolarsError;
use runlog::reader::ReadError;
use runlog::text::printable;
use runlog::units::{Bytes, Thousands};

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum SqlError {
    /// A run cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The query is not one that can be answered.
    #[error("the query is wrong: {what}{}\n{tables}", .meant.as_ref().map(|name| format!("; did you mean `{name}`?")).unwrap_or_default())]
    Wrong {
        /// What is wrong with it.
        what: String,
        /// A name that there is, and that was probably meant.
        meant: Option<String>,
        /// The tables with their columns, a line each.
        tables: String,
    },
    /// Its rows are more than memory holds.
    #[error(
        "the query needs {} rows in memory, {} of them, and {} are free for it: name fewer columns, filter with WHERE on \
         scheduled_ns, time_s, request or scenario, choose a stretch with --from and --to, or `export` the run to Parquet \
         and ask DuckDB",
        Thousands(*.rows), Bytes(*.bytes), Bytes(*.most)
    )]
    TooLarge {
        /// How many rows: at least, where they were counted while they were read.
        rows: u64,
        /// How much memory they take.
        bytes: u64,
        /// How much there is for them.
        most: u64,
    },
    /// What should not happen did.
    #[error("the rows could not be put together: {0}")]
    Polars(#[from] PolarsError),
}

impl SqlError {
    /// Whether nobody who asked can help it.
    pub const fn is_bug(&self) -> bool {
        matches!(self, Self::Polars(_))
    }
}

/// Where the table `requests` leaves what polars could not carry: why its rows could not be read.
#[derive(Debug, Clone, Default)]
pub(super) struct Told(Arc<Mutex<Option<SqlError>>>);

impl Told {
    /// Leaves it, and gives polars something to stop for.
    pub fn tell(&self, error: SqlError) -> PolarsError {
        let said = error.to_string();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
        PolarsError::ComputeError(said.into())
    }

    pub fn take(&self) -> Option<SqlError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// The tables that can be asked, and their columns.
#[derive(Debug, Default)]
pub(super) struct Known {
    tables: Vec<(&'static str, Vec<String>)>,
}

impl Known {
    pub fn add(&mut self, table: &'static str, columns: Vec<String>) {
        self.tables.push((table, columns));
    }

    /// What polars said of a query, with what there is.
    pub fn explain(&self, error: &PolarsError) -> SqlError {
        let said = error.to_string();
        let tables = self.tables.iter().map(|(table, columns)| format!("  {table} ({})", columns.join(", ")));
        let tables = format!("there are\n{}", printable_lines(&tables.collect::<Vec<_>>()));
        let unknown = unknown_name(&said);
        let meant =
            unknown.filter(|(_, name)| !self.has_column(name)).and_then(|(kind, name)| self.closest(kind, name));
        let what = match (unknown, quoted(&said, "duplicate output name '", '\'')) {
            (Some((COLUMN, name)), _) if self.has_column(name) => {
                let name = printable(name);
                format!(
                    "`{name}` is not there any more at that place: ORDER BY and an outer SELECT see what is named with AS"
                )
            }
            (Some((kind, name)), _) => format!("there is no {kind} `{}`", printable(name)),
            (_, Some(name)) => {
                format!("two columns of the answer are called `{}`: name them with AS", printable(name))
            }
            _ => printable(said.lines().next().unwrap_or_default()),
        };
        SqlError::Wrong { what, meant, tables }
    }

    fn has_column(&self, name: &str) -> bool {
        self.tables.iter().any(|(_, columns)| columns.iter().any(|column| column == name))
    }

    fn closest(&self, kind: &str, name: &str) -> Option<String> {
        let tables = self.tables.iter().map(|(table, _)| *table).filter(|_| kind == TABLE);
        let columns = self.tables.iter().flat_map(|(_, columns)| columns.iter().map(String::as_str));
        let names = tables.chain(columns.filter(|_| kind == COLUMN));
        let likeness = |known: &str| strsim::jaro_winkler(&name.to_lowercase(), known);
        let closest = names.max_by(|a, b| likeness(a).total_cmp(&likeness(b)))?;
        (likeness(closest) > 0.75).then(|| printable(closest))
    }
}

fn printable_lines(lines: &[String]) -> String {
    lines.iter().map(|line| printable(line)).collect::<Vec<_>>().join("\n")
}

const TABLE: &str = "table";
const COLUMN: &str = "column";

/// The kind of thing, and its name, that polars did not find.
fn unknown_name(said: &str) -> Option<(&'static str, &str)> {
    let column = || {
        let ways = [("unable to find column \"", '"'), ("column named '", '\''), ("unable to find column '", '\'')];
        ways.into_iter().find_map(|(before, quote)| quoted(said, before, quote)).map(|name| (COLUMN, name))
    };
    column().or_else(|| quoted(said, "relation '", '\'').map(|name| (TABLE, name)))
}

/// What stands between these words and a quote.
fn quoted<'a>(said: &'a str, before: &str, quote: char) -> Option<&'a str> {
    said.split_once(before)?.1.split_once(quote).map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_is_not_there_is_told_with_the_one_that_was_meant() {
        let mut known = Known::default();
        known.add("requests", vec!["duration_ns".to_owned(), "request".to_owned()]);
        known.add("probes", vec!["value".to_owned()]);
        for (said, what, meant) in [
            (
                "unable to find column \"duraton_ns\"; valid columns: []",
                "there is no column `duraton_ns`",
                Some("duration_ns"),
            ),
            ("relation 'request_' was not found", "there is no table `request_`", Some("requests")),
            ("no column named 'x' found in table 'requests'", "there is no column `x`", None),
            ("sql parser error: Expected: an expression\nand more", "sql parser error: Expected: an expression", None),
        ] {
            let SqlError::Wrong { what: told, meant: likely, .. } =
                known.explain(&PolarsError::SQLInterface(said.to_owned().into()))
            else {
                panic!("the query is wrong");
            };
            assert_eq!((told.as_str(), likely.as_deref()), (what, meant));
        }
    }
}
