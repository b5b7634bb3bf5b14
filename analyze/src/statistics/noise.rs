//! The noise floor: how much figures differ between runs that do not differ (A/A).

use std::ops::Range;

use super::blocks::Blocks;
use super::bootstrap::{LEAST_WINDOWS, Resampling};
use super::chance::Chance;
use super::distribution::quantile;
use super::matrix::{Matrix, Totals};
use super::statistic::{Scale, Statistic};
use super::windows::Windows;

/// How much a figure differs where nothing does: relative differences (0.03: three in a hundred) without their sign, of error
/// rates absolute ones.
#[derive(Debug, Clone, PartialEq)]
pub struct Noise {
    /// Which figure.
    pub statistic: Statistic,
    /// Between halves of each run, made of blocks drawn by chance, as it would be between whole runs; ascending. What
    /// changes from run to run does not show in these.
    pub within: Vec<f64>,
    /// Between every two of the runs; ascending. Empty for a single run.
    pub between: Vec<f64>,
}

impl Noise {
    /// The noise floor: what this share (0.95, say) of the differences within and of those between do not exceed, whichever
    /// is more. Few runs have few pairs: of up to six runs, 0.95 is the largest difference of all. `None` where there was not
    /// enough data for any difference.
    pub fn floor(&self, share: f64) -> Option<f64> {
        let floors = [quantile(&self.within, share), quantile(&self.between, share)];
        floors.into_iter().flatten().reduce(f64::max)
    }
}

/// The noise of figures of one run, or of several runs of the same thing. Each run is halved as often as there are
/// replicates; runs of fewer than 16 windows are not halved.
pub fn noise(runs: &[Windows], statistics: &[Statistic], resampling: Resampling) -> Vec<Noise> {
    let matrix = Matrix::new(runs);
    let blocks = Blocks::new(&matrix);
    let mut chance = Chance::new(resampling.seed);
    let noise = |&statistic| Noise { statistic, within: Vec::new(), between: Vec::new() };
    let mut found: Vec<Noise> = statistics.iter().map(noise).collect();

    let each: Vec<Totals> = blocks.runs().iter().map(|(rows, _)| matrix.sum_of(rows.clone())).collect();
    for (place, one) in each.iter().enumerate() {
        for other in &each[place + 1..] {
            for noise in &mut found {
                let distance = distance(noise.statistic, &matrix, [one, other]);
                noise.between.extend(distance.map(|distance| noise.statistic.scale().reading(distance)));
            }
        }
    }
    for (rows, length) in blocks.runs().iter().filter(|(rows, _)| rows.len() >= 2 * LEAST_WINDOWS) {
        for _ in 0..resampling.replicates {
            let halves = halves(rows, *length, matrix.windows(), &mut chance);
            let totals = halves.map(|taken| {
                let mut totals = Totals::default();
                matrix.sum(&taken, &mut totals);
                totals
            });
            for noise in &mut found {
                // Halves have half the windows, so their difference has twice the variance of that of whole runs.
                let distance = distance(noise.statistic, &matrix, [&totals[0], &totals[1]]);
                let distance = distance.map(|distance| distance / std::f64::consts::SQRT_2);
                noise.within.extend(distance.map(|distance| noise.statistic.scale().reading(distance)));
            }
        }
    }
    for noise in &mut found {
        noise.within.sort_unstable_by(f64::total_cmp);
        noise.between.sort_unstable_by(f64::total_cmp);
    }
    found
}

/// How far apart a figure of two sides lies on its scale. `None` where either has too few samples for it.
fn distance(statistic: Statistic, matrix: &Matrix, sides: [&Totals; 2]) -> Option<f64> {
    let need = statistic.needs();
    let scale: Scale = statistic.scale();
    let place = |totals: &Totals| {
        let enough = statistic.samples(totals) >= need;
        statistic.of(matrix, totals).filter(|_| enough).and_then(|value| scale.place(value))
    };
    Some((place(sides[0])? - place(sides[1])?).abs())
}

/// Which rows of a run each half takes: its blocks, from a place that chance chooses on, half of them to either side.
fn halves(rows: &Range<usize>, length: usize, windows: usize, chance: &mut Chance) -> [Vec<u32>; 2] {
    let start = chance.below(rows.len());
    let turned: Vec<usize> = (0..rows.len()).map(|place| rows.start + (start + place) % rows.len()).collect();
    let mut blocks: Vec<&[usize]> = turned.chunks(length).collect();
    chance.shuffle(&mut blocks);
    let mut halves = [vec![0; windows], vec![0; windows]];
    for (place, block) in blocks.iter().enumerate() {
        block.iter().for_each(|&row| halves[place % 2][row] = 1);
    }
    halves
}

#[cfg(test)]
mod tests {
    use runlog::units::Percentile;

    use super::*;
    use crate::statistics::simulation::{Service, even};

    const MEAN: [Statistic; 1] = [Statistic::Mean];
    const RESAMPLING: Resampling = Resampling { replicates: 100, seed: 1 };

    #[test]
    fn a_run_without_noise_has_a_floor_of_zero() {
        let found = noise(&[even(20), even(20)], &MEAN, RESAMPLING);
        assert_eq!(found[0].floor(0.95), Some(0.0));
        assert_eq!((found[0].within.len(), found[0].between.len()), (200, 1));
    }

    #[test]
    fn halves_of_a_run_say_how_far_whole_runs_are_apart() {
        let service = Service { memory: 0.0, per_window: 10, ..Service::default() };
        let runs: Vec<Windows> = (0..12).map(|seed| service.run(seed)).collect();
        let found = &noise(&runs, &MEAN, RESAMPLING)[0];
        let median = |differences: &[f64]| quantile(differences, 0.5).expect("data");
        let ratio = median(&found.within) / median(&found.between);
        assert!((0.7..1.4).contains(&ratio), "{ratio}");
        assert_eq!(found.between.len(), 66);
    }

    #[test]
    fn what_differs_from_run_to_run_raises_the_floor() {
        let runs = [10e6, 11e6, 12e6].map(|typical_ns| Service { typical_ns, ..Service::default() }.run(4));
        let floor = |runs| noise(runs, &MEAN, RESAMPLING)[0].floor(0.95).expect("data");
        assert!((floor(&runs) - 0.2).abs() < 0.01, "{}", floor(&runs));
        assert!(floor(&runs[..1]) < 0.1, "{}", floor(&runs[..1]));
    }

    #[test]
    fn without_enough_data_there_is_no_floor() {
        let p999 = [Statistic::Percentile(Percentile::P999)];
        assert_eq!(noise(&[Service::default().run(1)], &p999, RESAMPLING)[0].floor(0.95), None);
        assert_eq!(noise(&[even(15)], &MEAN, RESAMPLING)[0].floor(0.95), None);
        assert_eq!(noise(&[], &MEAN, RESAMPLING)[0].floor(0.95), None);
    }
}
