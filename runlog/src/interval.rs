//! How sure a percentile is: the interval that holds the percentile of all that might have been measured, not only of what was,
//! in 95 of 100 cases.
//!
//! The bounds are samples themselves, chosen by their rank (order statistics: Conover, Practical Nonparametric
//! Statistics, 3rd ed., §3.2; Hahn & Meeker, Statistical Intervals, §5.2): the number of samples at or below the true
//! percentile is binomial, whatever the distribution of the samples. It is exact for samples that do not depend on each
//! other; those of a load do, so that the truth is a little wider. Comparisons of runs resample stretches of time instead.

use serde::Serialize;

use crate::units::Percentile;

/// What may lie outside.
const OUTSIDE: f64 = 0.05;

/// The ranks of an interval's bounds among the sorted samples, counted from 0, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ranks {
    /// The lower bound.
    pub lower: u64,
    /// The upper bound.
    pub upper: u64,
}

/// A 95 % confidence interval in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(into = "[u64; 2]")]
pub struct Interval {
    /// Its lower bound.
    pub lower_ns: u64,
    /// Its upper bound.
    pub upper_ns: u64,
}

impl From<Interval> for [u64; 2] {
    fn from(interval: Interval) -> Self {
        [interval.lower_ns, interval.upper_ns]
    }
}

impl Percentile {
    /// Between which of so many samples the percentile lies, with a confidence of 95 %: 2.5 % on either side; where not
    /// even the largest sample is that surely above, up to the largest, and what is left of the 5 % below.
    ///
    /// `None` where there are fewer samples than [`Self::samples_needed`].
    pub fn interval(self, samples: u64) -> Option<Ranks> {
        let p = self.as_quantile();
        let (none_below, none_above) = self.misses(samples);
        if samples == 0 || none_below + none_above > OUTSIDE {
            return None;
        }
        let side = OUTSIDE / 2.0;
        let (lower_tail, upper_tail) = match (none_below > side, none_above > side) {
            (true, _) => (none_below, OUTSIDE - none_below),
            (_, true) => (OUTSIDE - none_above, none_above),
            _ => (side, side),
        };
        // The percentile lies below the sample at rank r where at most r samples are at or below it, above it where more are.
        let tails = Tails::of(p, samples);
        Some(Ranks { lower: tails.lower(lower_tail), upper: tails.upper(upper_tail) })
    }

    /// How many samples it takes so that the percentile lies within them with a confidence of 95 %: 2,995 for p99.9
    /// (Wilks 1941).
    pub fn samples_needed(self) -> u64 {
        first(1 << 40, |samples| {
            let (none_below, none_above) = self.misses(samples);
            samples > 0 && none_below + none_above <= OUTSIDE
        })
    }

    /// How probable it is that none of so many samples lies below the percentile, and that none lies above it.
    fn misses(self, samples: u64) -> (f64, f64) {
        let p = self.as_quantile();
        ((1.0 - p).powf(samples as f64), p.powf(samples as f64))
    }
}

/// The tails of a binomial distribution, added up from where they begin to be worth mentioning: with millions of samples
/// the incomplete beta function, which gives them in one go, does not converge.
///
/// Each probability is made of its neighbour, from the most probable number on, and all are set right by their sum: that
/// takes no logarithms of factorials, of which those of millions have no digits left for what is behind the point.
struct Tails {
    /// Of `least` and the numbers above.
    probabilities: Vec<f64>,
    least: u64,
    samples: u64,
}

impl Tails {
    fn of(p: f64, samples: u64) -> Self {
        let (count, mean) = (samples as f64, p * samples as f64);
        // Beyond twelve standard deviations (and a few, where there are few) lie less than 10⁻³⁰.
        let far = 12.0 * (mean * (1.0 - p)).sqrt() + 30.0;
        let least = (mean - far).max(0.0) as u64;
        let most = ((mean + far) as u64).min(samples);
        let mode = (((count + 1.0) * p) as u64).min(samples);
        let odds = p / (1.0 - p);
        let mut probabilities = vec![1.0; (most - least + 1) as usize];
        let (below, above) = probabilities.split_at_mut((mode - least) as usize);
        let mut weight = 1.0;
        for (step, probability) in (1..).zip(below.iter_mut().rev()) {
            let number = mode - step;
            weight *= (number + 1) as f64 / ((samples - number) as f64 * odds);
            *probability = weight;
        }
        weight = 1.0;
        for (number, probability) in (mode..).zip(&mut above[1..]) {
            weight *= (samples - number) as f64 * odds / (number + 1) as f64;
            *probability = weight;
        }
        let all: f64 = probabilities.iter().sum();
        for probability in &mut probabilities {
            *probability /= all;
        }
        Self { probabilities, least, samples }
    }

    /// The largest number that no more than this part lies at or below.
    fn lower(&self, tail: f64) -> u64 {
        (self.least + too_much(self.probabilities.iter(), tail)).saturating_sub(1)
    }

    /// The smallest number that no more than this part lies above.
    fn upper(&self, tail: f64) -> u64 {
        let most = self.least + self.probabilities.len() as u64 - 1;
        (most - too_much(self.probabilities.iter().rev(), tail)).min(self.samples - 1)
    }
}

/// How many probabilities add up to no more than this tail.
fn too_much<'a>(probabilities: impl Iterator<Item = &'a f64>, tail: f64) -> u64 {
    let mut sum = 0.0;
    let within = probabilities.take_while(|&probability| {
        sum += probability;
        sum <= tail * (1.0 + ROUNDING)
    });
    within.count() as u64
}

/// A tail that is just as large as it may be should not be too large by how numbers are rounded.
const ROUNDING: f64 = 1e-9;

/// The first number for which something holds that holds for all above as well; `end` where it never does before.
fn first(end: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (0, end);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;
    use statrs::distribution::{Binomial, Discrete};

    fn ranks(percentile: Percentile, samples: u64) -> Option<(u64, u64)> {
        percentile.interval(samples).map(|ranks| (ranks.lower, ranks.upper))
    }

    /// Worked out in Python from the probabilities, added up one by one.
    #[test]
    fn the_ranks_are_those_of_the_binomial_distribution() {
        for (percentile, samples, expected) in [
            (Percentile::P50, 6, (0, 5)),
            (Percentile::P90, 29, (20, 28)),
            (Percentile::P95, 59, (49, 58)),
            (Percentile::P50, 100, (39, 60)),
            (Percentile::P99, 299, (288, 298)),
            (Percentile::P95, 1_000, (935, 963)),
            (Percentile::P999, 3_000, (2_988, 2_999)),
            (Percentile::P99, 10_000, (9_879, 9_919)),
        ] {
            assert_eq!(ranks(percentile, samples), Some(expected), "p{percentile} of {samples}");
        }
    }

    #[test]
    fn too_few_samples_have_no_interval() {
        for (percentile, needed) in [
            (Percentile::P50, 6),
            (Percentile::P90, 29),
            (Percentile::P95, 59),
            (Percentile::P99, 299),
            (Percentile::P999, 2_995),
        ] {
            assert_eq!(percentile.samples_needed(), needed, "p{percentile}");
            assert!(percentile.interval(needed).is_some(), "p{percentile}");
            assert_eq!(percentile.interval(needed - 1), None, "p{percentile}");
        }
        assert_eq!(Percentile::P50.interval(0), None);
    }

    /// The interval that the definition asks for, by adding up probabilities one by one.
    #[test]
    fn the_interval_holds_the_percentile_often_enough() {
        for samples in [6_u64, 17, 60, 333, 40_000, 36_000_000] {
            for percentile in [Percentile::P50, Percentile::P90, Percentile::P95] {
                let Some(Ranks { lower, upper }) = percentile.interval(samples) else { continue };
                let p = percentile.as_quantile();
                let below = Binomial::new(p, samples).expect("a probability");
                // Where so many samples are at or below the percentile, it lies between the bounds.
                let inside: f64 = (lower + 1..=upper).map(|number| below.pmf(number)).sum();
                assert!(inside >= 0.95 - 1e-12, "p{percentile} of {samples}: {inside}");
            }
        }
    }
}
