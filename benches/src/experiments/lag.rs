//! How late requests are at half of what the server can take.

use anyhow::Context;

use super::compared::turn;
use super::open::DRUMFIRE_CONNECTIONS;
use crate::bench::Bench;
use crate::clients::{Client, Demand, Drumfire, Load, Rate, run_directory};
use crate::report::Section;
use crate::rows::Rows;
use crate::servers::nginx_on;
use crate::statistics::percentile;
use crate::table::{Cell, Table};
use crate::turns::in_turns;

/// The percentiles that are shown.
const PERCENTS: [f64; 3] = [50.0, 99.0, 99.9];

/// Finds what nginx can take from 64 connections, and asks for half of it.
pub fn run(bench: &Bench) -> anyhow::Result<Section> {
    let server = nginx_on(bench.extent.server_cpu)?;
    let (connections, seconds) = (bench.extent.connections, bench.extent.seconds);
    let load = Load { url: server.url() + "/", connections, seconds, demand: Demand::Closed };
    let most = turn(bench, &bench.drumfire, &load)?.context("drumfire has a closed loop")?.per_second();
    let rate = Rate::even((most / 2.0) as u32);
    let load = Load { connections: DRUMFIRE_CONNECTIONS, demand: Demand::Open(rate), ..load };

    let mut named: Vec<(&str, Drumfire)> = vec![("as it comes", bench.drumfire.clone())];
    named.extend(bench.drumfire.paced("precise").map(|precise| ("--pacing precise", precise)));
    let clients: Vec<&dyn Client> = named.iter().map(|(_, drumfire)| drumfire as &dyn Client).collect();
    let turns = in_turns(bench.extent.rounds, &clients, |client| lags(bench, client, &load));

    let mut table = Table::new(["drumfire", "lag p50 µs", "p99 µs", "p99.9 µs"]);
    for (number, (name, _)) in named.iter().enumerate() {
        let mut row = vec![(*name).to_owned()];
        row.extend((0..PERCENTS.len()).map(|percent| Cell(turns.spread(number, |lags| lags[percent])).spread(2)));
        table.push(row);
    }
    let words = format!(
        "nginx answered {most:.0} requests a second from {connections} connections in a closed loop; then {}/s evenly, {} \
         rounds of {seconds} s. Lag is what the rows say: from scheduled to sent. Goal: p99 of 50 µs or less.",
        rate.per_second, bench.extent.rounds
    );
    Ok(Section { title: "Lag at half of saturation".to_owned(), words, tables: vec![table], remarks: turns.failures })
}

/// The percentiles of the lag, in µs.
fn lags(bench: &Bench, client: &dyn Client, load: &Load) -> anyhow::Result<Option<[f64; 3]>> {
    let Some(ran) = bench.run(client, load)? else { return Ok(None) };
    let rows = Rows::read(&run_directory(ran.folder.path()))?.all_good()?;
    Ok(Some(PERCENTS.map(|percent| percentile(&rows.lag_ns, percent).map_or(f64::NAN, |lag| lag as f64 / 1e3))))
}
