//! How times are spread, in a few hundred bytes: what is kept for each window of time and each request.
//!
//! Buckets are logarithmic with 128 to an octave, those of HdrHistogram with two significant digits: a time is known to
//! within 1/128 of itself. Below 256 ns every value has its own.

use serde::{Deserialize, Serialize};

use crate::buckets::{self, Buckets};
use crate::units::Percentile;

/// The buckets of sketches.
type Coarse = Buckets<7>;
/// How many buckets there are: enough for every `u64`.
pub const BUCKETS: usize = Coarse::COUNT;

/// The bucket of a value.
#[inline]
pub const fn bucket(value: u64) -> usize {
    Coarse::of(value)
}

/// The lowest value of a bucket.
pub const fn lowest(bucket: usize) -> u64 {
    Coarse::lowest(bucket)
}

/// The highest value of a bucket.
pub const fn highest(bucket: usize) -> u64 {
    Coarse::highest(bucket)
}

/// How times (in nanoseconds) are spread: the buckets that have any, ascending, with how many. In a file: a list of gaps
/// between buckets and counts, in turn.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<u64>", try_from = "Vec<u64>")]
pub struct Sketch {
    buckets: Vec<(u16, u32)>,
}

impl Sketch {
    /// A sketch of buckets with how many times each has, ascending, none of them twice.
    pub fn new(buckets: Vec<(u16, u32)>) -> Self {
        debug_assert!(buckets.is_sorted_by(|a, b| a.0 < b.0));
        Self { buckets }
    }

    /// The buckets that have any, ascending, with how many.
    pub fn buckets(&self) -> impl ExactSizeIterator<Item = (usize, u32)> + '_ {
        self.buckets.iter().map(|&(bucket, count)| (usize::from(bucket), count))
    }

    /// How many times.
    pub fn count(&self) -> u64 {
        self.buckets.iter().map(|&(_, count)| u64::from(count)).sum()
    }

    /// Whether there are no times.
    pub const fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// A percentile by nearest rank: the highest value of its bucket. `None` without times.
    pub fn percentile(&self, percentile: Percentile) -> Option<u64> {
        let mut left = percentile.index(usize::try_from(self.count()).ok()?)? as u64;
        for (bucket, count) in self.buckets() {
            match left.checked_sub(u64::from(count)) {
                Some(rest) => left = rest,
                None => return Some(highest(bucket)),
            }
        }
        None
    }

    /// Adds the times of another.
    pub fn merge(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        let mine = std::mem::take(&mut self.buckets);
        self.buckets.reserve(mine.len() + other.buckets.len());
        let (mut left, mut right) = (mine.into_iter().peekable(), other.buckets.iter().copied().peekable());
        loop {
            let next = match (left.peek(), right.peek()) {
                (Some(l), Some(r)) if l.0 == r.0 => {
                    let sum = l.1.saturating_add(r.1);
                    right.next();
                    left.next().map(|(bucket, _)| (bucket, sum))
                }
                (Some(l), Some(r)) if l.0 > r.0 => right.next(),
                (Some(_), _) => left.next(),
                (None, _) => right.next(),
            };
            match next {
                Some(bucket) => self.buckets.push(bucket),
                None => break,
            }
        }
        // There are many of these, and they are kept.
        self.buckets.shrink_to_fit();
    }
}

impl From<Sketch> for Vec<u64> {
    fn from(sketch: Sketch) -> Self {
        buckets::pack(sketch.buckets().map(|(bucket, count)| (bucket, u64::from(count))))
    }
}

impl TryFrom<Vec<u64>> for Sketch {
    type Error = &'static str;

    fn try_from(packed: Vec<u64>) -> Result<Self, Self::Error> {
        let unpacked = buckets::unpack(&packed, BUCKETS).ok_or("these are no buckets of a sketch")?;
        let narrow = |(bucket, count): (usize, u64)| Some((bucket as u16, u32::try_from(count).ok()?));
        let buckets = unpacked.into_iter().map(narrow).collect::<Option<_>>();
        Ok(Self { buckets: buckets.ok_or("a bucket of a sketch has more than it can have")? })
    }
}

impl FromIterator<u64> for Sketch {
    fn from_iter<I: IntoIterator<Item = u64>>(values: I) -> Self {
        let mut places: Vec<u16> = values.into_iter().map(|value| bucket(value) as u16).collect();
        places.sort_unstable();
        let runs = places.chunk_by(PartialEq::eq);
        Self { buckets: runs.map(|run| (run[0], u32::try_from(run.len()).unwrap_or(u32::MAX))).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_percentile_is_the_top_of_the_bucket_that_holds_it(mut values in proptest::collection::vec(0_u64..5_000_000, 1..80)) {
            let sketch: Sketch = values.iter().copied().collect();
            values.sort_unstable();
            for percentile in [Percentile::P50, Percentile::P90, Percentile::P999] {
                let exact = values[percentile.index(values.len()).expect("there are values")];
                prop_assert_eq!(sketch.percentile(percentile), Some(highest(bucket(exact))));
            }
        }

        #[test]
        fn sketches_add_up(values in proptest::collection::vec(0_u64..5_000, 0..80), cut in 0_usize..80) {
            let (some, others) = values.split_at(cut.min(values.len()));
            let mut merged: Sketch = some.iter().copied().collect();
            merged.merge(&others.iter().copied().collect());
            prop_assert_eq!(merged.count(), values.len() as u64);
            prop_assert_eq!(merged, values.into_iter().collect());
        }
    }
}
