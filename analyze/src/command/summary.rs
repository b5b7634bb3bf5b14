//! `drumfire-analyze summary`: the figures of runs.

use std::path::PathBuf;

use clap::Args;

use super::print;
use crate::analysis;
use crate::exit;
use crate::failure::Failure;
use crate::render::{Renderer, json::Json, terminal::Terminal};
use crate::report::Report;
use crate::sql::plugin::Plugins;

/// `drumfire-analyze summary`.
#[derive(Debug, Args)]
pub struct SummaryArgs {
    /// Run directories
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// One JSON document on standard output, and nothing else
    #[arg(long)]
    json: bool,
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
    let built_in = if asked.json { &[] } else { analysis::SUMMARY };
    let reports = Report::of_all(&asked.runs, &plugins.before_last_of(built_in))?;
    let renderer: &dyn Renderer = if asked.json { &Json } else { &Terminal::of_stdout() };
    let mut text = Vec::new();
    renderer.render(&reports, &mut text)?;
    print(&text)?;
    Ok(exit::code(reports.iter().map(|report| &report.summary)))
}
