//! Where a difference lies: the point estimate with the distribution of its resamples, read as intervals and p-values.

use statrs::distribution::{ContinuousCDF, Normal, StudentsT};

/// The ends of an interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Interval {
    /// Whether a value lies within, the ends included.
    pub fn contains(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }

    /// Whether all of it lies within ±`margin`.
    pub fn within(&self, margin: f64) -> bool {
        -margin <= self.low && self.high <= margin
    }
}

/// A difference, and how it came out in resamples.
#[derive(Debug, Clone)]
pub struct Distribution {
    /// What was found.
    pub estimate: f64,
    /// What resamples gave, ascending.
    sorted: Vec<f64>,
    /// Degrees of freedom of the spread of the resamples.
    freedom: f64,
    /// Sides without a failure.
    spotless: Spotless,
}

/// How many arrivals a side saw without a single failure, where what is compared is an error rate. Resamples of nothing are
/// nothing, and would call a rate of zero certain after ten arrivals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Spotless {
    /// Of the base.
    pub base: Option<u64>,
    /// Of the run.
    pub run: Option<u64>,
}

impl Distribution {
    /// A difference with what resamples gave for it, in any order, and the degrees of freedom of their spread (at least 1).
    pub fn new(estimate: f64, mut resamples: Vec<f64>, freedom: f64) -> Self {
        resamples.sort_unstable_by(f64::total_cmp);
        Self { estimate, sorted: resamples, freedom: freedom.max(1.0), spotless: Spotless::default() }
    }

    /// The same difference, of sides without a failure.
    #[must_use]
    pub const fn spotless(mut self, spotless: Spotless) -> Self {
        self.spotless = spotless;
        self
    }

    /// The interval of this confidence (0.95, say): percentiles of the resamples, pulled away from the estimate by as much as
    /// Student's distribution is wider than the normal one (after Hesterberg: What Teachers Should Know About the Bootstrap,
    /// 2015, who expands them for the same reason: few blocks or runs make intervals that are too short).
    pub fn interval(&self, confidence: f64) -> Interval {
        let tail = (1.0 - confidence) / 2.0;
        let stretch = wider_than_normal(tail, self.freedom);
        let end = |share: f64| self.estimate + stretch * (self.quantile(share) - self.estimate);
        let (low, high) = (end(tail).min(self.estimate), end(1.0 - tail).max(self.estimate));
        // No failure among n arrivals goes with rates up to −ln(tail)/n (the rule of three: Hanley, Lippman-Hand: If Nothing
        // Goes Wrong, Is Everything All Right?, 1983). Distances of independent sides add up as squares do (Newcombe:
        // Interval Estimation for the Difference Between Independent Proportions, 1998).
        let unseen = |arrivals: Option<u64>| arrivals.map_or(0.0, |arrivals| -tail.ln() / arrivals as f64);
        Interval {
            low: self.estimate - (self.estimate - low).hypot(unseen(self.spotless.base)),
            high: self.estimate + (high - self.estimate).hypot(unseen(self.spotless.run)),
        }
    }

    /// How surprising the difference would be if there were none: the least p for which the interval of confidence 1 − p does
    /// not contain zero. At least 2/(resamples + 1), which is as far as they tell.
    pub fn p_value(&self) -> f64 {
        let excludes = |p: f64| !self.interval(1.0 - p).contains(0.0);
        let (mut low, mut high) = (2.0 / (self.sorted.len() + 1) as f64, 0.999);
        if !excludes(high) {
            return 1.0;
        }
        if excludes(low) {
            return low;
        }
        // The interval grows with confidence, so halving finds where it reaches zero; 20 times, to six digits.
        for _ in 0..20 {
            let middle = f64::midpoint(low, high);
            if excludes(middle) { high = middle } else { low = middle }
        }
        high
    }

    /// The value below which this share of the resamples lies, between neighbours in proportion.
    fn quantile(&self, share: f64) -> f64 {
        quantile(&self.sorted, share).unwrap_or(self.estimate)
    }
}

/// The value below which this share of ascending values lies, between neighbours in proportion (definition 6 of Hyndman, Fan:
/// Sample Quantiles in Statistical Packages, 1996). `None` without values.
pub fn quantile(sorted: &[f64], share: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = (share * (sorted.len() + 1) as f64 - 1.0).clamp(0.0, last as f64);
    let (below, above) = (sorted[place.floor() as usize], sorted[place.ceil() as usize]);
    Some(below + place.fract() * (above - below))
}

/// The variance of values, by n − 1. 0 for fewer than two.
pub fn variance(values: &[f64]) -> f64 {
    let count = values.len() as f64;
    if values.len() < 2 {
        return 0.0;
    }
    let mean = values.iter().sum::<f64>() / count;
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (count - 1.0)
}

/// Degrees of freedom from which the expansion is more exact than iteration.
const MANY: f64 = 40.0;

/// How much further out than the normal one Student's distribution of these degrees of freedom has this share in its tail.
fn wider_than_normal(tail: f64, freedom: f64) -> f64 {
    let (Ok(student), Ok(normal)) = (StudentsT::new(0.0, 1.0, freedom), Normal::new(0.0, 1.0)) else { return 1.0 };
    let z = normal.inverse_cdf(tail);
    if freedom < MANY {
        return student.inverse_cdf(tail) / z;
    }
    // Abramowitz, Stegun: Handbook of Mathematical Functions, 1964, 26.7.5, divided by z.
    let square = z * z;
    let terms = [
        (square + 1.0) / 4.0,
        ((5.0 * square + 16.0) * square + 3.0) / 96.0,
        (((3.0 * square + 19.0) * square + 17.0) * square - 15.0) / 384.0,
    ];
    1.0 + terms.iter().rev().fold(0.0, |sum, term| (sum + term) / freedom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_lie_between_neighbours() {
        // python3: scipy.stats.mstats.mquantiles([1, 2, 4, 8], q, alphap=0, betap=0)
        let sorted = [1.0, 2.0, 4.0, 8.0];
        for (share, expected) in [(0.05, 1.0), (0.25, 1.25), (0.5, 3.0), (0.7, 6.0), (0.95, 8.0)] {
            let found = quantile(&sorted, share).expect("values");
            assert!((found - expected).abs() < 1e-12, "{share}: {found}");
        }
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn few_degrees_of_freedom_make_wider_intervals() {
        // python3: scipy.stats.t.ppf(tail, freedom) / scipy.stats.norm.ppf(tail)
        for (tail, freedom, expected) in [
            (0.025, 3.0, 1.623_727),
            (0.005, 10.0, 1.230_389),
            (0.025, 1.2, 4.412_748),
            (0.0005, 40.0, 1.079_148),
            (0.4, 5.0, 1.054_604),
            (0.025, 1e6, 1.000_001),
        ] {
            let found = wider_than_normal(tail, freedom);
            assert!((found - expected).abs() < 1e-5, "{tail}, {freedom}: {found}");
        }
    }

    #[test]
    #[expect(clippy::unreadable_literal, reason = "figures as the other tool prints them")]
    fn tails_are_those_of_students_distribution_however_few_the_degrees_of_freedom() {
        // python3: scipy.stats.t.ppf(tail, freedom) / scipy.stats.norm.ppf(tail) for tails of 0.25, 0.025, 1/960 and 1e-5.
        for (freedom, expected) in [
            (1.0, [1.48260222, 6.48287664, 99.2747422, 7463.49441]),
            (1.2, [1.38413689, 4.41274767, 39.9225723, 1383.70701]),
            (1.5, [1.29371078, 3.06978248, 16.4981765, 263.664459]),
            (2.0, [1.21053964, 2.19527132, 7.10657208, 52.4288791]),
            (2.0000001, [1.21053963, 2.19527122, 7.10657122, 52.4288666]),
            (2.1, [1.19921288, 2.09807567, 6.33046335, 41.8337487]),
            (2.5, [1.16386303, 1.823837, 4.41703844, 20.5499487]),
            (3.0, [1.13403106, 1.62372693, 3.27258217, 11.2377387]),
            (3.7, [1.10674054, 1.46304765, 2.50329649, 6.48923954]),
            (5.0, [1.07738753, 1.31154544, 1.89717157, 3.64531128]),
            (8.0, [1.04729036, 1.17655434, 1.45218813, 2.08845368]),
            (15.0, [1.02477013, 1.08749424, 1.20623452, 1.43236209]),
            (30.0, [1.01225511, 1.04199489, 1.09471699, 1.18503208]),
            (39.9, [1.00919004, 1.03126037, 1.06976554, 1.13405301]),
        ] {
            for (tail, expected) in [0.25, 0.025, 1.0 / 960.0, 1e-5].into_iter().zip(expected) {
                let found = wider_than_normal(tail, freedom);
                assert!((found / expected - 1.0).abs() < 1e-8, "{tail}, {freedom}: {found} for {expected}");
            }
        }
    }

    #[test]
    fn the_p_value_is_where_the_interval_reaches_zero() {
        let resamples = (1..1000).map(|i| f64::from(i) / 500.0).map(|x| x - 0.05).collect();
        let distribution = Distribution::new(0.95, resamples, 1e6);
        let p = distribution.p_value();
        assert!(!distribution.interval(1.0 - p).contains(0.0));
        assert!(distribution.interval(1.0 - p * 0.999).contains(0.0), "{p}");
        // A share of 0.025 lies below zero; on either side of the estimate that makes p.
        assert!((p - 0.05).abs() < 0.001, "{p}");
    }

    #[test]
    fn no_failures_are_no_proof_of_a_rate_of_zero() {
        let distribution = Distribution::new(0.0, vec![0.0; 99], 10.0);
        assert_eq!(distribution.interval(0.95), Interval { low: 0.0, high: 0.0 });
        let distribution = distribution.spotless(Spotless { base: None, run: Some(100) });
        let Interval { low, high } = distribution.interval(0.90);
        // −ln(0.05)/100: three in a hundred.
        assert!(low == 0.0 && (high - 0.029_957).abs() < 1e-6, "{high}");
    }
}
