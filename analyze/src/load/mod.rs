//! What people name on the command line → runs with what every analysis needs, in one pass over the rows (and a second
//! over some of their columns, where there are too many to be kept). What only one analysis needs, it reads itself.

mod found;
mod places;
pub mod progress;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;

use runlog::directory;
use runlog::outline::Outlining;
use runlog::reader::ReadError;
use runlog::summary::{Summary, Wanted};
use runlog::tally::{Cells, Gathered, Groups, StoredGroups, Stretch, gather};
use runlog::units::Nanos;
use runlog::windows::{self, Windowing, Windows};

pub use self::found::is_run;
use self::found::{Found, condensed_together, found, in_order, shards, together};
pub use self::places::{Place, places};
use self::progress::Progress;
use crate::condensed::Condensed;
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
    /// The whole run over time, as finely as was asked for; nothing where only figures were.
    pub windows: Windows,
}

/// How much is gathered of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Its figures.
    Figures,
    /// And arrivals, answers and response times of all requests together over time: a single cell, at little cost.
    Outline,
    /// And how all figures came about over time, as finely as charts and comparisons want it.
    OverTime,
    /// The same, as finely as it is kept.
    EverySecond,
}

impl Run {
    /// Whether a cell of its windows is of the request at this place, in whatever scenario.
    pub fn is_of_request(&self, request: usize) -> impl Fn(usize) -> bool + use<> {
        let requests = self.log.manifest.requests.len().max(1);
        move |cell| cell % requests == request
    }

    /// Whether a cell of its windows is of the request of this name, in whatever scenario; of all requests without one.
    pub fn is_of(&self, request: Option<&str>) -> impl Fn(usize) -> bool + use<> {
        let named = |name: &str| self.log.manifest.requests.iter().position(|request| request.name == name);
        // One that there is not has no cell.
        let is_of_it = request.map(|name| self.is_of_request(named(name).unwrap_or(usize::MAX)));
        move |cell| is_of_it.as_ref().is_none_or(|is_of_it| is_of_it(cell))
    }

    /// Whether its rows are there, and not only what was gathered of them.
    pub const fn has_rows(&self) -> bool {
        self.summary.exact
    }
}

/// Opens all runs that were named: a run directory is one, or a summary file; a folder of them holds as many as are in it,
/// where those that ran side by side as shards of one load are one. So are summary files that are named one by one.
///
/// # Errors
/// Where something does not exist, is no run, or a row cannot be read.
pub fn load_all(paths: &[PathBuf], within: Stretch, detail: Detail) -> Result<Vec<Run>, Failure> {
    let mut all = Vec::with_capacity(paths.len());
    for path in paths {
        all.extend(found(path)?);
    }
    condensed_together(all)?.into_iter().map(|found| read(found, within, detail)).collect()
}

/// Opens all runs that were named, without reading their rows.
///
/// # Errors
/// Where something does not exist, is no run, or holds no rows.
pub fn open_all(paths: &[PathBuf]) -> Result<Vec<directory::Run>, Failure> {
    let mut runs = Vec::with_capacity(paths.len());
    for path in paths {
        for found in found(path)? {
            runs.push(with_rows(found)?);
        }
    }
    Ok(runs)
}

/// Opens what is to be one run, with all there is to it.
///
/// # Errors
/// As with [`load_all`], and where a folder holds several.
pub fn load(path: &Path) -> Result<Run, Failure> {
    read(the_one(path)?, Stretch::WHOLE, Detail::OverTime)
}

/// Opens what is to be one run, without reading its rows.
///
/// # Errors
/// Where it does not exist, is no run, holds no rows, or a folder holds several.
pub fn open(path: &Path) -> Result<directory::Run, Failure> {
    with_rows(the_one(path)?)
}

/// What is kept without rows of runs that are all shards of one load; those with rows are read.
///
/// # Errors
/// As with [`load_all`], and where they are of several loads.
pub fn condense(paths: &[PathBuf]) -> Result<Condensed, Failure> {
    let mut all = Vec::with_capacity(paths.len());
    for path in paths {
        for shard in shards(path)? {
            all.push(Found::Condensed(Box::new(condensed(shard)?)));
        }
    }
    in_order(&mut all);
    let mut loads = together(all)?.into_iter();
    match (loads.next(), loads.next()) {
        (Some(load), None) => condensed(load),
        (Some(first), Some(other)) => {
            Err(Failure::NotOneLoad { first: first.run().path.clone(), other: other.run().path.clone() })
        }
        (None, _) => Err(Failure::Missing(PathBuf::new())),
    }
}

fn the_one(path: &Path) -> Result<Found, Failure> {
    let mut runs = found(path)?;
    match (runs.pop(), runs.len()) {
        (Some(run), 0) => Ok(run),
        (_, others) => Err(Failure::Several { path: path.to_owned(), runs: others + 1 }),
    }
}

fn with_rows(found: Found) -> Result<directory::Run, Failure> {
    match found {
        Found::Rows(run) => Ok(*run),
        Found::Condensed(condensed) => Err(Failure::NoRows { path: condensed.log.path, needs: "this" }),
    }
}

fn read(found: Found, within: Stretch, detail: Detail) -> Result<Run, Failure> {
    match found {
        Found::Rows(log) => read_rows(*log, within, detail),
        Found::Condensed(condensed) if within != Stretch::WHOLE => {
            Err(Failure::NoRows { path: condensed.log.path, needs: "a stretch of time" })
        }
        Found::Condensed(condensed) => {
            let summary = condensed.summary()?;
            Ok(Run { log: condensed.log, within, summary, windows: condensed.windows })
        }
    }
}

fn read_rows(log: directory::Run, within: Stretch, detail: Detail) -> Result<Run, Failure> {
    let (summary, windows) = Progress::of_reading(&log.rows).show(|progress| {
        let wanted = Wanted::of(&log, within);
        let (gathered, windows) = pass(&log, &wanted, detail, progress)?;
        Ok::<_, Failure>((wanted.summary(&gathered, Some(progress))?, windows))
    })?;
    Ok(Run { log, within, summary, windows })
}

fn condensed(found: Found) -> Result<Condensed, Failure> {
    let log = match found {
        Found::Rows(log) => *log,
        Found::Condensed(condensed) => return Ok(*condensed),
    };
    let (stored, windows, torn_lines) = Progress::of_reading(&log.rows).show(|progress| {
        let wanted = Wanted::of_histograms(&log);
        let (gathered, windows) = pass(&log, &wanted, Detail::EverySecond, progress)?;
        Ok::<_, Failure>((StoredGroups::of(&gathered.tally), windows, gathered.torn_lines))
    })?;
    Ok(Condensed::new(log, stored, windows, torn_lines))
}

/// What is gathered of rows.
type Figures<'w> = Gathered<Groups<'w, Cells>>;

/// The one pass over the rows.
fn pass<'w>(
    log: &'w directory::Run,
    wanted: &'w Wanted<'_>,
    detail: Detail,
    progress: &AtomicU64,
) -> Result<(Figures<'w>, Windows), ReadError> {
    let cells = log.manifest.scenarios.len() * log.manifest.requests.len();
    let most = match detail {
        Detail::Figures => {
            let gathered = gather(&log.rows, Some(progress), || wanted.nothing())?;
            return Ok((gathered, Windows::new(Windows::width(elapsed(log), cells, windows::ENOUGH))));
        }
        Detail::Outline => {
            let both = || (wanted.nothing(), Outlining::new(elapsed(log)));
            let Gathered { tally: (groups, outlining), torn_lines } = gather(&log.rows, Some(progress), both)?;
            return Ok((Gathered { tally: groups, torn_lines }, outlining.windows()));
        }
        Detail::OverTime => windows::ENOUGH,
        Detail::EverySecond => windows::MOST,
    };
    let width = Windows::width(elapsed(log), cells, most);
    let both = || (wanted.nothing(), Windowing::new(&log.manifest, width));
    let Gathered { tally: (groups, windowing), torn_lines } = gather(&log.rows, Some(progress), both)?;
    Ok((Gathered { tally: groups, torn_lines }, windowing.windows()))
}

/// How long a run took, as far as is known before its rows are read.
fn elapsed(log: &directory::Run) -> Nanos {
    let last_sample = log.engine.iter().map(|sample| Nanos(sample.time_ns)).max();
    match &log.manifest.ending {
        Some(ending) => ending.elapsed_ns,
        None => last_sample.unwrap_or(log.manifest.planned_ns),
    }
}
