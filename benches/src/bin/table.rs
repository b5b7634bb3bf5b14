//! The floor of the analysis: one table of one run directory as JSON, and nothing else.

#![allow(clippy::print_stdout, reason = "a bench is a program for a terminal")]

use std::path::PathBuf;

use clap::Parser;
use drumfire_benches::analysis::floor;
use drumfire_benches::analysis::made_up::MadeUp;

/// Reads a run directory as fast as can be, or makes one up.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// The folder.
    folder: PathBuf,
    /// Makes it up first, with so many rows.
    #[arg(long, value_name = "ROWS")]
    make_up: Option<u64>,
    /// Arrivals per second of what is made up.
    #[arg(long, default_value_t = 10_000)]
    rate: u64,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    match options.make_up {
        Some(rows) => MadeUp { rows, rate: options.rate, seed: 1 }.write(&options.folder)?,
        None => println!("{}", floor::table(&options.folder)?),
    }
    Ok(())
}
