//! A second processor: does it bring as much as the first?

use super::compared::turn_on;
use crate::bench::Bench;
use crate::clients::{Client, Demand, Load};
use crate::report::Section;
use crate::servers::nginx_on;
use crate::table::{Cell, Table};
use crate::turns::{Turn, in_turns};

/// Peers with a thread for each processor.
const COMPARED: [&str; 3] = ["wrk", "gcannon", "shb"];

/// What one processor gave, and what two.
struct Both {
    one: Turn,
    two: Turn,
}

/// Everybody who can use two processors, on one and on two.
pub fn run(bench: &Bench) -> anyhow::Result<Section> {
    let server = nginx_on(bench.extent.server_cpu)?;
    let (connections, seconds) = (bench.extent.connections, bench.extent.seconds);
    let load = Load { url: server.url() + "/", connections, seconds, demand: Demand::Closed };
    let (first, second) = (bench.extent.client_cpu, bench.extent.server_cpu);
    let mut clients: Vec<&dyn Client> = vec![&bench.drumfire];
    clients.extend(bench.peers.iter().map(AsRef::as_ref).filter(|peer| COMPARED.contains(&peer.name())));
    let turns = in_turns(bench.extent.rounds, &clients, |client| {
        let both = (turn_on(bench, &[first], client, &load)?, turn_on(bench, &[first, second], client, &load)?);
        Ok(both.0.zip(both.1).map(|(one, two)| Both { one, two }))
    });

    let mut table = Table::new(["client", "requests/CPU s, one", "two", "two are worth, of one"]);
    for (number, client) in clients.iter().enumerate() {
        let spread = |figure: &dyn Fn(&Both) -> f64| Cell(turns.spread(number, figure));
        table.push(vec![
            client.name().to_owned(),
            spread(&|both| both.one.per_cpu_second()).median(0),
            spread(&|both| both.two.per_cpu_second()).median(0),
            spread(&|both| 2.0 * both.two.per_cpu_second() / both.one.per_cpu_second()).spread(2),
        ]);
    }
    let words = format!(
        "nginx, closed loop, {connections} connections, {} rounds of {seconds} s. nginx runs on processor {second}, which \
         it shares with a client that has two: requests a second would say more of nginx than of the client, so it is \
         work for a second of CPU time that is compared, twice. Sharing costs every client something, as the peers show. \
         Goal: 1.9 or more.",
        bench.extent.rounds
    );
    Ok(Section { title: "A second processor".to_owned(), words, tables: vec![table], remarks: turns.failures })
}
