//! Why a run directory could not be read.

use std::io;
use std::path::PathBuf;

use crate::text::printable_path;

/// Why a run directory could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no manifest.
    #[error("`{}` is not a run directory: it has no run.json", printable_path(.path))]
    NotARun {
        /// What was named.
        path: PathBuf,
    },
    /// The manifest is not one of ours.
    #[error("`{}` is not a manifest of ours: {what}", printable_path(.path))]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// The directory is from the future.
    #[error("`{}` has format {theirs}, this program reads up to {ours}: use the version that wrote it", printable_path(.path))]
    Newer {
        /// The manifest.
        path: PathBuf,
        /// Its major version.
        theirs: u64,
        /// Ours.
        ours: u32,
    },
    /// A line that is not what it should be.
    #[error("`{}`, line {line}: {what}", printable_path(.path))]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What does not fit.
        what: String,
    },
    /// A file of another format that holds no rows of ours.
    #[error("{what}")]
    Foreign {
        /// What is wrong, with the file's name, and what to do.
        what: String,
    },
    /// The system said no.
    #[error("cannot read `{}`: {source}", printable_path(.path))]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}
