//! The machine under the engine: what it is, which cores may be used, how many files may be open.

use std::fs;

use runlog::manifest::Host;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// What `run.json` says of this machine.
pub fn describe() -> Host {
    let names = rustix::system::uname();
    Host {
        name: names.nodename().to_string_lossy().into_owned(),
        cpu: read("/proc/cpuinfo")
            .and_then(|text| value(&text, "model name"))
            .unwrap_or_else(|| names.machine().to_string_lossy().into_owned()),
        cpus: cores().len(),
        memory_bytes: memory_bytes(),
        kernel: names.release().to_string_lossy().into_owned(),
        open_files_limit: open_files_limit(),
    }
}

/// The processors that this process may use, in order.
pub fn cores() -> Vec<usize> {
    let cores = core_affinity::get_core_ids().unwrap_or_default();
    if cores.is_empty() { vec![0] } else { cores.into_iter().map(|core| core.id).collect() }
}

/// Where this thread was before it stood aside: it goes back there when this is dropped.
#[derive(Debug)]
pub struct Aside(Option<CpuSet>);

/// Keeps this thread, and those it starts from now on, off some processors as long as there are others: whoever is to be
/// punctual there is not to be pushed aside by whoever watches and writes.
pub fn stand_aside(cores: &[usize]) -> Aside {
    let Ok(before) = sched_getaffinity(None) else { return Aside(None) };
    let mut others = before;
    for &core in cores {
        others.unset(core);
    }
    let moved = others.count() > 0 && sched_setaffinity(None, &others).is_ok();
    Aside(moved.then_some(before))
}

impl Drop for Aside {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            // Where it is not let back, it goes on where it is.
            let _ = sched_setaffinity(None, before);
        }
    }
}

/// How many files this process may have open.
pub fn open_files_limit() -> u64 {
    getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX)
}

/// Makes sure that so many files can be open at once, raising the limit as far as that takes and is allowed.
///
/// # Errors
/// The limit that stands in the way.
pub fn allow_open_files(wanted: u64) -> Result<(), u64> {
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    let raised = Rlimit { current: Some(limit.maximum.map_or(wanted, |most| most.min(wanted))), ..limit };
    let reached =
        setrlimit(Resource::Nofile, raised).is_ok() && raised.current.is_some_and(|current| current >= wanted);
    if reached { Ok(()) } else { Err(open_files_limit()) }
}

/// Lets as much memory be locked as may be: older kernels count the rings' memory by it.
pub fn allow_locked_memory() {
    let limit = getrlimit(Resource::Memlock);
    // Where it is not allowed, the driver that needs it is not granted, which is said.
    let _ = setrlimit(Resource::Memlock, Rlimit { current: limit.maximum, ..limit });
}

/// The text of a file of the kernel's; nothing where there is none.
pub fn read(path: &str) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// The first two numbers of the kernel's version.
pub fn kernel() -> Option<(u32, u32)> {
    version(&rustix::system::uname().release().to_string_lossy())
}

/// The first two numbers of a kernel's release: `6.1.0-18-amd64` is 6.1.
pub fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map_while(|number| number.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

/// A file of the kernel's that is a number.
pub fn number(path: &str) -> Option<u64> {
    read(path)?.trim().parse().ok()
}

fn memory_bytes() -> u64 {
    read("/proc/meminfo")
        .and_then(|text| value(&text, "MemTotal"))
        .and_then(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .map_or(0, |kibibytes| kibibytes * 1024)
}

/// What is behind the key on its first line in a file of the kernel's: `model name : …`, `Max open files 1024 …`.
pub fn value(text: &str, key: &str) -> Option<String> {
    let rest = text.lines().find_map(|line| line.strip_prefix(key))?;
    Some(rest.trim_start().trim_start_matches(':').trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_has_a_version() {
        assert_eq!(version("6.1.0-18-amd64"), Some((6, 1)));
        assert_eq!(version("5.15.167.4-microsoft-standard-WSL2"), Some((5, 15)));
        assert_eq!(version("unknown"), None);
    }
}
