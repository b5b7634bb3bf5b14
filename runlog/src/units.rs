//! The units of every figure, each with the only parser and the only display of its kind.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// What is wrong with a quantity that a person wrote.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct UnitError {
    /// What was written.
    pub text: String,
    /// What would have been right, with an example.
    pub expected: &'static str,
}

/// A span of time, or an instant since t=0 of the run, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Nanos(pub u64);

impl Nanos {
    /// No time at all; t=0 of the run.
    pub const ZERO: Self = Self(0);

    /// So many seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds * 1_000_000_000)
    }

    /// So many milliseconds.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(milliseconds * 1_000_000)
    }

    /// So many microseconds.
    pub const fn from_micros(microseconds: u64) -> Self {
        Self(microseconds * 1_000)
    }

    /// In seconds, for arithmetic with rates.
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }

    /// `self − earlier`, or zero where `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Self {
        Self(self.0.saturating_sub(earlier.0))
    }

    /// `self + span`, at most the end of time.
    #[must_use]
    pub const fn after(self, span: Self) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl From<Duration> for Nanos {
    fn from(duration: Duration) -> Self {
        Self(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX))
    }
}

impl From<Nanos> for Duration {
    fn from(span: Nanos) -> Self {
        Self::from_nanos(span.0)
    }
}

impl fmt::Display for Nanos {
    /// Three significant digits in the unit that reads best: `812 ns`, `4.21 µs`, `38.6 ms`, `1.50 s`, `12m 05s`, `4h 10m`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ns = self.0;
        let text = match ns {
            0 => "0 s".to_owned(),
            1..1_000 => format!("{ns} ns"),
            1_000..999_500 => format!("{} µs", three_digits(ns as f64 / 1e3)),
            999_500..999_500_000 => format!("{} ms", three_digits(ns as f64 / 1e6)),
            999_500_000..99_950_000_000 => format!("{} s", three_digits(ns as f64 / 1e9)),
            _ => {
                let seconds = (ns + 500_000_000) / 1_000_000_000;
                if seconds < 3600 {
                    format!("{}m {:02}s", seconds / 60, seconds % 60)
                } else {
                    format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60)
                }
            }
        };
        f.pad(&text)
    }
}

/// A positive number below 1000 with three significant digits.
fn three_digits(value: f64) -> String {
    if value < 9.995 {
        format!("{value:.2}")
    } else if value < 99.95 {
        format!("{value:.1}")
    } else {
        format!("{value:.0}")
    }
}

const DURATION_EXPECTED: &str = "a duration with its unit, such as `250ms`, `1.5s`, `2m` or `1h30m`";

impl FromStr for Nanos {
    type Err = UnitError;

    /// Numbers with units, one after another: `ns`, `us`, `µs`, `ms`, `s`, `m`, `h`, `d`.
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || UnitError { text: text.to_owned(), expected: DURATION_EXPECTED };
        let mut rest = text.trim();
        if rest.is_empty() {
            return Err(error());
        }
        let mut total = 0.0_f64;
        while !rest.is_empty() {
            let (number, after) = leading_number(rest).ok_or_else(error)?;
            let unit_length = after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len());
            let (unit, next) = after.split_at(unit_length);
            total += number
                * match unit {
                    "ns" => 1.0,
                    "us" | "µs" | "μs" => 1e3,
                    "ms" => 1e6,
                    "s" => 1e9,
                    "m" => 60e9,
                    "h" => 3600e9,
                    "d" => 86_400e9,
                    _ => return Err(error()),
                };
            rest = next;
        }
        // A century is beyond any run; the bound keeps sums of spans far from overflow.
        if total > 3.2e18 { Err(error()) } else { Ok(Self(total.round() as u64)) }
    }
}

/// The decimal number at the start of `text`, and what follows it.
fn leading_number(text: &str) -> Option<(f64, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    if !number.starts_with(|c: char| c.is_ascii_digit()) || number.ends_with('.') {
        return None;
    }
    Some((number.parse().ok()?, rest))
}

/// How many per second. Finite and not negative.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rate(f64);

impl Rate {
    /// So many per second; `None` where that is negative or not a number.
    pub fn per_second(value: f64) -> Option<Self> {
        (value.is_finite() && value >= 0.0).then_some(Self(value))
    }

    /// The number per second.
    pub const fn as_per_second(self) -> f64 {
        self.0
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.0 {
            0.0 => "0/s".to_owned(),
            value if value >= 100.0 => format!("{}/s", Thousands(value.round() as u64)),
            value => {
                let digits = three_digits(value);
                let short =
                    if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { &digits };
                format!("{short}/s")
            }
        };
        f.pad(&text)
    }
}

impl FromStr for Rate {
    type Err = UnitError;

    /// A number per `s`, `m`, `min`, `h` or `d`: `2000/s`, `0.5/s`, `90/m`.
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error = || UnitError {
            text: text.to_owned(),
            expected: "a rate with its unit, such as `2000/s`, `90/m` or `0.5/s`",
        };
        let (number, rest) = leading_number(text.trim()).ok_or_else(error)?;
        let seconds = match rest.trim_start().strip_prefix('/').map(str::trim) {
            Some("s") => 1.0,
            Some("m" | "min") => 60.0,
            Some("h") => 3600.0,
            Some("d") => 86_400.0,
            _ => return Err(error()),
        };
        Self::per_second(number / seconds).ok_or_else(error)
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl fmt::Display for Bytes {
    /// `312 B`, `4.20 KiB`, `18.3 MiB`, `1.02 GiB`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.0 as f64;
        let text = match self.0 {
            bytes @ 0..1_024 => format!("{bytes} B"),
            1_024..1_048_576 => format!("{} KiB", three_digits(value / 1024.0)),
            1_048_576..1_073_741_824 => format!("{} MiB", three_digits(value / 1_048_576.0)),
            _ => format!("{} GiB", three_digits(value / 1_073_741_824.0)),
        };
        f.pad(&text)
    }
}

impl FromStr for Bytes {
    type Err = UnitError;

    /// A whole number or a decimal with its unit: `512B`, `10kB`, `10KiB`, `1.5MiB`.
    fn from_str(text: &str) -> Result<Self, UnitError> {
        const UNITS: [(&str, f64); 7] = [
            ("KiB", 1024.0),
            ("MiB", 1_048_576.0),
            ("GiB", 1_073_741_824.0),
            ("kB", 1e3),
            ("MB", 1e6),
            ("GB", 1e9),
            ("B", 1.0),
        ];
        let error = || UnitError { text: text.to_owned(), expected: "a size with its unit, such as `10KiB` or `512B`" };
        let (unit, factor) = UNITS.iter().find(|(unit, _)| text.trim_end().ends_with(unit)).ok_or_else(error)?;
        let number = text.trim_end()[..text.trim_end().len() - unit.len()].trim();
        let plain = number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let bytes = number.parse::<f64>().ok().filter(|_| plain).map(|number| number * factor).ok_or_else(error)?;
        if bytes < 1e18 { Ok(Self(bytes as u64)) } else { Err(error()) }
    }
}

/// A count, shown with its thousands apart: `1,234,567`.
#[derive(Debug, Clone, Copy)]
pub struct Thousands(pub u64);

impl fmt::Display for Thousands {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (i, digit) in digits.chars().enumerate() {
            if i > 0 && (digits.len() - i).is_multiple_of(3) {
                text.push(',');
            }
            text.push(digit);
        }
        f.pad(&text)
    }
}

/// A percentile, kept as a whole number of millionths of a percent so that its rank is exact
/// (in floating point 99.9 % of 1000 is a little more than 999).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Percentile(u32);

impl Percentile {
    const WHOLE: u64 = 100_000_000;
    /// The median.
    pub const P50: Self = Self(50_000_000);
    /// The 90th percentile.
    pub const P90: Self = Self(90_000_000);
    /// The 95th percentile.
    pub const P95: Self = Self(95_000_000);
    /// The 99th percentile.
    pub const P99: Self = Self(99_000_000);
    /// The 99.9th percentile.
    pub const P999: Self = Self(99_900_000);

    /// So many millionths of a percent; `None` beyond a hundred percent.
    pub const fn from_millionths(millionths: u32) -> Option<Self> {
        if millionths as u64 > Self::WHOLE { None } else { Some(Self(millionths)) }
    }

    /// The nearest rank among `count` sorted samples, counted from 0: `⌈p·n⌉ − 1`, the smallest sample that at least
    /// p % of the samples do not exceed. `None` where there are no samples.
    pub fn index(self, count: usize) -> Option<usize> {
        if count == 0 {
            return None;
        }
        let scaled = u128::from(self.0) * count as u128;
        let rank = scaled.div_ceil(u128::from(Self::WHOLE)) as usize;
        Some(rank.max(1) - 1)
    }

    /// The percentile of a share of one, to the nearest that can be told apart: p95 for 0.95. `None` where nothing would lie
    /// beyond it.
    pub fn of_share(share: f64) -> Option<Self> {
        let scaled = (share * Self::WHOLE as f64).round();
        (0.0..Self::WHOLE as f64).contains(&scaled).then_some(Self(scaled as u32))
    }

    /// As a share of one: 0.95 for p95.
    pub fn as_quantile(self) -> f64 {
        f64::from(self.0) / Self::WHOLE as f64
    }
}

impl fmt::Display for Percentile {
    /// The number alone: `95`, `99.9`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let whole = self.0 / 1_000_000;
        let fraction = format!("{:06}", self.0 % 1_000_000);
        match fraction.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            digits => write!(f, "{whole}.{digits}"),
        }
    }
}

impl FromStr for Percentile {
    type Err = UnitError;

    /// A number from 0 to 100 with at most six decimals: `95`, `99.9`.
    fn from_str(text: &str) -> Result<Self, UnitError> {
        let error =
            || UnitError { text: text.to_owned(), expected: "a percentile from 0 to 100, such as `95` or `99.9`" };
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let all_digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) || fraction.len() > 6 || whole.len() > 3 {
            return Err(error());
        }
        let value = format!("{whole}{fraction:0<6}").parse::<u64>().map_err(|_| error())?;
        if value > Self::WHOLE { Err(error()) } else { Ok(Self(value as u32)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_carry_their_units() {
        for (text, ns) in [
            ("0s", 0),
            ("250ms", 250_000_000),
            ("1.5s", 1_500_000_000),
            ("2m", 120_000_000_000),
            ("1h30m", 5_400_000_000_000),
            ("10µs", 10_000),
            ("7ns", 7),
        ] {
            assert_eq!(text.parse(), Ok(Nanos(ns)), "{text}");
        }
    }

    #[test]
    fn a_duration_without_a_known_unit_is_refused() {
        for text in ["", "5", "s", "1.s", "-1s", "1 parsec", "1s2", "1e3s", "99999999999d"] {
            assert!(text.parse::<Nanos>().is_err(), "{text}");
        }
    }

    #[test]
    fn rates_carry_their_units() {
        assert_eq!("2000/s".parse(), Ok(Rate(2000.0)));
        assert_eq!("90/m".parse(), Ok(Rate(1.5)));
        for text in ["", "100", "100/x", "/s", "-1/s"] {
            assert!(text.parse::<Rate>().is_err(), "{text}");
        }
    }

    #[test]
    fn quantities_read_well() {
        for (ns, text) in [
            (0, "0 s"),
            (812, "812 ns"),
            (4_210, "4.21 µs"),
            (38_600_000, "38.6 ms"),
            (999_600, "1.00 ms"),
            (1_500_000_000, "1.50 s"),
            (725_000_000_000, "12m 05s"),
            (15_000_000_000_000, "4h 10m"),
        ] {
            assert_eq!(Nanos(ns).to_string(), text);
        }
        assert_eq!(Rate(0.5).to_string(), "0.5/s");
        assert_eq!(Rate(20_000.0).to_string(), "20,000/s");
        assert_eq!(Bytes(4_300).to_string(), "4.20 KiB");
        assert_eq!(Thousands(1_234_567).to_string(), "1,234,567");
        assert_eq!(Percentile::P999.to_string(), "99.9");
    }

    #[test]
    fn the_rank_is_exact_where_floating_point_is_not() {
        assert_eq!(Percentile::P999.index(1000), Some(998));
        assert_eq!(Percentile::P50.index(1), Some(0));
        assert_eq!(Percentile::P50.index(4), Some(1));
        assert_eq!(Percentile(0).index(9), Some(0));
        assert_eq!(Percentile::P99.index(0), None);
    }

    proptest! {
        #[test]
        fn the_nearest_rank_is_the_smallest_that_enough_samples_do_not_exceed(millionths in 0_u32..=100_000_000, n in 1_usize..10_000) {
            let percentile = Percentile(millionths);
            let index = percentile.index(n).expect("there are samples");
            let enough = |i: usize| (i as u128 + 1) * 100_000_000 >= u128::from(millionths) * n as u128;
            prop_assert!(enough(index));
            prop_assert!(index == 0 || !enough(index - 1));
        }

        #[test]
        fn a_percentile_is_read_as_it_is_shown(millionths in 0_u32..=100_000_000) {
            let percentile = Percentile(millionths);
            prop_assert_eq!(percentile.to_string().parse(), Ok(percentile));
        }
    }
}
