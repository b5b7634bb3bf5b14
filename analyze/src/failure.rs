//! What can go wrong, with the message that a person reads and the exit code that a program reads.

use std::io;
use std::path::PathBuf;

use polars::error::PolarsError;
use runlog::reader::ReadError;
use runlog::text::{printable, printable_path};

use crate::baseline::Invalid;
use crate::columnar::ParquetReadError;
use crate::condensed::CondensedReadError;
use crate::exit;
use crate::export::AskedError;
use crate::gate::OtherScenario;
use crate::sql::SqlError;

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was named does not exist.
    #[error("there is no run directory `{}`", printable_path(.0))]
    Missing(PathBuf),
    /// One run was to be named.
    #[error("`{}` holds {runs} runs, and one is wanted: name the directory of one", printable_path(.path))]
    Several {
        /// The folder.
        path: PathBuf,
        /// How many are in it.
        runs: usize,
    },
    /// It is no run directory, or not one that can be read.
    #[error(transparent)]
    Read(#[from] ReadError),
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
    /// A baseline file cannot be had as text.
    #[error("cannot read the baseline `{}`: {source}", printable_path(.path))]
    Baseline {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A baseline file says something that cannot be.
    #[error(transparent)]
    InvalidBaseline(#[from] Invalid),
    /// A run is of another scenario than the baseline.
    #[error(transparent)]
    OtherScenario(#[from] OtherScenario),
    /// Runs that are to be one baseline did not do the same.
    #[error(
        "the runs are of different scenarios: `{}` (sha256 {:.12}) and `{}` (sha256 {:.12}); a baseline is of one",
        printable(&.first.0), .first.1, printable(&.other.0), .other.1
    )]
    DifferentScenarios {
        /// The first run's name and digest.
        first: (String, String),
        /// The other's.
        other: (String, String),
    },
    /// A run that no baseline is made of.
    #[error("`{}` is not a run to hold others against: {}", printable_path(.run), printable(&.reasons.join("; ")))]
    NotToJudgeBy {
        /// The run directory.
        run: PathBuf,
        /// Why not.
        reasons: Vec<String>,
    },
    /// Runs do not tell how many instances there were.
    #[error(
        "the runs cannot be told apart by the tag `{}`: it takes two numbers above 0, as of `drumfire run … --tag {}=3`; without --by, each \
         run is looked at by itself",
        printable(tag),
        printable(tag)
    )]
    NotOfSeveral {
        /// The tag that was asked for.
        tag: String,
    },
    /// A baseline is there already.
    #[error("`{}` is there already, and nothing is overwritten: --update puts new figures in place of its own", printable_path(.0))]
    Exists(PathBuf),
    /// A hand-written baseline would lose its limits.
    #[error("`{}` is hand-written, and its limits would be lost; name another file with -o", printable_path(.0))]
    HandWritten(PathBuf),
    /// It is a Parquet file that cannot be read as a run.
    #[error(transparent)]
    ReadParquet(#[from] ParquetReadError),
    /// It is a summary file that cannot be read as a run.
    #[error(transparent)]
    ReadCondensed(#[from] CondensedReadError),
    /// It is a summary file, and rows are wanted.
    #[error(
        "`{}` is a summary file: it holds no rows, and {needs} needs them; name the run directory that it was made of",
        printable_path(.path)
    )]
    NoRows {
        /// The file.
        path: PathBuf,
        /// What does not go without.
        needs: &'static str,
    },
    /// What is to be one summary file is not of one load.
    #[error(
        "`{}` and `{}` are not shards of one load, and a summary file is of one: write a file for each",
        printable_path(.first), printable_path(.other)
    )]
    NotOneLoad {
        /// Of one load.
        first: PathBuf,
        /// Of another.
        other: PathBuf,
    },
    /// A summary file would not be known as one.
    #[error("let the name `{}` end in .summary: by that it is known again", printable_path(.0))]
    NotNamedSummary(PathBuf),
    /// Something else is where a summary file is to be.
    #[error("`{}` is there already and no summary file: nothing else is overwritten; name another with -o", printable_path(.0))]
    NoSummaryFile(PathBuf),
    /// What was asked for is not clear.
    #[error(transparent)]
    Asked(#[from] AskedError),
    /// A query over the rows failed, which is a bug.
    #[error("the rows could not be grouped: {0}")]
    Query(#[from] PolarsError),
    /// A query has no answer.
    #[error(transparent)]
    Sql(#[from] SqlError),
    /// A run directory stands where a query should.
    #[error("the query is missing: `{}` is a directory, and what comes last is the query, such as 'SELECT count(*) FROM requests', or a file that ends with .sql", printable_path(.0))]
    NoQuery(PathBuf),
    /// Analyses in SQL could not be read.
    #[error("cannot read `{}`: {source}", printable_path(.path))]
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
    #[error("cannot write `{}`: {source}; name another place", printable_path(.path))]
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
    /// 2 where the input is wrong, 3 where the measurement is not valid, 1 where something failed on the way.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Sql(error) if error.is_bug() => 1,
            Self::Missing(_)
            | Self::Several { .. }
            | Self::TooManyGroups { .. }
            | Self::ReadParquet(_)
            | Self::ReadCondensed(_)
            | Self::NoRows { .. }
            | Self::NotOneLoad { .. }
            | Self::NotOfSeveral { .. }
            | Self::NotNamedSummary(_)
            | Self::NoSummaryFile(_)
            | Self::Asked(_)
            | Self::NoQuery(_)
            | Self::Analyses { .. }
            | Self::Sql(_)
            | Self::Read(_)
            | Self::Write { .. }
            | Self::Baseline { .. }
            | Self::InvalidBaseline(_)
            | Self::OtherScenario(_)
            | Self::DifferentScenarios { .. }
            | Self::Exists(_)
            | Self::HandWritten(_) => 2,
            Self::NotToJudgeBy { .. } => exit::NOT_VALID,
            Self::Query(_) | Self::Page(_) | Self::Output(_) => 1,
        }
    }
}
