//! What can go wrong, with the message that a person reads and the exit code that a program reads.

use std::io;
use std::path::PathBuf;

use polars::error::PolarsError;
use runlog::reader::ReadError;

use crate::columnar::ParquetReadError;
use crate::command::export::AskedError;
use crate::sql::SqlError;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was named does not exist.
    #[error("there is no run directory `{}`", .0.display())]
    Missing(PathBuf),
    /// One run was to be named.
    #[error("`{}` holds {runs} runs, and one is wanted: name the directory of one", .path.display())]
    Several {
        /// The folder.
        path: PathBuf,
        /// How many are in it.
        runs: usize,
    },
    /// It is no run directory, or not one that can be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is a Parquet file that cannot be read as a run.
    #[error(transparent)]
    ReadParquet(#[from] ParquetReadError),
    /// What was asked for is not clear.
    #[error(transparent)]
    Asked(#[from] AskedError),
    /// More groups than a table can show.
    #[error(
        "these are {groups} groups or more, and a table of more than {most} is of use to nobody: ask for fewer keys, longer windows, or a stretch with --from and --to"
    )]
    TooManyGroups {
        /// How many there are.
        groups: usize,
        /// How many there may be.
        most: usize,
    },
    /// A query over the rows failed, which is a bug.
    #[error("the rows could not be grouped: {0}")]
    Query(#[from] PolarsError),
    /// A query has no answer.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// A run directory stands where a query should.
    #[error("the query is missing: `{}` is a directory, and what comes last is the query, such as 'SELECT count(*) FROM requests', or a file that ends with .sql", .0.display())]
    NoQuery(PathBuf),
    /// Analyses in SQL could not be read.
    #[error("cannot read `{}`: {source}", .path.display())]
    Analyses {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The page could not be put together, which is a bug.
    #[error("the report could not be put together: {0}")]
    Page(#[from] askama::Error),
    /// A file could not be written.
    #[error("cannot write `{}`: {source}; name another place with -o", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Standard output could not be written.
    #[error("cannot write to standard output: {0}")]
    Output(#[from] io::Error),
}

impl Failure {
    /// 2 where the input is wrong, 1 where something failed on the way.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Sql(error) if error.is_bug() => 1,
            Self::Missing(_)
            | Self::Several { .. }
            | Self::TooManyGroups { .. }
            | Self::Read(_)
            | Self::ReadParquet(_)
            | Self::Asked(_)
            | Self::Write { .. }
            | Self::NoQuery(_)
            | Self::Analyses { .. }
            | Self::Sql(_) => 2,
            Self::Query(_) | Self::Page(_) | Self::Output(_) => 1,
        }
    }
}
