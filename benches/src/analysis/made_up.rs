//! A run directory as if a load had been run for hours: rows in the order in which they end, times that hang together.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, ensure};
use drumfire_tests::run::HEADER;
use drumfire_tests::written::{Manifest, Request, rows_file};

use crate::chance::Chance;

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
    /// Writes it as a run directory, unless it is there already.
    ///
    /// # Errors
    /// Where another run is there, or the folder cannot be written.
    pub fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let manifest = self.manifest();
        let path = folder.join("run.json");
        if let Ok(text) = fs::read_to_string(&path) {
            ensure!(text == manifest, "another run is in {}: remove it, or name another folder", folder.display());
            return Ok(());
        }
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        for core in 0..CORES {
            self.write_rows(core, &folder.join(rows_file(core as usize)))?;
        }
        // Last, so that what is there is whole.
        fs::write(&path, manifest).with_context(|| format!("cannot write {}", path.display()))
    }

    fn write_rows(&self, core: u64, path: &Path) -> anyhow::Result<()> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        writeln!(file, "{HEADER}")?;
        let mut chance = Chance::new(self.seed * CORES + core + 1);
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
            let row = Self::row(scheduled, level, &mut chance);
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
    fn row(scheduled: u64, level: f64, chance: &mut Chance) -> (u64, String) {
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
        let manifest = Manifest {
            name: "made-up".to_owned(),
            scenario: "steady".to_owned(),
            requests: REQUESTS.iter().map(|(name, ..)| Request::named(name)).collect(),
            seed: self.seed,
            rate: self.rate,
            elapsed_ns: self.rows / self.rate * 1_000_000_000,
            rows: vec![self.rows / CORES; CORES as usize],
        };
        manifest.json().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_used_again_and_another_run_is_left_alone() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let run = MadeUp { rows: 1_000, rate: 100, seed: 1 };
        run.write(folder.path()).expect("it can be written");
        let rows = fs::read(folder.path().join(rows_file(1))).expect("rows");
        run.write(folder.path()).expect("it is there");
        let error = MadeUp { rows: 2_000, ..run }.write(folder.path()).expect_err("another run is there");
        assert!(error.to_string().starts_with("another run is in "), "{error}");
        assert_eq!(fs::read(folder.path().join(rows_file(1))).expect("rows"), rows);
    }
}
