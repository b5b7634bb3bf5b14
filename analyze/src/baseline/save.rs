//! Runs → baseline.

use super::measured::{Measured, MeasuredGroup, MeasuredRun};
use super::unit::significant;
use super::{Baseline, Expected, Figure, MaxRegression, Measure, Saved, SavedRun, Time};

/// What is saved. Not the mean and the largest: a single slow answer moves both, so that neither can be held for long.
const KEPT: [Measure; 7] =
    [Measure::P50, Measure::P90, Measure::P95, Measure::P99, Measure::P999, Measure::ErrorRate, Measure::Throughput];
/// Significant digits of shares and rates; times keep their nanoseconds.
const DIGITS: usize = 6;

/// The baseline of runs that did the same; `runs` is not empty. Of several runs a figure is their median (by nearest
/// rank: one that was measured). `noise` tells how far runs of the same thing are apart by chance, for a request (`total`
/// for all) and a figure, where that is known. A percentile that any of the runs has too few samples for is left out.
pub fn saved(
    runs: &[MeasuredRun],
    noise: impl Fn(&str, Measure) -> Option<f64>,
    time: Time,
    scenario_sha256: String,
) -> Baseline {
    let groups = |of: &dyn Fn(&MeasuredRun) -> Option<&MeasuredGroup>| -> Option<Vec<Figure>> {
        let groups: Option<Vec<&MeasuredGroup>> = runs.iter().map(of).collect();
        let groups = groups?;
        let noise = |measure| noise(&groups.first()?.request, measure);
        Some(KEPT.iter().filter_map(|&measure| figure(measure, &groups, noise(measure))).collect())
    };
    let names = runs.first().map_or(&[][..], |run| &run.requests).iter().map(|group| group.request.clone());
    let requests = names.filter_map(|request| {
        let figures = groups(&|run| run.requests.iter().find(|group| group.request == request))?;
        (!figures.is_empty()).then_some(Expected { request, figures })
    });
    Baseline {
        name: runs.first().map(|run| run.scenario.clone()),
        time,
        requests: requests.collect(),
        total: groups(&|run| Some(&run.total)).unwrap_or_default(),
        saved: Some(Saved {
            runs: runs
                .iter()
                .map(|run| SavedRun { name: run.name.clone(), started_unix_ns: run.started_unix_ns })
                .collect(),
            drumfire_version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario_sha256,
        }),
        max_regression: MaxRegression::default(),
        probes: Vec::new(),
    }
}

fn figure(measure: Measure, groups: &[&MeasuredGroup], noise: Option<f64>) -> Option<Figure> {
    let figures: Option<Vec<&Measured>> = groups.iter().map(|group| group.figure(measure)).collect();
    let figures = figures?.into_iter();
    let enough: Option<Vec<f64>> =
        figures.map(|one| (one.samples >= measure.samples_needed()).then_some(one.value)).collect();
    let mut values = enough?;
    values.sort_unstable_by(f64::total_cmp);
    let rounded = |value: f64| match measure {
        Measure::ErrorRate => significant(value * 100.0, DIGITS) / 100.0,
        Measure::Throughput => significant(value, DIGITS),
        _ => value.round(),
    };
    let value = values.get((values.len() - 1) / 2).copied().map(rounded)?;
    if value <= 0.0 && measure != Measure::ErrorRate {
        return None;
    }
    let noise = noise.map(|noise| significant(noise * 100.0, 3) / 100.0);
    Some(Figure { measure, value, noise })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(request: &str, p95: f64, samples: u64) -> MeasuredGroup {
        let measured = |measure, value| Measured { measure, value, interval: None, samples };
        let figures = vec![
            measured(Measure::P50, 1e6),
            measured(Measure::P95, p95),
            measured(Measure::Mean, 2e6),
            measured(Measure::ErrorRate, 1.0 / 7.0),
        ];
        MeasuredGroup { request: request.to_owned(), arrivals: samples, answered: samples, figures }
    }

    fn run(name: &str, p95: f64, samples: u64) -> MeasuredRun {
        MeasuredRun {
            name: name.to_owned(),
            scenario: "load".to_owned(),
            started_unix_ns: 5,
            exact: true,
            requests: vec![group("list", p95, samples)],
            total: group("total", p95, samples),
            probes: Vec::new(),
        }
    }

    #[test]
    fn a_run_gives_its_figures_and_no_noise() {
        let baseline = saved(&[run("a", 5e6, 100)], |_, _| None, Time::Response, "d".to_owned());
        let expected = [(Measure::P50, 1e6, None), (Measure::P95, 5e6, None), (Measure::ErrorRate, 0.142_857, None)];
        let figures = baseline.requests[0].figures.iter().map(|f| (f.measure, f.value, f.noise)).collect::<Vec<_>>();
        assert_eq!(figures, expected);
        assert_eq!(baseline.name.as_deref(), Some("load"));
    }

    #[test]
    fn several_runs_give_their_median_with_the_noise_that_there_is_between_them() {
        let runs = [run("a", 5e6, 100), run("b", 4e6, 100), run("c", 4.8e6, 100)];
        let noise = |request: &str, measure| (request == "total" && measure == Measure::P95).then_some(0.166_66);
        let p95 = saved(&runs, noise, Time::Response, "d".to_owned()).total[1];
        assert_eq!((p95.value, p95.noise), (4.8e6, Some(16.7 / 100.0)));
    }

    #[test]
    fn a_percentile_of_too_few_samples_is_not_saved() {
        let baseline = saved(&[run("a", 5e6, 100), run("b", 5e6, 58)], |_, _| None, Time::Response, "d".to_owned());
        let measures: Vec<Measure> = baseline.total.iter().map(|figure| figure.measure).collect();
        assert_eq!(measures, [Measure::P50, Measure::ErrorRate]);
    }
}
