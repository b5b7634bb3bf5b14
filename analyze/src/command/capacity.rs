//! `drumfire-analyze capacity`: how much load a target copes with, or how its throughput grows with the number of its instances.

use std::path::PathBuf;

use clap::Args;
use runlog::tally::Stretch;
use runlog::threshold::Threshold;
use serde_json::json;

use super::{print, write};
use crate::analysis::capacity::Capacity;
use crate::analysis::{load_and_latency, objective};
use crate::compare;
use crate::exit;
use crate::failure::Failure;
use crate::load::{self, Detail, Run};
use crate::render::{json, markdown::Markdown, terminal::Terminal};
use crate::scaling::{INSTANCES, Scaling};
use crate::section::{Finding, Level, Part, Section};

/// `drumfire-analyze capacity`.
#[derive(Debug, Args)]
pub struct CapacityArgs {
    /// Run directories, summary files, or folders of them: each with a load that changes, or several with a tag that says how
    /// many instances of the target there were
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// The tag that says how many instances there were [default: instances]
    #[arg(long, value_name = "TAG")]
    by: Option<String>,
    /// What has to hold for the target to cope: `p(95) < 500ms`, `rate < 1%` (of errors); may be repeated [default: the
    /// thresholds of the run]
    #[arg(long, value_name = "CONDITION", value_parser = objective::condition)]
    objective: Vec<Threshold>,
    /// One JSON document on standard output, and nothing else
    #[arg(long)]
    json: bool,
    /// Also write Markdown, for the summary of a CI step
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// What came of all runs.
struct Answer {
    document: serde_json::Value,
    for_terminal: Vec<Section>,
    for_page: Vec<Section>,
    is_valid: bool,
}

/// Shows what the target copes with.
///
/// # Errors
/// Where a run cannot be read, runs have no tag that was asked for, or a file cannot be written.
pub fn run(asked: &CapacityArgs) -> Result<u8, Failure> {
    let runs = load::load_all(&asked.runs, Stretch::WHOLE, Detail::OverTime)?;
    let scaling = Scaling::of(&runs, asked.by.as_deref().unwrap_or(INSTANCES));
    let answer = match (&asked.by, scaling) {
        (_, Some(scaling)) => of_instances(&scaling),
        (Some(tag), None) => return Err(Failure::NotOfSeveral { tag: tag.clone() }),
        (None, None) => of_each(&runs, &asked.objective),
    };
    if let Some(path) = &asked.markdown {
        let mut text = Vec::new();
        Markdown.sections(&answer.for_page, &mut text)?;
        write(path, &text)?;
    }
    let mut text = Vec::new();
    if asked.json {
        json::document(&answer.document, &mut text)?;
    } else {
        Terminal::of_stdout().sections(&answer.for_terminal, &mut text)?;
    }
    print(&text)?;
    Ok(if answer.is_valid { exit::PASSED } else { exit::NOT_VALID })
}

fn of_instances(scaling: &Scaling) -> Answer {
    Answer {
        document: json!({ "scaling": scaling }),
        for_terminal: scaling.with_verdict_last(),
        for_page: scaling.with_verdict_first(),
        is_valid: !scaling.has_invalid,
    }
}

/// Each run by itself.
fn of_each(runs: &[Run], objective: &[Threshold]) -> Answer {
    let all: Vec<Option<Capacity>> = runs.iter().map(|run| Capacity::of(run, objective)).collect();
    let mut sections = Vec::with_capacity(runs.len());
    for ((run, label), capacity) in runs.iter().zip(compare::labels(runs)).zip(&all) {
        let mut section = capacity.as_ref().map_or_else(nothing, load_and_latency::section);
        if runs.len() > 1 {
            section.title = format!("{}: {label}", section.title).into();
        }
        section.parts.extend(doubts(run, &label).map(|doubt| Part::Findings(vec![doubt])));
        sections.push(section);
    }
    Answer {
        document: json!({ "runs": all }),
        for_terminal: sections.clone(),
        for_page: sections,
        is_valid: !runs.iter().any(|run| run.summary.validity.blames_the_generator()),
    }
}

fn nothing() -> Section {
    let note = "there is no load: nothing was scheduled";
    Section::new("Load and latency", vec![Part::Findings(vec![Finding::new(Level::Warning, note)])])
}

/// What speaks against believing a run.
fn doubts(run: &Run, label: &str) -> Option<Finding> {
    let validity = &run.summary.validity;
    if validity.blames_the_generator() {
        return compare::not_valid(label, run);
    }
    (!validity.reasons.is_empty()).then(|| Finding::new(Level::Warning, validity.reasons.join("; ")))
}
