//! The command line, as it can be written.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Turns Drumfire's run directories into tables, verdicts and reports. Never talks to the network.
#[derive(Debug, Parser)]
#[command(name = "drumfire-analyze", version, max_term_width = 100, arg_required_else_help = true)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const EXIT_CODES: &str = "Exit codes: 0 passed, 2 the input is wrong, 3 the measurement is not valid (the generator \
                          was the limit), 99 a threshold failed.";

/// What the analysis does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the figures of runs: percentiles, errors, checks, thresholds, verdict
    #[command(after_help = EXIT_CODES)]
    Summary(Summary),
    /// Write one self-contained HTML page with tables and charts
    #[command(after_help = "The page needs no network and can be rewritten; its path goes to standard output.")]
    Report(Report),
}

/// `drumfire-analyze summary`.
#[derive(Debug, Args)]
pub struct Summary {
    /// Run directories
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,
    /// One JSON document on standard output, and nothing else
    #[arg(long)]
    pub json: bool,
}

/// `drumfire-analyze report`.
#[derive(Debug, Args)]
pub struct Report {
    /// Run directories
    #[arg(value_name = "RUN", required = true)]
    pub runs: Vec<PathBuf>,
    /// Where to write the page [default: report.html in the first run directory]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl Report {
    /// Where the page goes.
    pub fn file(&self) -> PathBuf {
        self.output.clone().unwrap_or_else(|| self.runs[0].join("report.html"))
    }
}
