//! How much memory a query may take, so that it is refused rather than killed.

use std::fs;

/// Of what is available, this part is for the rows: polars sorts, groups and joins in the rest.
const SHARE_FOR_ROWS: u64 = 2;

/// What decides how much memory the rows of a query may take.
#[derive(Debug, Clone, Copy)]
pub(super) enum Memory {
    /// As much as the machine, or the container, has free when the rows are read.
    OfMachine,
    /// So many bytes.
    #[cfg(test)]
    Fixed(u64),
}

impl Memory {
    pub const fn of_machine() -> Self {
        Self::OfMachine
    }

    /// How many bytes the rows may take now; without a limit where nobody knows.
    pub fn for_rows(self) -> u64 {
        match self {
            Self::OfMachine => available().map_or(u64::MAX, |bytes| bytes / SHARE_FOR_ROWS),
            #[cfg(test)]
            Self::Fixed(bytes) => bytes,
        }
    }
}

/// What the kernel says is available, at most what the container still has.
fn available() -> Option<u64> {
    let machine = available_of(&fs::read_to_string("/proc/meminfo").ok()?)?;
    let number = |name| fs::read_to_string(name).ok()?.trim().parse::<u64>().ok();
    let container = number("/sys/fs/cgroup/memory.max").zip(number("/sys/fs/cgroup/memory.current"));
    Some(container.map_or(machine, |(most, now)| machine.min(most.saturating_sub(now))))
}

fn available_of(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_available_is_read_in_bytes() {
        assert_eq!(available_of("MemTotal:  10 kB\nMemAvailable:    2048 kB\nBuffers: 1 kB\n"), Some(2 << 20));
        assert_eq!(available_of("MemTotal:  10 kB\n"), None);
    }
}
