//! Which runs there are where a path leads to.

use std::fs;
use std::path::{Path, PathBuf};

use runlog::directory::{self, MANIFEST, Run};
use runlog::manifest::Manifest;
use runlog::units::Nanos;

use crate::columnar::ParquetRun;
use crate::failure::Failure;

/// Where a run is: what of it is known before anything but its manifest is read.
#[derive(Debug)]
pub struct Place {
    /// What was run; of shards, of all together.
    pub manifest: Manifest,
    /// A run directory or a Parquet file; several where shards of one load are one run.
    shards: Vec<PathBuf>,
}

impl Place {
    fn of(path: PathBuf) -> Result<Self, Failure> {
        let manifest = if is_parquet(&path) { open(&path)?.manifest } else { directory::read_manifest(&path)? };
        Ok(Self { manifest, shards: vec![path] })
    }

    /// The directory or file, of shards that of the first.
    pub fn path(&self) -> &Path {
        &self.shards[0]
    }

    /// Opens the run.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn open(&self) -> Result<Run, Failure> {
        let mut run = open(self.path())?;
        for shard in &self.shards[1..] {
            run.add_shard(open(shard)?);
        }
        Ok(run)
    }
}

fn open(path: &Path) -> Result<Run, Failure> {
    if is_parquet(path) { Ok(ParquetRun::open(path)?.into_run()) } else { Ok(Run::open(path)?) }
}

/// The runs at a path, by when they began: a run directory, a Parquet file that one was exported to, or all in a folder.
/// Shards of one load are one run.
///
/// # Errors
/// Where there is none.
pub fn found(path: &Path) -> Result<Vec<Place>, Failure> {
    if !path.exists() {
        return Err(Failure::Missing(path.to_owned()));
    }
    let is_one = is_parquet(path) || path.join(MANIFEST).exists();
    let directories = if is_one { Vec::new() } else { runs_in(path) };
    if directories.is_empty() {
        // Where there is no run either, this says so.
        return Ok(vec![Place::of(path.to_owned())?]);
    }
    let mut places = directories.into_iter().map(Place::of).collect::<Result<Vec<_>, _>>()?;
    sort(&mut places);
    Ok(together(places))
}

/// Puts runs in the order in which they began.
pub fn sort(places: &mut [Place]) {
    places.sort_by(|a, b| {
        let key = |place: &Place| (place.manifest.started_unix_ns, place.path().to_owned());
        key(a).cmp(&key(b))
    });
}

fn is_parquet(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|ending| ending == "parquet")
}

fn runs_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).filter(|path| path.join(MANIFEST).exists()).collect()
}

/// Puts the shards of each load together.
fn together(places: Vec<Place>) -> Vec<Place> {
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
    loads
}

/// Whether two runs are parts of one load: the same scenario with the same seed, at the same time.
fn are_shards(one: &Manifest, other: &Manifest) -> bool {
    let span = |manifest: &Manifest| {
        let length = manifest.ending.as_ref().map_or(manifest.planned_ns, |ending| ending.elapsed_ns);
        let from = Nanos(manifest.started_unix_ns);
        (from, from.after(length))
    };
    let ((from, to), (other_from, other_to)) = (span(one), span(other));
    let same_load = one.name == other.name
        && one.seed == other.seed
        && one.scenarios == other.scenarios
        && one.requests == other.requests
        && one.thresholds == other.thresholds;
    same_load && from < other_to && other_from < to
}
