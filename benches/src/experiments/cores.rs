//! A second processor: does it bring as much as the first?

use anyhow::Context;

use super::compared::Cell;
use crate::bench::Bench;
use crate::clients::{Client, Demand, Load};
use crate::report::Section;
use crate::servers::nginx_on;
use crate::table::Table;
use crate::turns::{Turn, in_turns};

/// What one processor gave, and what two.
struct Both {
    one: Turn,
    two: Turn,
}

/// Drumfire on one processor and on two.
pub fn run(bench: &Bench) -> anyhow::Result<Section> {
    let server = nginx_on(bench.extent.server_cpu)?;
    let (connections, seconds) = (bench.extent.connections, bench.extent.seconds);
    let load = Load { url: server.url() + "/", connections, seconds, demand: Demand::Closed };
    let (first, second) = (bench.extent.client_cpu, bench.extent.server_cpu);
    let on = |cpus: &[usize], client: &dyn Client| -> anyhow::Result<Turn> {
        let ran = bench.run_on(cpus, client, &load)?.context("drumfire has a closed loop")?;
        Ok(Turn { answered: client.answered(&ran.stdout, ran.folder.path())?, seconds, cost: ran.cost })
    };
    let turns = in_turns(bench.extent.rounds, &[&bench.drumfire], |client| {
        Ok(Some(Both { one: on(&[first], client)?, two: on(&[first, second], client)? }))
    });

    let spread = |figure: &dyn Fn(&Both) -> f64| Cell(turns.spread(0, figure));
    let mut table = Table::new(["drumfire", "requests/CPU s"]);
    table.push(vec![format!("--cores {first}"), spread(&|both| both.one.per_cpu_second()).median(0)]);
    table.push(vec![format!("--cores {first},{second}"), spread(&|both| both.two.per_cpu_second()).median(0)]);
    let times = |both: &Both| 2.0 * both.two.per_cpu_second() / both.one.per_cpu_second();
    table.push(vec!["two are worth, of one".to_owned(), spread(&times).spread()]);
    let words = format!(
        "nginx, closed loop, {connections} connections, {} rounds of {seconds} s. nginx runs on processor {second}, which \
         it shares with Drumfire when that has two: requests a second would say more of nginx than of Drumfire, so it is \
         work for a second of CPU time that is compared, twice. Goal: 1.9 or more.",
        bench.extent.rounds
    );
    Ok(Section { title: "A second processor".to_owned(), words, tables: vec![table], remarks: turns.failures })
}
