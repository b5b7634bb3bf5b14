//! Where clients' programs are, and how to get those that are not there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, anyhow};
use drumfire_tests::program::built;

/// One of our own programs, which cargo puts beside this one.
///
/// # Errors
/// Where it has not been built.
pub fn beside(name: &str) -> anyhow::Result<PathBuf> {
    built(name).map_err(|_| anyhow!("`{name}` is not built; build everything first: cargo build --release"))
}

/// A peer's program: where `benches/peers/install` puts it, or on the `PATH`.
///
/// # Errors
/// Where it is in neither; `how` is how to get it.
pub fn peer(name: &str, how: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = installed().into_iter().chain(std::env::split_paths(&path));
    let found = folders.map(|folder| folder.join(name)).find(|file| file.is_file());
    found.with_context(|| format!("not found: {name}; {how}"))
}

/// `peers/bin` in cargo's target folder, which holds the folder that this program was built into.
fn installed() -> Option<PathBuf> {
    let own = std::env::current_exe().ok()?;
    Some(own.parent()?.parent()?.join("peers/bin"))
}

/// The first line that a program says when asked with these arguments, or its name where it says nothing.
pub fn first_line(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let line = text.lines().next().unwrap_or_default().trim();
    let name = program.file_name().unwrap_or_default().to_string_lossy();
    if line.is_empty() { name.into_owned() } else { line.to_owned() }
}
