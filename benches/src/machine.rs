//! On what a bench was run: figures mean nothing without it.

use std::fs;

/// The processor's model, the number of processors and the kernel's release, as one line.
pub fn description() -> String {
    let cpus = std::thread::available_parallelism().map_or(0, usize::from);
    format!("{}, {cpus} processors, Linux {}", processor(), kernel())
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
