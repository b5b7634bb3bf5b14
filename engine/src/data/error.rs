//! Why a file of data cannot be used.

use std::io;
use std::path::{Path, PathBuf};

use runlog::text::printable_path;

use memmap2::Mmap;

/// Why a file of data cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// It cannot be read.
    #[error("cannot read `{}`: {reason}", printable_path(.path))]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        reason: String,
    },
    /// Something in it is not as it has to be.
    #[error("`{}`, line {line}: {what}", printable_path(.path))]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        what: String,
    },
    /// There is nothing in it.
    #[error("`{}` {what}", printable_path(.path))]
    Empty {
        /// The file.
        path: PathBuf,
        /// What it lacks.
        what: &'static str,
    },
    /// It is an earlier run that cannot be read.
    #[error(transparent)]
    Run(#[from] runlog::reader::ReadError),
}

/// A file in memory, as far as it is looked at.
pub(super) fn map(path: &Path) -> Result<Mmap, DataError> {
    let unreadable = |reason: String| DataError::Unreadable { path: path.to_owned(), reason };
    let said = |error: &io::Error| match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        _ => error.to_string(),
    };
    let file = std::fs::File::open(path).map_err(|error| unreadable(said(&error)))?;
    let metadata = file.metadata().map_err(|error| unreadable(said(&error)))?;
    if metadata.is_dir() {
        return Err(unreadable("it is a directory".to_owned()));
    }
    if metadata.len() == 0 {
        return Err(DataError::Empty { path: path.to_owned(), what: "is empty" });
    }
    // SAFETY: the bytes are only read. Whoever changes the file while a load runs changes the values of the load, and whoever
    // cuts it short ends the program (SIGBUS), as with every mapped file; the documentation says so.
    #[expect(unsafe_code, reason = "a file can be larger than memory")]
    unsafe { Mmap::map(&file) }.map_err(|error| unreadable(said(&error)))
}
