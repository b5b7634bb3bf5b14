//! Drumfire against its peers: how much work each gets out of a second of its own CPU time, closed loop, in turns.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a bench is a program for a terminal")]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, ensure};
use clap::Parser;
use drumfire_benches::clients::{Client, Drumfire, Load, Wrk};
use drumfire_benches::measure::{Cost, measured};
use drumfire_benches::table::Table;
use drumfire_benches::{machine, servers};

/// Drumfire against its peers on one nginx, in turns.
#[derive(Debug, Parser)]
#[command(version)]
struct Options {
    /// How many turns each client gets.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    rounds: u32,
    /// How long a turn lasts.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=600))]
    seconds: u32,
    /// How many connections a client keeps open.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=4096))]
    connections: u32,
    /// The processor of the clients.
    #[arg(long, default_value_t = 0, value_name = "CPU")]
    client_cpu: usize,
    /// The processor of the server.
    #[arg(long, default_value_t = 1, value_name = "CPU")]
    server_cpu: usize,
    /// Writes the results to this file as well, as Markdown.
    #[arg(long, value_name = "FILE")]
    markdown: Option<PathBuf>,
}

/// What a client did in one turn, and what it cost.
struct Turn {
    client: usize,
    answered: u64,
    cost: Cost,
}

impl Turn {
    fn per_cpu_second(&self) -> f64 {
        self.answered as f64 / self.cost.cpu().as_secs_f64()
    }

    fn micros_each(&self, time: Duration) -> f64 {
        time.as_secs_f64() * 1e6 / self.answered as f64
    }
}

fn main() -> anyhow::Result<()> {
    let options = Options::parse();
    ensure!(options.client_cpu != options.server_cpu, "the clients and the server need a processor each");
    let clients: [Box<dyn Client>; 2] = [Box::new(Drumfire::find()?), Box::new(Wrk::find()?)];
    let server = servers::nginx_on(options.server_cpu)?;
    let load = Load { url: server.url() + "/", connections: options.connections, seconds: options.seconds };

    let mut turns = Vec::new();
    for round in 0..options.rounds {
        let mut order: Vec<usize> = (0..clients.len()).collect();
        // Whoever goes first in one round goes last in the next, so that a machine that tires favours nobody.
        order.rotate_left(round as usize % clients.len());
        for client in order {
            eprintln!("round {} of {}: {}", round + 1, options.rounds, clients[client].name());
            turns.push(take_turn(client, clients[client].as_ref(), &load, options.client_cpu)?);
        }
    }

    let (every_turn, compared) = (turns_table(&clients, &turns), ratios_table(&clients, &turns));
    println!("{}\n{}", every_turn.text(), compared.text());
    if let Some(path) = &options.markdown {
        let text = report(&options, &clients, &every_turn, &compared);
        fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(())
}

fn take_turn(client: usize, asks: &dyn Client, load: &Load, cpu: usize) -> anyhow::Result<Turn> {
    // Beside this program, which is on a disk; the system's temporary folder may be memory.
    let own = std::env::current_exe()?;
    let folder = tempfile::tempdir_in(own.parent().unwrap_or(Path::new(".")))?;
    let bound = Duration::from_secs(u64::from(load.seconds) + 60);
    let (cost, stdout) = measured(&mut asks.command(load, cpu, folder.path()), cpu, bound)?;
    Ok(Turn { client, answered: asks.answered(&stdout, folder.path())?, cost })
}

fn turns_table(clients: &[Box<dyn Client>], turns: &[Turn]) -> Table {
    let mut table = Table::new(["client", "round", "requests", "requests/CPU s", "user µs", "system µs", "peak MiB"]);
    for (place, turn) in turns.iter().enumerate() {
        table.push(vec![
            clients[turn.client].name().to_owned(),
            (place / clients.len() + 1).to_string(),
            turn.answered.to_string(),
            format!("{:.0}", turn.per_cpu_second()),
            format!("{:.2}", turn.micros_each(turn.cost.user)),
            format!("{:.2}", turn.micros_each(turn.cost.system)),
            format!("{:.1}", turn.cost.peak_bytes as f64 / f64::from(1 << 20)),
        ]);
    }
    table
}

/// The first client's requests per CPU second over each other's, round by round.
fn ratios_table(clients: &[Box<dyn Client>], turns: &[Turn]) -> Table {
    let mut table = Table::new(["requests/CPU s", "min", "median", "max"]);
    for other in 1..clients.len() {
        let of = |round: &[Turn], client| round.iter().find(|turn| turn.client == client).map(Turn::per_cpu_second);
        let rounds = turns.chunks(clients.len());
        let mut ratios: Vec<f64> = rounds.filter_map(|round| Some(of(round, 0)? / of(round, other)?)).collect();
        ratios.sort_by(f64::total_cmp);
        let mut row = vec![format!("{} / {}", clients[0].name(), clients[other].name())];
        row.extend([ratios[0], median(&ratios), ratios[ratios.len() - 1]].map(|ratio| format!("{ratio:.2}")));
        table.push(row);
    }
    table
}

/// The middle of sorted values; of an even number of them, half way between the two in the middle.
fn median(sorted: &[f64]) -> f64 {
    let middle = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[middle] } else { f64::midpoint(sorted[middle - 1], sorted[middle]) }
}

fn report(options: &Options, clients: &[Box<dyn Client>], every_turn: &Table, compared: &Table) -> String {
    let versions: Vec<String> = clients.iter().map(|client| client.version()).collect();
    format!(
        "# Peers, closed loop\n\n\
         {} on {}: {} connections, {} rounds of {} s in turns; clients on processor {}, nginx on processor {}.\n\
         CPU time is the client process's own, user and system, as the kernel counted it.\n\n{}\n{}",
        versions.join(" and "),
        machine::description(),
        options.connections,
        options.rounds,
        options.seconds,
        options.client_cpu,
        options.server_cpu,
        compared.markdown(),
        every_turn.markdown()
    )
}
