//! Chance, made repeatable: every choice is a function of the seed and of what it is for, never of a core or a clock.

use rand_core::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use runlog::row::ScenarioId;
use runlog::units::Nanos;

use super::FlowId;

/// What a stream of choices is for. Streams are independent of each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The gaps between the arrivals of a scenario.
    Gaps,
    /// What the arrival of this number does.
    Arrival(u64),
    /// What the virtual user of this number does, iteration after iteration.
    Vu(u32),
    /// Which row of a feeder an iteration takes.
    Row {
        /// The feeder's place.
        feed: u16,
        /// The iteration's number.
        number: u64,
    },
}

/// A stream of choices.
#[derive(Debug, Clone)]
pub struct Choices(Pcg64Mcg);

impl Choices {
    /// The stream for this purpose in this scenario of a run with this seed.
    pub fn new(seed: u64, scenario: ScenarioId, purpose: Purpose) -> Self {
        let (kind, number) = match purpose {
            Purpose::Gaps => (0, 0),
            Purpose::Arrival(number) => (1, number),
            Purpose::Vu(number) => (2, u64::from(number)),
            Purpose::Row { feed, number } => (3 + u64::from(feed), number),
        };
        let place = mixed(mixed(seed ^ kind << 32 ^ u64::from(scenario.0)) ^ number);
        let mut state = [0; 16];
        state[..8].copy_from_slice(&place.to_le_bytes());
        state[8..].copy_from_slice(&mixed(place).to_le_bytes());
        Self(Pcg64Mcg::from_seed(state))
    }

    /// Evenly distributed from 0 (included) to 1 (not included).
    pub fn fraction(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Exponentially distributed with mean 1: the gap between events that know nothing of each other.
    pub fn exponential(&mut self) -> f64 {
        -(1.0 - self.fraction()).ln()
    }

    /// 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Normally distributed with mean 0 and variance 1 (Box, Muller: A Note on the Generation of Random Normal Deviates,
    /// 1958).
    pub fn normal(&mut self) -> f64 {
        (2.0 * self.exponential()).sqrt() * (std::f64::consts::TAU * self.fraction()).cos()
    }

    /// A whole number, evenly distributed, both ends included.
    pub fn integer(&mut self, from: i64, to: i64) -> i64 {
        // Multiplied and shifted (Lemire: Fast Random Integer Generation in an Interval, 2019, without its rejection: the
        // bias is below 2^-40 for any interval that people ask for). Of all numbers there are, any bits are one.
        let width = to.wrapping_sub(from) as u64;
        let above = match width.checked_add(1) {
            Some(numbers) => ((u128::from(self.bits()) * u128::from(numbers)) >> 64) as u64,
            None => self.bits(),
        };
        from.wrapping_add(above.cast_signed())
    }

    /// Evenly distributed between the two.
    pub fn span(&mut self, from: Nanos, to: Nanos) -> Nanos {
        if from == to {
            return from;
        }
        Nanos(from.0 + (self.fraction() * (to.0 - from.0) as f64) as u64)
    }
}

/// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): neighbouring
/// numbers come out unrelated.
const fn mixed(number: u64) -> u64 {
    let z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ z >> 31
}

/// Which flow an iteration takes, by weight.
#[derive(Debug, Clone, PartialEq)]
pub struct Mix {
    /// Each flow with the share of iterations that take it or one before it; the last share is 1.
    shares: Vec<(f64, FlowId)>,
}

impl Mix {
    /// Flows with their weights. `None` where a weight is negative or not finite, or all of them are zero.
    pub fn new(weights: &[(FlowId, f64)]) -> Option<Self> {
        let sum: f64 = weights.iter().map(|&(_, weight)| weight).sum();
        if !sum.is_finite() || sum <= 0.0 || weights.iter().any(|&(_, weight)| weight < 0.0) {
            return None;
        }
        let mut shares: Vec<(f64, FlowId)> = Vec::new();
        for &(flow, weight) in weights.iter().filter(|&&(_, weight)| weight > 0.0) {
            shares.push((shares.last().map_or(0.0, |&(share, _)| share) + weight / sum, flow));
        }
        Some(Self { shares })
    }

    /// The flow of the next iteration.
    pub fn pick(&self, choices: &mut Choices) -> FlowId {
        match self.shares.as_slice() {
            [(_, only)] => *only,
            shares => {
                let fraction = choices.fraction();
                let place = shares.partition_point(|&(share, _)| share <= fraction);
                // Rounding may leave the last share a hair below one.
                shares[place.min(shares.len() - 1)].1
            }
        }
    }

    /// Each flow with its share of the iterations.
    pub fn flows(&self) -> impl Iterator<Item = (FlowId, f64)> {
        let before = std::iter::once(0.0).chain(self.shares.iter().map(|&(share, _)| share));
        self.shares.iter().zip(before).map(|(&(share, flow), before)| (flow, share - before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCENARIO: ScenarioId = ScenarioId(0);

    #[test]
    fn the_same_seed_and_purpose_make_the_same_choices() {
        let take = |seed, purpose| {
            let mut choices = Choices::new(seed, SCENARIO, purpose);
            [choices.fraction(), choices.fraction(), choices.exponential()].map(f64::to_bits)
        };
        assert_eq!(take(1, Purpose::Arrival(7)), take(1, Purpose::Arrival(7)));
        assert_ne!(take(1, Purpose::Arrival(7)), take(2, Purpose::Arrival(7)));
        assert_ne!(take(1, Purpose::Arrival(7)), take(1, Purpose::Arrival(8)));
        assert_ne!(take(1, Purpose::Arrival(7)), take(1, Purpose::Vu(7)));
    }

    #[test]
    fn whole_numbers_reach_both_ends_and_no_further() {
        let mut choices = Choices::new(3, SCENARIO, Purpose::Gaps);
        let taken: std::collections::BTreeSet<i64> = (0..1000).map(|_| choices.integer(-2, 3)).collect();
        assert_eq!(taken.into_iter().collect::<Vec<_>>(), [-2, -1, 0, 1, 2, 3]);
        assert_eq!(choices.integer(7, 7), 7);
        let far = (0..1000).map(|_| choices.integer(i64::MIN, i64::MAX));
        assert!(far.collect::<std::collections::BTreeSet<i64>>().len() > 990);
    }

    #[test]
    fn a_normal_distribution_has_its_mean_and_its_variance() {
        let mut choices = Choices::new(3, SCENARIO, Purpose::Gaps);
        let drawn: Vec<f64> = (0..40_000).map(|_| choices.normal()).collect();
        let mean = drawn.iter().sum::<f64>() / 40_000.0;
        let variance = drawn.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / 39_999.0;
        assert!(mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03, "{mean}, {variance}");
    }

    #[test]
    fn flows_are_taken_by_their_weights() {
        let mix = Mix::new(&[(FlowId(0), 3.0), (FlowId(1), 0.0), (FlowId(2), 1.0)]).expect("weights");
        let mut taken = [0_u32; 3];
        for number in 0..40_000 {
            let mut choices = Choices::new(9, SCENARIO, Purpose::Arrival(number));
            taken[usize::from(mix.pick(&mut choices).0)] += 1;
        }
        assert_eq!(taken[1], 0);
        assert!((29_500..30_500).contains(&taken[0]), "{taken:?}");
        let shares: Vec<_> = mix.flows().collect();
        assert_eq!(shares, [(FlowId(0), 0.75), (FlowId(2), 0.25)]);
    }

    #[test]
    fn weights_that_make_no_choice_are_refused() {
        assert_eq!(Mix::new(&[]), None);
        assert_eq!(Mix::new(&[(FlowId(0), 0.0)]), None);
        assert_eq!(Mix::new(&[(FlowId(0), -1.0), (FlowId(1), 2.0)]), None);
        assert_eq!(Mix::new(&[(FlowId(0), f64::NAN)]), None);
    }
}
