//! As many requests as possible, each connection one after another: what does a second of CPU time give?

use super::compared::compared;
use crate::bench::Bench;
use crate::clients::{Demand, Load};
use crate::report::Section;
use crate::servers::nginx_on;

/// Everybody on one nginx.
pub fn run(bench: &Bench) -> anyhow::Result<Section> {
    let server = nginx_on(bench.extent.server_cpu)?;
    let (connections, seconds) = (bench.extent.connections, bench.extent.seconds);
    let load = Load { url: server.url() + "/", connections, seconds, demand: Demand::Closed };
    let (table, remarks) = compared(bench, &load);
    let words = format!(
        "nginx, {connections} connections, {} rounds of {seconds} s in turns; Drumfire writes a row for every request. \
         The floor only sends and receives. The floor that gathers lets answers wait until there are eight of them, for \
         up to 500 µs, as shb does: cheaper, but no latency is true any more. Goal: drumfire at 0.95 of the floor or \
         more, and ahead of every peer.",
        bench.extent.rounds
    );
    Ok(Section { title: "Closed loop".to_owned(), words, tables: vec![table], remarks })
}
