//! What figures measure, told by how the name of their column or metric ends: `p95_ms` are times.

use runlog::probe;
use runlog::units::{Bytes, Nanos};

use crate::section::{Unit, Value};

/// What figures measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measure {
    /// Times, in a unit of so many nanoseconds.
    Time(f64),
    /// So many per second.
    Rate,
    /// Parts of a whole, of which 1 is such a part of one.
    Share(f64),
    /// Amounts of memory or data, of which 1 is so many bytes.
    Bytes(f64),
    /// Counts, and numbers of any other kind.
    Plain,
}

/// The units that a chart's header names, and what they are the units of.
const UNITS: [(&str, Measure); 7] = [
    ("per_s", Measure::Rate),
    ("ns", Measure::Time(1.0)),
    ("us", Measure::Time(1e3)),
    ("ms", Measure::Time(1e6)),
    ("s", Measure::Time(1e9)),
    ("share", Measure::Share(1.0)),
    ("bytes", Measure::Bytes(1.0)),
];

/// What names end in besides, as metrics of servers do; times and percentages are those of `runlog::probe`.
const OTHER_ENDINGS: [(&str, Measure); 9] = [
    ("ratio", Measure::Share(1.0)),
    ("hit_rate", Measure::Share(1.0)),
    ("utilisation", Measure::Share(1.0)),
    ("utilization", Measure::Share(1.0)),
    ("kb", Measure::Bytes(1e3)),
    ("mb", Measure::Bytes(1e6)),
    ("gb", Measure::Bytes(1e9)),
    ("kib", Measure::Bytes(1024.0)),
    ("mib", Measure::Bytes(1_048_576.0)),
];

/// All endings of names. `_per_s` comes before `_s`.
fn endings() -> impl Iterator<Item = &'static (&'static str, Measure)> {
    UNITS.iter().chain(&OTHER_ENDINGS)
}

/// What `runlog` takes for times and percentages as well.
fn as_sampled(name: &str) -> Option<Measure> {
    let time = probe::nanoseconds_in_one(name).map(Measure::Time);
    time.or_else(|| probe::is_percentage(name).then_some(Measure::Share(0.01)))
}

impl Measure {
    /// The names of all units.
    pub fn units() -> impl Iterator<Item = &'static str> {
        UNITS.iter().map(|(unit, _)| *unit).chain(["count"])
    }

    /// What a unit is the unit of.
    pub fn of_unit(name: &str) -> Option<Self> {
        let unit = UNITS.iter().find(|(unit, _)| *unit == name).map(|(_, measure)| *measure);
        unit.or_else(|| (name == "count").then_some(Self::Plain))
    }

    /// What the figures of a column, or of a metric, with this name measure.
    pub fn of_name(name: &str) -> Self {
        let ends_so = |unit: &str| match name.strip_suffix(unit) {
            // `share` may be a name of its own; a column `s` is no time.
            Some("") => unit.len() > 3,
            before => before.is_some_and(|before| before.ends_with('_')),
        };
        let is_bytes = name.starts_with("bytes_");
        let found = endings().find(|(unit, _)| ends_so(unit)).map(|(_, measure)| *measure);
        let found = found.or_else(|| as_sampled(name));
        found.unwrap_or(if is_bytes { Self::Bytes(1.0) } else { Self::Plain })
    }

    /// The name of a column without the unit at its end.
    pub fn without_unit(name: &str) -> &str {
        let before = endings().find_map(|(unit, _)| name.strip_suffix(unit)?.strip_suffix('_'));
        before.filter(|before| !before.is_empty()).unwrap_or(name)
    }

    /// The unit of a chart's axis for these figures.
    pub const fn axis(self) -> Unit {
        match self {
            Self::Time(_) => Unit::Time,
            Self::Rate => Unit::PerSecond,
            Self::Share(_) => Unit::Share,
            Self::Bytes(_) => Unit::Bytes,
            Self::Plain => Unit::Count,
        }
    }

    /// The factor to the unit of the axis.
    pub const fn factor(self) -> f64 {
        match self {
            Self::Time(factor) | Self::Share(factor) | Self::Bytes(factor) => factor,
            Self::Rate | Self::Plain => 1.0,
        }
    }

    /// A figure with its unit.
    pub fn value(self, figure: f64) -> Value {
        match self {
            _ if !figure.is_finite() => Value::Absent,
            Self::Time(ns) if figure >= 0.0 => Value::Time(Nanos((figure * ns).round() as u64)),
            // A difference, which spans of time have no room for.
            Self::Time(ns) => Value::from(format!("−{}", Nanos((-figure * ns).round() as u64))),
            Self::Rate if figure >= 0.0 => Value::per_second(figure),
            Self::Share(whole) => Value::Share(figure * whole),
            Self::Bytes(bytes) if figure >= 0.0 => Value::Bytes(Bytes((figure * bytes).round() as u64)),
            _ => Value::Number(figure),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_name_tells_the_unit() {
        for (name, measure) in [
            ("p95_ms", Measure::Time(1e6)),
            ("lag_us", Measure::Time(1e3)),
            ("time_s", Measure::Time(1e9)),
            ("requests_per_s", Measure::Rate),
            ("error_share", Measure::Share(1.0)),
            ("bytes_sent", Measure::Bytes(1.0)),
            ("body_bytes", Measure::Bytes(1.0)),
            ("memory_usage_mb", Measure::Bytes(1e6)),
            ("cpu_percent", Measure::Share(0.01)),
            ("hit_rate", Measure::Share(1.0)),
            ("requests_rate", Measure::Plain),
            ("pool_wait_seconds", Measure::Time(1e9)),
            ("s", Measure::Plain),
            ("items", Measure::Plain),
            ("statuses", Measure::Plain),
        ] {
            assert_eq!(Measure::of_name(name), measure, "{name}");
        }
    }

    #[test]
    fn a_name_is_known_without_its_unit() {
        for (name, bare) in [("p95_ms", "p95"), ("rows_per_s", "rows"), ("_s", "_s"), ("bytes_sent", "bytes_sent")] {
            assert_eq!(Measure::without_unit(name), bare);
        }
    }

    #[test]
    fn a_difference_may_be_below_zero() {
        assert_eq!(Measure::Time(1e6).value(-2.5), Value::from("−2.50 ms".to_owned()));
        assert_eq!(Measure::Plain.value(-2.5), Value::Number(-2.5));
        assert_eq!(Measure::Share(1.0).value(f64::NAN), Value::Absent);
    }
}
