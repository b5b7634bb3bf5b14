//! `drumfire-analyze summary`: the figures of runs.

use std::path::PathBuf;

use clap::Args;
use runlog::metric::Metric;

use super::stretch::StretchArgs;
use super::{print, write};
use crate::analysis;
use crate::analysis::by::{self, By, Key};
use crate::exit;
use crate::failure::Failure;
use crate::render::{Renderer, json::Json, markdown::Markdown, terminal::Terminal};
use crate::report::Report;
use crate::sql::plugin::Plugins;

/// `drumfire-analyze summary`.
#[derive(Debug, Args)]
pub struct SummaryArgs {
    /// Run directories, or summary files
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// One JSON document on standard output, and nothing else
    #[arg(long)]
    json: bool,
    /// Also write Markdown, for the summary of a CI step
    #[arg(long, value_name = "FILE", conflicts_with = "json")]
    markdown: Option<PathBuf>,
    /// Tables by these as well: request, scenario, flow, tag:NAME, status, stage, window:10s
    #[arg(long, value_name = "KEYS", value_delimiter = ',')]
    by: Vec<Key>,
    /// Of which times the tables of --by are: response_time, service_time, ttfb, lag, connect, tls
    #[arg(long, value_name = "TIMES", value_delimiter = ',', value_parser = by::metric, default_value = "response_time")]
    metric: Vec<Metric>,
    #[command(flatten)]
    stretch: StretchArgs,
    /// A folder of analyses in SQL, shown as well: see docs/sql.md
    #[arg(long, value_name = "DIR")]
    analyses: Option<PathBuf>,
}

/// Shows the figures of runs.
///
/// # Errors
/// Where a run cannot be read.
pub fn run(asked: &SummaryArgs) -> Result<u8, Failure> {
    let plugins = Plugins::of(asked.analyses.as_deref())?;
    let within = asked.stretch.stretch();
    let by = By { keys: asked.by.clone(), metrics: asked.metric.clone(), within };
    let built_in = if asked.json { &[] } else { analysis::SUMMARY };
    let mut analyses = plugins.before_last_of(built_in);
    analyses.insert(analyses.len().saturating_sub(2), &by);
    let reports = Report::of_all(&asked.runs, within, &analyses)?;
    let renderer: &dyn Renderer = if asked.json { &Json } else { &Terminal::of_stdout() };
    if let Some(path) = &asked.markdown {
        let mut text = Vec::new();
        Markdown.render(&reports, &mut text)?;
        write(path, &text)?;
    }
    let mut text = Vec::new();
    renderer.render(&reports, &mut text)?;
    print(&text)?;
    Ok(exit::code(reports.iter().map(|report| &report.summary)))
}
