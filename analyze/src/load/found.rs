//! Which runs there are where a path leads to.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use runlog::directory::{MANIFEST, Run};
use runlog::manifest::Manifest;
use runlog::units::Nanos;

use crate::columnar::ParquetRun;
use crate::condensed::{Condensed, ENDING, shard_id};
use crate::failure::Failure;

/// A run, or a shard of one.
#[derive(Debug)]
pub enum Found {
    /// With its rows.
    Rows(Box<Run>),
    /// What was kept of it without them.
    Condensed(Box<Condensed>),
}

impl Found {
    /// Manifest and samples.
    pub fn run(&self) -> &Run {
        match self {
            Self::Rows(run) => run,
            Self::Condensed(condensed) => &condensed.log,
        }
    }
}

/// The runs at a path, by when they began: a run directory, a Parquet file that one was exported to, a summary file, or all
/// in a folder. Shards of one load are one run.
///
/// # Errors
/// Where there is none.
pub fn found(path: &Path) -> Result<Vec<Found>, Failure> {
    together(shards(path)?)
}

/// The same, with each shard by itself.
///
/// # Errors
/// Where there is none.
pub fn shards(path: &Path) -> Result<Vec<Found>, Failure> {
    if !path.exists() {
        return Err(Failure::Missing(path.to_owned()));
    }
    if has_ending(path, "parquet") {
        return Ok(vec![Found::Rows(Box::new(ParquetRun::open(path)?.into_run()))]);
    }
    if has_ending(path, ENDING) {
        return Ok(vec![condensed(path)?]);
    }
    let shards = if path.join(MANIFEST).exists() { Vec::new() } else { shards_in(path)? };
    if shards.is_empty() {
        // Where there is no run either, this says so.
        return Ok(vec![rows(path)?]);
    }
    Ok(shards)
}

/// Whether a path leads to what a run was written to: a directory, a Parquet file or a summary file.
pub fn is_run(path: &Path) -> bool {
    path.is_dir() || has_ending(path, "parquet") || has_ending(path, ENDING)
}

/// Whether it is a file whose name ends so.
pub fn has_ending(path: &Path, wanted: &str) -> bool {
    path.is_file() && path.extension().is_some_and(|ending| ending == wanted)
}

fn rows(path: &Path) -> Result<Found, Failure> {
    Ok(Found::Rows(Box::new(Run::open(path)?)))
}

fn condensed(path: &Path) -> Result<Found, Failure> {
    Ok(Found::Condensed(Box::new(Condensed::open(path)?)))
}

/// The run directories and summary files in a folder.
fn shards_in(folder: &Path) -> Result<Vec<Found>, Failure> {
    let Ok(entries) = fs::read_dir(folder) else { return Ok(Vec::new()) };
    let mut shards = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.join(MANIFEST).exists() {
            shards.push(rows(&path)?);
        } else if has_ending(&path, ENDING) {
            shards.push(condensed(&path)?);
        }
    }
    let mut shards = without_rowless_doubles(shards);
    in_order(&mut shards);
    Ok(shards)
}

/// A summary file of shards whose rows are there as well says nothing new.
fn without_rowless_doubles(mut shards: Vec<Found>) -> Vec<Found> {
    let id = |found: &Found| match found {
        Found::Rows(run) => Some(shard_id(run)),
        Found::Condensed(_) => None,
    };
    let with_rows: BTreeSet<String> = shards.iter().filter_map(id).collect();
    shards.retain(|found| match found {
        Found::Rows(_) => true,
        Found::Condensed(condensed) => !condensed.shards().is_subset(&with_rows),
    });
    shards
}

/// Puts runs in the order in which they began.
pub fn in_order(runs: &mut [Found]) {
    let key = |found: &Found| (found.run().manifest.started_unix_ns, found.run().path.clone());
    runs.sort_by_cached_key(key);
}

/// Puts the shards of each load together: those with rows, and those without.
///
/// # Errors
/// None, where they were gathered or read.
pub fn together(runs: Vec<Found>) -> Result<Vec<Found>, Failure> {
    put_together(runs, belong_together)
}

/// Puts the shards of each load together where they have no rows.
///
/// # Errors
/// None, where they were gathered or read.
pub fn condensed_together(runs: Vec<Found>) -> Result<Vec<Found>, Failure> {
    put_together(runs, |load, run| matches!(load, Found::Condensed(_)) && belong_together(load, run))
}

fn put_together(runs: Vec<Found>, belong: impl Fn(&Found, &Found) -> bool) -> Result<Vec<Found>, Failure> {
    let mut loads: Vec<Found> = Vec::with_capacity(runs.len());
    for run in runs {
        let place = loads.iter().position(|load| belong(load, &run));
        match (place.map(|place| &mut loads[place]), run) {
            (Some(Found::Rows(load)), Found::Rows(run)) => load.add_shard(*run),
            (Some(Found::Condensed(load)), Found::Condensed(run)) => load.add_shard(*run)?,
            (_, run) => loads.push(run),
        }
    }
    Ok(loads)
}

fn belong_together(load: &Found, run: &Found) -> bool {
    let of_one_kind = match (load, run) {
        (Found::Rows(_), Found::Rows(_)) => true,
        // No shard counts twice.
        (Found::Condensed(load), Found::Condensed(run)) => load.shards().is_disjoint(run.shards()),
        _ => false,
    };
    of_one_kind && are_shards(&load.run().manifest, &run.run().manifest)
}

/// Whether two runs are parts of one load: the same scenario with the same seed, at the same time.
pub fn are_shards(one: &Manifest, other: &Manifest) -> bool {
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
        && one.thresholds == other.thresholds
        && one.probe_thresholds == other.probe_thresholds;
    same_load && from < other_to && other_from < to
}
