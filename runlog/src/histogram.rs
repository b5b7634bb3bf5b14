//! How times are spread, finely: which bucket holds the sample of a rank. Mean, least and most are exact.

use crate::buckets::Buckets;

/// 512 buckets to an octave: one of them holds some half a percent of the samples at the most, where times differ as they do.
pub(crate) type Fine = Buckets<9>;

const OCTAVES: usize = Fine::COUNT / Fine::TO_OCTAVE;

type Octave = Box<[u64; Fine::TO_OCTAVE]>;

/// How times (in nanoseconds) are spread, in some 4 KiB for each octave that has any.
#[derive(Debug, Clone)]
pub struct Histogram {
    octaves: [Option<Octave>; OCTAVES],
    count: u64,
    sum: u128,
    min: u64,
    max: u64,
}

/// Where the sample of a rank lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// Its bucket.
    pub bucket: usize,
    /// How many samples lie in the buckets below.
    pub below: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { octaves: [const { None }; OCTAVES], count: 0, sum: 0, min: u64::MAX, max: 0 }
    }
}

impl Histogram {
    /// Adds a time.
    #[inline]
    pub fn record(&mut self, value_ns: u64) {
        let bucket = Fine::of(value_ns);
        let octave = self.octaves[bucket / Fine::TO_OCTAVE].get_or_insert_with(empty);
        octave[bucket % Fine::TO_OCTAVE] += 1;
        self.count += 1;
        self.sum += u128::from(value_ns);
        self.min = self.min.min(value_ns);
        self.max = self.max.max(value_ns);
    }

    /// Adds all times of another.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.octaves.iter_mut().zip(&other.octaves) {
            let Some(theirs) = theirs else { continue };
            let mine = mine.get_or_insert_with(empty);
            for (count, more) in mine.iter_mut().zip(theirs.iter()) {
                *count += more;
            }
        }
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
    }

    /// How many times.
    pub const fn count(&self) -> u64 {
        self.count
    }

    /// The sum over the number, exact. `None` without times.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum as f64 / self.count as f64)
    }

    /// The least, exact. `None` without times.
    pub fn min(&self) -> Option<u64> {
        (self.count > 0).then_some(self.min)
    }

    /// The most, exact. `None` without times.
    pub fn max(&self) -> Option<u64> {
        (self.count > 0).then_some(self.max)
    }

    /// Where the samples of these ranks lie (counted from 0, ascending). Ranks beyond the last sample have no place.
    pub(crate) fn places(&self, ranks: &[u64]) -> Vec<Place> {
        debug_assert!(ranks.is_sorted());
        let mut places = Vec::with_capacity(ranks.len());
        let mut below = 0;
        for (number, octave) in self.octaves.iter().enumerate() {
            let Some(octave) = octave else { continue };
            for (slot, &count) in octave.iter().enumerate() {
                while ranks.get(places.len()).is_some_and(|&rank| rank < below + count) {
                    places.push(Place { bucket: number * Fine::TO_OCTAVE + slot, below });
                }
                below += count;
            }
        }
        places
    }
}

#[cold]
fn empty() -> Octave {
    Box::new([0; Fine::TO_OCTAVE])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for &value in values {
            histogram.record(value);
        }
        histogram
    }

    #[test]
    fn nothing_has_no_figures() {
        let nothing = Histogram::default();
        assert_eq!((nothing.mean(), nothing.min(), nothing.max(), nothing.places(&[0])), (None, None, None, vec![]));
    }

    proptest! {
        #[test]
        fn each_rank_lies_in_the_bucket_of_its_sample(mut values in proptest::collection::vec(any::<u64>().prop_map(|v| v >> (v % 64)), 1..200), cut in 0_usize..200) {
            let (some, others) = values.split_at(cut.min(values.len()));
            let mut histogram = of(some);
            histogram.merge(&of(others));
            values.sort_unstable();
            let ranks: Vec<u64> = (0..values.len() as u64).collect();
            let places = histogram.places(&ranks);
            prop_assert_eq!(places.len(), values.len());
            for (rank, (place, &value)) in places.iter().zip(&values).enumerate() {
                prop_assert_eq!(place.bucket, Fine::of(value));
                prop_assert!(place.below <= rank as u64);
                prop_assert_eq!(place.below, values.iter().filter(|&&v| Fine::of(v) < place.bucket).count() as u64);
            }
            let sum: u128 = values.iter().map(|&v| u128::from(v)).sum();
            prop_assert_eq!(histogram.mean(), Some(sum as f64 / values.len() as f64));
            prop_assert_eq!((histogram.min(), histogram.max()), (values.first().copied(), values.last().copied()));
        }
    }
}
