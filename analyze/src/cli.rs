//! The command line, as it can be written: a command each in `command`.

use clap::{Parser, Subcommand};

use crate::command::baseline::BaselineArgs;
use crate::command::capacity::CapacityArgs;
use crate::command::diff::DiffArgs;
use crate::command::export::ExportArgs;
use crate::command::gate::GateArgs;
use crate::command::query::QueryArgs;
use crate::command::report::ReportArgs;
use crate::command::server::ServerArgs;
use crate::command::summarize::SummarizeArgs;
use crate::command::summary::SummaryArgs;
use crate::command::trend::TrendArgs;
use crate::command::{baseline, capacity, diff, export, gate, query, report, server, summarize, summary, trend};
use crate::failure::Failure;

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

const GATE_EXIT_CODES: &str = "Exit codes: 0 passed, 2 the input is wrong or of another scenario, 3 the measurement is not \
                               valid, 99 a figure is worse than the baseline allows, or missing.";

const TREND_EXIT_CODES: &str = "Exit codes: 0 whatever is found, 2 the input is wrong, 99 with --fail-on-change where a \
                                figure got worse lately. See docs/trend.md.";

const SERVER_EXIT_CODES: &str = "Exit codes: 0 whatever is found, 2 the input is wrong, 99 with --fail-on-finding where \
                                 something is found that should not be. See docs/server.md.";

const CAPACITY_EXIT_CODES: &str = "Exit codes: 0 whatever is found, 2 the input is wrong, 3 a measurement is not valid (the \
                                   generator was the limit). See docs/capacity.md.";

/// What the analysis does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the figures of runs: percentiles, errors, checks, thresholds, verdict
    #[command(after_help = EXIT_CODES)]
    Summary(SummaryArgs),
    /// Write one self-contained HTML page with tables and charts
    #[command(after_help = "The page needs no network and can be rewritten; its path goes to standard output.")]
    Report(ReportArgs),
    /// Answer a question in SQL: query RUN 'SELECT …', or a file that ends with .sql
    #[command(after_help = "Tables: requests, engine, probes, events; see docs/sql.md.")]
    Query(QueryArgs),
    /// Tell what differs between runs, and whether that is more than chance
    #[command(after_help = "Exit codes: 0 compared, 2 the input is wrong, 3 a measurement is not valid.")]
    Diff(DiffArgs),
    /// Save the figures of runs, to hold others against
    #[command(after_help = "Exit codes: 0 saved, 2 the input is wrong, 3 a measurement is not valid.")]
    Baseline(BaselineArgs),
    /// Hold a run against a baseline
    #[command(after_help = GATE_EXIT_CODES)]
    Gate(GateArgs),
    /// Look at the server's side of a run: leaks, recovery, utilisation, database, cache, isolation, rate limits
    #[command(after_help = SERVER_EXIT_CODES)]
    Server(ServerArgs),
    /// Tell how much load the target copes with, or how throughput grows with the number of its instances
    #[command(after_help = CAPACITY_EXIT_CODES)]
    Capacity(CapacityArgs),
    /// Find at which of many runs figures changed
    #[command(after_help = TREND_EXIT_CODES)]
    Trend(TrendArgs),
    /// Write a run in the format of another tool: Parquet, JMeter, vegeta, k6, HdrHistogram
    #[command(
        after_help = "A file is written whole or not at all. What maps to what, and what is lost: docs/exports.md."
    )]
    Export(ExportArgs),
    /// Keep the figures of a run in one small file, which stands for it and adds up with those of other shards
    #[command(after_help = "What such a file is good for, and what not: docs/summaries.md.")]
    Summarize(SummarizeArgs),
}

impl Command {
    /// Does it. Returns the exit code.
    ///
    /// # Errors
    /// Why there is no result.
    pub fn run(&self) -> Result<u8, Failure> {
        match self {
            Self::Summary(args) => summary::run(args),
            Self::Report(args) => report::run(args),
            Self::Query(args) => query::run(args),
            Self::Diff(args) => diff::run(args),
            Self::Baseline(args) => baseline::run(args),
            Self::Gate(args) => gate::run(args),
            Self::Server(args) => server::run(args),
            Self::Capacity(args) => capacity::run(args),
            Self::Trend(args) => trend::run(args),
            Self::Export(args) => export::run(args),
            Self::Summarize(args) => summarize::run(args),
        }
    }
}
