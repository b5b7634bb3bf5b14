//! How times are spread, finely: which bucket holds the sample of a rank. Mean, least and most are exact.

use serde::{Deserialize, Serialize};

use crate::buckets::{self, Buckets};

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

/// A histogram as a file has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SparseHistogram {
    /// The least.
    min_ns: u64,
    /// The most.
    max_ns: u64,
    /// All of them together, exact.
    sum_ns: u128,
    /// For each bucket that has any, ascending: how far it is from the one before, and how many it has.
    buckets: Vec<u64>,
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
    /// Adds times.
    pub fn record_all(&mut self, times_ns: &[u64]) {
        let (mut sum, mut min, mut max) = (0, u64::MAX, 0);
        for &time in times_ns {
            let bucket = Fine::of(time);
            let octave = self.octaves[bucket / Fine::TO_OCTAVE].get_or_insert_with(empty);
            octave[bucket % Fine::TO_OCTAVE] += 1;
            sum += u128::from(time);
            min = min.min(time);
            max = max.max(time);
        }
        self.count += times_ns.len() as u64;
        self.sum += sum;
        self.min = self.min.min(min);
        self.max = self.max.max(max);
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

    /// As a file has it. `None` without times.
    pub(crate) fn sparse(&self) -> Option<SparseHistogram> {
        let of_octave = |(number, octave): (usize, &Option<Octave>)| {
            let counts = octave.as_deref().into_iter().flatten().copied().enumerate().collect::<Vec<_>>();
            counts.into_iter().map(move |(slot, count)| (number * Fine::TO_OCTAVE + slot, count))
        };
        let all = self.octaves.iter().enumerate().flat_map(of_octave);
        let buckets = buckets::pack(all.filter(|&(_, count)| count > 0));
        let &Self { min: min_ns, max: max_ns, sum: sum_ns, .. } = self;
        (self.count > 0).then_some(SparseHistogram { min_ns, max_ns, sum_ns, buckets })
    }

    /// The time that stands for all in a bucket: its highest, or the most where that is less. It is above a time of the bucket
    /// by no more than 1/512 of it, and never below.
    pub(crate) fn representative(&self, bucket: usize) -> u64 {
        Fine::highest(bucket).clamp(self.min, self.max)
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

impl SparseHistogram {
    /// How many bytes of memory it would take as a histogram. `None` where it is not one of a histogram.
    pub(crate) fn memory_bytes(&self) -> Option<usize> {
        let mut octaves: Vec<usize> =
            buckets::unpack(&self.buckets, Fine::COUNT)?.iter().map(|(bucket, _)| bucket / Fine::TO_OCTAVE).collect();
        octaves.dedup();
        Some(octaves.len() * size_of::<[u64; Fine::TO_OCTAVE]>() + size_of::<Histogram>())
    }

    /// The histogram. `None` where it is not one that is whole: figures and buckets have to agree.
    pub(crate) fn restored(&self) -> Option<Histogram> {
        let buckets = buckets::unpack(&self.buckets, Fine::COUNT)?;
        let (first, last) = (buckets.first()?.0, buckets.last()?.0);
        let &Self { min_ns: min, max_ns: max, sum_ns: sum, .. } = self;
        let mut histogram = Histogram { sum, min, max, ..Histogram::default() };
        for (bucket, count) in buckets {
            histogram.octaves[bucket / Fine::TO_OCTAVE].get_or_insert_with(empty)[bucket % Fine::TO_OCTAVE] = count;
            histogram.count = histogram.count.checked_add(count)?;
        }
        let count = u128::from(histogram.count);
        let sums = count.checked_mul(min.into())?..=count.checked_mul(max.into())?;
        (Fine::of(min) == first && Fine::of(max) == last && sums.contains(&sum)).then_some(histogram)
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
        histogram.record_all(values);
        histogram
    }

    #[test]
    fn nothing_has_no_figures() {
        let nothing = Histogram::default();
        assert_eq!((nothing.mean(), nothing.min(), nothing.max(), nothing.places(&[0])), (None, None, None, vec![]));
    }

    #[test]
    fn figures_that_do_not_fit_their_buckets_are_no_histogram() {
        let whole = of(&[5, 5_000, 5_000_000]).sparse().expect("times");
        assert!(whole.restored().is_some());
        for broken in [
            SparseHistogram { min_ns: 6, ..whole.clone() },
            SparseHistogram { max_ns: 6_000_000, ..whole.clone() },
            SparseHistogram { sum_ns: 15_000_001, ..whole.clone() },
            SparseHistogram { buckets: vec![], ..whole.clone() },
            SparseHistogram { buckets: vec![5, u64::MAX, 1, u64::MAX], ..whole },
        ] {
            assert!(broken.restored().is_none(), "{broken:?}");
        }
    }

    proptest! {
        #[test]
        fn a_histogram_in_a_file_is_the_same(values in proptest::collection::vec(any::<u64>().prop_map(|v| v >> (v % 64)), 1..100)) {
            let histogram = of(&values);
            let text = serde_json::to_string(&histogram.sparse()).expect("numbers");
            let sparse: SparseHistogram = serde_json::from_str(&text).expect("what was written");
            let again = sparse.restored().expect("whole");
            prop_assert_eq!(again.sparse(), histogram.sparse());
            prop_assert_eq!((again.mean(), again.count()), (histogram.mean(), histogram.count()));
        }

        #[test]
        fn what_stands_for_a_bucket_is_above_its_times_by_little(values in proptest::collection::vec(any::<u64>().prop_map(|v| v >> (v % 64)), 1..100)) {
            let histogram = of(&values);
            for value in values {
                let shown = histogram.representative(Fine::of(value));
                prop_assert!(shown >= value && shown - value <= value / 512);
            }
        }

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
