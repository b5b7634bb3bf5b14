//! What a metric is, by its name: the words of it, and the unit at its end.

use runlog::units::{Bytes, Nanos};

use crate::section::{Unit, Value};

/// What a value of 1 is, by what a metric's name ends in.
const UNITS: [(&str, Kind, f64); 23] = [
    ("_per_s", Kind::PerSecond, 1.0),
    ("_ns", Kind::Time, 1.0),
    ("_us", Kind::Time, 1e3),
    ("_ms", Kind::Time, 1e6),
    ("_s", Kind::Time, 1e9),
    ("_nanoseconds", Kind::Time, 1.0),
    ("_microseconds", Kind::Time, 1e3),
    ("_milliseconds", Kind::Time, 1e6),
    ("_sec", Kind::Time, 1e9),
    ("_seconds", Kind::Time, 1e9),
    ("_percent", Kind::Share, 0.01),
    ("_pct", Kind::Share, 0.01),
    ("_share", Kind::Share, 1.0),
    ("_ratio", Kind::Share, 1.0),
    ("_rate", Kind::Share, 1.0),
    ("_utilisation", Kind::Share, 1.0),
    ("_utilization", Kind::Share, 1.0),
    ("_bytes", Kind::Bytes, 1.0),
    ("_kb", Kind::Bytes, 1e3),
    ("_mb", Kind::Bytes, 1e6),
    ("_gb", Kind::Bytes, 1e9),
    ("_kib", Kind::Bytes, 1024.0),
    ("_mib", Kind::Bytes, 1024.0 * 1024.0),
];

/// What a metric measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Time,
    PerSecond,
    Share,
    Bytes,
    Number,
}

/// How the values of a metric are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Measure {
    kind: Kind,
    factor: f64,
}

impl Measure {
    /// By the end of a metric's name; without a unit there, plain numbers.
    pub fn of(metric: &str) -> Self {
        let lower = metric.to_ascii_lowercase();
        let found = UNITS.iter().find(|(ending, ..)| lower.ends_with(ending));
        let (kind, factor) = found.map_or((Kind::Number, 1.0), |&(_, kind, factor)| (kind, factor));
        Self { kind, factor }
    }

    /// A value as people read it. One below zero, which no span of time and no share is, stays a number.
    pub fn value(self, value: f64) -> Value {
        let scaled = value * self.factor;
        match self.kind {
            _ if scaled < 0.0 => Value::Number(value),
            Kind::Time => Value::Time(Nanos(scaled.round() as u64)),
            Kind::PerSecond => Value::per_second(scaled),
            Kind::Share => Value::Share(scaled),
            Kind::Bytes => Value::Bytes(Bytes(scaled.round() as u64)),
            Kind::Number => Value::Number(scaled),
        }
    }

    /// A value in the unit of a chart of the metric.
    pub fn scaled(self, value: f64) -> f64 {
        value * self.factor
    }

    /// The unit of a chart of the metric.
    pub const fn unit(self) -> Unit {
        match self.kind {
            Kind::Time => Unit::Time,
            Kind::PerSecond => Unit::PerSecond,
            Kind::Share => Unit::Share,
            Kind::Bytes => Unit::Bytes,
            Kind::Number => Unit::Number,
        }
    }

    /// Whether values are spans of time.
    pub fn is_time(self) -> bool {
        self.kind == Kind::Time
    }

    /// Whether values are shares of one.
    pub fn is_share(self) -> bool {
        self.kind == Kind::Share
    }
}

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
        && matches!(Measure::of(metric).kind, Kind::Bytes | Kind::Number)
}

/// Whether a metric is the share of a processor, of memory or of a disk that is in use.
pub(super) fn is_utilisation(metric: &str) -> bool {
    has_word(metric, &["cpu", "memory", "mem", "disk"]) && Measure::of(metric).is_share() && !has_word(metric, &BOUNDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_is_its_unit() {
        for (metric, value, shown) in [
            ("pool_wait_ms", 2.0, Value::Time(Nanos::from_millis(2))),
            ("commits_per_s", 2.0, Value::per_second(2.0)),
            ("cpu_percent", 50.0, Value::Share(0.5)),
            ("hit_rate", 0.85, Value::Share(0.85)),
            ("memory_usage_mb", 1.5, Value::Bytes(Bytes(1_500_000))),
            ("pool_active", 7.0, Value::Number(7.0)),
            ("drift_ms", -1.0, Value::Number(-1.0)),
        ] {
            assert_eq!(Measure::of(metric).value(value), shown, "{metric}");
        }
    }

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
