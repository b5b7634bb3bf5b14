//! Why a Parquet file could not be read as a run.

use std::io;
use std::path::PathBuf;

use parquet::errors::ParquetError;
use runlog::reader::ReadError;
use runlog::text::printable_path;

/// Why a Parquet file could not be read as a run.
#[derive(Debug, thiserror::Error)]
pub enum ParquetReadError {
    /// It is a Parquet file of somebody else.
    #[error(
        "`{}` is no run: {what}; a run is a directory with a run.json, or a Parquet file from `drumfire-analyze export`",
        printable_path(.path)
    )]
    NotOurs {
        /// The file.
        path: PathBuf,
        /// What is missing or different.
        what: String,
    },
    /// It is no Parquet file, or not whole.
    #[error("`{}` cannot be read as Parquet: {source}; export the run again", printable_path(.path))]
    Broken {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        source: ParquetError,
    },
    /// A value that no row has: a name that the manifest does not know, an unknown word, a number too large.
    #[error("`{}`: a `{column}` is not what it should be; export the run again", printable_path(.path))]
    Value {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// The manifest or the samples in it are not what they should be.
    #[error(transparent)]
    Run(#[from] ReadError),
    /// The system said no.
    #[error("cannot read `{}`: {source}", printable_path(.path))]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}
