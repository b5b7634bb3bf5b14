//! The floor as a program: keeps connections busy with the least work there is, and says how many answers came.

#![allow(clippy::print_stdout, reason = "a bench is a program for a terminal")]

use std::time::Duration;

use clap::Parser;
use drumfire_benches::floor::{self, Load, Target};

/// Sends and receives and does nothing else: what no load generator can do cheaper.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Where to, such as http://127.0.0.1:8080/
    url: String,
    /// Connections that are kept open.
    #[arg(short, long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=32_768))]
    connections: u32,
    /// For how long, in seconds.
    #[arg(short, long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    seconds: u32,
    /// Requests on their way over each connection at once.
    #[arg(short, long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pipeline: u32,
    /// Answers that are waited for together, for up to 500 µs: cheaper, but they lie about meanwhile.
    #[arg(short, long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1024))]
    gather: u32,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    let time = Duration::from_secs(u64::from(options.seconds));
    let load = Load { connections: options.connections, depth: options.pipeline, gather: options.gather, time };
    let answers = floor::run(&Target::parse(&options.url)?, load)?;
    println!("{answers} answers");
    Ok(())
}
