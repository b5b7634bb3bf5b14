//! What the server knows about itself: answers by status, time since the start, memory.

use std::collections::BTreeMap;
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};

/// Statuses have three digits.
const STATUSES: usize = 1000;

/// How many answers there were with each status.
#[derive(Debug)]
pub(crate) struct AnswerCounts {
    by_status: Box<[AtomicU64]>,
}

impl AnswerCounts {
    pub(crate) fn new() -> Self {
        Self { by_status: (0..STATUSES).map(|_| AtomicU64::new(0)).collect() }
    }

    pub(crate) fn count(&self, status: u16) {
        if let Some(count) = self.by_status.get(usize::from(status)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// The statuses that occurred, with their counts.
    pub(crate) fn by_status(&self) -> BTreeMap<String, u64> {
        let counts = self.by_status.iter().map(|count| count.load(Ordering::Relaxed));
        counts.enumerate().filter(|&(_, count)| count > 0).map(|(status, count)| (status.to_string(), count)).collect()
    }
}

/// The memory that this process occupies, in MB of a million bytes; nothing where the system does not tell.
pub(crate) fn memory_usage_mb() -> Option<f64> {
    resident_mb(&fs::read_to_string("/proc/self/status").ok()?)
}

fn resident_mb(status: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1024.0 / 1e6)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_statuses_that_occurred_are_listed() {
        let counts = AnswerCounts::new();
        for status in [200, 429, 200] {
            counts.count(status);
        }
        assert_eq!(counts.by_status(), BTreeMap::from([("200".to_owned(), 2), ("429".to_owned(), 1)]));
    }

    #[test]
    fn resident_memory_is_read_in_units_of_1024_bytes() {
        assert_eq!(resident_mb("Name:\tdemo\nVmRSS:\t    1000 kB\nThreads:\t3\n"), Some(1.024));
        assert_eq!(resident_mb("Name:\tdemo\n"), None);
    }
}
