//! Run directories → runs with what every analysis needs. What only one needs, it reads from the rows itself.

use std::path::Path;

use runlog::directory;
use runlog::summary::{self, Summary};

use crate::failure::Failure;

/// A run: its directory, opened, and its figures.
#[derive(Debug)]
pub struct Run {
    /// The directory: manifest, samples, and row files to fold.
    pub log: directory::Run,
    /// The figures of all its rows.
    pub summary: Summary,
}

/// Opens a run directory and folds its rows into figures.
///
/// # Errors
/// Where it does not exist, is no run directory, or a row cannot be read.
pub fn load(path: &Path) -> Result<Run, Failure> {
    if !path.exists() {
        return Err(Failure::Missing(path.to_owned()));
    }
    let log = directory::Run::open(path)?;
    let summary = summary::summarize(&log)?;
    Ok(Run { log, summary })
}
