//! What people name on the command line → runs with what every analysis needs, in one pass over the rows (and a second
//! over some of their columns, where there are too many to be kept). What only one analysis needs, it reads itself.

mod found;
pub mod progress;

use std::path::{Path, PathBuf};

use runlog::directory;
use runlog::summary::{Summary, Wanted};
use runlog::tally::{Gathered, Stretch, gather};
use runlog::units::Nanos;
use runlog::windows::{Windowing, Windows};

use self::found::found;
use self::progress::Progress;
use crate::failure::Failure;

/// A run: its directory, opened, its figures, and how they came about over time.
#[derive(Debug)]
pub struct Run {
    /// The directory: manifest, samples, and row files to fold.
    pub log: directory::Run,
    /// What of it was asked for.
    pub within: Stretch,
    /// The figures of what was asked for.
    pub summary: Summary,
    /// The whole run over time; nothing where only figures were asked for.
    pub windows: Windows,
}

/// How much is gathered of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Its figures.
    Figures,
    /// And how they came about over time.
    OverTime,
}

/// Opens all runs that were named: a run directory is one; a folder of run directories holds as many as are in it, where
/// those that ran side by side as shards of one load are one.
///
/// # Errors
/// Where something does not exist, is no run, or a row cannot be read.
pub fn load_all(paths: &[PathBuf], within: Stretch, detail: Detail) -> Result<Vec<Run>, Failure> {
    open_all(paths)?.into_iter().map(|log| read(log, within, detail)).collect()
}

/// Opens all runs that were named, without reading their rows.
///
/// # Errors
/// Where something does not exist or is no run.
pub fn open_all(paths: &[PathBuf]) -> Result<Vec<directory::Run>, Failure> {
    let mut runs = Vec::with_capacity(paths.len());
    for path in paths {
        runs.extend(found(path)?);
    }
    Ok(runs)
}

/// Opens what is to be one run, with all there is to it.
///
/// # Errors
/// As with [`load_all`], and where a folder holds several.
pub fn load(path: &Path) -> Result<Run, Failure> {
    read(open(path)?, Stretch::WHOLE, Detail::OverTime)
}

/// Opens what is to be one run, without reading its rows.
///
/// # Errors
/// Where it does not exist, is no run, or a folder holds several.
pub fn open(path: &Path) -> Result<directory::Run, Failure> {
    let mut runs = found(path)?;
    match (runs.pop(), runs.len()) {
        (Some(run), 0) => Ok(run),
        (_, others) => Err(Failure::Several { path: path.to_owned(), runs: others + 1 }),
    }
}

fn read(log: directory::Run, within: Stretch, detail: Detail) -> Result<Run, Failure> {
    let width = Windows::width(elapsed(&log), log.manifest.scenarios.len() * log.manifest.requests.len());
    let (summary, windows) = Progress::of_reading(&log.rows).show(|progress| {
        let wanted = Wanted::of(&log, within);
        let (gathered, windows) = match detail {
            Detail::Figures => (gather(&log.rows, Some(progress), || wanted.nothing())?, Windows::new(width)),
            Detail::OverTime => {
                let both = || (wanted.nothing(), Windowing::new(&log.manifest, width));
                let Gathered { tally: (groups, windowing), torn_lines } = gather(&log.rows, Some(progress), both)?;
                (Gathered { tally: groups, torn_lines }, windowing.windows())
            }
        };
        Ok::<_, Failure>((wanted.summary(&gathered, Some(progress))?, windows))
    })?;
    Ok(Run { log, within, summary, windows })
}

/// How long a run took, as far as is known before its rows are read.
fn elapsed(log: &directory::Run) -> Nanos {
    let last_sample = log.engine.iter().map(|sample| Nanos(sample.time_ns)).max();
    match &log.manifest.ending {
        Some(ending) => ending.elapsed_ns,
        None => last_sample.unwrap_or(log.manifest.planned_ns),
    }
}
