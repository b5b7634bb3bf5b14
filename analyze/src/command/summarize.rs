//! `drumfire-analyze summarize`: a run without its rows, as one small file.

use std::path::{Path, PathBuf};

use clap::Args;

use super::print;
use crate::condensed::{Condensed, ENDING};
use crate::exit;
use crate::failure::Failure;
use crate::load;
use crate::output;

/// `drumfire-analyze summarize`.
#[derive(Debug, Args)]
pub struct SummarizeArgs {
    /// Run directories and summary files, all of them shards of one load
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Where to write the summary file: a name that ends with .summary
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
}

/// Writes the file, whole or not at all, and says where it is.
///
/// # Errors
/// Where a run cannot be read, they are of several loads, or something else is where the file is to be.
pub fn run(asked: &SummarizeArgs) -> Result<u8, Failure> {
    let path = &asked.output;
    check(path)?;
    let condensed = load::condense(&asked.runs)?;
    let written = output::write_whole(path, |file| condensed.write(file));
    written.map_err(|source| Failure::Write { path: path.clone(), source })?;
    print(format!("{}\n", path.display()).as_bytes())?;
    Ok(exit::PASSED)
}

/// Whether a summary file can be there; what is known before anything is read.
fn check(path: &Path) -> Result<(), Failure> {
    if path.extension().is_none_or(|ending| ending != ENDING) {
        return Err(Failure::NotNamedSummary(path.to_owned()));
    }
    if path.exists() && !Condensed::is_at(path) { Err(Failure::NoSummaryFile(path.to_owned())) } else { Ok(()) }
}
