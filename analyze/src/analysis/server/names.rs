//! What a metric is, by the words of its name.

use crate::measure::Measure;

/// Whether a name has one of these words, apart from others by `_`, `.`, `-` or `/`.
pub(super) fn has_word(name: &str, words: &[&str]) -> bool {
    let parts = name.split(['_', '.', '-', '/', ' ']);
    parts.into_iter().any(|part| words.iter().any(|word| part.eq_ignore_ascii_case(word)))
}

/// What of memory is a bound and not a use of it.
const BOUNDS: [&str; 7] = ["limit", "total", "max", "free", "available", "cached", "buffers"];

/// Whether a metric is how much memory something has taken.
pub(super) fn is_memory(metric: &str) -> bool {
    has_word(metric, &["memory", "mem", "rss", "heap", "resident"])
        && !has_word(metric, &BOUNDS)
        && matches!(Measure::of_name(metric), Measure::Bytes(_) | Measure::Plain)
}

/// Whether a metric is the share of a processor, of memory or of a disk that is in use.
pub(super) fn is_utilisation(metric: &str) -> bool {
    has_word(metric, &["cpu", "memory", "mem", "disk"]) && is_share(metric) && !has_word(metric, &BOUNDS)
}

/// Whether the values of a metric are shares of a whole.
pub(super) fn is_share(metric: &str) -> bool {
    matches!(Measure::of_name(metric), Measure::Share(_))
}

/// Whether the values of a metric are spans of time.
pub(super) fn is_time(metric: &str) -> bool {
    matches!(Measure::of_name(metric), Measure::Time(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_that_is_taken_is_told_from_what_bounds_it() {
        for metric in ["memory_usage_mb", "process_resident_memory_bytes", "heap_bytes", "rss_kb"] {
            assert!(is_memory(metric), "{metric}");
        }
        for metric in ["memory_limit_mb", "memory_free_bytes", "memory_percent", "remembered", "memory_seconds"] {
            assert!(!is_memory(metric), "{metric}");
        }
        for metric in ["cpu_percent", "memory_used_share", "cpu_busy_ratio"] {
            assert!(is_utilisation(metric), "{metric}");
        }
        for metric in ["cpu_seconds", "hit_rate", "memory_available_share"] {
            assert!(!is_utilisation(metric), "{metric}");
        }
    }
}
