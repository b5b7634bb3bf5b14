//! `drumfire-analyze report`: one page of HTML.

use std::path::{Path, PathBuf};

use clap::Args;
use runlog::tally::Stretch;

use super::{print, write};
use crate::analysis;
use crate::exit;
use crate::failure::Failure;
use crate::render::{Renderer, html::Html};
use crate::report::Report;
use crate::sql::plugin::Plugins;

/// `drumfire-analyze report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Run directories, or summary files
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Where to write the page [default: report.html in the first run directory, or beside the first file]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// A folder of analyses in SQL, shown as well: see docs/sql.md
    #[arg(long, value_name = "DIR")]
    analyses: Option<PathBuf>,
}

/// Writes the page and says where it is.
///
/// # Errors
/// Where a run cannot be read or the page not be written.
pub fn run(asked: &ReportArgs) -> Result<u8, Failure> {
    let plugins = Plugins::of(asked.analyses.as_deref())?;
    let reports = Report::of_all(&asked.runs, Stretch::WHOLE, &plugins.before_last_of(analysis::REPORT))?;
    let mut page = Vec::new();
    Html.render(&reports, &mut page)?;
    let path = asked.output.clone().unwrap_or_else(|| page_of(&asked.runs[0]));
    write(&path, &page)?;
    print(format!("{}\n", path.display()).as_bytes())?;
    Ok(exit::PASSED)
}

/// In a directory, or beside a file.
fn page_of(run: &Path) -> PathBuf {
    if run.is_file() { run.with_added_extension("html") } else { run.join("report.html") }
}
