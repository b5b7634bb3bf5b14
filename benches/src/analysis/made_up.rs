//! A run directory as if a load had been run for hours: rows in the order in which they end, times that hang together.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::Context;
use serde_json::json;

const HEADER: &str = "scheduled_ns,lag_ns,connect_ns,tls_ns,ttfb_ns,duration_ns,scenario,request,status,error,\
                      failed_checks,bytes_sent,bytes_received,connection,vu";
/// Names of the requests, each with its part of the load (in hundredths) and its median service time in ns.
const REQUESTS: [(&str, u64, f64); 5] = [
    ("products_list", 40, 1.2e6),
    ("products_search", 30, 2.6e6),
    ("orders_create", 20, 4.1e6),
    ("order_get", 7, 0.8e6),
    ("reports_inventory", 3, 21.0e6),
];
/// How many cores wrote it.
const CORES: u64 = 2;

/// What a made-up run is like.
#[derive(Debug, Clone, Copy)]
pub struct MadeUp {
    /// How many rows, all cores together.
    pub rows: u64,
    /// Arrivals per second.
    pub rate: u64,
    /// Where chance begins.
    pub seed: u64,
}

impl MadeUp {
    /// Writes it as a run directory, unless one of that size is there already.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let manifest = self.manifest();
        let path = folder.join("run.json");
        if fs::read_to_string(&path).is_ok_and(|text| text == manifest) {
            return Ok(());
        }
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for core in 0..CORES {
            self.write_rows(core, &folder.join(format!("requests-{core:02}.csv")))?;
        }
        // Last, so that what is there is whole.
        fs::write(&path, manifest).with_context(|| format!("cannot write {}", path.display()))
    }

    fn write_rows(&self, core: u64, path: &Path) -> anyhow::Result<()> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        writeln!(file, "{HEADER}")?;
        let mut chance = Chance(self.seed * CORES + core + 1);
        let between_ns = 1_000_000_000 * CORES / self.rate;
        let (mut level, mut second) = (0.0, u64::MAX);
        // Rows are written as they end: those of a few milliseconds change places.
        let mut waiting: Vec<(u64, String)> = Vec::new();
        for number in 0..self.rows / CORES {
            let scheduled = number * between_ns + core * between_ns / CORES;
            if scheduled / 1_000_000_000 != second {
                second = scheduled / 1_000_000_000;
                level = 0.8 * level + 0.05 * chance.normal();
            }
            let row = self.row(scheduled, level, &mut chance);
            waiting.push(row);
            if waiting.len() == 256 {
                waiting.sort_unstable_by_key(|(end, _)| *end);
                for (_, line) in waiting.drain(..128) {
                    file.write_all(line.as_bytes())?;
                }
            }
        }
        waiting.sort_unstable_by_key(|(end, _)| *end);
        for (_, line) in waiting {
            file.write_all(line.as_bytes())?;
        }
        Ok(file.flush()?)
    }

    /// When it ends, and its line.
    fn row(&self, scheduled: u64, level: f64, chance: &mut Chance) -> (u64, String) {
        let mut part = chance.below(100);
        let (name, _, median) = REQUESTS
            .iter()
            .find(|(_, share, _)| {
                let here = part < *share;
                part = part.saturating_sub(*share);
                here
            })
            .unwrap_or(&REQUESTS[0]);
        let lag = 400 + chance.below(2_000);
        let duration = (median * (level + 0.35 * chance.normal()).exp()) as u64;
        let (duration, status, error) = match chance.below(10_000) {
            0 => (10_000_000_000, 0, "timeout"),
            1..=4 => (duration, 500, ""),
            _ => (duration, 200, ""),
        };
        let ttfb = if error.is_empty() { (duration - duration / 10).to_string() } else { String::new() };
        let (sent, received) = (151, if error.is_empty() { 1_900 + chance.below(300) } else { 0 });
        let connection = chance.below(64);
        let line = format!(
            "{scheduled},{lag},0,0,{ttfb},{duration},steady,{name},{status},{error},0,{sent},{received},{connection},{connection}\n"
        );
        (scheduled + lag + duration, line)
    }

    fn manifest(&self) -> String {
        let elapsed_ns = self.rows / self.rate * 1_000_000_000;
        let requests: Vec<_> = REQUESTS
            .iter()
            .map(|(name, ..)| {
                json!({"name": name, "method": "GET", "path": "/", "expect_status": [[200, 200]], "checks": [], "tags": {}})
            })
            .collect();
        let cores: Vec<_> = (0..CORES)
            .map(|core| {
                let rows = self.rows / CORES;
                json!({"core": core, "file": format!("requests-{core:02}.csv"), "scheduled": rows, "rows": rows,
                       "record_stall_ns": 0})
            })
            .collect();
        let manifest = json!({
            "format": {"major": 1, "minor": 2}, "drumfire_version": "made up", "name": "made-up",
            "command": ["made up"], "started_unix_ns": 1_700_000_000_000_000_000_u64, "seed": self.seed,
            "planned_ns": elapsed_ns, "target": "http://127.0.0.1:1",
            "host": {"name": "nowhere", "cpu": "none", "cpus": CORES, "memory_bytes": 0, "kernel": "0", "open_files_limit": 0},
            "engine": {"driver": "none", "cores": (0..CORES).collect::<Vec<_>>()}, "tags": {},
            "scenarios": [{"name": "steady", "executor": "constant-arrival-rate", "model": "open", "peak_rate": self.rate as f64,
                           "max_connections": 64, "stages": [{"at_ns": elapsed_ns, "target": self.rate as f64}], "tags": {}}],
            "requests": requests, "thresholds": [], "scenario": null,
            "ending": {"how": "completed", "reason": "", "elapsed_ns": elapsed_ns, "cores": cores,
                       "validity": {"verdict": "valid", "reasons": []}},
        });
        manifest.to_string()
    }
}

/// xorshift64* (Marsaglia 2003, Vigna 2016): fast, and good enough for rows that nobody gambles with.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.next() >> 32) * bound >> 32
    }

    /// Between 0 and 1, neither of them.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 12) as f64 + 0.5) / (1_u64 << 52) as f64
    }

    /// Of the standard normal distribution (Box and Muller 1958).
    fn normal(&mut self) -> f64 {
        (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos()
    }
}
