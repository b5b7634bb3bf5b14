//! How well arrivals kept a schedule, as a witness saw them. Pure functions of instants in ns.

use anyhow::{Context, ensure};

use crate::statistics::percentile;

/// What is left out at the start, while connections are being opened.
const SETTLING_NS: u64 = 200_000_000;
const MILLISECOND_NS: f64 = 1e6;

/// How well a schedule was kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Punctuality {
    /// By how much gaps between arrivals differed from those that were meant: at most so much for half of them.
    pub gap_error_p50_ns: u64,
    /// And for 99 of 100.
    pub gap_error_p99_ns: u64,
    /// The variance of the number of arrivals in windows of 1 ms, over its mean: 0 is even, 1 is Poisson, more are bursts.
    pub dispersion_1ms: f64,
    /// The same in windows of 10 ms.
    pub dispersion_10ms: f64,
    /// Arrivals in a second.
    pub per_second: f64,
}

/// Arrivals that were meant to come at one rate, evenly.
///
/// # Errors
/// Where there are too few of them to say anything.
pub fn against_rate(arrivals: &[u64], per_second: f64) -> anyhow::Result<Punctuality> {
    let arrivals = settled(arrivals)?;
    let period = 1e9 / per_second;
    let errors = gaps(&arrivals).map(|gap| (gap as f64 - period).abs().round() as u64).collect();
    judged(&arrivals, errors, period)
}

/// Arrivals that were meant to come at these instants, on whatever clock.
///
/// # Errors
/// Where there are not as many of one as of the other, or too few.
pub fn against_schedule(arrivals: &[u64], schedule: &[u64]) -> anyhow::Result<Punctuality> {
    let (came, meant) = (arrivals.len(), schedule.len());
    ensure!(came == meant, "the witness saw {came} arrivals, and {meant} were sent");
    let schedule = settled(schedule)?;
    let mut arrivals = arrivals.to_vec();
    arrivals.sort_unstable();
    let arrivals = &arrivals[came - schedule.len()..];
    let errors = gaps(arrivals).zip(gaps(&schedule)).map(|(came, meant)| came.abs_diff(meant)).collect();
    let mean_gap = (schedule[schedule.len() - 1] - schedule[0]) as f64 / (schedule.len() - 1) as f64;
    judged(arrivals, errors, mean_gap)
}

fn judged(arrivals: &[u64], mut errors: Vec<u64>, period: f64) -> anyhow::Result<Punctuality> {
    errors.sort_unstable();
    let error = |percent| percentile(&errors, percent).context("there are no gaps between arrivals");
    let time = arrivals[arrivals.len() - 1] - arrivals[0];
    Ok(Punctuality {
        gap_error_p50_ns: error(50.0)?,
        gap_error_p99_ns: error(99.0)?,
        dispersion_1ms: dispersion(arrivals, MILLISECOND_NS, period).context("the run is too short")?,
        dispersion_10ms: dispersion(arrivals, 10.0 * MILLISECOND_NS, period).context("the run is too short")?,
        per_second: (arrivals.len() - 1) as f64 * 1e9 / time as f64,
    })
}

/// Sorted, without those of the first moments.
fn settled(instants: &[u64]) -> anyhow::Result<Vec<u64>> {
    let mut instants = instants.to_vec();
    instants.sort_unstable();
    let first = *instants.first().context("nothing arrived")?;
    let settling = instants.partition_point(|&instant| instant - first < SETTLING_NS);
    instants.drain(..settling);
    ensure!(instants.len() > 1, "nothing arrived after the first {} ms", SETTLING_NS / 1_000_000);
    Ok(instants)
}

fn gaps(instants: &[u64]) -> impl Iterator<Item = u64> {
    instants.windows(2).map(|pair| pair[1] - pair[0])
}

/// The variance of the number of arrivals in a window, over its mean. None where no whole window fits.
///
/// Windows start half a period before the first arrival, so that of arrivals at even distances none lies on a border.
fn dispersion(arrivals: &[u64], window: f64, period: f64) -> Option<f64> {
    let start = arrivals[0] as f64 - period / 2.0;
    let end = arrivals[arrivals.len() - 1] as f64 + period / 2.0;
    // Lengths are measured in floating point: a border that is off by rounding is far from every arrival.
    let windows = ((end - start) / window + 1e-6).floor() as usize;
    let mut counts = vec![0_u32; windows];
    for &arrival in arrivals {
        if let Some(count) = counts.get_mut(((arrival as f64 - start) / window) as usize) {
            *count += 1;
        }
    }
    let mean = counts.iter().copied().map(f64::from).sum::<f64>() / windows as f64;
    let variance = counts.iter().map(|&count| (f64::from(count) - mean).powi(2)).sum::<f64>() / windows as f64;
    (windows > 0).then_some(variance / mean)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: u64 = 1_000_000;

    /// Arrivals every half millisecond for 300 ms, from 1 s on.
    fn even() -> Vec<u64> {
        (0..600).map(|number| 1_000 * MS + number * MS / 2).collect()
    }

    #[test]
    fn even_arrivals_have_no_error_and_no_dispersion() {
        let punctuality = against_rate(&even(), 2_000.0).expect("enough of them");
        let expected = Punctuality {
            gap_error_p50_ns: 0,
            gap_error_p99_ns: 0,
            dispersion_1ms: 0.0,
            dispersion_10ms: 0.0,
            per_second: 2_000.0,
        };
        assert_eq!(punctuality, expected);
    }

    #[test]
    fn one_late_arrival_makes_two_wrong_gaps() {
        let mut arrivals = even();
        arrivals[500] += 1_000;
        let punctuality = against_rate(&arrivals, 2_000.0).expect("enough of them");
        // 200 arrivals are left, with 199 gaps: 2 are off by 1 µs, and the 99th percentile is the 198th.
        assert_eq!((punctuality.gap_error_p50_ns, punctuality.gap_error_p99_ns), (0, 1_000));
    }

    #[test]
    fn bursts_are_dispersed() {
        // Ten at once every 10 ms: in windows of 1 ms one of ten has 10, nine have none. The mean is 1, the variance is
        // (81 + 9) / 10.
        let arrivals: Vec<u64> = (0..60).flat_map(|burst| vec![burst * 10 * MS; 10]).collect();
        let dispersion = |window| dispersion(&arrivals[..590], window, 1e6).expect("windows");
        assert!((dispersion(MILLISECOND_NS) - 9.0).abs() < 0.2, "{}", dispersion(MILLISECOND_NS));
        assert!(dispersion(10.0 * MILLISECOND_NS) < 0.2, "{}", dispersion(10.0 * MILLISECOND_NS));
    }

    #[test]
    fn counts_of_one_and_three_have_a_dispersion_of_a_half() {
        // Windows of 1 ms hold 1 and 3 in turns: mean 2, variance 1.
        let arrivals: Vec<u64> =
            (0..100).flat_map(|pair| [0, 1_000, 1_100, 1_200].map(|at| (pair * 2_000 + at + 500) * 1_000)).collect();
        let dispersion = dispersion(&arrivals, MILLISECOND_NS, 500_000.0).expect("windows");
        assert!((dispersion - 0.5).abs() < 0.01, "{dispersion}");
    }

    #[test]
    fn a_schedule_may_be_uneven_and_on_another_clock() {
        let schedule = [0, 200, 207, 215, 231].map(|at| at * MS);
        let arrivals = [5_000, 5_200, 5_207, 5_216, 5_231].map(|at| at * MS);
        let punctuality = against_schedule(&arrivals, &schedule).expect("enough of them");
        assert_eq!((punctuality.gap_error_p50_ns, punctuality.gap_error_p99_ns), (MS, MS));
        assert!(against_schedule(&arrivals[1..], &schedule).is_err(), "one is missing");
    }

    #[test]
    fn the_first_moments_are_left_out() {
        let mut arrivals = even();
        arrivals[..300].fill(1_000 * MS);
        let punctuality = against_rate(&arrivals, 2_000.0).expect("enough of them");
        assert_eq!(punctuality.gap_error_p99_ns, 0);
    }
}
