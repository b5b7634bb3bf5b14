//! `drumfire-analyze query`: a question in SQL.

use std::ffi::OsString;
use std::fs;
use std::io::{Write, stderr};
use std::path::{Path, PathBuf};

use clap::Args;

use super::print;
use super::stretch::StretchArgs;
use crate::exit;
use crate::failure::Failure;
use crate::load;
use crate::render::{answer, terminal::Terminal};
use crate::section::{Finding, Level, Part};
use crate::sql::{Answer, Database};

/// `drumfire-analyze query`.
#[derive(Debug, Args)]
pub struct QueryArgs {
    /// Run directories, then the query: SQL, or a file that ends with `.sql`
    #[arg(value_names = ["RUN", "QUERY"], num_args = 2.., required = true)]
    runs_and_query: Vec<OsString>,
    /// One JSON document on standard output: {"columns": […], "rows": [[…], …]}
    #[arg(long, conflicts_with = "csv")]
    json: bool,
    /// CSV on standard output
    #[arg(long)]
    csv: bool,
    #[command(flatten)]
    stretch: StretchArgs,
}

/// Answers a query.
///
/// # Errors
/// Where the query is wrong, or a run cannot be read.
pub fn run(asked: &QueryArgs) -> Result<u8, Failure> {
    let Some((query, runs)) = asked.runs_and_query.split_last() else { return Err(Failure::NoQuery(PathBuf::new())) };
    let query = query_of(query)?;
    let runs: Vec<PathBuf> = runs.iter().map(PathBuf::from).collect();
    let within = asked.stretch.stretch();
    let mut database = Database::open(load::open_all(&runs)?, within.from.0..within.to.0)?;
    let answer = database.ask(&query)?;
    let mut text = Vec::new();
    match (asked.json, asked.csv) {
        (true, _) => answer::json(&answer, &mut text)?,
        (_, true) => answer::csv(&answer, &mut text)?,
        _ => for_people(&answer, &mut text)?,
    }
    print(&text)?;
    let torn = database.torn_lines();
    if torn > 0 {
        let lines = if torn == 1 { "line without an end was" } else { "lines without an end were" };
        // Nobody may be listening any more.
        let _ = writeln!(stderr(), "drumfire-analyze: {torn} last {lines} passed over, as a killed engine leaves");
    }
    Ok(exit::PASSED)
}

/// The text of a query, or of the file that has it.
fn query_of(given: &OsString) -> Result<String, Failure> {
    let path = Path::new(given);
    if path.extension().is_some_and(|ending| ending == "sql") {
        return fs::read_to_string(path).map_err(|source| Failure::Analyses { path: path.to_owned(), source });
    }
    match given.to_str() {
        Some(query) if !path.is_dir() => Ok(query.to_owned()),
        _ => Err(Failure::NoQuery(path.to_owned())),
    }
}

fn for_people(answer: &Answer, out: &mut dyn Write) -> Result<(), Failure> {
    let terminal = Terminal::of_stdout();
    terminal.part(&Part::Table(answer.table(usize::MAX)), out)?;
    if answer.rows() == 0 {
        terminal.part(&Part::Findings(vec![Finding::new(Level::Note, "no row is so")]), out)?;
    }
    Ok(())
}
