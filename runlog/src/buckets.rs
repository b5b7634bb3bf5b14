//! Logarithmic buckets, as HdrHistogram has them: equally many to each octave, so that a value is known to within the same
//! part of itself wherever it lies.

/// Buckets for every `u64`, 2 to the power of `BITS` to an octave: a value is known to within 2⁻ᴮᴵᵀˢ of itself. Below
/// 2ᴮᴵᵀˢ⁺¹ every value has its own.
#[derive(Debug, Clone, Copy)]
pub struct Buckets<const BITS: u32>;

impl<const BITS: u32> Buckets<BITS> {
    /// How many to an octave.
    pub const TO_OCTAVE: usize = 1 << BITS;
    /// How many there are: enough for every `u64`.
    pub const COUNT: usize = (u64::BITS as usize - BITS as usize + 1) << BITS;

    /// The bucket of a value.
    #[inline]
    pub const fn of(value: u64) -> usize {
        let above = (u64::BITS - 1 - (value | 1).leading_zeros()).saturating_sub(BITS);
        ((above as usize) << BITS) + (value >> above) as usize
    }

    /// The lowest value of a bucket.
    pub const fn lowest(bucket: usize) -> u64 {
        let above = (bucket >> BITS).saturating_sub(1);
        ((bucket - (above << BITS)) as u64) << above
    }

    /// The highest value of a bucket.
    pub const fn highest(bucket: usize) -> u64 {
        let above = (bucket >> BITS).saturating_sub(1);
        Self::lowest(bucket) + ((1 << above) - 1)
    }
}

/// Buckets with their counts as a file has them: for each bucket that has any, ascending, how far it is from the one before
/// (the first: from bucket 0), and its count.
pub(crate) fn pack(buckets: impl IntoIterator<Item = (usize, u64)>) -> Vec<u64> {
    let mut packed = Vec::new();
    let mut before = 0;
    for (bucket, count) in buckets {
        packed.extend([(bucket - before) as u64, count]);
        before = bucket;
    }
    packed
}

/// What was packed. `None` where it is not something that was: a bucket twice or beyond the last of `buckets`, an empty one.
pub(crate) fn unpack(packed: &[u64], buckets: usize) -> Option<Vec<(usize, u64)>> {
    let mut unpacked = Vec::with_capacity(packed.len() / 2);
    let mut before = None;
    for pair in packed.chunks(2) {
        let &[gap, count] = pair else { return None };
        let bucket = before.unwrap_or(0_usize).checked_add(usize::try_from(gap).ok()?)?;
        if bucket >= buckets || count == 0 || before == Some(bucket) {
            return None;
        }
        unpacked.push((bucket, count));
        before = Some(bucket);
    }
    Some(unpacked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_was_never_packed_is_not_unpacked() {
        for packed in [&[1][..], &[1, 0], &[1, 1, 0, 1], &[9, 1, 1, 1], &[10, 1], &[1, 1, u64::MAX, 1]] {
            assert_eq!(unpack(packed, 10), None, "{packed:?}");
        }
        assert_eq!(unpack(&[0, 3, 9, 1], 10), Some(vec![(0, 3), (9, 1)]));
    }

    #[test]
    fn the_buckets_cover_every_value() {
        assert_eq!((Buckets::<7>::lowest(0), Buckets::<7>::highest(0)), (0, 0));
        assert_eq!(Buckets::<7>::of(u64::MAX) + 1, Buckets::<7>::COUNT);
        assert_eq!(Buckets::<7>::highest(Buckets::<7>::COUNT - 1), u64::MAX);
        for place in 1..Buckets::<7>::COUNT {
            assert_eq!(Buckets::<7>::lowest(place), Buckets::<7>::highest(place - 1) + 1, "{place}");
        }
    }

    proptest! {
        #[test]
        fn what_is_packed_is_unpacked(buckets in proptest::collection::btree_map(0_usize..500, 1..u64::MAX, 0..20)) {
            let buckets: BTreeMap<usize, u64> = buckets;
            let unpacked = unpack(&pack(buckets.clone()), 500);
            prop_assert_eq!(unpacked, Some(buckets.into_iter().collect::<Vec<_>>()));
        }

        #[test]
        fn a_value_lies_within_its_bucket(value in any::<u64>(), shift in 0_u32..64) {
            let value = value >> shift;
            let place = Buckets::<9>::of(value);
            prop_assert!((Buckets::<9>::lowest(place)..=Buckets::<9>::highest(place)).contains(&value));
            prop_assert!(Buckets::<9>::highest(place) - Buckets::<9>::lowest(place) <= value / 512);
        }
    }
}
