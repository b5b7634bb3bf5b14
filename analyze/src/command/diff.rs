//! `drumfire-analyze diff`: what differs between runs, and whether that is more than chance.

use std::path::PathBuf;

use clap::Args;
use runlog::tally::Stretch;

use super::{print, write};
use crate::baseline::unit;
use crate::compare;
use crate::exit;
use crate::failure::Failure;
use crate::load::{self, Detail, Run};
use crate::render::{Renderer, json, markdown::Markdown, terminal::Terminal};
use crate::report::Report;
use crate::section::{Finding, Part, Section};
use crate::time::Time;

/// `drumfire-analyze diff`.
#[derive(Debug, Args)]
pub struct DiffArgs {
    /// What is held against: a run, or a folder of several runs of the same thing
    #[arg(value_name = "BASE")]
    base: PathBuf,
    /// What is held against it, likewise. Without it (A/A), how far runs like BASE are apart by chance
    #[arg(value_name = "RUN")]
    run: Option<PathBuf>,
    /// Which time is compared
    #[arg(long, default_value = "response")]
    time: Time,
    /// How sure it is to be that not one of all verdicts is wrong by chance
    #[arg(long, value_name = "SHARE", default_value = "95%", value_parser = confidence)]
    confidence: f64,
    /// Differences within this do not matter
    #[arg(long, value_name = "SHARE", default_value = "0%", value_parser = share)]
    tolerance: f64,
    /// One JSON document on standard output, and nothing else
    #[arg(long)]
    json: bool,
    /// Also write Markdown, for the summary of a CI step
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

fn share(text: &str) -> Result<f64, String> {
    unit::share(text).map_err(|error| error.to_string())
}

fn confidence(text: &str) -> Result<f64, String> {
    let confidence = share(text)?;
    if (0.5..1.0).contains(&confidence) {
        Ok(confidence)
    } else {
        Err("expected 50% or more, and less than 100%".to_owned())
    }
}

/// Compares, or (of one side) tells the noise floor.
///
/// # Errors
/// Where a run cannot be read.
pub fn run(asked: &DiffArgs) -> Result<u8, Failure> {
    let base = load::load_all(std::slice::from_ref(&asked.base), Stretch::WHOLE, Detail::OverTime)?;
    let other = match &asked.run {
        Some(path) => load::load_all(std::slice::from_ref(path), Stretch::WHOLE, Detail::OverTime)?,
        None => return noise(asked, &base),
    };
    let diff = compare::diff(&base, &other, asked.time, asked.confidence, asked.tolerance);
    let all = base.iter().chain(&other);
    let invalid: Vec<Finding> = all.filter_map(|run| compare::not_valid(&run.summary.run.directory, run)).collect();
    let code = if invalid.is_empty() { exit::PASSED } else { exit::NOT_VALID };
    let (mut verdict, sections) = compare::of_diff(&diff);
    verdict.parts.push(Part::Findings(invalid));
    if let Some(path) = &asked.markdown {
        let first: Vec<Section> = std::iter::once(verdict.clone()).chain(sections.clone()).collect();
        write(path, &rendered(&Markdown, &base, first)?)?;
    }
    if asked.json {
        return document(&diff).map(|()| code);
    }
    show(&base, sections.into_iter().chain([verdict]).collect()).map(|()| code)
}

fn noise(asked: &DiffArgs, runs: &[Run]) -> Result<u8, Failure> {
    let noise = compare::noise(runs, asked.time);
    let section = compare::of_noise(&noise);
    if let Some(path) = &asked.markdown {
        write(path, &rendered(&Markdown, runs, vec![section.clone()])?)?;
    }
    if asked.json {
        return document(&noise).map(|()| exit::PASSED);
    }
    show(runs, vec![section]).map(|()| exit::PASSED)
}

fn document(value: &impl serde::Serialize) -> Result<(), Failure> {
    let mut text = Vec::new();
    json::document(value, &mut text)?;
    print(&text)
}

/// Sections of several runs together, in the way of the first one's report.
fn rendered(renderer: &dyn Renderer, runs: &[Run], sections: Vec<Section>) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    if let Some(run) = runs.first() {
        renderer.render(&[Report { summary: run.summary.clone(), sections, stages: Vec::new() }], &mut text)?;
    }
    Ok(text)
}

fn show(runs: &[Run], sections: Vec<Section>) -> Result<(), Failure> {
    print(&rendered(&Terminal::of_stdout(), runs, sections)?)
}
