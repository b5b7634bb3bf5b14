//! `drumfire-analyze trend`: at which of many runs figures changed.

use std::path::PathBuf;

use clap::Args;

use super::{print, write};
use crate::baseline::measured::measured;
use crate::baseline::{Measure, Time, unit};
use crate::exit;
use crate::failure::Failure;
use crate::gate;
use crate::history::{History, LeftOut, RunOfHistory, ScenarioOfHistory, Sought, Trend, Why, most_frequent};
use crate::load::{self, Place};
use crate::render::{json, markdown::Markdown, terminal::Terminal};

/// `drumfire-analyze trend`.
#[derive(Debug, Args)]
pub struct TrendArgs {
    /// Run directories, or folders of them
    #[arg(value_name = "DIR", required = true)]
    runs: Vec<PathBuf>,
    /// Which figures of each request, and of all together, are followed
    #[arg(long, value_name = "FIGURES", value_delimiter = ',', value_parser = figure)]
    #[arg(default_value = "p50,p95,p99,error_rate,throughput")]
    figures: Vec<Measure>,
    /// How many runs there must be on either side of a change
    #[arg(long, value_name = "RUNS", value_parser = clap::value_parser!(u16).range(2..), default_value = "3")]
    shortest: u16,
    /// Changes of less than that are not shown; nor do they count
    #[arg(long, value_name = "SHARE", value_parser = unit::share, default_value = "1%")]
    min_change: f64,
    /// One JSON document on standard output, and nothing else
    #[arg(long)]
    json: bool,
    /// Also write Markdown, for the summary of a CI step
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
    /// Exit with 99 where the last change of a figure is for the worse, and began within the last 2 × RUNS + 1 runs (RUNS of
    /// --shortest)
    #[arg(long)]
    fail_on_change: bool,
}

fn figure(name: &str) -> Result<Measure, String> {
    Measure::named(name, &Measure::OF_REQUESTS).ok_or_else(|| {
        let known: Vec<&str> = Measure::OF_REQUESTS.iter().map(|measure| measure.name()).collect();
        format!("there is no figure `{name}`; there are {}", known.join(", "))
    })
}

/// Shows at which runs figures changed.
///
/// # Errors
/// Where a run cannot be read, or a file not be written.
pub fn run(asked: &TrendArgs) -> Result<u8, Failure> {
    let mut figures = Vec::with_capacity(asked.figures.len());
    for figure in &asked.figures {
        if !figures.contains(figure) {
            figures.push(*figure);
        }
    }
    let sought = Sought { figures, shortest: usize::from(asked.shortest), min_change: asked.min_change };
    let trend = Trend::of(history(&load::places(&asked.runs)?)?, &sought);
    if let Some(path) = &asked.markdown {
        let mut text = Vec::new();
        Markdown.sections(&trend.with_verdict_first(), &mut text)?;
        write(path, &text)?;
    }
    let mut text = Vec::new();
    if asked.json {
        json::document(&trend, &mut text)?;
    } else {
        Terminal::of_stdout().sections(&trend.with_verdict_last(), &mut text)?;
    }
    print(&text)?;
    let has_failed = asked.fail_on_change && trend.has_bad_news();
    Ok(if has_failed { exit::THRESHOLD_FAILED } else { exit::PASSED })
}

/// The figures of runs, oldest first. One is open at a time: a year of nights has more rows, and more files, than fit.
fn history(places: &[Place]) -> Result<History, Failure> {
    let scenarios: Vec<ScenarioOfHistory> = places.iter().map(|place| ScenarioOfHistory::of(&place.manifest)).collect();
    let Some(chosen) = most_frequent(&scenarios).cloned() else { return Err(Failure::Missing(PathBuf::new())) };
    let mut history = History { scenario: chosen, runs: Vec::new(), left_out: Vec::new() };
    for (place, scenario) in places.iter().zip(scenarios) {
        let path = place.path();
        let name = path.file_name().map_or_else(|| path.to_string_lossy(), |name| name.to_string_lossy());
        let run = RunOfHistory::new(name.into_owned(), &place.manifest);
        let why = if scenario != history.scenario {
            Why::OtherScenario { scenario }
        } else if place.manifest.ending.is_none() {
            Why::NoEnding
        } else {
            let loaded = place.read()?;
            let reasons = gate::reasons_to_refuse(&loaded.summary);
            if reasons.is_empty() {
                history.runs.push((run, measured(&loaded.summary, &[], Time::Response)));
                continue;
            }
            Why::NotToJudgeBy { reasons }
        };
        history.left_out.push(LeftOut { run, why });
    }
    Ok(history)
}
