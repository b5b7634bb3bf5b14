//! Drumfire against its peers, in every respect that matters here: one command, one table after another.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench is a program for a terminal")]

use std::path::PathBuf;

use anyhow::{Context, ensure};
use clap::{Parser, ValueEnum};
use drumfire_benches::bench::{Bench, Extent};
use drumfire_benches::clients::Client;
use drumfire_benches::experiments::Experiment;
use drumfire_benches::machine;
use drumfire_benches::record::{Record, circumstances};
use drumfire_benches::report::Section;

/// Drumfire against its peers, in turns on the same servers. Build everything first: cargo build --release.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// Only these experiments, separated by commas.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "EXPERIMENTS")]
    only: Vec<Experiment>,
    /// How many turns each client gets.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// How long a turn lasts.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// How long the soak lasts, in seconds.
    #[arg(long, default_value_t = 60, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=86_400))]
    soak: u32,
    /// How many connections a client keeps open.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    connections: u32,
    /// The processor of the clients.
    #[arg(long, default_value_t = 0, value_name = "CPU")]
    client_cpu: usize,
    /// The processor of the server.
    #[arg(long, default_value_t = 1, value_name = "CPU")]
    server_cpu: usize,
    #[command(flatten)]
    record: Record,
    /// Locks this file for each turn, as flock(1) does, where others measure on this machine too.
    #[arg(long, value_name = "FILE")]
    lock: Option<PathBuf>,
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    ensure!(options.client_cpu != options.server_cpu, "the clients and the server need a processor each");
    machine::raise_open_files()?;
    let bench = Bench::new(options.extent())?;
    for missing in &bench.missing {
        eprintln!("{missing}");
    }
    let mut sections = Vec::new();
    for experiment in options.experiments() {
        eprintln!("{experiment:?} …");
        let section = experiment.run(&bench).with_context(|| format!("{experiment:?}"))?;
        println!("{}", section.text());
        sections.push(section);
        // After each, so that what was measured is not lost.
        options.record.keep("results.md", &results(&bench, &sections))?;
    }
    Ok(())
}

impl Options {
    fn extent(&self) -> Extent {
        Extent {
            rounds: self.rounds,
            seconds: self.seconds,
            soak_seconds: self.soak,
            connections: self.connections,
            client_cpu: self.client_cpu,
            server_cpu: self.server_cpu,
            lock: self.lock.clone(),
        }
    }

    fn experiments(&self) -> Vec<Experiment> {
        if self.only.is_empty() { Experiment::value_variants().to_vec() } else { self.only.clone() }
    }
}

fn results(bench: &Bench, sections: &[Section]) -> String {
    let versions: Vec<String> =
        std::iter::once(bench.drumfire.version()).chain(bench.peers.iter().map(|peer| peer.version())).collect();
    let missing: Vec<String> = bench.missing.iter().map(|missing| format!("\n- {missing}")).collect();
    let sections: Vec<String> = sections.iter().map(Section::markdown).collect();
    format!(
        "# Drumfire and its peers\n\n\
         {}- clients: {}{}\n\n\
         Clients are on processor {}, servers on processor {}, over loopback. CPU time is the client process's own, user \
         and system, as the kernel counted it. Figures are medians over the rounds, with the least and the greatest in \
         brackets; ratios are of the same round.\n\n{}",
        circumstances(),
        versions.join(", "),
        missing.concat(),
        bench.extent.client_cpu,
        bench.extent.server_cpu,
        sections.join("\n"),
    )
}
