//! How far error rates are apart by chance where errors are few: resampled windows of three errors know nothing of a fourth.

use statrs::distribution::{ContinuousCDF, Normal};

use crate::statistics::windows::Windows;

/// Arrivals and failures of a side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Failures {
    arrivals: f64,
    failed: f64,
}

impl Failures {
    /// Of all windows of a side.
    pub(super) fn of(side: &[Windows]) -> Self {
        let windows = || side.iter().flat_map(|run| &run.windows);
        let sum = |count: u64| count as f64;
        Self {
            arrivals: sum(windows().map(|window| window.arrivals).sum()),
            failed: sum(windows().map(|window| window.failed).sum()),
        }
    }
}

impl Failures {
    /// Of one of so many runs, as they are in the mean.
    pub(super) fn of_each(self, runs: usize) -> Self {
        let runs = runs.max(1) as f64;
        Self { arrivals: self.arrivals / runs, failed: self.failed / runs }
    }
}

/// What the error rates of two sides differ by at the most, with this confidence, where both fail at the same rate and every
/// arrival by itself: two failures and two others are added to what each side saw, so that none seen is not taken for none there
/// (Agresti & Coull 1998). `None` without arrivals.
pub(super) fn least_difference(one: Failures, other: Failures, confidence: f64) -> Option<f64> {
    if one.arrivals < 1.0 || other.arrivals < 1.0 {
        return None;
    }
    let rate = (one.failed + other.failed + 4.0) / (one.arrivals + other.arrivals + 8.0);
    let deviation = (rate * (1.0 - rate) * (1.0 / one.arrivals + 1.0 / other.arrivals)).sqrt();
    let normal = Normal::new(0.0, 1.0).ok()?;
    Some(normal.inverse_cdf(0.5 + confidence / 2.0) * deviation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_errors_are_no_proof_that_there_are_none() {
        let of = |failed| Failures { arrivals: 2_400.0, failed };
        let least = least_difference(of(0.0), of(0.0), 0.95).expect("arrivals");
        assert!((1.0..4.0).contains(&(least * 2_400.0)), "{least}");
        assert!(least_difference(of(0.0), of(6.0), 0.999).expect("arrivals") * 2_400.0 > 6.0);
        assert!(least_difference(of(0.0), of(40.0), 0.999).expect("arrivals") * 2_400.0 < 40.0);
        assert_eq!(least_difference(Failures { arrivals: 0.0, failed: 0.0 }, of(1.0), 0.95), None);
    }
}
