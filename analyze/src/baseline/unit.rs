//! The units of a baseline's numbers: how they are read, and how they are written so that nothing is lost.

use runlog::units::{Nanos, Rate, UnitError};
use serde::Serialize;

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Nanoseconds; `50ms` in a file.
    #[serde(rename = "ns")]
    Time,
    /// A part of one; `0.01%` in a file.
    Share,
    /// Per second; `100/s` in a file.
    PerSecond,
    /// A plain number; only of probes.
    Number,
}

impl Unit {
    /// What text of this unit looks like.
    pub const fn expected(self) -> &'static str {
        match self {
            Self::Time => "a duration with its unit, such as `250ms` or `1.5s`",
            Self::Share => "a percentage, such as `0.01%` or `10%`",
            Self::PerSecond => "a rate with its unit, such as `2000/s` or `90/m`",
            Self::Number => "a number",
        }
    }

    /// The unit that text seems to be in.
    pub fn of(text: &str) -> Self {
        match text.trim() {
            text if text.ends_with('%') => Self::Share,
            text if text.contains('/') => Self::PerSecond,
            text if text.parse::<f64>().is_ok() => Self::Number,
            _ => Self::Time,
        }
    }

    /// A number of this unit: in nanoseconds, as a share of one, per second. Finite and not negative.
    ///
    /// # Errors
    /// Where the text is something else: what it should be.
    pub fn read(self, text: &str) -> Result<f64, UnitError> {
        match self {
            Self::Time => text.parse::<Nanos>().map(|span| span.0 as f64),
            Self::Share => share(text),
            Self::PerSecond => text.parse::<Rate>().map(Rate::as_per_second),
            Self::Number => plain(text.trim()).ok_or_else(|| self.error(text)),
        }
    }

    /// The number as text that is read as the same one (of times: to the nanosecond; else: to twelve digits).
    pub fn write(self, value: f64) -> String {
        match self {
            Self::Time => exact(Nanos(value.round() as u64)),
            Self::Share => format!("{}%", significant(value * 100.0, 12)),
            Self::PerSecond => format!("{}/s", significant(value, 12)),
            Self::Number => significant(value, 12).to_string(),
        }
    }

    fn error(self, text: &str) -> UnitError {
        UnitError { text: text.to_owned(), expected: self.expected() }
    }
}

/// A percentage as a share of one.
///
/// # Errors
/// Where it is none.
pub fn share(text: &str) -> Result<f64, UnitError> {
    let number = text.trim().strip_suffix('%').and_then(|number| plain(number.trim_end()));
    number.map(|number| number / 100.0).ok_or_else(|| Unit::Share.error(text))
}

/// A decimal number of digits and at most one point: no sign, no exponent, no `inf`.
fn plain(text: &str) -> Option<f64> {
    let is_decimal = text.starts_with(|c: char| c.is_ascii_digit())
        && text.ends_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
    text.parse().ok().filter(|number: &f64| is_decimal && number.is_finite())
}

/// The number to so many significant digits.
pub fn significant(value: f64, digits: usize) -> f64 {
    format!("{value:.*e}", digits.saturating_sub(1)).parse().unwrap_or(value)
}

/// A span to the nanosecond, in the unit that needs the fewest digits before the point.
fn exact(span: Nanos) -> String {
    let (unit, digits) = match span.0 {
        0..1_000 => ("ns", 0),
        1_000..1_000_000 => ("µs", 3),
        1_000_000..1_000_000_000 => ("ms", 6),
        _ => ("s", 9),
    };
    let whole = 10_u64.pow(digits);
    let fraction = format!("{:0width$}", span.0 % whole, width = digits as usize);
    let fraction = if digits == 0 { "" } else { fraction.trim_end_matches('0') };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}{unit}", span.0 / whole)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_carry_their_unit() {
        assert_eq!(Unit::Time.read("50ms"), Ok(50e6));
        assert_eq!(Unit::Share.read("0.01%"), Ok(0.0001));
        assert_eq!(Unit::PerSecond.read("90/m"), Ok(1.5));
        for (unit, text) in [
            (Unit::Time, "50"),
            (Unit::Share, "0.01"),
            (Unit::Share, "-1%"),
            (Unit::Share, "1e3%"),
            (Unit::Share, "inf%"),
            (Unit::Share, "%"),
            (Unit::PerSecond, "100"),
            (Unit::Number, "NaN"),
        ] {
            assert!(unit.read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn text_tells_its_unit() {
        let units = ["5ms", "85%", "100/s", "20", "soon"].map(Unit::of);
        assert_eq!(units, [Unit::Time, Unit::Share, Unit::PerSecond, Unit::Number, Unit::Time]);
    }

    #[test]
    fn what_is_written_reads_well() {
        assert_eq!(Unit::Time.write(38_412_345.0), "38.412345ms");
        assert_eq!(Unit::Time.write(5e9), "5s");
        assert_eq!(Unit::Time.write(999.0), "999ns");
        assert_eq!(Unit::Share.write(0.0001), "0.01%");
        assert_eq!(Unit::Share.write(0.031), "3.1%");
        assert_eq!(Unit::PerSecond.write(1999.5), "1999.5/s");
        assert_eq!(Some(significant(0.142_857_142_857, 6)), Some(0.142_857));
    }

    proptest! {
        #[test]
        fn a_time_is_read_as_it_was_written(ns in 0_u64..1_000_000_000_000_000) {
            prop_assert_eq!(Unit::Time.read(&Unit::Time.write(ns as f64)), Ok(ns as f64));
        }

        #[test]
        fn a_share_of_six_digits_is_read_as_it_was_written(digits in 0_u32..1_000_000, scale in 0_i32..9) {
            let share = Unit::Share.read(&format!("{}%", f64::from(digits) / 10_f64.powi(scale))).expect("a share");
            prop_assert_eq!(Unit::Share.read(&Unit::Share.write(share)), Ok(share));
        }

        #[test]
        fn a_rate_of_twelve_digits_is_read_as_it_was_written(rate in 0.0_f64..1e9) {
            let rate = significant(rate, 12);
            prop_assert_eq!(Unit::PerSecond.read(&Unit::PerSecond.write(rate)), Ok(rate));
        }
    }
}
