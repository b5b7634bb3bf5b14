//! What a column's figures measure, told by how its name ends: `p95_ms` are times.

use runlog::units::{Bytes, Nanos};

use crate::section::{Unit, Value};

/// What figures measure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Measure {
    /// Times, in a unit of so many nanoseconds.
    Time(f64),
    /// So many per second.
    Rate,
    /// Parts of one.
    Share,
    /// So many bytes.
    Bytes,
    /// Counts, and numbers of any other kind.
    Plain,
}

/// The unit at the end of a name, and in a chart's header. `_per_s` comes before `_s`.
const UNITS: [(&str, Measure); 7] = [
    ("per_s", Measure::Rate),
    ("ns", Measure::Time(1.0)),
    ("us", Measure::Time(1e3)),
    ("ms", Measure::Time(1e6)),
    ("s", Measure::Time(1e9)),
    ("share", Measure::Share),
    ("bytes", Measure::Bytes),
];

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

    /// What the figures of a column with this name measure.
    pub fn of_column(name: &str) -> Self {
        let ends_so = |unit: &str| name.strip_suffix(unit).is_some_and(|before| before.ends_with('_'));
        let is_bytes = name.starts_with("bytes_");
        let unit = UNITS.iter().find(|(unit, _)| ends_so(unit)).map(|(_, measure)| *measure);
        unit.unwrap_or(if is_bytes { Self::Bytes } else { Self::Plain })
    }

    /// The name of a column without the unit at its end.
    pub fn without_unit(name: &str) -> &str {
        let before = UNITS.iter().find_map(|(unit, _)| name.strip_suffix(unit)?.strip_suffix('_'));
        before.filter(|before| !before.is_empty()).unwrap_or(name)
    }

    /// The unit of a chart's axis for these figures.
    pub const fn axis(self) -> Unit {
        match self {
            Self::Time(_) => Unit::Time,
            Self::Rate => Unit::PerSecond,
            Self::Share => Unit::Share,
            Self::Bytes | Self::Plain => Unit::Count,
        }
    }

    /// The factor to the unit of the axis.
    pub const fn factor(self) -> f64 {
        match self {
            Self::Time(ns) => ns,
            _ => 1.0,
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
            Self::Share => Value::Share(figure),
            Self::Bytes if figure >= 0.0 => Value::Bytes(Bytes(figure.round() as u64)),
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
            ("error_share", Measure::Share),
            ("bytes_sent", Measure::Bytes),
            ("body_bytes", Measure::Bytes),
            ("s", Measure::Plain),
            ("items", Measure::Plain),
            ("statuses", Measure::Plain),
        ] {
            assert_eq!(Measure::of_column(name), measure, "{name}");
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
        assert_eq!(Measure::Share.value(f64::NAN), Value::Absent);
    }
}
