//! Whether the times of two sides are spread differently: also where no percentile that anybody looks at shows it.

use super::blocks::Blocks;
use super::bootstrap::{LEAST_WINDOWS, Resampling, Shortage};
use super::chance::Chance;
use super::matrix::{Matrix, Totals};
use super::windows::Windows;

/// How differently the times of two sides are spread, and how surprising that would be if they were not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// The distance of Kolmogorov and Smirnov, from 0 to 1: sees what moves in the middle.
    pub kolmogorov_smirnov: f64,
    /// The first Wasserstein distance of the logarithms: sees how far the tail moves.
    pub wasserstein_log: f64,
    /// How surprising the more telling of the two would be between sides that do not differ; both looks are paid for
    /// (Bonferroni).
    pub p_value: f64,
}

/// The two distances between distributions.
#[derive(Debug, Clone, Copy, Default)]
struct Distances {
    kolmogorov_smirnov: f64,
    wasserstein_log: f64,
}

/// Tests whether the times of two sides are spread alike.
///
/// Samples that follow each other are alike, so the textbook's p-value of Kolmogorov and Smirnov does not hold. What
/// distances chance makes is seen in resamples of blocks of windows instead: how far the difference of the resampled
/// distributions is from the difference of those found (the bootstrap of an empirical process; van der Vaart, Wellner: Weak
/// Convergence and Empirical Processes, 1996, section 3.7).
///
/// # Errors
/// What there is too little of.
pub fn compare_shapes(base: &[Windows], run: &[Windows], resampling: Resampling) -> Result<Shape, Shortage> {
    let [base, run] = Matrix::pair(base, run);
    let have = base.windows().min(run.windows());
    if have < LEAST_WINDOWS {
        return Err(Shortage::Windows { have, need: LEAST_WINDOWS });
    }
    let steps: Vec<f64> = base.middles_ns().windows(2).map(|pair| (pair[1].max(1.0) / pair[0].max(1.0)).ln()).collect();
    let (mut base, mut run) = (Side::new(&base)?, Side::new(&run)?);
    let ahead = |base: &[f64], run: &[f64]| base.iter().zip(run).map(|(base, run)| run - base).collect::<Vec<_>>();
    let found = Distances::new(&ahead(&base.found, &run.found), &steps);

    let mut chance = Chance::new(resampling.seed);
    let mut as_far = [0_usize; 2];
    for _ in 0..resampling.replicates {
        let by_chance = Distances::new(&ahead(&base.moved(&mut chance), &run.moved(&mut chance)), &steps);
        as_far[0] += usize::from(by_chance.kolmogorov_smirnov >= found.kolmogorov_smirnov);
        as_far[1] += usize::from(by_chance.wasserstein_log >= found.wasserstein_log);
    }
    let least = as_far[0].min(as_far[1]);
    let p_value = (2.0 * (least + 1) as f64 / (resampling.replicates + 1) as f64).min(1.0);
    let Distances { kolmogorov_smirnov, wasserstein_log } = found;
    Ok(Shape { kolmogorov_smirnov, wasserstein_log, p_value })
}

impl Distances {
    /// Of how far one distribution function is ahead of the other at each bucket, and how far buckets are apart.
    fn new(ahead: &[f64], steps: &[f64]) -> Self {
        ahead.iter().enumerate().fold(Self::default(), |distances, (place, ahead)| Self {
            kolmogorov_smirnov: distances.kolmogorov_smirnov.max(ahead.abs()),
            wasserstein_log: distances.wasserstein_log + ahead.abs() * steps.get(place).unwrap_or(&0.0),
        })
    }
}

/// A side that is resampled.
struct Side<'a> {
    matrix: &'a Matrix,
    blocks: Blocks,
    /// The share of times up to each bucket.
    found: Vec<f64>,
    /// By how much resamples vary too little: (m − 1)/m of the variance for m blocks, or runs where there are several.
    stretch: f64,
    taken: Vec<u32>,
    totals: Totals,
}

impl<'a> Side<'a> {
    fn new(matrix: &'a Matrix) -> Result<Self, Shortage> {
        let blocks = Blocks::new(matrix);
        let found = cumulative(&matrix.sum_of(0..matrix.windows())).ok_or(Shortage::Value)?;
        let pieces = if blocks.runs().len() > 1 { blocks.runs().len() as f64 } else { blocks.count() };
        let stretch = (pieces / (pieces - 1.0)).sqrt();
        Ok(Self { matrix, blocks, found, stretch, taken: vec![0; matrix.windows()], totals: Totals::default() })
    }

    /// How far a resample moves the share of times up to each bucket.
    fn moved(&mut self, chance: &mut Chance) -> Vec<f64> {
        self.blocks.draw(chance, &mut self.taken);
        self.matrix.sum(&self.taken, &mut self.totals);
        let resampled = cumulative(&self.totals).unwrap_or_else(|| self.found.clone());
        resampled.iter().zip(&self.found).map(|(moved, found)| self.stretch * (moved - found)).collect()
    }
}

/// The share of times up to each column. `None` without times.
fn cumulative(totals: &Totals) -> Option<Vec<f64>> {
    let answered = totals.answered();
    let sums = totals.counts.iter().scan(0, |sum, count| {
        *sum += count;
        Some(*sum as f64 / answered as f64)
    });
    (answered > 0).then(|| sums.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::effect::Effect;
    use crate::statistics::simulation::Service;

    const RESAMPLING: Resampling = Resampling { replicates: 99, seed: 1 };

    #[test]
    fn the_distances_are_those_of_the_merged_times() {
        let [base, run] = [1, 2].map(|seed| Service::default().run(seed));
        let effect = Effect::new(&base.times(), &run.times()).expect("times");
        let shape = compare_shapes(&[base], &[run], RESAMPLING).expect("data");
        assert!((shape.kolmogorov_smirnov - effect.kolmogorov_smirnov).abs() < 1e-9);
        assert!((shape.wasserstein_log.exp() - effect.wasserstein_factor).abs() < 1e-9);
    }

    #[test]
    fn the_same_median_with_a_wider_spread_is_another_shape() {
        let base = [Service::default().run(1)];
        let wider = [Service { within: 0.6, ..Service::default() }.run(2)];
        let shape = compare_shapes(&base, &wider, RESAMPLING).expect("data");
        assert!(shape.p_value <= 0.02, "{shape:?}");
    }

    #[test]
    fn runs_that_do_not_differ_are_seldom_called_different() {
        // Levels that remember make the textbook's test cry wolf in most cases.
        let service = Service { windows: 32, per_window: 12, ..Service::default() };
        let alarms = (0..24).filter(|pair| {
            let sides = [[service.run(2 * pair)], [service.run(2 * pair + 1)]];
            let shape = compare_shapes(&sides[0], &sides[1], Resampling { replicates: 59, seed: *pair });
            shape.expect("data").p_value < 0.05
        });
        let alarms = alarms.count();
        assert!(alarms <= 5, "{alarms}");
    }

    #[test]
    fn too_little_data_is_said() {
        let few = [Service { windows: 5, ..Service::default() }.run(1)];
        assert_eq!(compare_shapes(&few, &few, RESAMPLING), Err(Shortage::Windows { have: 5, need: 8 }));
        let silent = [Service { per_window: 0, ..Service::default() }.run(1)];
        assert_eq!(compare_shapes(&silent, &silent, RESAMPLING), Err(Shortage::Value));
    }
}
