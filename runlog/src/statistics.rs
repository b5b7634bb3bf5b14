//! The figures of samples by nearest rank, and the obvious way to them, which tests hold every other way against.

use serde::Serialize;

use crate::interval::Interval;
use crate::units::Percentile;

/// The percentiles that tables show, ascending.
pub const SHOWN: [Percentile; 5] =
    [Percentile::P50, Percentile::P90, Percentile::P95, Percentile::P99, Percentile::P999];

/// Samples in nanoseconds, in no order, all of them kept and sorted: for tests. Runs are larger than that: see `tally`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples {
    values: Vec<u64>,
}

/// The figures that a table shows of samples, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
    /// How many samples.
    pub samples: u64,
    /// The sum of the samples over their number.
    pub mean: f64,
    /// The smallest.
    pub min: u64,
    /// The median.
    pub p50: u64,
    /// The 90th percentile.
    pub p90: u64,
    /// The 95th percentile.
    pub p95: u64,
    /// The 99th percentile.
    pub p99: u64,
    /// The 99.9th percentile.
    pub p999: u64,
    /// The largest.
    pub max: u64,
    /// How sure the percentiles are.
    pub ci95: Intervals,
}

/// The 95 % confidence intervals of percentiles; absent where there are too few samples for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Intervals {
    /// Of the median.
    pub p50: Option<Interval>,
    /// Of the 90th percentile.
    pub p90: Option<Interval>,
    /// Of the 95th percentile.
    pub p95: Option<Interval>,
    /// Of the 99th percentile.
    pub p99: Option<Interval>,
    /// Of the 99.9th percentile.
    pub p999: Option<Interval>,
}

impl Figures {
    /// The figures of samples of which the one at each rank can be told. `None` without samples.
    pub fn of_ranks(samples: u64, mean: f64, min: u64, max: u64, at: impl Fn(u64) -> Option<u64>) -> Option<Self> {
        let value = |percentile: Percentile| at(percentile.index(samples as usize)? as u64);
        let interval = |percentile: Percentile| {
            let ranks = percentile.interval(samples)?;
            Some(Interval { lower_ns: at(ranks.lower)?, upper_ns: at(ranks.upper)? })
        };
        let [p50, p90, p95, p99, p999] = SHOWN.map(interval);
        Some(Self {
            samples,
            mean,
            min,
            p50: value(Percentile::P50)?,
            p90: value(Percentile::P90)?,
            p95: value(Percentile::P95)?,
            p99: value(Percentile::P99)?,
            p999: value(Percentile::P999)?,
            max,
            ci95: Intervals { p50, p90, p95, p99, p999 },
        })
    }

    /// The percentiles that tables show, ascending, with their intervals.
    pub const fn percentiles(&self) -> [(u64, Option<Interval>); SHOWN.len()] {
        let Intervals { p50, p90, p95, p99, p999 } = self.ci95;
        [(self.p50, p50), (self.p90, p90), (self.p95, p95), (self.p99, p99), (self.p999, p999)]
    }
}

impl Samples {
    /// Adds a sample.
    pub fn push(&mut self, value_ns: u64) {
        self.values.push(value_ns);
    }

    /// Adds all samples of another.
    pub fn extend(&mut self, other: &Self) {
        self.values.extend_from_slice(&other.values);
    }

    /// How many samples.
    pub const fn count(&self) -> usize {
        self.values.len()
    }

    /// The sum over the number. `None` without samples.
    pub fn mean(&self) -> Option<f64> {
        let sum: u128 = self.values.iter().map(|&value| u128::from(value)).sum();
        (!self.values.is_empty()).then(|| sum as f64 / self.values.len() as f64)
    }

    /// The smallest. `None` without samples.
    pub fn min(&self) -> Option<u64> {
        self.values.iter().copied().min()
    }

    /// The largest. `None` without samples.
    pub fn max(&self) -> Option<u64> {
        self.values.iter().copied().max()
    }

    /// The percentiles by nearest rank, in the order asked for. `None` without samples. Reorders the samples.
    pub fn percentiles<const N: usize>(&mut self, wanted: [Percentile; N]) -> Option<[u64; N]> {
        let mut places: Vec<(usize, usize)> = Vec::with_capacity(N);
        for (slot, percentile) in wanted.into_iter().enumerate() {
            places.push((percentile.index(self.values.len())?, slot));
        }
        // From the highest rank down, each selection leaves what is below it in front: the next one looks only there.
        places.sort_unstable_by(|a, b| b.cmp(a));
        let mut below = self.values.len();
        let mut found = [0; N];
        for (place, slot) in places {
            if place < below {
                self.values[..below].select_nth_unstable(place);
                below = place;
            }
            found[slot] = self.values[place];
        }
        Some(found)
    }

    /// All the figures. `None` without samples. Sorts the samples.
    pub fn figures(&mut self) -> Option<Figures> {
        let (mean, min, max) = (self.mean()?, self.min()?, self.max()?);
        self.values.sort_unstable();
        let at = |rank: u64| self.values.get(usize::try_from(rank).ok()?).copied();
        Figures::of_ranks(self.values.len() as u64, mean, min, max, at)
    }
}

impl FromIterator<u64> for Samples {
    fn from_iter<I: IntoIterator<Item = u64>>(values: I) -> Self {
        Self { values: values.into_iter().collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_has_no_figures() {
        assert_eq!(Samples::default().figures(), None);
    }

    #[test]
    fn figures_of_a_hundred() {
        let figures = (1..=100).collect::<Samples>().figures().expect("there are samples");
        let interval = |lower_ns, upper_ns| Some(Interval { lower_ns, upper_ns });
        let ci95 =
            Intervals { p50: interval(40, 61), p90: interval(84, 96), p95: interval(90, 100), ..Intervals::default() };
        let expected =
            Figures { samples: 100, mean: 50.5, min: 1, p50: 50, p90: 90, p95: 95, p99: 99, p999: 100, max: 100, ci95 };
        assert_eq!(figures, expected);
    }

    proptest! {
        #[test]
        fn percentiles_are_those_of_the_sorted_samples(
            values in proptest::collection::vec(0_u64..1_000, 1..300),
            wanted in proptest::array::uniform5(0_u32..=1000),
        ) {
            let wanted = wanted.map(|tenths| format!("{}.{}", tenths / 10, tenths % 10).parse::<Percentile>().expect("a percentile"));
            let mut sorted = values.clone();
            sorted.sort_unstable();
            let expected = wanted.map(|p| sorted[p.index(sorted.len()).expect("there are samples")]);
            let mut samples: Samples = values.into_iter().collect();
            prop_assert_eq!(samples.percentiles(wanted), Some(expected));
        }
    }
}
