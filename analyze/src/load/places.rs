//! Where runs are: a history of them is longer than files can be open at a time.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use runlog::directory::{self, MANIFEST};
use runlog::manifest::Manifest;
use runlog::tally::Stretch;

use super::found::{are_shards, has_ending, shards, together};
use super::{Detail, Run, read};
use crate::columnar::ParquetRun;
use crate::condensed::{Condensed, ENDING};
use crate::failure::Failure;

/// Where a run is: what of it is known before anything but its manifest is read.
#[derive(Debug)]
pub struct Place {
    /// What was run; of shards, of all together.
    pub manifest: Manifest,
    /// A run directory, a Parquet file or a summary file; several where shards of one load are one run.
    shards: Vec<PathBuf>,
}

impl Place {
    fn of(path: PathBuf) -> Result<Self, Failure> {
        let manifest = if has_ending(&path, "parquet") {
            ParquetRun::open(&path)?.manifest
        } else if has_ending(&path, ENDING) {
            Condensed::open(&path)?.log.manifest
        } else {
            directory::read_manifest(&path)?
        };
        Ok(Self { manifest, shards: vec![path] })
    }

    /// The directory or file, of shards that of the first.
    pub fn path(&self) -> &Path {
        &self.shards[0]
    }

    /// Reads the figures of the run.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn read(&self) -> Result<Run, Failure> {
        let mut found = Vec::with_capacity(self.shards.len());
        for shard in &self.shards {
            found.extend(shards(shard)?);
        }
        let mut loads = together(found)?;
        match (loads.pop(), loads.len()) {
            (Some(load), 0) => read(load, Stretch::WHOLE, Detail::Figures),
            (_, others) => Err(Failure::Several { path: self.path().to_owned(), runs: others + 1 }),
        }
    }
}

/// All runs that were named, each once, in the order in which they began; of each only its manifest is read.
///
/// # Errors
/// Where something does not exist or is no run.
pub fn places(paths: &[PathBuf]) -> Result<Vec<Place>, Failure> {
    let mut places = Vec::with_capacity(paths.len());
    for path in paths {
        places.extend(at(path)?);
    }
    sort(&mut places);
    let mut seen = HashSet::new();
    places.retain(|place| seen.insert(place.path().canonicalize().unwrap_or_else(|_| place.path().to_owned())));
    Ok(places)
}

/// The runs at a path, by when they began. Shards of one load are one run.
fn at(path: &Path) -> Result<Vec<Place>, Failure> {
    if !path.exists() {
        return Err(Failure::Missing(path.to_owned()));
    }
    let is_one = path.is_file() || path.join(MANIFEST).exists();
    let runs = if is_one { Vec::new() } else { runs_in(path) };
    if runs.is_empty() {
        // Where there is no run either, this says so.
        return Ok(vec![Place::of(path.to_owned())?]);
    }
    let mut places = runs.into_iter().map(Place::of).collect::<Result<Vec<_>, _>>()?;
    sort(&mut places);
    let mut loads: Vec<Place> = Vec::with_capacity(places.len());
    for place in places {
        match loads.iter_mut().find(|load| are_shards(&load.manifest, &place.manifest)) {
            Some(load) => {
                load.shards.extend(place.shards);
                load.manifest.add_shard(place.manifest);
            }
            None => loads.push(place),
        }
    }
    Ok(loads)
}

fn runs_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let is_run = |path: &PathBuf| path.join(MANIFEST).exists() || has_ending(path, ENDING);
    entries.flatten().map(|entry| entry.path()).filter(is_run).collect()
}

/// Puts runs in the order in which they began.
fn sort(places: &mut [Place]) {
    places.sort_by_cached_key(|place| (place.manifest.started_unix_ns, place.path().to_owned()));
}
