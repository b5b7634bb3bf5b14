//! A long run: the memory has to stay flat, and every arrival has its row.

use std::fs;
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use drumfire_tests::pin::spawn_on;
use drumfire_tests::program::ends_within;

use super::open::DRUMFIRE_CONNECTIONS;
use crate::bench::Bench;
use crate::clients::{Client, Demand, Load, Place, Rate, run_directory};
use crate::report::Section;
use crate::rows::Rows;
use crate::servers::Own;
use crate::table::Table;

const PER_SECOND: u32 = 50_000;
/// By then everything that is kept has been taken.
const SETTLED_SECONDS: usize = 10;
/// How long Drumfire may take beyond its time.
const GRACE_SECONDS: usize = 60;
const PAGE_BYTES: u64 = 4096;

/// Drumfire at 50,000 a second, before a witness that counts.
pub fn run(bench: &Bench) -> anyhow::Result<Section> {
    let seconds = bench.extent.soak_seconds;
    let witness = Own::witness_on(bench.extent.server_cpu, None)?;
    let demand = Demand::Open(Rate::even(PER_SECOND));
    let load = Load { url: witness.url().to_owned(), connections: DRUMFIRE_CONNECTIONS, seconds, demand };
    let own = std::env::current_exe()?;
    let folder = tempfile::tempdir_in(own.parent().context("this program is in a folder")?)?;
    let cpu = bench.extent.client_cpu;
    let place = Place { cpus: &[cpu], folder: folder.path() };
    let mut command = bench.drumfire.command(&load, &place)?.context("drumfire has a rate")?;
    let turn = bench.alone()?;
    let mut child = spawn_on(cpu, command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))?;
    let memory = sampled(&mut child, seconds as usize + GRACE_SECONDS)?;
    drop(turn);
    let arrivals = witness.arrivals()?;
    let rows = Rows::count(&run_directory(folder.path()))?;

    let settled = memory.get(SETTLED_SECONDS..).unwrap_or_default();
    let (least, most) = (settled.iter().min().copied(), settled.iter().max().copied());
    let mib = |bytes: Option<u64>| bytes.map_or("–".to_owned(), |bytes| format!("{:.2}", bytes as f64 / 1_048_576.0));
    let growth = growth(settled).map_or("–".to_owned(), |growth| format!("{:.2} %", growth * 100.0));
    let mut table = Table::new(["drumfire", "figure"]);
    for (name, figure) in [
        ("arrivals that the witness counted", arrivals.to_string()),
        ("rows", rows.count.to_string()),
        ("of them failed", rows.failed.to_string()),
        ("memory from the 10th second on, least, MiB", mib(least)),
        ("memory from the 10th second on, most, MiB", mib(most)),
        ("and at the end, MiB", mib(settled.last().copied())),
        ("so it changed by", growth),
    ] {
        table.push(vec![name.to_owned(), figure]);
    }
    let words = format!(
        "{PER_SECOND}/s evenly for {seconds} s, its resident memory sampled each second. Goals: memory that changes by no \
         more than 1 %, and as many rows as arrivals.",
    );
    Ok(Section { title: "Soak".to_owned(), words, tables: vec![table], remarks: Vec::new() })
}

/// The resident memory of a process in bytes, each second until it ends by itself.
fn sampled(child: &mut Child, seconds_most: usize) -> anyhow::Result<Vec<u64>> {
    let mut samples = Vec::new();
    while !ends_within(child, Duration::from_secs(1)) {
        if let Ok(statm) = fs::read_to_string(format!("/proc/{}/statm", child.id())) {
            samples.push(resident_bytes(&statm)?);
        }
        if samples.len() > seconds_most {
            child.kill()?;
        }
    }
    let status = child.wait()?;
    // 3: the machine was too busy for the measurement to be believed. The rows are there all the same.
    ensure!(matches!(status.code(), Some(0 | 3)), "drumfire ended with {status}");
    Ok(samples)
}

/// The second number of `/proc/PID/statm`, which counts pages.
fn resident_bytes(statm: &str) -> anyhow::Result<u64> {
    let pages = statm.split(' ').nth(1).with_context(|| format!("a statm of `{statm}`"))?;
    Ok(pages.parse::<u64>()? * PAGE_BYTES)
}

/// How much more the most is than the least, as a share of the least.
fn growth(samples: &[u64]) -> Option<f64> {
    let (least, most) = (samples.iter().min()?, samples.iter().max()?);
    Some((most - least) as f64 / *least as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_the_second_number_in_pages() {
        assert_eq!(resident_bytes("9171 2303 1280 632 0 4403 0\n").expect("pages"), 2303 * 4096);
        assert!(resident_bytes("").is_err());
    }

    #[test]
    fn growth_is_a_share_of_the_least() {
        assert_eq!(growth(&[100, 101, 100]), Some(0.01));
        assert_eq!(growth(&[]), None);
    }
}
