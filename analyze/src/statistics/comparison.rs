//! One figure of two sides, held against each other: better, worse, the same, or not enough data to say.

use super::bootstrap::{Figure, Resampled, Shortage};
use super::distribution::{Distribution, Interval, Spotless, variance};
use super::statistic::{Scale, Statistic};

/// What a comparison comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Better, beyond noise and tolerance.
    Better,
    /// Worse, beyond noise and tolerance.
    Worse,
    /// No difference was shown where one of any size would have been, or none that matters.
    Same,
    /// Not enough data to say.
    NotEnoughData(Shortage),
}

/// One figure of two sides. Differences are relative (0.1: the run has a tenth more), of error rates absolute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Comparison {
    /// Which figure.
    pub statistic: Statistic,
    /// What it was: nanoseconds, a share, or per second.
    pub base: Option<f64>,
    /// What it is.
    pub run: Option<f64>,
    /// By how much it differs.
    pub difference: Option<f64>,
    /// Where the difference lies with the confidence asked for.
    pub interval: Option<Interval>,
    /// How surprising the difference would be if there were none.
    pub p_value: Option<f64>,
    /// What that comes to.
    pub verdict: Verdict,
}

/// When a difference counts.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Criteria {
    /// The confidence of intervals, such as 0.95.
    pub confidence: f64,
    /// Differences that lie within this on either side of zero do not matter: 0.02 for two in a hundred (of error rates:
    /// two percentage points).
    pub tolerance: f64,
}

impl Default for Criteria {
    fn default() -> Self {
        Self { confidence: 0.95, tolerance: 0.0 }
    }
}

/// Compares the figures of two sides that were resampled for the same statistics, one by one.
pub fn compare(base: &Resampled, run: &Resampled, criteria: Criteria) -> Vec<Comparison> {
    base.figures.iter().zip(&run.figures).map(|(base, run)| compare_figures(base, run, criteria)).collect()
}

/// Compares one figure of two sides.
pub fn compare_figures(base: &Figure, run: &Figure, criteria: Criteria) -> Comparison {
    debug_assert_eq!(base.statistic, run.statistic);
    // Sides that were resampled with one seed drew the same places: taken half a turn apart, they do not move together.
    let turned = base.resamples.iter().cycle().skip(base.resamples.len() / 2);
    let differences = run.resamples.iter().zip(turned).map(|(run, base)| run - base).collect();
    let distribution = base.place().zip(run.place()).map(|(base_place, run_place)| {
        Distribution::new(run_place - base_place, differences, joint_freedom(base, run))
            .spotless(Spotless { base: base.spotless, run: run.spotless })
    });
    conclude(base.value, run, distribution, run.shortage.or(base.shortage), criteria)
}

/// Compares a figure with a constant, as somebody writes it into a baseline: in the unit of the figure, without noise.
pub fn compare_with_constant(base: f64, run: &Figure, criteria: Criteria) -> Comparison {
    let distribution = run.scale().place(base).zip(run.place()).map(|(base_place, run_place)| {
        let differences = run.resamples.iter().map(|run| run - base_place).collect();
        Distribution::new(run_place - base_place, differences, run.freedom)
            .spotless(Spotless { base: None, run: run.spotless })
    });
    conclude(Some(base), run, distribution, run.shortage, criteria)
}

/// Puts together what was found, and says what it comes to.
fn conclude(
    base: Option<f64>,
    run: &Figure,
    distribution: Option<Distribution>,
    shortage: Option<Shortage>,
    criteria: Criteria,
) -> Comparison {
    let reading = |distance| run.scale().reading(distance);
    let difference = distribution.as_ref().map(|distribution| reading(distribution.estimate));
    let trusted = distribution.filter(|_| shortage.is_none());
    let interval = trusted.as_ref().map(|distribution| {
        let Interval { low, high } = distribution.interval(criteria.confidence);
        Interval { low: reading(low), high: reading(high) }
    });
    let verdict = match (interval, difference) {
        (Some(interval), Some(difference)) => verdict(run.statistic, interval, difference, criteria),
        _ => Verdict::NotEnoughData(shortage.unwrap_or(Shortage::Value)),
    };
    let p_value = trusted.map(|distribution| distribution.p_value());
    Comparison { statistic: run.statistic, base, run: run.value, difference, interval, p_value, verdict }
}

/// Whether a figure may be half of what it was, or twice that, and nobody can tell. Of shares the distance itself is small or large.
fn is_vague(statistic: Statistic, interval: Interval) -> bool {
    statistic.scale() == Scale::Ratio && (interval.low < -0.5 || interval.high > 1.0)
}

fn verdict(statistic: Statistic, interval: Interval, difference: f64, criteria: Criteria) -> Verdict {
    if interval.within(criteria.tolerance) {
        Verdict::Same
    } else if interval.contains(0.0) {
        if is_vague(statistic, interval) { Verdict::NotEnoughData(Shortage::Precision) } else { Verdict::Same }
    } else if (difference > 0.0) == statistic.more_is_better() {
        Verdict::Better
    } else {
        Verdict::Worse
    }
}

/// The degrees of freedom of a difference of independent sides (Welch: The Generalization of "Student's" Problem, 1947).
fn joint_freedom(base: &Figure, run: &Figure) -> f64 {
    let (base_variance, run_variance) = (variance(&base.resamples), variance(&run.resamples));
    let sum = base_variance + run_variance;
    if sum <= 0.0 {
        return base.freedom.min(run.freedom);
    }
    sum.powi(2) / (base_variance.powi(2) / base.freedom + run_variance.powi(2) / run.freedom)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use runlog::units::Percentile;

    use super::*;
    use crate::statistics::bootstrap::Resampling;
    use crate::statistics::simulation::{Service, even};
    use crate::statistics::windows::Windows;

    const MEDIAN: Statistic = Statistic::Percentile(Percentile::P50);
    const P95: Statistic = Statistic::Percentile(Percentile::P95);
    const ALL: [Statistic; 5] = [MEDIAN, P95, Statistic::Mean, Statistic::ErrorRate, Statistic::Throughput];

    fn resampled(runs: &[Windows], seed: u64) -> Resampled {
        Resampled::new(runs, &ALL, Resampling { replicates: 200, seed })
    }

    fn compared(base: &[Windows], run: &[Windows]) -> Vec<Comparison> {
        compare(&resampled(base, 1), &resampled(run, 2), Criteria::default())
    }

    /// How often, of so many pairs of runs, the interval of the median's difference has the true one.
    fn coverage(pairs: u64, service: Service, true_ratio: f64) -> f64 {
        let hits = (0..pairs).filter(|pair| {
            let base = [service.run(2 * pair)];
            let run = [Service { typical_ns: service.typical_ns * true_ratio, ..service }.run(2 * pair + 1)];
            let side = |runs: &[Windows], seed| Resampled::new(runs, &[MEDIAN], Resampling { replicates: 120, seed });
            let found = &compare(&side(&base, *pair), &side(&run, *pair), Criteria::default())[0];
            found.interval.is_some_and(|interval| interval.contains(true_ratio - 1.0))
        });
        hits.count() as f64 / pairs as f64
    }

    #[test]
    fn intervals_have_the_true_difference_about_as_often_as_they_say() {
        let service = Service { windows: 40, per_window: 12, within: 0.1, ..Service::default() };
        for (memory, ratio) in [(0.0, 1.0), (0.6, 1.1)] {
            let found = coverage(40, Service { memory, ..service }, ratio);
            assert!(found >= 0.86, "memory {memory}: {found}");
        }
    }

    #[test]
    fn a_run_against_itself_is_the_same() {
        let run = [Service::default().run(1)];
        for found in compared(&run, &run) {
            assert_eq!((found.verdict, found.difference), (Verdict::Same, Some(0.0)), "{:?}", found.statistic);
            assert_eq!(found.p_value, Some(1.0));
        }
    }

    #[test]
    fn a_run_that_is_half_slower_is_worse_and_the_other_way_round_better() {
        let base = [Service::default().run(1)];
        let slower = [Service { typical_ns: 15e6, ..Service::default() }.run(2)];
        for (found, back) in compared(&base, &slower).iter().zip(compared(&slower, &base)).take(3) {
            assert_eq!((found.verdict, back.verdict), (Verdict::Worse, Verdict::Better), "{:?}", found.statistic);
            assert!(found.p_value.expect("data") < 0.05);
            assert!((0.3..0.7).contains(&found.difference.expect("data")), "{found:?}");
        }
    }

    #[test]
    fn fewer_answers_per_second_are_worse_and_so_are_more_errors() {
        let base = [Service { failing: 0.01, ..Service::default() }.run(1)];
        let worse = [Service { failing: 0.3, per_window: 20, ..Service::default() }.run(2)];
        let found = compared(&base, &worse);
        assert_eq!([found[3].verdict, found[4].verdict], [Verdict::Worse; 2], "{found:?}");
        // A third fewer arrivals, and 30 of 100 instead of 1 fail.
        let expected = 2.0 / 3.0 * 0.7 / 0.99 - 1.0;
        assert!((found[4].difference.expect("data") - expected).abs() < 0.03, "{found:?}");
        assert!((0.25..0.35).contains(&found[3].difference.expect("data")), "absolute");
    }

    #[test]
    fn a_difference_within_the_tolerance_does_not_matter() {
        let [base, run] = [10e6, 10.5e6].map(|typical_ns| {
            let steady = Service { memory: 0.0, between: 0.0, within: 0.05, typical_ns, ..Service::default() };
            resampled(&[steady.run(1)], 1)
        });
        let verdict = |tolerance| compare(&base, &run, Criteria { tolerance, confidence: 0.95 })[0].verdict;
        assert_eq!((verdict(0.0), verdict(0.1)), (Verdict::Worse, Verdict::Same));
    }

    #[test]
    fn too_little_data_is_said() {
        let few = [Service { windows: 7, ..Service::default() }.run(1)];
        let found = &compared(&few, &few)[0];
        assert_eq!(found.verdict, Verdict::NotEnoughData(Shortage::Windows { have: 7, need: 8 }));
        assert!(found.difference.is_some() && found.interval.is_none() && found.p_value.is_none());

        let p999 = [Statistic::Percentile(Percentile::P999)];
        let side = Resampled::new(&[Service::default().run(1)], &p999, Resampling::default());
        let found = &compare(&side, &side, Criteria::default())[0];
        assert_eq!(found.verdict, Verdict::NotEnoughData(Shortage::Samples { have: 1800, need: 2995 }));
        assert_eq!((found.base, found.run), (None, None));

        let found = compared(&[], &few);
        assert!(found.iter().all(|found| matches!(found.verdict, Verdict::NotEnoughData(_))), "{found:?}");
    }

    #[test]
    fn a_constant_is_a_base_without_noise() {
        let side = resampled(&[Service::default().run(3)], 1);
        let median_ns = side.figures[0].value.expect("data");
        let found = |base| compare_with_constant(base, &side.figures[0], Criteria::default());
        assert_eq!(found(median_ns).verdict, Verdict::Same);
        assert_eq!(found(median_ns / 2.0).verdict, Verdict::Worse);
        assert!((found(median_ns / 2.0).difference.expect("data") - 1.0).abs() < 1e-9);
        assert_eq!(found(median_ns * 2.0).verdict, Verdict::Better);
        assert_eq!(found(0.0).verdict, Verdict::NotEnoughData(Shortage::Value));
    }

    #[test]
    fn no_errors_among_few_arrivals_are_not_fewer_than_one_in_a_thousand() {
        let side = resampled(&[Service::default().run(3)], 1);
        let found = |base| compare_with_constant(base, &side.figures[3], Criteria::default()).verdict;
        // Among 1,800 arrivals a rate of 0.1 % shows no error in one case of six, one of 5 % never.
        assert_eq!((found(0.001), found(0.05)), (Verdict::Same, Verdict::Better));
    }

    #[test]
    fn noise_from_run_to_run_counts() {
        let side = |levels: [f64; 4]| {
            levels.map(|level| {
                Service { typical_ns: 10e6 * level, between: 0.02, ..Service::default() }.run(level.to_bits())
            })
        };
        // Within each run nothing moves; from run to run everything does.
        let base = side([0.8, 1.0, 1.2, 1.1]);
        let run = side([0.9, 1.3, 1.05, 1.15]);
        assert_eq!(compared(&base, &run)[0].verdict, Verdict::Same);
        assert_eq!(compared(&base[..1], &run[..1])[0].verdict, Verdict::Worse, "which one run cannot know");
    }

    #[test]
    fn what_may_as_well_have_doubled_is_not_called_the_same() {
        let side = |levels: [f64; 2]| {
            levels.map(|level| {
                Service { typical_ns: 10e6 * level, between: 0.02, ..Service::default() }.run(level.to_bits())
            })
        };
        let found = compared(&side([0.4, 2.5]), &side([0.8, 3.0]))[0];
        let interval = found.interval.expect("data");
        assert!(interval.contains(0.0) && interval.high > 1.0, "{found:?}");
        assert_eq!(found.verdict, Verdict::NotEnoughData(Shortage::Precision));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]

        #[test]
        fn times_that_are_scaled_differ_by_the_factor(factor in 1.2_f64..4.0, seed in 0_u64..1000) {
            let steady = Service { between: 0.05, within: 0.1, ..Service::default() };
            let base = [steady.run(seed)];
            let run = [Service { typical_ns: steady.typical_ns * factor, ..steady }.run(seed)];
            for found in &compared(&base, &run)[..3] {
                let difference = found.difference.expect("data");
                prop_assert!((difference + 1.0 - factor).abs() < 0.02 * factor, "{found:?}");
                prop_assert_eq!(found.verdict, Verdict::Worse);
            }
        }

        #[test]
        fn the_order_of_windows_does_not_change_the_estimates(seed in 0_u64..1000) {
            let run = Service::default().run(seed);
            let mut reversed = run.clone();
            reversed.windows.reverse();
            let side = |run| Resampled::new(&[run], &ALL, Resampling { replicates: 10, seed });
            let base = side(even(20));
            let compared = |run| compare(&base, &side(run), Criteria::default());
            let differences = |run| compared(run).iter().map(|found| found.difference).collect::<Vec<_>>();
            prop_assert_eq!(differences(run), differences(reversed));
        }
    }
}
