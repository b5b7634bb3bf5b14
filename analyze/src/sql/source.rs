//! The runs that are asked, each under a name of its own.

use std::sync::atomic::AtomicU64;

use runlog::directory::Run;

/// A run under the name that its rows have in the column `run`.
pub(super) struct Source {
    pub name: String,
    pub run: Run,
    /// How many bytes of its row files were read.
    pub bytes_read: AtomicU64,
    pub torn_lines: AtomicU64,
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
