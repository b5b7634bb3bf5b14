//! A quantile of a histogram of buckets, as Prometheus' `histogram_quantile` works it out.

/// Buckets: upper bounds with how many values are not above them, in any order.
///
/// The value is interpolated linearly within its bucket, whose lower bound is the bound of the one before, or 0 for the
/// first one where its upper bound is above 0. In the last bucket (`+Inf`) it is that bucket's lower bound. Nothing where
/// there is no `+Inf`, no other bucket, or no value was counted.
/// Source: <https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile>.
pub fn quantile(share: f64, mut buckets: Vec<(f64, f64)>) -> Option<f64> {
    buckets.sort_unstable_by(|one, other| one.0.total_cmp(&other.0));
    let (last, counted) = *buckets.last()?;
    if last != f64::INFINITY || buckets.len() < 2 {
        return None;
    }
    // Buckets that were read one after another while they were counted need not grow; they are taken as if they did.
    let mut most = 0.0_f64;
    for (_, count) in &mut buckets {
        most = most.max(*count);
        *count = most;
    }
    let total = counted.max(most);
    if total <= 0.0 {
        return None;
    }
    let rank = share * total;
    let place = buckets.iter().position(|&(_, count)| count >= rank).unwrap_or(buckets.len() - 1);
    let (upper, count) = buckets[place];
    if place == buckets.len() - 1 {
        return Some(buckets[place - 1].0);
    }
    let (lower, before) = match place.checked_sub(1) {
        Some(before) => buckets[before],
        None if upper <= 0.0 => return Some(upper),
        None => (0.0, 0.0),
    };
    let within = count - before;
    Some(if within > 0.0 { lower + (upper - lower) * ((rank - before) / within) } else { lower })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn near(value: Option<f64>, expected: f64) -> bool {
        value.is_some_and(|value| (value - expected).abs() < 1e-12)
    }

    /// The histograms of Prometheus' own tests of the function (`promql/promqltest/testdata/histograms.test`).
    #[test]
    fn it_is_as_prometheus_has_it() {
        let positive = || vec![(0.1, 5.0), (0.2, 7.0), (1.0, 11.0), (f64::INFINITY, 12.0)];
        assert!(near(quantile(0.0, positive()), 0.0));
        assert!(near(quantile(0.2, positive()), 0.048));
        assert!(near(quantile(0.5, positive()), 0.15));
        assert!(near(quantile(0.8, positive()), 0.72));
        assert!(near(quantile(1.0, positive()), 1.0));
        let negative = || vec![(-0.2, 1.0), (-0.1, 2.0), (0.3, 2.0), (f64::INFINITY, 3.0)];
        assert!(near(quantile(0.2, negative()), -0.2));
        assert!(near(quantile(0.5, negative()), -0.15));
        assert!(near(quantile(1.0, negative()), 0.3));
    }

    #[test]
    fn without_what_it_takes_there_is_none() {
        assert_eq!(quantile(0.5, vec![]), None);
        assert_eq!(quantile(0.5, vec![(1.0, 3.0)]), None);
        assert_eq!(quantile(0.5, vec![(f64::INFINITY, 3.0)]), None);
        assert_eq!(quantile(0.5, vec![(1.0, 0.0), (f64::INFINITY, 0.0)]), None);
    }

    proptest! {
        #[test]
        fn it_lies_between_the_bounds_and_grows_with_its_share(
            counts in proptest::collection::vec(0_u32..50, 2..8),
            shares in (0.0..=1.0_f64, 0.0..=1.0_f64),
        ) {
            let mut sum = 0.0;
            let mut buckets: Vec<(f64, f64)> = counts.iter().enumerate().map(|(place, count)| {
                sum += f64::from(*count);
                ((place + 1) as f64, sum)
            }).collect();
            buckets.last_mut().expect("two at least").0 = f64::INFINITY;
            let (low, high) = (shares.0.min(shares.1), shares.0.max(shares.1));
            if let (Some(low), Some(high)) = (quantile(low, buckets.clone()), quantile(high, buckets.clone())) {
                prop_assert!(0.0 <= low && low <= high && high <= buckets[buckets.len() - 2].0, "{low} {high} {buckets:?}");
            }
        }
    }
}
