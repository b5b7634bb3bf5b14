//! The commands, a file each: what can be asked, and what is done then. Load, analyse, render; the exit code says what it
//! means for whoever asked.

pub mod baseline;
pub mod capacity;
pub mod completions;
pub mod diff;
pub mod export;
pub mod gate;
pub mod man;
pub mod query;
pub mod report;
pub mod server;
pub mod stretch;
pub mod summarize;
pub mod summary;
pub mod trend;

use std::io::{self, Write, stdout};
use std::path::Path;

use crate::failure::Failure;
use crate::output;

/// Writes to standard output. That nobody reads on (`| head`) is no failure.
fn print(text: &[u8]) -> Result<(), Failure> {
    let mut out = stdout().lock();
    match out.write_all(text).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Failure::Output(error)),
        _ => Ok(()),
    }
}

/// Writes a file, whole or not at all: nobody reads on half a page, or holds a run against half a baseline.
fn write(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let written = output::write_whole(path, |file| file.write_all(bytes));
    written.map_err(|source: io::Error| Failure::Write { path: path.to_owned(), source })
}
