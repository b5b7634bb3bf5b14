//! The runs that are asked, each under a name of its own.

use std::sync::atomic::AtomicU64;

use runlog::directory::Run;
use runlog::reader::RowFile;

/// No row is shorter: fifteen fields, two names and the numbers of one that was never sent.
const SHORTEST_ROW_BYTES: u64 = 40;
/// Rows are packed to no less than a part of this size.
const PACKED_MOST: u64 = 12;

/// A run under the name that its rows have in the column `run`.
pub(super) struct Source {
    pub name: String,
    pub run: Run,
    /// How many bytes of its row files were read.
    pub bytes_read: AtomicU64,
    pub torn_lines: AtomicU64,
}

impl Source {
    /// As many rows as it has by its books, or at most by the size of its files where it was killed.
    pub fn rows_at_most(&self) -> u64 {
        match &self.run.manifest.ending {
            Some(ending) => ending.cores.iter().map(|core| core.rows).sum(),
            None => self.run.rows.iter().map(text_bytes_at_most).sum::<u64>() / SHORTEST_ROW_BYTES,
        }
    }
}

fn text_bytes_at_most(file: &RowFile) -> u64 {
    let is_packed = file.path().extension().is_some_and(|ending| ending == "zst");
    if is_packed { file.bytes().saturating_mul(PACKED_MOST) } else { file.bytes() }
}

/// Names runs. Where two have the same name, all are called by their paths.
pub(super) fn named(runs: Vec<Run>) -> Vec<Source> {
    let source = |run: Run| {
        let name = run.manifest.name.clone();
        Source { name, run, bytes_read: AtomicU64::new(0), torn_lines: AtomicU64::new(0) }
    };
    let mut sources: Vec<Source> = runs.into_iter().map(source).collect();
    let mut names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        for source in &mut sources {
            source.name = source.run.path.display().to_string();
        }
    }
    sources
}
