//! How far figures of a side (one run, or several of the same thing) are to be trusted, from resampling its windows.

use super::blocks::Blocks;
use super::chance::Chance;
use super::distribution::variance;
use super::matrix::{Matrix, Totals};
use super::statistic::{Scale, Statistic};
use super::windows::Windows;

/// How many windows a side must have for anything to be said of it.
pub const LEAST_WINDOWS: usize = 8;

/// What there is too little of for a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// Windows: neighbours are alike, and few windows do not tell how much they differ.
    Windows {
        /// So many there are.
        have: usize,
        /// So many it takes.
        need: usize,
    },
    /// Samples: so few that perhaps none lies beyond the percentile.
    Samples {
        /// So many there are.
        have: u64,
        /// So many it takes.
        need: u64,
    },
    /// A value: there is none, or it is zero and nothing can be measured by it.
    Value,
    /// Precision: it moved so much while it was measured that half or twice as much would not be seen.
    Precision,
}

/// How a side is resampled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resampling {
    /// How many resamples: 1000 tell an interval of 95 %, 2000 one of 99 %.
    pub replicates: usize,
    /// What chance is derived from: the same seed, the same figures.
    pub seed: u64,
}

impl Default for Resampling {
    fn default() -> Self {
        Self { replicates: 1000, seed: 0 }
    }
}

/// A figure of a side with what its resamples gave.
#[derive(Debug, Clone)]
pub struct Figure {
    /// Which figure.
    pub statistic: Statistic,
    /// Its value. `None` where there is none, or too few samples for it.
    pub value: Option<f64>,
    /// How many samples it is of.
    pub samples: u64,
    /// What there is too little of, if anything.
    pub shortage: Option<Shortage>,
    /// The resamples on the statistic's scale, in the order they were drawn; their spread is that of the value.
    pub resamples: Vec<f64>,
    /// How many arrivals there were, where none of them failed and the figure is an error rate.
    pub spotless: Option<u64>,
    /// Degrees of freedom of the resamples' spread.
    pub freedom: f64,
}

/// Figures of a side, resampled all at once: they may be compared with many others.
#[derive(Debug, Clone)]
pub struct Resampled {
    /// The figures, in the order asked for.
    pub figures: Vec<Figure>,
}

impl Resampled {
    /// Resamples the windows of a side: one run, or several of the same thing. Windows should be of a stretch without a
    /// trend: a ramp counts as noise.
    pub fn new(runs: &[Windows], statistics: &[Statistic], resampling: Resampling) -> Self {
        let matrix = Matrix::new(runs);
        let totals = matrix.sum_of(0..matrix.windows());
        let blocks = Blocks::new(&matrix);
        let replicates = match shortage_of_windows(&matrix) {
            Some(_) => vec![Vec::new(); statistics.len()],
            None => replicates(&matrix, &blocks, statistics, resampling),
        };
        let each: Vec<Totals> = blocks.runs().iter().map(|(rows, _)| matrix.sum_of(rows.clone())).collect();
        let figure = |(&statistic, resamples): (&Statistic, Vec<f64>)| {
            let places: Vec<f64> =
                each.iter().filter_map(|run| statistic.scale().place(statistic.of(&matrix, run)?)).collect();
            let spread = Spread::new(&resamples, blocks.count(), &places);
            Figure::new(statistic, &matrix, &totals, spread.applied(resamples))
        };
        Self { figures: statistics.iter().zip(replicates).map(figure).collect() }
    }
}

impl Figure {
    fn new(statistic: Statistic, matrix: &Matrix, totals: &Totals, (resamples, freedom): (Vec<f64>, f64)) -> Self {
        let samples = statistic.samples(totals);
        let need = statistic.needs();
        let too_few = (samples < need).then_some(Shortage::Samples { have: samples, need });
        let value = if too_few.is_some() { None } else { statistic.of(matrix, totals) };
        let placeless = value.and_then(|value| statistic.scale().place(value)).is_none();
        let shortage = too_few.or_else(|| shortage_of_windows(matrix)).or(placeless.then_some(Shortage::Value));
        let spotless = (statistic == Statistic::ErrorRate && totals.failed == 0).then_some(totals.arrivals);
        Self { statistic, value, samples, shortage, resamples, spotless, freedom }
    }

    /// The value on the statistic's scale.
    pub fn place(&self) -> Option<f64> {
        self.scale().place(self.value?)
    }

    /// The statistic's scale.
    pub const fn scale(&self) -> Scale {
        self.statistic.scale()
    }
}

fn shortage_of_windows(matrix: &Matrix) -> Option<Shortage> {
    let have = matrix.windows();
    (have < LEAST_WINDOWS).then_some(Shortage::Windows { have, need: LEAST_WINDOWS })
}

/// What resamples give for each statistic, on its scale.
fn replicates(matrix: &Matrix, blocks: &Blocks, statistics: &[Statistic], resampling: Resampling) -> Vec<Vec<f64>> {
    let mut chance = Chance::new(resampling.seed);
    let mut taken = vec![0; matrix.windows()];
    let mut totals = Totals::default();
    let mut found = vec![Vec::with_capacity(resampling.replicates); statistics.len()];
    for _ in 0..resampling.replicates {
        blocks.draw(&mut chance, &mut taken);
        matrix.sum(&taken, &mut totals);
        for (statistic, found) in statistics.iter().zip(&mut found) {
            found.extend(statistic.of(matrix, &totals).and_then(|value| statistic.scale().place(value)));
        }
    }
    found
}

/// How the spread of resamples has to be read.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Spread {
    /// By how much the distances of resamples from their mean are too short.
    stretch: f64,
    /// The degrees of freedom of what remains.
    freedom: f64,
}

impl Spread {
    /// Of resamples of so many blocks in all, given the figure of each run.
    ///
    /// A resample of m blocks varies by (m − 1)/m of what m blocks vary by. Of R runs, the hierarchical bootstrap varies by
    /// (R − 1)/R·B + W, where B is the variance of the runs' mean as their differences show it and W what their windows
    /// explain of it: B has W in it already, so W counted twice. What is meant is the larger of the two.
    fn new(resamples: &[f64], blocks: f64, runs: &[f64]) -> Self {
        let within_freedom = (blocks - 1.0).max(1.0);
        let expanded = blocks / within_freedom;
        let count = runs.len() as f64;
        if runs.len() < 2 {
            return Self { stretch: expanded.sqrt(), freedom: within_freedom };
        }
        let found = variance(resamples);
        let between = variance(runs) / count;
        let within = (found - (count - 1.0) / count * between).max(0.0) * expanded;
        let meant = between.max(within);
        if found <= 0.0 || meant <= 0.0 {
            return Self { stretch: 1.0, freedom: count - 1.0 };
        }
        // Degrees of freedom of a sum of two parts, each with its own (Satterthwaite: An Approximate Distribution of
        // Estimates of Variance Components, 1946).
        let part = (1.0 - within / meant).max(0.0);
        let freedom = 1.0 / (part.powi(2) / (count - 1.0) + (1.0 - part).powi(2) / within_freedom);
        Self { stretch: (meant / found).sqrt(), freedom }
    }

    fn applied(self, mut resamples: Vec<f64>) -> (Vec<f64>, f64) {
        let mean = resamples.iter().sum::<f64>() / resamples.len().max(1) as f64;
        for value in &mut resamples {
            *value = mean + self.stretch * (*value - mean);
        }
        (resamples, self.freedom)
    }
}
