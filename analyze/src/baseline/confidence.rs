//! How sure a gate has to be of each figure, so that all of them together seldom fail by chance.

use statrs::distribution::{ContinuousCDF, Normal};

use super::Baseline;

/// How often a gate may fail where nothing has changed: one time in a hundred, whatever the number of its figures.
const FALSE_ALARMS: f64 = 0.01;
/// What saved noise covers: what 95 of 100 differences do not exceed.
const SAVED_NOISE: f64 = 0.95;

/// The confidence of each figure's interval: every figure has the same share of the false alarms (Bonferroni), and only
/// differences for the worse are one.
pub fn confidence(baseline: &Baseline) -> f64 {
    let figures = baseline.requests.iter().map(|expected| expected.figures.len()).sum::<usize>() + baseline.total.len();
    1.0 - 2.0 * FALSE_ALARMS / figures.max(1) as f64
}

/// By how much a saved noise floor has to be widened to cover as many differences as the intervals do: the quotient of
/// the normal distribution's quantiles.
pub fn widening(baseline: &Baseline) -> f64 {
    let Ok(normal) = Normal::new(0.0, 1.0) else { return 1.0 };
    let two_sided = |confidence: f64| normal.inverse_cdf(0.5 + confidence / 2.0);
    (two_sided(confidence(baseline)) / two_sided(SAVED_NOISE)).max(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::{Figure, Measure};

    #[test]
    fn the_more_figures_the_surer_each_has_to_be() {
        let figure = Figure { measure: Measure::P95, value: 1e6, noise: None };
        let of = |figures: usize| Baseline { total: vec![figure; figures], ..Baseline::default() };
        assert!((confidence(&of(1)) - 0.98).abs() < 1e-12);
        assert!((confidence(&of(20)) - 0.999).abs() < 1e-12);
        // scipy: norm.isf(0.0005) / norm.isf(0.025)
        assert!((widening(&of(20)) - 1.678_88).abs() < 1e-4, "{}", widening(&of(20)));
    }
}
