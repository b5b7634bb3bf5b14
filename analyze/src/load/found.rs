//! Which runs there are where a path leads to.

use std::fs;
use std::path::{Path, PathBuf};

use runlog::directory::{MANIFEST, Run};
use runlog::manifest::Manifest;
use runlog::units::Nanos;

use crate::columnar::ParquetRun;
use crate::failure::Failure;

/// The runs at a path, by when they began: a run directory, a Parquet file that one was exported to, or all in a folder.
/// Shards of one load are one run.
///
/// # Errors
/// Where there is none.
pub fn found(path: &Path) -> Result<Vec<Run>, Failure> {
    if !path.exists() {
        return Err(Failure::Missing(path.to_owned()));
    }
    if is_parquet(path) {
        return Ok(vec![ParquetRun::open(path)?.into_run()]);
    }
    let directories = if path.join(MANIFEST).exists() { Vec::new() } else { runs_in(path) };
    if directories.is_empty() {
        // Where there is no run either, this says so.
        return Ok(vec![Run::open(path)?]);
    }
    let mut runs = directories.iter().map(|path| Run::open(path)).collect::<Result<Vec<_>, _>>()?;
    runs.sort_by(|a, b| {
        let key = |run: &Run| (run.manifest.started_unix_ns, run.path.clone());
        key(a).cmp(&key(b))
    });
    Ok(together(runs))
}

fn is_parquet(path: &Path) -> bool {
    path.is_file() && path.extension().is_some_and(|ending| ending == "parquet")
}

fn runs_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path()).filter(|path| path.join(MANIFEST).exists()).collect()
}

/// Puts the shards of each load together.
fn together(runs: Vec<Run>) -> Vec<Run> {
    let mut loads: Vec<Run> = Vec::with_capacity(runs.len());
    for run in runs {
        match loads.iter_mut().find(|load| are_shards(&load.manifest, &run.manifest)) {
            Some(load) => load.add_shard(run),
            None => loads.push(run),
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
