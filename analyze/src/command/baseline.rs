//! `drumfire-analyze baseline`: the figures of runs, saved to hold others against.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use super::{print, write};
use crate::baseline::measured::measured;
use crate::baseline::{self, Baseline, digest};
use crate::compare;
use crate::exit;
use crate::failure::Failure;
use crate::gate;
use crate::load::{self, Run};
use runlog::text::printable_path;

/// `drumfire-analyze baseline`.
#[derive(Debug, Args)]
pub struct BaselineArgs {
    /// Run directories or summary files of the same scenario; several tell how far runs are apart by chance
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Where to write the baseline; nothing is overwritten without --update
    #[arg(short, long, value_name = "FILE")]
    output: PathBuf,
    /// Put new figures in place of those of FILE, and keep its time, its [max_regression] and its [probes]
    #[arg(long)]
    update: bool,
}

/// Saves the baseline and says where it is.
///
/// # Errors
/// Where a run cannot be read, is not one to judge by or of another scenario than the others, or the file not be written.
pub fn run(asked: &BaselineArgs) -> Result<u8, Failure> {
    let before = earlier(&asked.output, asked.update)?;
    let runs = asked.runs.iter().map(|path| load::load(path)).collect::<Result<Vec<_>, _>>()?;
    let digest = digest_of_all(&runs)?;
    for (run, path) in runs.iter().zip(&asked.runs) {
        let reasons = gate::reasons_to_refuse(&run.summary);
        if !reasons.is_empty() {
            return Err(Failure::NotToJudgeBy { run: path.clone(), reasons });
        }
    }
    let kept = before.unwrap_or_default();
    let of = |run: &Run| measured(&run.summary, &run.log.probes, kept.time);
    let measured: Vec<_> = runs.iter().map(of).collect();
    let noise = compare::noise(&runs, kept.time);
    let floor = |request: &str, measure| noise.floor(request, measure);
    let new = baseline::saved(&measured, floor, kept.time, digest);
    if new.total.is_empty() {
        return Err(Failure::NotToJudgeBy {
            run: asked.runs[0].clone(),
            reasons: vec!["it has no arrival".to_owned()],
        });
    }
    let new = Baseline { max_regression: kept.max_regression, probes: kept.probes, ..new };
    write(&asked.output, new.to_string().as_bytes())?;
    print(format!("{}\n", asked.output.display()).as_bytes())?;
    Ok(exit::PASSED)
}

/// The baseline that is to be updated, where there is one.
fn earlier(path: &Path, may_update: bool) -> Result<Option<Baseline>, Failure> {
    if !path.exists() {
        return Ok(None);
    }
    if !may_update {
        return Err(Failure::Exists(path.to_owned()));
    }
    let baseline = read_baseline(path)?;
    if baseline.saved.is_none() { Err(Failure::HandWritten(path.to_owned())) } else { Ok(Some(baseline)) }
}

/// The digest of what all runs did.
fn digest_of_all(runs: &[Run]) -> Result<String, Failure> {
    let first = runs.first().map(|run| (run.log.manifest.name.clone(), digest::of(&run.log.manifest)));
    let (name, expected) = first.unwrap_or_default();
    for run in runs {
        let (other, digest) = (&run.log.manifest.name, digest::of(&run.log.manifest));
        if *other != name || digest != expected {
            return Err(Failure::DifferentScenarios { first: (name, expected), other: (other.clone(), digest) });
        }
    }
    Ok(expected)
}

/// Reads a baseline file.
///
/// # Errors
/// Where it cannot be read, with all that is wrong with it.
pub fn read_baseline(path: &Path) -> Result<Baseline, Failure> {
    let text = fs::read_to_string(path).map_err(|source| Failure::Baseline { path: path.to_owned(), source })?;
    Ok(baseline::parse(&printable_path(path), &text)?)
}
