//! Amounts of money: whole cents in memory, a decimal number in JSON and in queries.

use std::iter::Sum;
use std::ops::Add;

use serde::{Deserialize, Serialize};

/// The highest price a product may have, in currency units.
const MAX_PRICE: f64 = 1_000_000.0;

/// How many cents make one.
pub(super) const CENTS_PER_UNIT: f64 = 100.0;

/// An amount, in cents.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "f64", try_from = "f64")]
pub(crate) struct Money(u64);

impl Money {
    pub(crate) const fn from_cents(cents: u64) -> Self {
        Self(cents)
    }

    pub(crate) const fn cents(self) -> u64 {
        self.0
    }

    pub(crate) const fn times(self, quantity: u32) -> Self {
        Self(self.0.saturating_mul(quantity as u64))
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::default(), Self::add)
    }
}

impl From<Money> for f64 {
    fn from(money: Money) -> Self {
        money.0 as Self / CENTS_PER_UNIT
    }
}

impl TryFrom<f64> for Money {
    type Error = String;

    fn try_from(units: f64) -> Result<Self, String> {
        // NaN is in no range.
        if (0.0..=MAX_PRICE).contains(&units) {
            Ok(Self((units * CENTS_PER_UNIT).round() as u64))
        } else {
            Err(format!("a price is a number from 0 to {MAX_PRICE}, not {units}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cent_survives_json() {
        for cents in (0..100_000).chain([99_999_999, 100_000_000]) {
            let money = Money::from_cents(cents);
            let text = serde_json::to_string(&money).unwrap();
            assert_eq!(serde_json::from_str::<Money>(&text).unwrap(), money, "{text}");
        }
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for units in [f64::NAN, f64::INFINITY, -0.01, 1_000_000.01] {
            assert!(Money::try_from(units).is_err(), "{units}");
        }
    }
}
