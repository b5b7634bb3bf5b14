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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
        fn a_value_lies_within_its_bucket(value in any::<u64>(), shift in 0_u32..64) {
            let value = value >> shift;
            let place = Buckets::<9>::of(value);
            prop_assert!((Buckets::<9>::lowest(place)..=Buckets::<9>::highest(place)).contains(&value));
            prop_assert!(Buckets::<9>::highest(place) - Buckets::<9>::lowest(place) <= value / 512);
        }
    }
}
