//! The statistics of samples: exact, by nearest rank, computed in this one place for both programs.

use serde::Serialize;

use crate::units::Percentile;

/// Samples in nanoseconds, in no order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Samples {
    values: Vec<u64>,
}

/// The figures that a table shows of samples, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Figures {
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

    /// All the figures. `None` without samples. Reorders the samples.
    pub fn figures(&mut self) -> Option<Figures> {
        let (mean, min, max) = (self.mean()?, self.min()?, self.max()?);
        let [p50, p90, p95, p99, p999] =
            self.percentiles([Percentile::P50, Percentile::P90, Percentile::P95, Percentile::P99, Percentile::P999])?;
        Some(Figures { mean, min, p50, p90, p95, p99, p999, max })
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
        assert_eq!(figures, Figures { mean: 50.5, min: 1, p50: 50, p90: 90, p95: 95, p99: 99, p999: 100, max: 100 });
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
