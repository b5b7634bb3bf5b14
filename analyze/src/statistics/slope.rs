//! By how much a sampled level grows with time, whatever outliers do: the Theil–Sen line with its interval.
//!
//! The slope is the median of those of all pairs of points (Sen: Estimates of the Regression Coefficient Based on Kendall's Tau,
//! 1968), and the interval is made of the same slopes, by their ranks. Levels remember: successive samples are alike, so that
//! they tell less than as many independent ones would. The variance of Kendall's S is enlarged for that by the correlation
//! of the ranks of what is left beside the line (Hamed, Rao: A Modified Mann-Kendall Trend Test for Autocorrelated Data, 1998).

use statrs::distribution::{ContinuousCDF, Normal};

use super::distribution::{Interval, quantile};

/// With fewer points nothing is said.
pub const LEAST_POINTS: usize = 8;
/// More points are put together, neighbours with neighbours: pairs grow with their square.
const MOST_POINTS: usize = 240;

/// A level at an instant: seconds, and the level in any unit.
pub type Point = (f64, f64);

/// A line through points.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slope {
    /// By how much the level grows in a second.
    pub per_second: f64,
    /// Where the true slope lies with the confidence asked for.
    pub interval: Interval,
    /// The second of the first point.
    pub from: f64,
    /// The level of the line there.
    pub level: f64,
}

impl Slope {
    /// The line through points, which are in the order of time. `None` with fewer than [`LEAST_POINTS`], or without any
    /// time between them.
    pub fn of(points: &[Point], confidence: f64) -> Option<Self> {
        let points = condensed(points);
        let (first, last) = (points.first()?, points.last()?);
        if points.len() < LEAST_POINTS || last.0 <= first.0 {
            return None;
        }
        let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
        for (place, from) in points.iter().enumerate() {
            let later = points[place + 1..].iter().filter(|to| to.0 > from.0);
            slopes.extend(later.map(|to| (to.1 - from.1) / (to.0 - from.0)));
        }
        slopes.sort_unstable_by(f64::total_cmp);
        let per_second = quantile(&slopes, 0.5)?;
        let mut beside: Vec<f64> = points.iter().map(|(at, level)| level - per_second * (at - first.0)).collect();
        let half = half_width(points.len(), repetition(&beside), confidence);
        let middle = slopes.len() as f64 / 2.0;
        let at = |rank: f64| slopes[(rank.max(0.0) as usize).min(slopes.len() - 1)];
        let interval = Interval { low: at((middle - half).floor()), high: at((middle + half).ceil()) };
        beside.sort_unstable_by(f64::total_cmp);
        Some(Self { per_second, interval, from: first.0, level: quantile(&beside, 0.5)? })
    }
}

/// Means of so many neighbours that few enough points are left.
fn condensed(points: &[Point]) -> Vec<Point> {
    let of_each = points.len().div_ceil(MOST_POINTS).max(1);
    let mean = |chunk: &[Point]| {
        let (at, level) = chunk.iter().fold((0.0, 0.0), |sum, point| (sum.0 + point.0, sum.1 + point.1));
        (at / chunk.len() as f64, level / chunk.len() as f64)
    };
    points.chunks(of_each).map(mean).collect()
}

/// How many slopes, of those of all pairs in order, the interval reaches to either side of the middle one.
fn half_width(points: usize, repetition: f64, confidence: f64) -> f64 {
    let n = points as f64;
    let variance = n * (n - 1.0) * 2.0_f64.mul_add(n, 5.0) / 18.0 * repetition;
    Normal::standard().inverse_cdf(f64::midpoint(1.0, confidence)) * variance.sqrt() / 2.0
}

/// By how much the variance of Kendall's S is larger than that of as many independent points, at least 1.
fn repetition(beside: &[f64]) -> f64 {
    let n = beside.len() as f64;
    let ranks = ranks(beside);
    let mean = (n - 1.0) / 2.0;
    let product = |lag: usize| -> f64 {
        ranks.iter().zip(&ranks[lag..]).map(|(one, other)| (one - mean) * (other - mean)).sum::<f64>()
    };
    let whole = product(0);
    if whole <= 0.0 {
        return 1.0;
    }
    // Correlations that chance alone makes are left out, as in the paper.
    let by_chance = Normal::standard().inverse_cdf(0.975) / n.sqrt();
    let mut sum = 0.0;
    for lag in 1..beside.len() / 2 {
        let correlation = product(lag) / whole;
        if correlation.abs() > by_chance {
            let k = lag as f64;
            sum += (n - k) * (n - k - 1.0) * (n - k - 2.0) * correlation;
        }
    }
    (1.0 + 2.0 * sum / (n * (n - 1.0) * (n - 2.0))).max(1.0)
}

/// The rank of each value, from 0; equal ones have the mean of theirs.
fn ranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_unstable_by(|one, other| values[*one].total_cmp(&values[*other]));
    let mut ranks = vec![0.0; values.len()];
    let mut from = 0;
    for equal in order.chunk_by(|one, other| values[*one].total_cmp(&values[*other]).is_eq()) {
        let rank = from as f64 + (equal.len() - 1) as f64 / 2.0;
        for &place in equal {
            ranks[place] = rank;
        }
        from += equal.len();
    }
    ranks
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::statistics::chance::Chance;
    use crate::statistics::simulation::normal;

    fn points(levels: impl IntoIterator<Item = f64>) -> Vec<Point> {
        levels.into_iter().enumerate().map(|(second, level)| (second as f64, level)).collect()
    }

    #[test]
    fn a_line_is_found_exactly_whatever_a_few_outliers_do() {
        let mut line = points((0..50).map(|second| 100.0 + 2.0 * f64::from(second)));
        line[7].1 = 1e9;
        line[30].1 = -1e9;
        let slope = Slope::of(&line, 0.95).expect("points enough");
        assert!((slope.per_second - 2.0).abs() < 1e-9, "{slope:?}");
        assert!((slope.level - 100.0).abs() < 1e-9, "{slope:?}");
        assert!(slope.interval.contains(2.0));
    }

    #[test]
    fn nothing_is_said_of_too_little() {
        assert_eq!(Slope::of(&points([1.0; 7]), 0.95), None);
        assert_eq!(Slope::of(&[(3.0, 1.0); 20], 0.95), None, "no time passed");
        let constant = Slope::of(&points([5.0; 20]), 0.95).expect("points enough");
        assert_eq!((constant.per_second, constant.level), (0.0, 5.0));
    }

    /// How often the interval of the slope of noise that remembers so much of itself has no slope in it.
    fn found_in_noise(memory: f64, runs: u64) -> f64 {
        let is_found = |run: &u64| {
            let mut chance = Chance::new(*run);
            let mut level = 0.0;
            let noise = (0..120).map(|_| {
                level = memory.mul_add(level, normal(&mut chance));
                level
            });
            Slope::of(&points(noise), 0.95).is_some_and(|slope| !slope.interval.contains(0.0))
        };
        (0..runs).filter(is_found).count() as f64 / runs as f64
    }

    #[test]
    fn noise_has_a_slope_about_as_often_as_the_confidence_says() {
        assert!(found_in_noise(0.0, 200) < 0.10);
        // Of noise that remembers, a plain interval finds a slope in every second run.
        assert!(found_in_noise(0.8, 200) < 0.25);
    }

    proptest! {
        #[test]
        fn what_is_added_to_all_levels_is_added_to_the_line(levels in prop::collection::vec(-1e3_f64..1e3, 8..60), more in -1e3_f64..1e3) {
            let plain = Slope::of(&points(levels.clone()), 0.95).expect("points enough");
            let raised = Slope::of(&points(levels.iter().map(|level| level + more)), 0.95).expect("points enough");
            prop_assert!((plain.per_second - raised.per_second).abs() < 1e-6);
            prop_assert!((plain.level + more - raised.level).abs() < 1e-6);
            prop_assert!(plain.interval.low <= plain.per_second && plain.per_second <= plain.interval.high);
        }
    }
}
