//! Chance, made repeatable: a stream of random numbers that is a function of its seed.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// A stream of random numbers.
#[derive(Debug, Clone)]
pub struct Chance(Pcg64Mcg);

impl Chance {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self(Pcg64Mcg::seed_from_u64(seed))
    }

    /// Evenly distributed from 0 (included) to 1 (not included).
    pub fn fraction(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A whole number from 0 to `bound` − 1, each as likely as any other; 0 where `bound` is 0.
    pub fn below(&mut self, bound: usize) -> usize {
        // Multiplied and shifted (Lemire: Fast Random Integer Generation in an Interval, 2019): the bias is below 2^-40 for
        // any number of windows or runs.
        ((u128::from(self.0.next_u64()) * bound as u128) >> 64) as usize
    }

    /// Puts values into an order, each order as likely as any other (Durstenfeld: Algorithm 235, 1964).
    pub fn shuffle<T>(&mut self, values: &mut [T]) {
        for last in (1..values.len()).rev() {
            let other = self.below(last + 1);
            values.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_one_stream() {
        let take = |seed| {
            let mut chance = Chance::new(seed);
            [chance.below(1000), chance.below(1000), chance.below(1000)]
        };
        assert_eq!(take(1), take(1));
        assert_ne!(take(1), take(2));
        assert_eq!(Chance::new(1).below(0), 0);
    }

    #[test]
    fn every_order_is_as_likely_as_any_other() {
        let mut chance = Chance::new(5);
        let mut seen = std::collections::BTreeMap::new();
        for _ in 0..6_000 {
            let mut values = [1, 2, 3];
            chance.shuffle(&mut values);
            *seen.entry(values).or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|times| (850..1150).contains(times)), "{seen:?}");
    }
}
