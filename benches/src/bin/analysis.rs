//! The analysis against DuckDB and a hand-written loop: the same table of the same run, in turns.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench is a program for a terminal")]

use std::path::PathBuf;

use clap::Parser;
use drumfire_benches::analysis::comparison::Comparison;
use drumfire_benches::analysis::made_up::MadeUp;
use drumfire_benches::record::{Record, circumstances};

/// Compares ways to the percentile table of a run. First: tests/install && cargo build --release --workspace.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// How many rows the run has.
    #[arg(long, default_value_t = 36_000_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    rows: u64,
    /// Arrivals per second.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    rate: u64,
    /// The folder of the run, which is made up unless it is there already [default: target/made-up-ROWS].
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// How many turns each reader gets.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    #[command(flatten)]
    record: Record,
    /// Locks this file for each turn, as flock(1) does, where others measure on this machine too.
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let (rows, rate) = (options.rows, options.rate);
    let run = options.folder.unwrap_or_else(|| format!("target/made-up-{rows}").into());
    eprintln!("{rows} rows in {} …", run.display());
    MadeUp { rows, rate, seed: 1 }.write(&run)?;
    eprintln!("reading them in turns …");
    let comparison = Comparison { run, rows, rounds: options.rounds, lock: options.lock };
    let section = comparison.section()?;
    println!("{}", section.text());
    let markdown =
        format!("# The analysis and other ways to the same table\n\n{}\n{}", circumstances(), section.markdown());
    options.record.keep("analysis.md", &markdown)
}
