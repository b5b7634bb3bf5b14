//! The command line, as it can be written.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Turns Drumfire's run directories into tables and verdicts. Never talks to the network.
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
