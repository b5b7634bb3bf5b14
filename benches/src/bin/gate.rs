//! How often the gate is wrong, found out by simulated pairs of runs.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench is a program for a terminal")]

use std::io::{IsTerminal, stderr};

use clap::Parser;
use drumfire_benches::clients::beside;
use drumfire_benches::gate::rates;
use drumfire_benches::record::{Record, circumstances};

/// Measures how often `drumfire-analyze gate` and `diff` are wrong. First: cargo build --release --workspace.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// How many pairs of runs of each kind.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pairs: u32,
    #[command(flatten)]
    record: Record,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let is_watched = stderr().is_terminal();
    let section = rates::section(&beside("drumfire-analyze")?, options.pairs, |name, pair| {
        if is_watched {
            eprint!("\r\x1b[K{name}: pair {} of {}", pair + 1, options.pairs);
        }
    })?;
    if is_watched {
        eprintln!();
    }
    println!("{}", section.text());
    options.record.keep("gate.md", &format!("# The gate's own errors\n\n{}\n{}", circumstances(), section.markdown()))
}
