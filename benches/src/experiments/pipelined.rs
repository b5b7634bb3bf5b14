//! The same with 16 requests on their way over each connection, against a server that costs next to nothing.

use super::compared::compared;
use crate::bench::Bench;
use crate::clients::{Client, Demand, Load, Place};
use crate::report::Section;
use crate::servers::Own;

const DEPTH: u32 = 16;

/// Everybody who can pipeline.
pub fn run(bench: &Bench) -> anyhow::Result<Section> {
    let server = Own::plaintext_on(bench.extent.server_cpu)?;
    let (connections, seconds) = (bench.extent.connections, bench.extent.seconds);
    let load = Load { url: server.url().to_owned(), connections, seconds, demand: Demand::Pipelined(DEPTH) };
    let (table, mut remarks) = compared(bench, &load);
    let folder = tempfile::tempdir()?;
    let place = Place { cpus: &[bench.extent.client_cpu], folder: folder.path() };
    if bench.drumfire.command(&load, &place)?.is_none() {
        remarks.push("this drumfire has no --pipeline".to_owned());
    }
    let words = format!(
        "A server that answers all requests of a read in one send, {connections} connections with {DEPTH} requests on \
         their way over each, {} rounds of {seconds} s in turns. Who is not in the table cannot pipeline.",
        bench.extent.rounds
    );
    Ok(Section { title: format!("Pipelining {DEPTH}"), words, tables: vec![table], remarks })
}
