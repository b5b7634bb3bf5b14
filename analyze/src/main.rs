//! The command line of the analysis: load, analyse, render, and tell in an exit code what it means.

use std::fs;
use std::io::{self, Write, stderr, stdout};
use std::path::PathBuf;
use std::process::ExitCode;

use analyze::analysis::{self, Analysis};
use analyze::cli::{self, Cli, Command};
use analyze::exit;
use analyze::failure::Failure;
use analyze::load;
use analyze::render::{Renderer, html::Html, json::Json, terminal::Terminal};
use analyze::report::Report;
use clap::Parser;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Summary(asked) => summary(&asked),
        Command::Report(asked) => report(&asked),
    };
    let code = outcome.unwrap_or_else(|failure| {
        // Nobody may be listening any more; the exit code says it all the same.
        let _ = writeln!(stderr(), "drumfire-analyze: {failure}");
        failure.exit_code()
    });
    ExitCode::from(code)
}

fn summary(asked: &cli::Summary) -> Result<u8, Failure> {
    let reports = analysed(&asked.runs, analysis::SUMMARY)?;
    let renderer: &dyn Renderer = if asked.json { &Json } else { &Terminal::of_stdout() };
    let mut text = Vec::new();
    renderer.render(&reports, &mut text)?;
    print(&text)?;
    Ok(exit::code(reports.iter().map(|report| &report.summary)))
}

fn report(asked: &cli::Report) -> Result<u8, Failure> {
    let reports = analysed(&asked.runs, analysis::REPORT)?;
    let mut page = Vec::new();
    Html.render(&reports, &mut page)?;
    let path = asked.file();
    fs::write(&path, page).map_err(|source| Failure::Write { path: path.clone(), source })?;
    print(format!("{}\n", path.display()).as_bytes())?;
    Ok(exit::PASSED)
}

fn analysed(runs: &[PathBuf], analyses: &[&dyn Analysis]) -> Result<Vec<Report>, Failure> {
    runs.iter().map(|path| Report::of(load::load(path)?, analyses)).collect()
}

/// Writes to standard output. That nobody reads on (`| head`) is no failure.
fn print(text: &[u8]) -> Result<(), Failure> {
    let mut out = stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}
