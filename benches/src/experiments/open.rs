//! Arrivals at a rate, as the kernel of the server's side saw them.

use anyhow::{Context, ensure};

use crate::arrivals::{Punctuality, against_rate, against_schedule};
use crate::bench::Bench;
use crate::clients::{Arrival, Client, Demand, Load, Rate, run_directory};
use crate::report::Section;
use crate::rows::Rows;
use crate::servers::Own;
use crate::statistics::percentile;
use crate::table::{Cell, Table};
use crate::turns::{Turns, in_turns};

/// The most connections that Drumfire may use.
pub const DRUMFIRE_CONNECTIONS: u32 = 512;

/// What is asked for.
const RATES: [(&str, Rate); 3] = [
    ("20,000/s, even", Rate { per_second: 20_000, arrival: Arrival::Even }),
    ("20,000/s, Poisson", Rate { per_second: 20_000, arrival: Arrival::Poisson }),
    ("2,000/s, even", Rate { per_second: 2_000, arrival: Arrival::Even }),
];

/// Everybody who has a rate.
pub fn run(bench: &Bench) -> Section {
    let mut clients: Vec<&dyn Client> = vec![&bench.drumfire];
    clients.extend(bench.peers.iter().map(AsRef::as_ref));
    let (mut tables, mut remarks) = (Vec::new(), Vec::new());
    for (words, rate) in RATES {
        let turns = in_turns(bench.extent.rounds, &clients, |client| turn(bench, client, rate));
        tables.push(table(words, &clients, &turns));
        remarks.extend(turns.failures.into_iter().map(|failure| format!("{words}: {failure}")));
    }
    let words = format!(
        "{} rounds of {} s in turns, the first 0.2 s left out. The gap error is by how much the time between two arrivals \
         differed from what was meant; for Poisson arrivals that is the gap in the schedule. The dispersion of counts is \
         variance over mean in windows of 1 and of 10 ms: 0 is even, 1 is Poisson, more are bursts. The lag is what \
         Drumfire says of itself in its rows. Peers use {} connections, Drumfire as many as it needs of \
         {DRUMFIRE_CONNECTIONS}.",
        bench.extent.rounds, bench.extent.seconds, bench.extent.connections
    );
    Section { title: "Open loop, seen by a witness".to_owned(), words, tables, remarks }
}

/// What one client did at a rate.
pub struct Seen {
    /// What the witness saw.
    pub punctuality: Punctuality,
    /// What Drumfire says of its lag: half of the requests, and 99 of 100, in ns. None of a peer.
    pub lag_ns: Option<(u64, u64)>,
    /// CPU time used in a second.
    pub cpu_share: f64,
}

/// One turn at a rate, before the witness.
///
/// # Errors
/// Where the client or the witness fails.
pub fn turn(bench: &Bench, client: &dyn Client, rate: Rate) -> anyhow::Result<Option<Seen>> {
    let seconds = bench.extent.seconds;
    let ours = client.name() == bench.drumfire.name();
    let connections = if ours { DRUMFIRE_CONNECTIONS } else { bench.extent.connections };
    let notes = tempfile::NamedTempFile::new()?;
    // Some send more than they are asked to.
    let most = rate.per_second as usize * (seconds as usize + 1) * 2;
    let witness = Own::witness_on(bench.extent.server_cpu, Some((notes.path(), most)))?;
    let load = Load { url: witness.url().to_owned(), connections, seconds, demand: Demand::Open(rate) };
    let Some(ran) = bench.run(client, &load)? else { return Ok(None) };
    witness.arrivals()?;
    let arrivals = noted(&std::fs::read_to_string(notes.path())?)?;
    let rows = if ours { Some(Rows::read(&run_directory(ran.folder.path()))?.all_good()?) } else { None };
    let sent = rows.as_ref().map_or(arrivals.len(), |rows| rows.scheduled_ns.len());
    ensure!(arrivals.len() == sent, "the witness saw {} arrivals, the rows say that {sent} were sent", arrivals.len());
    let punctuality = match (rate.arrival, &rows) {
        (Arrival::Poisson, Some(rows)) => against_schedule(&arrivals, &rows.scheduled_ns)?,
        _ => against_rate(&arrivals, f64::from(rate.per_second))?,
    };
    let lag_ns = rows.and_then(|rows| Some((percentile(&rows.lag_ns, 50.0)?, percentile(&rows.lag_ns, 99.0)?)));
    Ok(Some(Seen { punctuality, lag_ns, cpu_share: ran.cost.cpu().as_secs_f64() / f64::from(seconds) }))
}

/// The witness' notes: a line in ns for each arrival.
fn noted(text: &str) -> anyhow::Result<Vec<u64>> {
    text.lines().map(|line| line.parse().with_context(|| format!("the witness noted `{line}`"))).collect()
}

fn table(rate: &str, clients: &[&dyn Client], turns: &Turns<Seen>) -> Table {
    let mut table = headed(rate);
    for (number, client) in clients.iter().enumerate() {
        if turns.took_part(number) {
            table.push(figures(client.name(), turns, number));
        }
    }
    table
}

/// A table for [`figures`].
pub fn headed(first: &str) -> Table {
    Table::new([
        first,
        "reached/s",
        "gap error p50 µs",
        "p99 µs",
        "dispersion 1 ms",
        "10 ms",
        "lag p50 µs",
        "p99 µs",
        "CPU s/s",
    ])
}

/// A row of what a client did.
pub fn figures(name: &str, turns: &Turns<Seen>, client: usize) -> Vec<String> {
    let spread = |figure: &dyn Fn(&Seen) -> f64| Cell(turns.spread(client, figure));
    let lag = |pick: fn((u64, u64)) -> u64| Cell(turns.spread_where(client, |seen| seen.lag_ns.map(pick).map(micros)));
    vec![
        name.to_owned(),
        spread(&|seen| seen.punctuality.per_second).median(0),
        spread(&|seen| micros(seen.punctuality.gap_error_p50_ns)).median(1),
        spread(&|seen| micros(seen.punctuality.gap_error_p99_ns)).spread(0),
        spread(&|seen| seen.punctuality.dispersion_1ms).median(3),
        spread(&|seen| seen.punctuality.dispersion_10ms).median(3),
        lag(|lag| lag.0).median(1),
        lag(|lag| lag.1).spread(0),
        spread(&|seen| seen.cpu_share).median(2),
    ]
}

fn micros(ns: u64) -> f64 {
    ns as f64 / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_witness_notes_are_read() {
        assert_eq!(
            noted("1700000000000000001\n1700000000000000002\n").expect("two"),
            [1_700_000_000_000_000_001, 1_700_000_000_000_000_002]
        );
        assert!(noted("soon\n").is_err());
    }
}
