//! The verdict on each figure: worse by more than is allowed, and by more than chance does.

use super::{Bound, Check, Missing, Outcome, Subject};
use crate::baseline::measured::{Measured, MeasuredGroup, MeasuredRun};
use crate::baseline::{Baseline, Budget, Figure, MaxRegression, widening};

/// A difference smaller than this share is none: saved figures are kept to six digits.
const PRECISION: f64 = 1e-5;

/// Holds a run against a baseline. A figure has regressed where it is beyond `baseline × (1 + allowed)` (of throughput:
/// below `baseline × (1 − allowed)`), and chance does not explain it: its interval, where one is known, excludes the
/// baseline's figure, and the difference is larger than the noise that the baseline was saved with, widened so that all
/// figures together seldom fail by chance. Limits of probes are
/// limits: nothing is allowed on top.
pub fn judge(baseline: &Baseline, run: &MeasuredRun, allowed: &MaxRegression) -> Vec<Check> {
    let terms = Terms { allowed, is_saved: baseline.saved.is_some(), widening: widening(baseline) };
    let mut checks = Vec::new();
    for expected in &baseline.requests {
        let group = run.requests.iter().find(|group| group.request == expected.request);
        let subject = Subject::Request { request: expected.request.clone() };
        checks.extend(expected.figures.iter().map(|figure| of_figure(&subject, figure, group, &terms)));
    }
    let total = baseline.total.iter();
    checks.extend(total.map(|figure| of_figure(&Subject::Total, figure, Some(&run.total), &terms)));
    checks.extend(baseline.probes.iter().flat_map(|budget| of_budget(budget, run)));
    checks
}

/// What holds for all figures.
struct Terms<'a> {
    /// How much worse each may be.
    allowed: &'a MaxRegression,
    /// Whether the baseline is of runs: a limit is no aim, and nothing is better than it.
    is_saved: bool,
    /// By how much saved noise is widened, since there are several figures.
    widening: f64,
}

fn of_figure(subject: &Subject, figure: &Figure, group: Option<&MeasuredGroup>, terms: &Terms<'_>) -> Check {
    let measure = figure.measure;
    let max_regression = terms.allowed.allowed(measure);
    let (bound, limit) = if measure.is_better_when_higher() {
        (Bound::AtLeast, figure.value * (1.0 - max_regression))
    } else {
        (Bound::AtMost, figure.value * (1.0 + max_regression))
    };
    let measured = group.ok_or(Missing::Request).and_then(|group| {
        let lacking = if group.arrivals == 0 { Missing::Arrivals } else { Missing::Answers };
        group.figure(measure).ok_or(lacking)
    });
    let check = Check {
        subject: subject.clone(),
        measure,
        unit: measure.unit(),
        baseline: figure.value,
        max_regression,
        limit,
        bound,
        value: None,
        change: None,
        interval: None,
        noise: figure.noise,
        samples: 0,
        outcome: Outcome::Passed,
    };
    match measured {
        Err(missing) => Check { outcome: Outcome::Missing(missing), ..check },
        Ok(measured) => held(check, figure, measured, terms),
    }
}

fn held(mut check: Check, figure: &Figure, measured: &Measured, terms: &Terms<'_>) -> Check {
    check.value = Some(measured.value);
    check.samples = measured.samples;
    check.interval = measured.interval;
    check.change = (check.baseline > 0.0).then(|| (measured.value - check.baseline) / check.baseline);
    // From here on more is worse.
    let sign = match check.bound {
        Bound::AtMost => 1.0,
        Bound::AtLeast => -1.0,
    };
    let change = (measured.value - check.baseline) * sign;
    let tolerated = check.baseline * check.max_regression;
    let is_the_same = change.abs() <= check.baseline * PRECISION;
    let is_beyond_limit = measured.value * sign > check.limit * sign && !is_the_same;
    let is_beyond_noise = figure.noise_floor().is_none_or(|floor| change.abs() > floor * terms.widening)
        && measured.interval.is_none_or(|interval| 0.0 < interval.low || interval.high < 0.0);
    check.outcome = match () {
        () if measured.samples < check.measure.samples_needed() => Outcome::NotEnoughData,
        () if is_beyond_limit && is_beyond_noise => Outcome::Regressed,
        () if is_beyond_limit => Outcome::WithinNoise,
        () if terms.is_saved && -change > tolerated && !is_the_same && is_beyond_noise => Outcome::Better,
        () => Outcome::Passed,
    };
    check
}

/// A check for each of a budget's limits.
fn of_budget(budget: &Budget, run: &MeasuredRun) -> Vec<Check> {
    let probe = run.probes.iter().find(|probe| probe.probe == budget.probe && probe.metric == budget.metric);
    let value = probe.and_then(|probe| probe.number(budget.measure)).map(|value| value * budget.scale);
    let samples = probe.map_or(0, |probe| probe.samples.len() as u64);
    let check = |bound, limit: f64| {
        let is_beyond = |value: f64| match bound {
            Bound::AtMost => value > limit,
            Bound::AtLeast => value < limit,
        };
        Check {
            subject: Subject::Probe { probe: budget.probe.clone(), metric: budget.metric.clone() },
            measure: budget.measure,
            unit: budget.unit,
            baseline: limit,
            max_regression: 0.0,
            limit,
            bound,
            value,
            change: value.filter(|_| limit != 0.0).map(|value| (value - limit) / limit),
            interval: None,
            noise: None,
            samples,
            outcome: match value {
                None => Outcome::Missing(Missing::Samples),
                Some(_) if samples < budget.measure.samples_needed() => Outcome::NotEnoughData,
                Some(value) if is_beyond(value) => Outcome::Regressed,
                Some(_) => Outcome::Passed,
            },
        }
    };
    let bounds = [(Bound::AtLeast, budget.at_least), (Bound::AtMost, budget.at_most)];
    bounds.into_iter().filter_map(|(bound, limit)| limit.map(|limit| check(bound, limit))).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::baseline::measured::{Interval, MeasuredProbe};
    use crate::baseline::{Expected, Measure, Saved, parse};

    fn group(request: &str, figures: Vec<Measured>) -> MeasuredGroup {
        MeasuredGroup { request: request.to_owned(), arrivals: 10_000, answered: 10_000, figures }
    }

    fn measured(measure: Measure, value: f64) -> Measured {
        Measured { measure, value, interval: None, samples: 10_000 }
    }

    fn run(group_of_it: MeasuredGroup) -> MeasuredRun {
        MeasuredRun {
            name: "run".to_owned(),
            scenario: "load".to_owned(),
            started_unix_ns: 0,
            exact: true,
            total: group("total", Vec::new()),
            requests: vec![group_of_it],
            probes: Vec::new(),
        }
    }

    /// A baseline of one figure of the request `list`.
    fn baseline(measure: Measure, value: f64, noise: Option<f64>, is_saved: bool) -> Baseline {
        let saved = Saved { runs: Vec::new(), drumfire_version: String::new(), scenario_sha256: String::new() };
        Baseline {
            saved: is_saved.then_some(saved),
            requests: vec![Expected { request: "list".to_owned(), figures: vec![Figure { measure, value, noise }] }],
            ..Baseline::default()
        }
    }

    fn outcome(baseline: &Baseline, measured: Measured) -> Outcome {
        judge(baseline, &run(group("list", vec![measured])), &MaxRegression::default())[0].outcome
    }

    #[test]
    fn a_hand_written_limit_may_be_passed_by_a_tenth() {
        let limit = baseline(Measure::P95, 200e6, None, false);
        for (ms, expected) in [(200.0, Outcome::Passed), (220.0, Outcome::Passed), (220.1, Outcome::Regressed)] {
            assert_eq!(outcome(&limit, measured(Measure::P95, ms * 1e6)), expected, "{ms}");
        }
        assert_eq!(outcome(&limit, measured(Measure::P95, 1e6)), Outcome::Passed, "a limit is no aim");
    }

    #[test]
    fn of_throughput_less_is_worse() {
        let saved = baseline(Measure::Throughput, 1000.0, None, true);
        for (rate, expected) in [(899.0, Outcome::Regressed), (950.0, Outcome::Passed), (1200.0, Outcome::Better)] {
            assert_eq!(outcome(&saved, measured(Measure::Throughput, rate)), expected, "{rate}");
        }
        let interval = Some(Interval { low: -0.3, high: 0.001 });
        let unsure = Measured { interval, ..measured(Measure::Throughput, 800.0) };
        assert_eq!(outcome(&saved, unsure), Outcome::WithinNoise);
    }

    #[test]
    fn what_chance_may_have_done_is_no_regression() {
        let saved = baseline(Measure::P95, 100e6, Some(0.25), true);
        let slow = |interval| Measured { interval, ..measured(Measure::P95, 130e6) };
        let quick = |interval| Measured { interval, ..measured(Measure::P95, 70e6) };
        assert_eq!(outcome(&saved, measured(Measure::P95, 120e6)), Outcome::WithinNoise, "less than the noise floor");
        assert_eq!(outcome(&saved, slow(None)), Outcome::Regressed);
        assert_eq!(outcome(&saved, slow(Some(Interval { low: -0.01, high: 0.5 }))), Outcome::WithinNoise);
        assert_eq!(outcome(&saved, slow(Some(Interval { low: 0.01, high: 0.5 }))), Outcome::Regressed);
        assert_eq!(outcome(&saved, slow(Some(Interval { low: -0.01, high: 0.6 }))), Outcome::WithinNoise);
        assert_eq!(outcome(&saved, slow(Some(Interval { low: 0.01, high: 0.6 }))), Outcome::Regressed);
        assert_eq!(outcome(&saved, quick(Some(Interval { low: -0.4, high: -0.2 }))), Outcome::Better);
        assert_eq!(outcome(&saved, quick(Some(Interval { low: -0.4, high: 0.1 }))), Outcome::Passed);
    }

    #[test]
    fn errors_where_there_were_none_are_a_regression() {
        let saved = baseline(Measure::ErrorRate, 0.0, None, true);
        assert_eq!(outcome(&saved, measured(Measure::ErrorRate, 0.0)), Outcome::Passed);
        assert_eq!(outcome(&saved, measured(Measure::ErrorRate, 0.001)), Outcome::Regressed);
        let interval = Some(Interval { low: -0.0001, high: 0.0019 });
        assert_eq!(outcome(&saved, Measured { interval, ..measured(Measure::ErrorRate, 0.001) }), Outcome::WithinNoise);
        let noisy = baseline(Measure::ErrorRate, 0.0, Some(0.001), true);
        assert_eq!(outcome(&noisy, measured(Measure::ErrorRate, 0.001)), Outcome::WithinNoise, "noise is a difference");
        assert_eq!(outcome(&noisy, measured(Measure::ErrorRate, 0.0012)), Outcome::Regressed);
    }

    #[test]
    fn too_few_samples_fail_nothing_and_what_is_missing_fails() {
        let limit = baseline(Measure::P99, 1e6, None, false);
        assert_eq!(outcome(&limit, Measured { samples: 298, ..measured(Measure::P99, 9e6) }), Outcome::NotEnoughData);
        assert_eq!(outcome(&limit, Measured { samples: 299, ..measured(Measure::P99, 9e6) }), Outcome::Regressed);
        let none = |group| judge(&limit, &run(group), &MaxRegression::default())[0].outcome;
        assert_eq!(none(group("other", Vec::new())), Outcome::Missing(Missing::Request));
        assert_eq!(none(group("list", Vec::new())), Outcome::Missing(Missing::Answers));
        let unsent = MeasuredGroup { arrivals: 0, answered: 0, ..group("list", Vec::new()) };
        assert_eq!(none(unsent), Outcome::Missing(Missing::Arrivals));
        assert!(Outcome::Missing(Missing::Answers).is_failure() && !Outcome::NotEnoughData.is_failure());
    }

    #[test]
    fn limits_of_probes_are_limits() {
        let text = "[probes.db.wait_ms]\nmax = { at_most = '5ms' }\np95 = { at_most = '5ms' }\n\
                    [probes.cache.hit_rate]\navg = { at_least = '85%', at_most = '99%' }\n[probes.x.y]\nlast = { at_most = 1 }";
        let budgets = parse("b.toml", text).expect("a baseline");
        let probe = |probe: &str, metric: &str, samples: Vec<f64>| MeasuredProbe {
            probe: probe.to_owned(),
            metric: metric.to_owned(),
            samples,
        };
        let mut run = run(group("list", Vec::new()));
        run.probes = vec![probe("db", "wait_ms", vec![1.0, 5.1]), probe("cache", "hit_rate", vec![0.8, 0.9])];
        let checks = judge(&budgets, &run, &MaxRegression::default());
        let outcomes: Vec<Outcome> = checks.iter().map(|check| check.outcome).collect();
        let expected = [
            Outcome::Regressed,
            Outcome::NotEnoughData,
            Outcome::Passed,
            Outcome::Passed,
            Outcome::Missing(Missing::Samples),
        ];
        assert_eq!(outcomes, expected);
        assert_eq!((checks[0].value, checks[0].limit), (Some(5.1e6), 5e6));
    }

    proptest! {
        #[test]
        fn more_is_never_better_than_less(
            baseline_ms in 1.0_f64..1e3,
            one in 1.0_f64..1e4,
            other in 1.0_f64..1e4,
            allowed in 0.0_f64..2.0,
            noise in prop::option::of(0.0_f64..0.5),
        ) {
            let rank = |outcome| match outcome {
                Outcome::Better => 0,
                Outcome::Passed => 1,
                Outcome::WithinNoise => 2,
                _ => 3,
            };
            let saved = baseline(Measure::P95, baseline_ms, noise, true);
            let mut may = MaxRegression::default();
            may.set(None, allowed);
            let outcome = |value| judge(&saved, &run(group("list", vec![measured(Measure::P95, value)])), &may)[0].outcome;
            let (less, more) = (outcome(one.min(other)), outcome(one.max(other)));
            prop_assert!(rank(less) <= rank(more), "{:?} {:?}", less, more);
        }
    }
}
