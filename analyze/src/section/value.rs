//! Values that keep their unit.

use std::borrow::Cow;

use runlog::units::{Bytes, Nanos, Rate};

/// A value in its unit.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// There is none.
    Absent,
    /// Text, ours or from outside.
    Text(Cow<'static, str>),
    /// So many.
    Count(u64),
    /// A number of no unit that is named here.
    Number(f64),
    /// A span of time.
    Time(Nanos),
    /// Somewhere between two spans of time.
    Between(Nanos, Nanos),
    /// So many per second.
    Rate(Rate),
    /// Somewhere between two rates.
    BetweenRates(Rate, Rate),
    /// Somewhere between two parts of one.
    BetweenShares(f64, f64),
    /// A part of one; without a whole there is no share.
    Share(f64),
    /// A difference, as a share of what it is a difference to.
    Change(f64),
    /// So many bytes.
    Bytes(Bytes),
    /// An instant: nanoseconds since the Unix epoch.
    Instant(u64),
    /// Whether something held.
    Passed(bool),
}

impl From<&'static str> for Value {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

impl From<Nanos> for Value {
    fn from(span: Nanos) -> Self {
        Self::Time(span)
    }
}

impl From<Bytes> for Value {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<Option<Self>> for Value {
    fn from(value: Option<Self>) -> Self {
        value.unwrap_or(Self::Absent)
    }
}

impl Value {
    /// So many per second; absent where that is no number.
    pub fn per_second(rate: f64) -> Self {
        Rate::per_second(rate).map_or(Self::Absent, Self::Rate)
    }

    /// Somewhere between so many per second and so many; absent where either is no number.
    pub fn between_rates(from: f64, to: f64) -> Self {
        let rates = Rate::per_second(from).zip(Rate::per_second(to));
        rates.map_or(Self::Absent, |(from, to)| Self::BetweenRates(from, to))
    }

    /// A part of a whole; absent where there is no whole.
    pub fn share(part: u64, whole: u64) -> Self {
        if whole == 0 { Self::Absent } else { Self::Share(part as f64 / whole as f64) }
    }
}
