//! What the process takes of the machine: memory and processor time, as the system counts them.

use std::fs;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus::{Counter, Gauge, Registry};
use serde::Serialize;

use super::{Result, enrol};
use crate::clock::Clock;

/// What `/proc` counts processor time in: Linux tells user space hundredths of a second, whatever it uses itself.
const TICKS_PER_SECOND: f64 = 100.0;

/// How long a stretch has to be for the processors in use in it to be told.
const STRETCH: Duration = Duration::from_secs(1);

/// How the process is doing; nothing where the system does not tell.
#[derive(Debug, Serialize)]
pub(crate) struct ProcessFigures {
    /// Resident memory, in MB of a million bytes.
    memory_usage_mb: Option<f64>,
    /// Processors in use, over the last whole stretch between two looks at least a second apart.
    cpu: Option<f64>,
    /// Processor time since the start.
    cpu_seconds: Option<f64>,
    uptime_s: f64,
}

/// The figures of this process.
#[derive(Debug)]
pub(super) struct Process {
    memory_bytes: Gauge,
    cpu_seconds: Counter,
    cpu: Gauge,
    clock: Clock,
    stretch: Mutex<Stretch>,
}

/// Processors in use between two looks.
#[derive(Debug, Default)]
struct Stretch {
    ended: Duration,
    cpu_seconds: f64,
    cpu: Option<f64>,
}

impl Stretch {
    /// Takes in a look; one that comes soon after the last is told the same.
    fn look(&mut self, now: Duration, cpu_seconds: f64) -> Option<f64> {
        let lasted = now.saturating_sub(self.ended);
        if lasted >= STRETCH {
            let cpu = (cpu_seconds - self.cpu_seconds) / lasted.as_secs_f64();
            *self = Self { ended: now, cpu_seconds, cpu: Some(cpu) };
        }
        self.cpu
    }
}

impl Process {
    pub(super) fn enrolled(registry: &Registry, clock: Clock) -> Result<Self> {
        let memory_bytes = Gauge::new("process_resident_memory_bytes", "Resident memory");
        let cpu_seconds = Counter::new("process_cpu_seconds_total", "Processor time, of user and system");
        let cpu = Gauge::new("shop_cpu", "Processors in use over the last second or more");
        Ok(Self {
            memory_bytes: enrol(registry, memory_bytes)?,
            cpu_seconds: enrol(registry, cpu_seconds)?,
            cpu: enrol(registry, cpu)?,
            clock,
            stretch: Mutex::default(),
        })
    }

    pub(super) fn look(&self) -> ProcessFigures {
        let memory = fs::read_to_string("/proc/self/status").ok().as_deref().and_then(resident_bytes);
        let cpu_seconds = fs::read_to_string("/proc/self/stat").ok().as_deref().and_then(cpu_seconds);
        let now = self.clock.now();
        let mut stretch = self.stretch.lock().unwrap_or_else(PoisonError::into_inner);
        let cpu = cpu_seconds.and_then(|seconds| stretch.look(now, seconds));
        self.memory_bytes.set(memory.unwrap_or(f64::NAN));
        self.cpu.set(cpu.unwrap_or(f64::NAN));
        // Under the lock, so that two looks at once do not add the same time twice.
        self.cpu_seconds.inc_by((cpu_seconds.unwrap_or_default() - self.cpu_seconds.get()).max(0.0));
        ProcessFigures {
            memory_usage_mb: memory.map(|bytes| bytes / 1e6),
            cpu,
            cpu_seconds,
            uptime_s: now.as_secs_f64(),
        }
    }
}

fn resident_bytes(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0)
}

/// From `/proc/self/stat`; see proc(5). The program's name in it may contain anything, but no other parenthesis follows.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let (_, behind_name) = stat.rsplit_once(')')?;
    let mut fields = behind_name.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_memory_is_read_in_units_of_1024_bytes() {
        assert_eq!(resident_bytes("Name:\tdemo\nVmRSS:\t    1000 kB\nThreads:\t3\n"), Some(1_024_000.0));
        assert_eq!(resident_bytes("Name:\tdemo\n"), None);
    }

    #[test]
    fn processor_time_is_that_of_user_and_system() {
        let stat = "7 (a ) b) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 9 9 20 0 4 0 100 1000 1\n";
        assert_eq!(cpu_seconds(stat), Some(3.0));
        assert_eq!(cpu_seconds("7 (demo) S 1"), None);
    }

    #[test]
    fn processors_in_use_are_told_of_whole_stretches() {
        let mut stretch = Stretch::default();
        let looks = [(500, 0.4), (2000, 1.0), (2500, 9.0), (4000, 4.0)];
        let told = looks.map(|(ms, cpu_seconds)| stretch.look(Duration::from_millis(ms), cpu_seconds));
        assert_eq!(told, [None, Some(0.5), Some(0.5), Some(1.5)]);
    }
}
