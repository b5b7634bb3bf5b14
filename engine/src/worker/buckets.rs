//! Times in buckets with fixed bounds, as Prometheus counts them: to find a bucket is a look into a table and one comparison.

/// The upper bounds of the buckets, in ns, included in them: 1, 1.5, 2, 3, 5 and 7 of each power of ten, from 10 µs to 50 s.
/// What lies above all of them is in a last bucket without a bound.
pub const BOUNDS_NS: [u64; BOUNDS] = bounds();
const BOUNDS: usize = 41;

/// Times in buckets.
#[derive(Debug, Clone)]
pub struct Buckets {
    /// How many are in each.
    counts: [u64; BOUNDS + 1],
    /// Their sum.
    sum_ns: u64,
}

impl Default for Buckets {
    fn default() -> Self {
        Self { counts: [0; BOUNDS + 1], sum_ns: 0 }
    }
}

impl Buckets {
    /// Adds a time.
    #[inline]
    pub fn record(&mut self, ns: u64) {
        self.counts[bucket_of(ns)] += 1;
        self.sum_ns = self.sum_ns.saturating_add(ns);
    }

    /// Adds all times of another.
    pub fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine += theirs);
        self.sum_ns = self.sum_ns.saturating_add(other.sum_ns);
    }

    /// For each bound, how many times do not exceed it.
    pub fn cumulative(&self) -> impl Iterator<Item = (u64, u64)> {
        let mut below = 0;
        BOUNDS_NS.iter().zip(&self.counts).map(move |(&bound, count)| {
            below += count;
            (bound, below)
        })
    }

    /// How many times.
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Their sum in ns.
    pub const fn sum_ns(&self) -> u64 {
        self.sum_ns
    }
}

/// Numbers with the same place of the highest bit and the same two bits behind it lie within a quarter of each other, and so
/// at most one bound lies among them.
const SHARES: usize = 64 * 4;
/// For each such share of the numbers, the first bound that is not below all of it.
const FIRST_BOUND: [u8; SHARES] = first_bounds();

#[inline]
const fn bucket_of(ns: u64) -> usize {
    let first = FIRST_BOUND[share_of(ns)] as usize;
    first + (first < BOUNDS && ns > BOUNDS_NS[first]) as usize
}

const fn share_of(ns: u64) -> usize {
    // Below four there are not two bits behind the highest.
    let ns = if ns < 4 { 4 } else { ns };
    let highest = ns.ilog2() as usize;
    highest * 4 + (ns >> (highest - 2) & 3) as usize
}

const fn bounds() -> [u64; BOUNDS] {
    let tenths = [10, 15, 20, 30, 50, 70];
    let (mut bounds, mut place, mut power) = ([0; BOUNDS], 0, 1_000);
    while place < BOUNDS {
        bounds[place] = tenths[place % 6] * power;
        place += 1;
        if place % 6 == 0 {
            power *= 10;
        }
    }
    bounds
}

const fn first_bounds() -> [u8; SHARES] {
    let (mut firsts, mut share) = ([0; SHARES], 8);
    while share < SHARES {
        let (highest, behind) = (share / 4, share % 4);
        let least = (4 + behind as u64) << (highest - 2);
        let mut first = 0;
        while first < BOUNDS && BOUNDS_NS[first] < least {
            first += 1;
        }
        firsts[share] = first as u8;
        share += 1;
    }
    firsts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn bounds_are_those_that_people_ask_for() {
        for ms in [1, 2, 5, 10, 50, 100, 200, 300, 500, 1_000, 2_000, 5_000, 10_000] {
            assert!(BOUNDS_NS.contains(&(ms * 1_000_000)), "{ms} ms");
        }
        assert_eq!((BOUNDS_NS[0], BOUNDS_NS[BOUNDS - 1]), (10_000, 50_000_000_000));
    }

    #[test]
    fn a_bound_is_part_of_its_bucket() {
        for (place, &bound) in BOUNDS_NS.iter().enumerate() {
            assert_eq!((bucket_of(bound), bucket_of(bound + 1)), (place, place + 1));
        }
    }

    proptest! {
        #[test]
        fn the_bucket_of_a_time_is_the_first_that_it_does_not_exceed(exponent in 0_u32..64, bits in any::<u64>()) {
            let ns = bits >> exponent;
            let first = BOUNDS_NS.iter().position(|bound| ns <= *bound).unwrap_or(BOUNDS);
            prop_assert_eq!(bucket_of(ns), first);
        }
    }
}
