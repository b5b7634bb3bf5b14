//! A run without its rows, as one small file, and back: what was counted, histograms of its times, its windows of time, its
//! manifest and samples. Those of shards add up, percentiles and all, because histograms do.
//!
//! A file is text, packed with zstd, of five lines: what it is, the manifest, the samples, the counts and histograms, the
//! windows. What it is comes first, so that a file from the future is told before the rest is looked at.
//!
//! `write` and `read` are a mirror pair.

mod read;
#[cfg(test)]
mod tests;
mod write;

use std::collections::BTreeSet;
use std::fmt::Write;

use runlog::directory::Run;
use runlog::manifest::Format;
use runlog::summary::{Summary, Wanted};
use runlog::tally::{Gathered, StoreError, StoredGroups};
use runlog::windows::Windows;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use self::read::CondensedReadError;

/// What the name of such a file ends with, behind a dot.
pub const ENDING: &str = "summary";
/// What such a file calls itself.
const NAME: &str = "drumfire summary";
/// The version of the files that this program writes: major (readers of another one refuse) and minor.
const FORMAT: Format = Format { major: 1, minor: 1 };

/// The first line of a file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    name: String,
    format: Format,
}

/// The third line of a file: the run's sample files as they were, and how it came about.
#[derive(Debug, Serialize, Deserialize)]
struct Samples {
    engine: String,
    probes: String,
    events: String,
    torn_lines: u64,
    shards: BTreeSet<String>,
}

/// A run without its rows.
#[derive(Debug)]
pub struct Condensed {
    /// Where it came from, its manifest and samples; it has no rows.
    pub log: Run,
    /// The whole run over time.
    pub windows: Windows,
    stored: StoredGroups,
    torn_lines: u64,
    shards: BTreeSet<String>,
}

impl Condensed {
    /// A run, or one shard of one, of whose rows all this was gathered.
    pub fn new(log: Run, stored: StoredGroups, windows: Windows, torn_lines: u64) -> Self {
        let shards = BTreeSet::from([shard_id(&log)]);
        Self { log: Run { rows: Vec::new(), ..log }, windows, stored, torn_lines, shards }
    }

    /// The shards that it is made of, by their [`shard_id`].
    pub const fn shards(&self) -> &BTreeSet<String> {
        &self.shards
    }

    /// Takes in other shards of the same load. Scenarios, requests and thresholds have to be the same.
    ///
    /// # Errors
    /// None, where both were gathered or read.
    pub fn add_shard(&mut self, other: Self) -> Result<(), CondensedReadError> {
        let wanted = Wanted::of_histograms(&self.log);
        let mut groups = wanted.nothing();
        for (stored, of) in [(&self.stored, &self.log), (&other.stored, &other.log)] {
            wanted.add_stored(&mut groups, stored).map_err(|error| broken(of, error))?;
        }
        self.stored = StoredGroups::of(&groups);
        self.windows.merge(other.windows);
        self.torn_lines = self.torn_lines.saturating_add(other.torn_lines);
        self.shards.extend(other.shards);
        self.log.add_shard(other.log);
        Ok(())
    }

    /// The figures: percentiles to within 1/512 and never below, all others exact.
    ///
    /// # Errors
    /// Where what was read is no run's.
    pub fn summary(&self) -> Result<Summary, CondensedReadError> {
        let wanted = Wanted::of_histograms(&self.log);
        let mut groups = wanted.nothing();
        wanted.add_stored(&mut groups, &self.stored).map_err(|error| broken(&self.log, error))?;
        Ok(wanted.summary(&Gathered { tally: groups, torn_lines: self.torn_lines }, None)?)
    }

    /// Whether counts, histograms and windows can be those of one run.
    fn check(&self) -> Result<(), CondensedReadError> {
        let wanted = Wanted::of_histograms(&self.log);
        let manifest = &self.log.manifest;
        let cells = manifest.scenarios.len() * manifest.requests.len();
        let checked = wanted.add_stored(&mut wanted.nothing(), &self.stored);
        checked.and_then(|()| self.windows.check(self.stored.rows, cells)).map_err(|error| broken(&self.log, error))
    }
}

fn broken(log: &Run, error: StoreError) -> CondensedReadError {
    CondensedReadError::Broken { path: log.path.clone(), what: error.to_string() }
}

/// What tells a shard from any other: the SHA-256 of its manifest, which has the books of its cores, and of the names and
/// lengths of its row files; in hexadecimal.
pub fn shard_id(run: &Run) -> String {
    let mut hash = Sha256::new_with_prefix(serde_json::to_vec(&run.manifest).unwrap_or_default());
    for rows in &run.rows {
        hash.update(rows.path().file_name().unwrap_or_default().as_encoded_bytes());
        hash.update(rows.bytes().to_le_bytes());
    }
    hash.finalize().iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
