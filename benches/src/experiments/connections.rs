//! Ten thousand connections: what do they cost beside 64, in CPU time and in memory?

use super::compared::turn;
use crate::bench::Bench;
use crate::clients::{Client, Demand, Load};
use crate::report::Section;
use crate::servers::nginx_on;
use crate::table::{Cell, Table};
use crate::turns::{Turn, in_turns};

const MANY: u32 = 10_000;
/// Long enough that opening the connections is little of it.
const SECONDS_LEAST: u32 = 5;

/// What a client did with few connections and with many.
struct Both {
    few: Turn,
    many: Turn,
}

/// Drumfire and the floor with few connections and with many.
pub fn run(bench: &Bench) -> anyhow::Result<Section> {
    let server = nginx_on(bench.extent.server_cpu)?;
    let (few, seconds) = (bench.extent.connections, bench.extent.seconds.max(SECONDS_LEAST));
    let few = Load { url: server.url() + "/", connections: few, seconds, demand: Demand::Closed };
    let many = Load { connections: MANY, ..few.clone() };
    let clients: [&dyn Client; 2] = [&bench.drumfire, &bench.floor];
    let turns = in_turns(bench.extent.rounds, &clients, |client| {
        let both = (turn(bench, client, &few)?, turn(bench, client, &many)?);
        Ok(both.0.zip(both.1).map(|(few, many)| Both { few, many }))
    });

    let more = f64::from(MANY - few.connections);
    let mut table = Table::new([
        "client",
        "requests/CPU s, few",
        "many",
        "many of few",
        "peak MiB, few",
        "many",
        "KiB a connection",
    ]);
    for (number, client) in clients.iter().enumerate() {
        let spread = |figure: &dyn Fn(&Both) -> f64| Cell(turns.spread(number, figure));
        table.push(vec![
            client.name().to_owned(),
            spread(&|both| both.few.per_cpu_second()).median(0),
            spread(&|both| both.many.per_cpu_second()).median(0),
            spread(&|both| both.many.per_cpu_second() / both.few.per_cpu_second()).spread(2),
            spread(&|both| both.few.cost.peak_mib()).median(1),
            spread(&|both| both.many.cost.peak_mib()).median(1),
            spread(&|both| (both.many.cost.peak_mib() - both.few.cost.peak_mib()) * 1024.0 / more).spread(2),
        ]);
    }
    let words = format!(
        "nginx, closed loop, {} and {MANY} connections, {} rounds of {seconds} s. Opening the connections is part of the \
         cost. What the floor loses is the kernel's and the caches' doing. Goals: 0.85 or more of what few connections \
         give, and 6 KiB a connection or less.",
        few.connections, bench.extent.rounds
    );
    Ok(Section { title: "Ten thousand connections".to_owned(), words, tables: vec![table], remarks: turns.failures })
}
