//! The figures that are compared, computed from sums of windows.

use runlog::sketch::{highest, lowest};
use runlog::units::Percentile;

use super::matrix::{Matrix, Totals};

/// A figure that is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Statistic {
    /// A percentile of the times by nearest rank, in nanoseconds. Within its bucket samples count as evenly spread, so that
    /// a resample does not jump from bucket to bucket.
    Percentile(Percentile),
    /// The mean of the times, in nanoseconds; each counts as the middle of its bucket (within 1/256).
    Mean,
    /// The share of arrivals that failed.
    ErrorRate,
    /// Arrivals per second that did not fail.
    Throughput,
}

/// How two values of a figure are held against each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scale {
    /// By their quotient: run/base − 1.
    Ratio,
    /// By their difference: run − base. For shares, which may well be zero.
    Difference,
}

impl Scale {
    /// Where a value lies on the scale on which values are subtracted; `None` where it does not.
    pub fn place(self, value: f64) -> Option<f64> {
        match self {
            Self::Ratio => (value > 0.0 && value.is_finite()).then(|| value.ln()),
            Self::Difference => value.is_finite().then_some(value),
        }
    }

    /// What people read for a distance on the scale: 0.1 for a tenth more.
    pub fn reading(self, distance: f64) -> f64 {
        match self {
            Self::Ratio => distance.exp_m1(),
            Self::Difference => distance,
        }
    }
}

impl Statistic {
    /// How two of its values are held against each other.
    pub const fn scale(self) -> Scale {
        match self {
            Self::Percentile(_) | Self::Mean | Self::Throughput => Scale::Ratio,
            Self::ErrorRate => Scale::Difference,
        }
    }

    /// Whether more of it is better.
    pub const fn more_is_better(self) -> bool {
        matches!(self, Self::Throughput)
    }

    /// How many samples (answered arrivals; of an error rate, arrivals) it takes to say anything of it.
    pub fn needs(self) -> u64 {
        match self {
            Self::Percentile(percentile) => percentile.samples_needed(),
            Self::Mean | Self::ErrorRate | Self::Throughput => 1,
        }
    }

    /// How many samples there are of it.
    pub fn samples(self, totals: &Totals) -> u64 {
        match self {
            Self::Percentile(_) | Self::Mean | Self::Throughput => totals.answered(),
            Self::ErrorRate => totals.arrivals,
        }
    }

    /// Its value for this sum of a matrix's rows. `None` where there is nothing to compute it from.
    pub fn of(self, matrix: &Matrix, totals: &Totals) -> Option<f64> {
        match self {
            Self::Percentile(percentile) => percentile_ns(matrix.buckets(), &totals.counts, percentile),
            Self::Mean => {
                let answered = totals.answered();
                let sum: f64 =
                    totals.counts.iter().zip(matrix.middles_ns()).map(|(&count, middle)| count as f64 * middle).sum();
                (answered > 0).then(|| sum / answered as f64)
            }
            Self::ErrorRate => (totals.arrivals > 0).then(|| totals.failed as f64 / totals.arrivals as f64),
            Self::Throughput => (totals.span_ns > 0)
                .then(|| totals.arrivals.saturating_sub(totals.failed) as f64 * 1e9 / totals.span_ns as f64),
        }
    }
}

/// A percentile by nearest rank of times in buckets (ascending), in nanoseconds, as if the times of a bucket were evenly
/// spread over it. `None` without times.
fn percentile_ns(buckets: &[usize], counts: &[u64], percentile: Percentile) -> Option<f64> {
    let place = percentile.index(usize::try_from(counts.iter().sum::<u64>()).ok()?)? as u64;
    let mut before = 0;
    for (&bucket, &count) in buckets.iter().zip(counts) {
        if place < before + count {
            let part = ((place - before) as f64 + 0.5) / count as f64;
            let (low, high) = (lowest(bucket) as f64, highest(bucket) as f64);
            return Some(low + part * (high - low));
        }
        before += count;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::windows::{Window, Windows};
    use proptest::prelude::*;
    use runlog::units::Nanos;

    fn figure(statistic: Statistic, window: Window) -> Option<f64> {
        let matrix = Matrix::new(&[Windows { width: Nanos::from_secs(2), windows: vec![window] }]);
        statistic.of(&matrix, &matrix.sum_of(0..1))
    }

    #[test]
    fn figures_of_a_window_that_is_counted_by_hand() {
        let window = Window { times: [10, 20, 30, 40].into_iter().collect(), arrivals: 5, failed: 1 };
        assert_eq!(figure(Statistic::Mean, window.clone()), Some(25.0));
        assert_eq!(figure(Statistic::Percentile(Percentile::P50), window.clone()), Some(20.0));
        assert_eq!(figure(Statistic::ErrorRate, window.clone()), Some(0.2));
        assert_eq!(figure(Statistic::Throughput, window), Some(2.0));
    }

    #[test]
    fn nothing_has_no_figures_but_a_throughput_of_zero() {
        for statistic in [Statistic::Mean, Statistic::Percentile(Percentile::P50), Statistic::ErrorRate] {
            assert_eq!(figure(statistic, Window::default()), None);
        }
        assert_eq!(figure(Statistic::Throughput, Window::default()), Some(0.0));
    }

    proptest! {
        #[test]
        fn a_percentile_lies_in_the_bucket_of_the_sorted_sample(
            times in proptest::collection::vec(0_u64..1_000_000_000, 1..200),
            percent in 0_u32..=100,
        ) {
            let percentile: Percentile = percent.to_string().parse().expect("a percentile");
            let mut sorted = times.clone();
            sorted.sort_unstable();
            let exact = sorted[percentile.index(sorted.len()).expect("samples")] as f64;
            let window = Window { times: times.into_iter().collect(), arrivals: 0, failed: 0 };
            let found = figure(Statistic::Percentile(percentile), window).expect("samples");
            prop_assert!((found - exact).abs() <= exact / 128.0, "{found} for {exact}");
        }
    }
}
