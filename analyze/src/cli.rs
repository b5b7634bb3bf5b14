//! The command line, as it can be written: a command each in `command`.

use clap::{CommandFactory, Parser, Subcommand};

use crate::command::baseline::BaselineArgs;
use crate::command::capacity::CapacityArgs;
use crate::command::completions::CompletionsArgs;
use crate::command::diff::DiffArgs;
use crate::command::export::ExportArgs;
use crate::command::gate::GateArgs;
use crate::command::man::ManArgs;
use crate::command::query::QueryArgs;
use crate::command::report::ReportArgs;
use crate::command::server::ServerArgs;
use crate::command::summarize::SummarizeArgs;
use crate::command::summary::SummaryArgs;
use crate::command::trend::TrendArgs;
use crate::command::{
    baseline, capacity, completions, diff, export, gate, man, query, report, server, summarize, summary, trend,
};
use crate::failure::Failure;

/// Turns Drumfire's run directories into tables, verdicts and reports. Never talks to the network.
#[derive(Debug, Parser)]
#[command(name = "drumfire-analyze", version, max_term_width = 100, arg_required_else_help = true)]
#[command(after_help = include_str!("help/drumfire-analyze.txt"))]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What the analysis does.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show the figures of runs: percentiles, errors, checks, thresholds, verdict
    #[command(after_help = include_str!("help/summary.txt"))]
    Summary(SummaryArgs),
    /// Write one self-contained HTML page with tables and charts
    #[command(after_help = include_str!("help/report.txt"))]
    Report(ReportArgs),
    /// Answer a question in SQL: query RUN 'SELECT …', or a file that ends with .sql
    #[command(after_help = include_str!("help/query.txt"))]
    Query(QueryArgs),
    /// Tell what differs between runs, and whether that is more than chance
    #[command(after_help = include_str!("help/diff.txt"))]
    Diff(DiffArgs),
    /// Save the figures of runs, to hold others against
    #[command(after_help = include_str!("help/baseline.txt"))]
    Baseline(BaselineArgs),
    /// Hold a run against a baseline
    #[command(after_help = include_str!("help/gate.txt"))]
    Gate(GateArgs),
    /// Look at the server's side of a run: leaks, recovery, utilisation, database, cache, isolation, rate limits
    #[command(after_help = include_str!("help/server.txt"))]
    Server(ServerArgs),
    /// Tell how much load the target copes with, or how throughput grows with the number of its instances
    #[command(after_help = include_str!("help/capacity.txt"))]
    Capacity(CapacityArgs),
    /// Find at which of many runs figures changed
    #[command(after_help = include_str!("help/trend.txt"))]
    Trend(TrendArgs),
    /// Write a run in the format of another tool: Parquet, JMeter, vegeta, k6, HdrHistogram
    #[command(after_help = include_str!("help/export.txt"))]
    Export(ExportArgs),
    /// Keep the figures of a run in one small file, which stands for it and adds up with those of other shards
    #[command(after_help = include_str!("help/summarize.txt"))]
    Summarize(SummarizeArgs),
    /// Print what makes a shell complete commands, flags and their values
    #[command(after_help = include_str!("help/completions.txt"))]
    Completions(CompletionsArgs),
    /// Print or write the manual: a page for each command
    #[command(after_help = include_str!("help/man.txt"))]
    Man(ManArgs),
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
            Self::Completions(args) => completions::run(args, Cli::command()),
            Self::Man(args) => man::run(args, Cli::command()),
        }
    }
}
