//! What people name on the command line → runs with what every analysis needs, in one pass over the rows (and a second
//! over some of their columns, where there are too many to be kept). What only one analysis needs, it reads itself.

mod found;
pub mod progress;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use runlog::directory;
use runlog::summary::{Summary, Wanted};
use runlog::tally::{Gathered, Stretch, gather};
use runlog::units::Nanos;
use runlog::windows::{Windowing, Windows};

pub use self::found::Place;
use self::found::{found, sort};
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
    /// The whole run over time.
    pub windows: Windows,
}

/// Opens all runs that were named: a run directory is one; a folder of run directories holds as many as are in it, where
/// those that ran side by side as shards of one load are one.
///
/// # Errors
/// Where something does not exist, is no run, or a row cannot be read.
pub fn load_all(paths: &[PathBuf], within: Stretch) -> Result<Vec<Run>, Failure> {
    open_all(paths)?.into_iter().map(|log| read(log, within)).collect()
}

/// Opens all runs that were named, without reading their rows.
///
/// # Errors
/// Where something does not exist or is no run.
pub fn open_all(paths: &[PathBuf]) -> Result<Vec<directory::Run>, Failure> {
    let mut runs = Vec::with_capacity(paths.len());
    for path in paths {
        for place in found(path)? {
            runs.push(place.open()?);
        }
    }
    Ok(runs)
}

/// All runs that were named, each once, in the order in which they began; of each only its manifest is read.
///
/// # Errors
/// Where something does not exist or is no run.
pub fn places(paths: &[PathBuf]) -> Result<Vec<Place>, Failure> {
    let mut places = Vec::with_capacity(paths.len());
    for path in paths {
        places.extend(found(path)?);
    }
    sort(&mut places);
    let mut seen = HashSet::new();
    places.retain(|place| seen.insert(place.path().canonicalize().unwrap_or_else(|_| place.path().to_owned())));
    Ok(places)
}

/// Opens what is to be one run.
///
/// # Errors
/// As with [`load_all`], and where a folder holds several.
pub fn load(path: &Path) -> Result<Run, Failure> {
    read(open(path)?, Stretch::WHOLE)
}

/// Opens what is to be one run, without reading its rows.
///
/// # Errors
/// Where it does not exist, is no run, or a folder holds several.
pub fn open(path: &Path) -> Result<directory::Run, Failure> {
    let mut places = found(path)?;
    match (places.pop(), places.len()) {
        (Some(place), 0) => place.open(),
        (_, others) => Err(Failure::Several { path: path.to_owned(), runs: others + 1 }),
    }
}

/// Reads the rows of a run.
///
/// # Errors
/// Where one cannot be read.
pub fn read(log: directory::Run, within: Stretch) -> Result<Run, Failure> {
    let width = Windows::width(elapsed(&log), log.manifest.scenarios.len() * log.manifest.requests.len());
    let (summary, windows) = Progress::of_reading(&log.rows).show(|progress| {
        let wanted = Wanted::of(&log, within);
        let both = || (wanted.nothing(), Windowing::new(&log.manifest, width));
        let Gathered { tally: (groups, windowing), torn_lines } = gather(&log.rows, Some(progress), both)?;
        let summary = wanted.summary(&Gathered { tally: groups, torn_lines }, Some(progress))?;
        Ok::<_, Failure>((summary, windowing.windows()))
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
