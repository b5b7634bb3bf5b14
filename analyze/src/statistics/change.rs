//! Change points in a series of one number per run: at which run something became different.
//!
//! E-divisive (Matteson, James: A Nonparametric Approach for Multiple Change Point Analysis of Multivariate Data, 2014),
//! as Hunter (Fleming et al.: Hunter: Using Change Point Detection to Hunt for Performance Regressions, 2023) made it the
//! practice for performance. Hunter asks Student's t whether a change is real; here it is the paper's permutations, seeded.

use std::ops::Range;

use super::chance::Chance;
use super::distribution::quantile;

/// What counts as a change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    /// How many runs there must be on either side of a change, at least 2. With 3, one that begins at the last run but two is
    /// found.
    pub shortest: usize,
    /// The largest p-value that is believed. Every segment is looked at anew and many figures are followed: 0.05 would find
    /// something in every twentieth series without a change.
    pub significance: f64,
    /// How many permutations each change is tested by, at the most. They bound p from below: 999 tell 0.001.
    pub permutations: usize,
    /// What chance is derived from: the same seed, the same changes.
    pub seed: u64,
}

impl Default for Detection {
    fn default() -> Self {
        Self { shortest: 3, significance: 0.01, permutations: 999, seed: 0 }
    }
}

/// A split is as good as told from chance once so many permutations diverge as much: what is noise is not looked at for long,
/// and the p-value stays exact (Besag, Clifford: Sequential Monte Carlo p-values, 1991).
const ENOUGH: usize = 20;

/// A change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Change {
    /// The first run after it, counted from 0.
    pub first: usize,
    /// The median from the change before (or the start) to this one.
    pub before: f64,
    /// The median from this change to the next one (or the end).
    pub after: f64,
    /// By how much the median changed: after/before − 1. `None` where it was zero.
    pub relative: Option<f64>,
    /// How surprising it would be if runs had come in any order.
    pub p_value: f64,
}

/// The changes in a series, in its order. Values are finite, one for each run, oldest first. Takes a time that grows with the
/// square of their number.
pub fn changes(series: &[f64], detection: Detection) -> Vec<Change> {
    let mut chance = Chance::new(detection.seed);
    let mut found: Vec<(usize, f64)> = Vec::new();
    loop {
        let segments = segments(&found, series.len());
        let Some(split) = best_split(series, &segments, detection.shortest) else { break };
        let p_value = significance(series, &segments, split, detection, &mut chance);
        if p_value > detection.significance {
            break;
        }
        found.push((split.first, p_value));
        found.sort_unstable_by_key(|&(first, _)| first);
    }
    let medians: Vec<f64> = segments(&found, series.len()).into_iter().map(|runs| median(&series[runs])).collect();
    let around = medians.windows(2).map(|pair| (pair[0], pair[1]));
    let change = |((first, p_value), (before, after)): ((usize, f64), (f64, f64))| {
        let relative = (before != 0.0).then(|| after / before - 1.0);
        Change { first, before, after, relative, p_value }
    };
    found.into_iter().zip(around).map(change).collect()
}

/// How surprising the best single split of a series would be if runs had come in any order: the p-value of whatever change is
/// found in it first. 1 where the series is too short for any.
pub fn p_value(series: &[f64], detection: Detection) -> f64 {
    let whole = segments(&[], series.len());
    let split = best_split(series, &whole, detection.shortest);
    let mut chance = Chance::new(detection.seed);
    split.map_or(1.0, |split| significance(series, &whole, split, detection, &mut chance))
}

/// What lies between changes.
fn segments(found: &[(usize, f64)], count: usize) -> Vec<Range<usize>> {
    let starts = std::iter::once(0).chain(found.iter().map(|&(first, _)| first));
    let ends = found.iter().map(|&(first, _)| first).chain([count]);
    starts.zip(ends).map(|(start, end)| start..end).collect()
}

/// A place where a segment may be split in two.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Split {
    first: usize,
    divergence: f64,
}

/// The split of all segments whose sides diverge the most. `None` where segments are too short.
fn best_split(series: &[f64], segments: &[Range<usize>], shortest: usize) -> Option<Split> {
    let splits = segments.iter().filter_map(|runs| {
        let split = split(&series[runs.clone()], shortest.max(2))?;
        Some(Split { first: runs.start + split.first, ..split })
    });
    splits.max_by(|a, b| a.divergence.total_cmp(&b.divergence))
}

/// The share of permutations within segments that diverge as much, the series itself counted as one of them; of as many
/// permutations as it takes.
fn significance(
    series: &[f64],
    segments: &[Range<usize>],
    split: Split,
    detection: Detection,
    chance: &mut Chance,
) -> f64 {
    let mut shuffled = series.to_vec();
    let mut as_much = 0_usize;
    for done in 1..=detection.permutations {
        for runs in segments {
            chance.shuffle(&mut shuffled[runs.clone()]);
        }
        let best = best_split(&shuffled, segments, detection.shortest);
        // Sums of the same distances in another order differ by rounding.
        let bound = split.divergence * (1.0 - 1e-9);
        as_much += usize::from(best.is_some_and(|best| best.divergence >= bound));
        if as_much == ENOUGH {
            return as_much as f64 / done as f64;
        }
    }
    (as_much + 1) as f64 / (detection.permutations + 1) as f64
}

/// The best split of a segment: the τ for which, with some κ, the values before τ and those from τ to before κ diverge the most
/// (formulas 5 to 8 of the paper, with distances as they are: α = 1).
fn split(series: &[f64], shortest: usize) -> Option<Split> {
    let distance = |a: f64, b: f64| (a - b).abs();
    // The distances of each value from all values before it, and from those before τ.
    let from_all: Vec<f64> =
        series.iter().enumerate().map(|(j, &b)| series[..j].iter().map(|&a| distance(a, b)).sum()).collect();
    let mut from_left = vec![0.0; series.len()];
    // A permutation has to be looked at in microseconds, and divisions are what takes the longest.
    let inverse: Vec<f64> = (0..=series.len()).map(|count| 1.0 / count as f64).collect();
    let mut best: Option<Split> = None;
    let mut within_left = 0.0;
    for tau in 1..series.len() {
        within_left += from_all[tau - 1];
        let newest = series[tau - 1];
        let behind = from_left[tau..].iter_mut().zip(&series[tau..]);
        behind.for_each(|(sum, &value)| *sum += distance(newest, value));
        if tau < shortest {
            continue;
        }
        let left = tau as f64;
        let mean_left = within_left * inverse[tau - 1];
        let (mut across, mut within_right) = (0.0, 0.0);
        for (place, (from_left, from_all)) in from_left[tau..].iter().zip(&from_all[tau..]).enumerate() {
            across += from_left;
            within_right += from_all - from_left;
            let right = place + 1;
            if right < shortest {
                continue;
            }
            // (l·r)/(l + r) × (2·across/(l·r) − within_l/(l·(l − 1)/2) − within_r/(r·(r − 1)/2)), multiplied out.
            let inner = across - right as f64 * mean_left - left * within_right * inverse[place];
            let divergence = 2.0 * inner * inverse[tau + right];
            if best.is_none_or(|best| divergence > best.divergence) {
                best = Some(Split { first: tau, divergence });
            }
        }
    }
    best
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    quantile(&sorted, 0.5).unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::chance::Chance;

    /// Runs around these levels, each with the noise of a few percent that runs have.
    fn series(levels: &[(usize, f64)], seed: u64) -> Vec<f64> {
        let mut chance = Chance::new(seed);
        let runs = levels.iter().flat_map(|&(count, level)| std::iter::repeat_n(level, count));
        runs.map(|level| level * (1.0 + 0.06 * (chance.fraction() - 0.5))).collect()
    }

    fn firsts(series: &[f64]) -> Vec<usize> {
        let quick = Detection { permutations: 199, ..Detection::default() };
        changes(series, quick).into_iter().map(|change| change.first).collect()
    }

    #[test]
    fn the_run_at_which_it_began_is_named() {
        let series = series(&[(20, 100.0), (20, 112.0)], 1);
        let found = changes(&series, Detection::default());
        let [change] = found.as_slice() else { panic!("{found:?}") };
        assert_eq!(change.first, 20);
        assert!((change.before - 100.0).abs() < 1.0 && (change.after - 112.0).abs() < 1.0, "{change:?}");
        assert!((change.relative.expect("a base") - 0.12).abs() < 0.02, "{change:?}");
        assert!(change.p_value <= 0.001 + 1e-9, "{change:?}");
        assert_eq!(found, changes(&series, Detection::default()), "the same seed, the same changes");
    }

    #[test]
    fn what_came_and_went_is_two_changes() {
        assert_eq!(firsts(&series(&[(15, 100.0), (6, 115.0), (15, 100.0)], 2)), [15, 21]);
    }

    #[test]
    fn steps_are_told_apart() {
        assert_eq!(firsts(&series(&[(12, 100.0), (12, 110.0), (12, 125.0)], 3)), [12, 24]);
    }

    #[test]
    fn a_change_shows_after_three_runs() {
        assert_eq!(firsts(&series(&[(20, 100.0), (3, 130.0)], 4)), [20]);
        assert!(firsts(&series(&[(20, 100.0), (1, 130.0)], 4)).is_empty(), "one run is an outlier");
    }

    #[test]
    fn noise_is_no_change() {
        let alarms = (0..30).filter(|&seed| !firsts(&series(&[(24, 100.0)], seed)).is_empty()).count();
        assert!(alarms <= 2, "{alarms} of 30 at a significance of 0.01");
    }

    #[test]
    fn the_split_is_the_one_that_the_formula_written_out_finds() {
        let mean_distance = |a: &[f64], b: &[f64]| {
            let sum: f64 = a.iter().flat_map(|a| b.iter().map(move |b| (a - b).abs())).sum();
            sum / (a.len() * b.len()) as f64
        };
        // Over pairs of different values: n² pairs have n(n − 1) of them.
        let within = |a: &[f64]| mean_distance(a, a) * a.len() as f64 / (a.len() as f64 - 1.0);
        for seed in 0..20 {
            let series = series(&[(5, 100.0), (4, 103.0), (6, 99.0)], seed);
            let mut best = (0, 0.0);
            for tau in 3..series.len() {
                for kappa in tau + 3..=series.len() {
                    let (left, right) = (&series[..tau], &series[tau..kappa]);
                    let weight = (left.len() * right.len()) as f64 / kappa as f64;
                    let divergence = weight * (2.0 * mean_distance(left, right) - within(left) - within(right));
                    best = if divergence > best.1 { (tau, divergence) } else { best };
                }
            }
            let found = split(&series, 3).expect("long enough");
            assert_eq!(found.first, best.0, "{seed}");
            assert!((found.divergence - best.1).abs() < 1e-9, "{seed}");
        }
    }

    /// Expected: numpy, with the mean distance of all pairs for every τ and κ, as the paper's formulas say.
    #[test]
    fn the_split_is_the_one_that_numpy_finds() {
        let series = [
            102.1, 98.4, 100.9, 99.5, 101.7, 97.8, 100.2, 130.6, 128.9, 133.2, 129.4, 131.1, 127.5, 119.8, 121.3, 118.6,
        ];
        let split = split(&series, 3).expect("long enough");
        assert_eq!(split.first, 7);
        assert!((split.divergence - 179.796_923_076_923_1).abs() < 1e-9, "{split:?}");
    }

    /// Expected: numpy, 100,000 permutations of another generator; twenty that diverge as much tell it to a fifth.
    #[test]
    fn the_p_value_is_the_one_that_numpy_finds() {
        let series = [100.4, 97.9, 102.6, 99.1, 101.3, 98.2, 102.9, 104.8, 106.6, 103.9, 107.1, 102.7];
        let found = p_value(&series, Detection { permutations: 9_999, ..Detection::default() });
        assert!((found - 0.017_51).abs() < 0.008, "{found}");
    }

    #[test]
    fn the_p_value_of_a_series_is_that_of_what_is_found_in_it_first() {
        let series = series(&[(9, 100.0), (7, 112.0)], 6);
        let detection = Detection::default();
        let [change] = changes(&series, detection)[..] else { panic!("one change") };
        assert!((p_value(&series, detection) - change.p_value).abs() < 1e-12);
        assert!((p_value(&[1.0, 2.0], detection) - 1.0).abs() < 1e-12, "too short");
    }

    #[test]
    fn short_and_constant_series_have_no_changes() {
        for series in [&[][..], &[1.0], &[1.0, 2.0, 3.0, 4.0], &[5.0; 30]] {
            assert!(firsts(series).is_empty(), "{series:?}");
        }
    }
}
