//! TLS: what does a second of CPU time give on kept-alive connections, and how many handshakes does it take?

use super::compared::compared;
use crate::bench::Bench;
use crate::clients::{Demand, Load};
use crate::report::Section;
use crate::servers::Secured;

/// Few enough that the server, which does the dearer half of a handshake, keeps no queue of them.
const SHAKING: u32 = 16;

/// Everybody who speaks TLS: on kept-alive connections, then with a connection for each request.
pub fn run(bench: &Bench) -> anyhow::Result<Section> {
    let server = Secured::nginx_on(bench.extent.server_cpu)?;
    let (connections, seconds) = (bench.extent.connections, bench.extent.seconds);
    let kept = Load { url: server.url(), connections, seconds, demand: Demand::Closed };
    let shaken = Load { connections: SHAKING, demand: Demand::Reconnecting, ..kept.clone() };
    let (kept, mut remarks) = compared(bench, &kept);
    let (shaken, failures) = compared(bench, &shaken);
    remarks.extend(failures);
    let words = format!(
        "nginx with TLS 1.3 and a P-256 key, {} rounds of {seconds} s in turns. First {connections} kept-alive connections. \
         Then {SHAKING} with a connection and a whole handshake for each request (the server resumes no session): a request \
         is a handshake. Nobody looks whose certificate it is; wrk, h2load and ab verify its signature all the same. shb lets \
         answers wait until there are several. Goal: ahead of h2load, wrk and oha.",
        bench.extent.rounds
    );
    Ok(Section { title: "TLS".to_owned(), words, tables: vec![kept, shaken], remarks })
}
