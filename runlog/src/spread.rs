//! Statistics that run along with the load in constant memory: mean, least and most are exact, and percentiles are known
//! to lie within bounds that are a thousandth apart.

use hdrhistogram::Histogram;
use hdrhistogram::iterators::IterationValue;

use crate::statistics::Figures;
use crate::units::Percentile;

/// An hour. Longer times are counted as that, and their percentiles bounded by the longest of all.
const LONGEST_NS: u64 = 3_600_000_000_000;
/// Bounds of a percentile are 10⁻³ apart.
const DIGITS: u8 = 3;

/// How times (in nanoseconds) are spread.
#[derive(Debug, Clone)]
pub struct Spread {
    buckets: Histogram<u64>,
    sum: u128,
    min: u64,
    max: u64,
}

/// What is kept of a spread of times, in as much memory as it takes.
#[derive(Debug, Clone)]
pub struct Kept {
    /// A value of each bucket with a time in it, and how many.
    buckets: Box<[(u64, u64)]>,
    sum: u128,
    min: u64,
    max: u64,
}

impl Default for Spread {
    fn default() -> Self {
        // The bounds are constants that the constructor accepts.
        let buckets = Histogram::new_with_bounds(1, LONGEST_NS, DIGITS).unwrap_or_else(|error| unreachable!("{error}"));
        Self { buckets, sum: 0, min: u64::MAX, max: 0 }
    }
}

impl Spread {
    /// Adds a time.
    #[inline]
    pub fn record(&mut self, value_ns: u64) {
        self.buckets.saturating_record(value_ns);
        self.sum += u128::from(value_ns);
        self.min = self.min.min(value_ns);
        self.max = self.max.max(value_ns);
    }

    /// Forgets all times and keeps the memory.
    pub fn clear(&mut self) {
        self.buckets.reset();
        (self.sum, self.min, self.max) = (0, u64::MAX, 0);
    }

    /// Adds all times of another.
    pub fn add(&mut self, other: &Self) {
        // Two histograms of the same bounds always add up.
        let _ = self.buckets.add(&other.buckets);
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// The same without the memory for times that there are none of: to be kept, and added again with
    /// [`Self::add_kept`].
    pub fn keep(&self) -> Kept {
        let bucket = |bucket: IterationValue<u64>| (bucket.value_iterated_to(), bucket.count_since_last_iteration());
        let buckets = self.buckets.iter_recorded().map(bucket).collect();
        Kept { buckets, sum: self.sum, min: self.min, max: self.max }
    }

    /// Adds all times that were kept of another.
    pub fn add_kept(&mut self, kept: &Kept) {
        for &(value, count) in &kept.buckets {
            self.buckets.saturating_record_n(value, count);
        }
        self.sum += kept.sum;
        self.min = self.min.min(kept.min);
        self.max = self.max.max(kept.max);
    }

    /// How many times.
    pub fn count(&self) -> u64 {
        self.buckets.len()
    }

    /// The sum over the number, exact. `None` without times.
    pub fn mean(&self) -> Option<f64> {
        (self.count() > 0).then(|| self.sum as f64 / self.count() as f64)
    }

    /// The least, exact. `None` without times.
    pub fn min(&self) -> Option<u64> {
        (self.count() > 0).then_some(self.min)
    }

    /// The most, exact. `None` without times.
    pub fn max(&self) -> Option<u64> {
        (self.count() > 0).then_some(self.max)
    }

    /// Between which two values the percentile by nearest rank lies, both included. `None` without times.
    pub fn percentile(&self, percentile: Percentile) -> Option<(u64, u64)> {
        self.at(percentile.index(usize::try_from(self.count()).ok()?)? as u64)
    }

    /// Between which two values the sample of this rank lies.
    fn at(&self, index: u64) -> Option<(u64, u64)> {
        let mut passed = 0;
        for bucket in self.buckets.iter_recorded() {
            passed += bucket.count_since_last_iteration();
            if passed > index {
                let value = bucket.value_iterated_to();
                let highest = if value >= LONGEST_NS { self.max } else { self.buckets.highest_equivalent(value) };
                let lowest = self.buckets.lowest_equivalent(value).clamp(self.min, self.max);
                return Some((lowest, highest.clamp(self.min, self.max)));
            }
        }
        None
    }

    /// The figures of a table, percentiles at the upper of their bounds. `None` without times.
    pub fn figures(&self) -> Option<Figures> {
        let upper = |rank| self.at(rank).map(|(_, upper)| upper);
        Figures::of_ranks(self.count(), self.mean()?, self.min()?, self.max()?, upper)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::Samples;
    use proptest::prelude::*;

    #[test]
    fn nothing_has_no_figures() {
        assert_eq!(Spread::default().figures(), None);
    }

    proptest! {
        #[test]
        fn what_is_kept_adds_up_to_the_same(
            values in proptest::collection::vec(prop_oneof![0_u64..3_000, 0..u64::MAX / 1_000], 0..50),
            others in proptest::collection::vec(0_u64..40_000_000_000, 0..50),
        ) {
            let spread_of = |values: &[u64]| {
                let mut spread = Spread::default();
                for &value in values {
                    spread.record(value);
                }
                spread
            };
            let mut kept = spread_of(&others);
            kept.add_kept(&spread_of(&values).keep());
            let mut added = spread_of(&others);
            added.add(&spread_of(&values));
            prop_assert_eq!(kept.figures(), added.figures());
            prop_assert_eq!(kept.count(), added.count());
        }

        #[test]
        fn the_exact_percentile_lies_within_the_bounds(
            values in proptest::collection::vec(prop_oneof![0_u64..3_000, 0_u64..40_000_000_000, 0..u64::MAX / 1_000], 1..200),
            tenths in 0_u32..=1000,
        ) {
            let percentile = format!("{}.{}", tenths / 10, tenths % 10).parse::<Percentile>().expect("a percentile");
            let mut spread = Spread::default();
            for &value in &values {
                spread.record(value);
            }
            let mut samples: Samples = values.into_iter().collect();
            let [exact] = samples.percentiles([percentile]).expect("there are samples");
            let (lowest, highest) = spread.percentile(percentile).expect("there are samples");
            prop_assert!((lowest..=highest).contains(&exact), "{lowest} ≤ {exact} ≤ {highest}");
            prop_assert!(highest > LONGEST_NS / 2 || highest - lowest <= highest / 1000 + 1, "{lowest} – {highest}");
            prop_assert_eq!((spread.mean(), spread.min(), spread.max()), (samples.mean(), samples.min(), samples.max()));
        }
    }
}
