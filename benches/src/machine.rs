//! On what a bench was run: figures mean nothing without it.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::process::Command;

use anyhow::Context;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The processor's model, the number of processors and the kernel's release, as one line.
pub fn description() -> String {
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{}, {cpus} processors, Linux {}", processor(), kernel())
}

/// The commit that this program was built from, as far as the folder it is run in tells.
pub fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|changes| !changes.is_empty());
    let commit = git(&["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    if changed { commit + " with changes" } else { commit }
}

/// Has this program, and so all it starts, open as many files as the system lets it: a connection is a file.
///
/// # Errors
/// What the kernel says.
pub fn raise_open_files() -> io::Result<()> {
    let limit = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: limit.maximum, ..limit })?)
}

/// Keeps others who respect the lock of this file from measuring, until what is returned is dropped.
///
/// # Errors
/// Where the file cannot be made or locked.
pub fn alone(lock: Option<&Path>) -> anyhow::Result<Option<File>> {
    let Some(path) = lock else { return Ok(None) };
    let file = File::options().create(true).append(true).open(path);
    let file = file.with_context(|| format!("cannot open {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(Some(file))
}

fn processor() -> String {
    let info = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    model.map_or("unknown processor", |(_, model)| model).to_owned()
}

fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    release.trim().to_owned()
}
