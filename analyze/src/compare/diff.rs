//! Two sides held against each other, figure by figure.

use runlog::sketch::Sketch;
use serde::{Serialize, Serializer};

use super::errors::{Failures, least_difference};
use super::side::{Side, resampling};
use crate::baseline::Measure;
use crate::baseline::measured::MeasuredGroup;
use crate::load::Run;
use crate::statistics::bootstrap::{Resampled, Shortage};
use crate::statistics::comparison::{Comparison, Criteria, Verdict, compare};
use crate::statistics::distribution::Interval;
use crate::statistics::effect::{Effect, Magnitude};
use crate::statistics::noise;
use crate::statistics::shape::compare_shapes;
use crate::statistics::statistic::{Scale, Statistic};
use crate::statistics::windows::Windows;
use crate::time::Time;

/// The figures that are compared.
const FIGURES: [Measure; 8] = [
    Measure::P50,
    Measure::P90,
    Measure::P95,
    Measure::P99,
    Measure::P999,
    Measure::Mean,
    Measure::ErrorRate,
    Measure::Throughput,
];

/// What a comparison of two sides comes to.
#[derive(Debug, Clone, Serialize)]
pub struct Diff {
    /// The runs that it is held against, by their directories.
    pub base: Vec<String>,
    /// The runs that are held against them.
    pub run: Vec<String>,
    /// Which times were compared.
    pub time: Time,
    /// How sure it is that not one of all verdicts is wrong by chance.
    pub confidence: f64,
    /// Differences within this do not matter.
    pub tolerance: f64,
    /// Whether both sides did the same; otherwise a difference may come from that.
    pub is_same_scenario: bool,
    /// Whether percentiles are samples themselves. Those of summary files are to within 1/512, and never too low; those of
    /// several runs together to within 1/128.
    pub exact: bool,
    /// Requests that only one side has.
    pub unmatched: Vec<String>,
    /// What came of each request.
    pub requests: Vec<Compared>,
    /// What came of all of them together.
    pub total: Compared,
}

/// What a comparison of one request comes to.
#[derive(Debug, Clone, Serialize)]
pub struct Compared {
    /// The request; `total` for all.
    pub request: String,
    /// Figure by figure.
    pub figures: Vec<Judged>,
    /// How the times are spread.
    pub distribution: Option<Distribution>,
}

impl Compared {
    /// What came of a figure.
    pub fn figure(&self, figure: Measure) -> Option<&Judged> {
        self.figures.iter().find(|judged| judged.figure == figure)
    }
}

/// A figure of two sides.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Judged {
    /// Which figure.
    pub figure: Measure,
    /// What it was: nanoseconds, a share of one, or per second.
    pub base: Option<f64>,
    /// What it is.
    pub run: Option<f64>,
    /// By how much it differs: as a share of the base; of error rates run − base.
    pub difference: Option<f64>,
    /// Where the true difference lies, at a confidence that holds for all figures of the comparison together.
    pub interval: Option<[f64; 2]>,
    /// How surprising the difference would be if there were none; of this figure alone.
    pub p_value: Option<f64>,
    /// What that comes to.
    #[serde(serialize_with = "verdict_word")]
    pub verdict: Verdict,
}

/// How differently the times of two sides are spread.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Distribution {
    /// The probability that a time of the run is longer than one of the base, a tie counted as half.
    pub superiority: f64,
    /// Cliff's delta, from −1 (all shorter) to 1 (all longer).
    pub cliffs_delta: f64,
    /// The conventional word for it.
    #[serde(serialize_with = "magnitude_word")]
    pub magnitude: Magnitude,
    /// The largest distance between the two cumulative distributions.
    pub kolmogorov_smirnov: f64,
    /// The typical factor between times of the same rank.
    pub typical_factor: f64,
    /// How surprising distances like these would be between sides that do not differ. `None` with too few windows.
    pub p_value: Option<f64>,
    /// Whether the times are spread differently, at a confidence that holds for all requests together.
    pub differs: bool,
}

fn verdict_word<S: Serializer>(verdict: &Verdict, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(word(*verdict))
}

/// A verdict in a word.
pub(super) const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better",
        Verdict::Worse => "worse",
        Verdict::Same => "same",
        Verdict::NotEnoughData(_) => "not enough data",
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn magnitude_word<S: Serializer>(magnitude: &Magnitude, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(size(*magnitude))
}

/// The size of an effect in a word.
pub(super) const fn size(magnitude: Magnitude) -> &'static str {
    match magnitude {
        Magnitude::Negligible => "negligible",
        Magnitude::Small => "small",
        Magnitude::Medium => "medium",
        Magnitude::Large => "large",
    }
}

impl Measure {
    /// The statistic that is resampled for it; none for those that resamples say nothing of.
    pub const fn statistic(self) -> Option<Statistic> {
        match (self, self.percentile()) {
            (_, Some(percentile)) => Some(Statistic::Percentile(percentile)),
            (Self::Mean, _) => Some(Statistic::Mean),
            (Self::ErrorRate, _) => Some(Statistic::ErrorRate),
            (Self::Throughput, _) => Some(Statistic::Throughput),
            _ => None,
        }
    }
}

fn statistics() -> Vec<Statistic> {
    FIGURES.iter().filter_map(|measure| measure.statistic()).collect()
}

/// Holds runs against others. `confidence` is for all figures together: each has its share of what may be wrong
/// (Bonferroni), so that two runs of the same thing differ in any figure in one of twenty comparisons at 0.95.
/// Differences within `tolerance` (a share) are none.
pub fn diff(base: &[Run], run: &[Run], time: Time, confidence: f64, tolerance: f64) -> Diff {
    let metric = time.metric();
    let sides = [Side { runs: base, metric }, Side { runs: run, metric }];
    let [of_base, of_run] = sides.map(|side| side.requests());
    let (common, only): (Vec<String>, Vec<String>) = of_base.iter().cloned().partition(|name| of_run.contains(name));
    let unmatched = only.into_iter().chain(of_run.into_iter().filter(|name| !of_base.contains(name))).collect();
    let groups = common.len() + 1;
    let criteria = Criteria { confidence: 1.0 - (1.0 - confidence) / (groups * FIGURES.len()) as f64, tolerance };
    let shape = (1.0 - confidence) / groups as f64;
    let compared = |request: Option<&str>| {
        let windows = sides.map(|side| side.windows(request));
        let measured = sides.map(|side| side.measured(request, time));
        Compared {
            request: request.unwrap_or("total").to_owned(),
            figures: figures(&windows, &measured, criteria),
            distribution: distribution(&windows[0], &windows[1], shape),
        }
    };
    let names = |runs: &[Run]| runs.iter().map(|run| run.summary.run.directory.clone()).collect();
    Diff {
        base: names(base),
        run: names(run),
        time,
        confidence,
        tolerance,
        is_same_scenario: is_same_scenario(base, run),
        exact: [base, run].into_iter().all(|side| matches!(side, [run] if run.has_rows())),
        unmatched,
        requests: common.iter().map(|name| compared(Some(name))).collect(),
        total: compared(None),
    }
}

fn is_same_scenario(base: &[Run], run: &[Run]) -> bool {
    let mut digests = base.iter().chain(run).map(|run| crate::baseline::digest::of(&run.log.manifest));
    digests.next().is_none_or(|first| digests.all(|digest| digest == first))
}

fn figures(windows: &[Vec<Windows>; 2], measured: &[Option<MeasuredGroup>; 2], criteria: Criteria) -> Vec<Judged> {
    let [of_base, of_run] = windows.each_ref().map(|side| Resampled::new(side, &statistics(), resampling()));
    let found = compare(&of_base, &of_run, criteria).into_iter().map(|found| match found.statistic {
        Statistic::ErrorRate => of_errors(found, windows, criteria),
        _ => found,
    });
    FIGURES.iter().zip(found).map(|(&figure, found)| judged(figure, &found, measured)).collect()
}

/// An interval that is at least as wide as chance alone makes it.
fn of_errors(found: Comparison, windows: &[Vec<Windows>; 2], criteria: Criteria) -> Comparison {
    let [base, run] = windows.each_ref().map(|side| Failures::of(side));
    let (Some(interval), Some(difference)) = (found.interval, found.difference) else { return found };
    let Some(least) = least_difference(base, run, criteria.confidence) else { return found };
    let interval = Interval { low: interval.low.min(difference - least), high: interval.high.max(difference + least) };
    let verdict = if interval.contains(0.0) { Verdict::Same } else { found.verdict };
    Comparison { interval: Some(interval), verdict, ..found }
}

/// A side of one run has the figures of its summary, which are exact; several runs together have what their windows tell.
fn judged(figure: Measure, found: &Comparison, measured: &[Option<MeasuredGroup>; 2]) -> Judged {
    let exact = |side: &Option<MeasuredGroup>| Some(side.as_ref()?.figure(figure)?.value);
    let [base, run] = [(found.base, &measured[0]), (found.run, &measured[1])]
        .map(|(resampled, side)| resampled.map(|value| exact(side).unwrap_or(value)));
    let difference = |base: f64, run: f64| match found.statistic.scale() {
        Scale::Ratio if base > 0.0 => Some(run / base - 1.0),
        Scale::Ratio => None,
        Scale::Difference => Some(run - base),
    };
    Judged {
        figure,
        base,
        run,
        difference: base.zip(run).and_then(|(base, run)| difference(base, run)),
        interval: found.interval.map(|interval| [interval.low, interval.high]),
        p_value: found.p_value,
        verdict: found.verdict,
    }
}

fn distribution(base: &[Windows], run: &[Windows], significance: f64) -> Option<Distribution> {
    let times = |side: &[Windows]| {
        let mut all = Sketch::default();
        for windows in side {
            all.merge(&windows.times());
        }
        all
    };
    let effect = Effect::new(&times(base), &times(run))?;
    let p_value = compare_shapes(base, run, resampling()).ok().map(|shape| shape.p_value);
    Some(Distribution {
        superiority: effect.superiority(),
        cliffs_delta: effect.delta,
        magnitude: effect.magnitude(),
        kolmogorov_smirnov: effect.kolmogorov_smirnov,
        typical_factor: effect.wasserstein_factor,
        p_value,
        differs: p_value.is_some_and(|p_value| p_value < significance),
    })
}

/// How far runs of the same thing are apart by chance.
#[derive(Debug, Clone, Serialize)]
pub struct Noise {
    /// The runs, by their directories.
    pub runs: Vec<String>,
    /// Which times were looked at.
    pub time: Time,
    /// For each request, and `total`.
    pub requests: Vec<Floors>,
}

/// The noise floors of a request.
#[derive(Debug, Clone, Serialize)]
pub struct Floors {
    /// The request; `total` for all.
    pub request: String,
    /// Figure by figure.
    pub figures: Vec<Floor>,
}

/// The noise floor of a figure.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Floor {
    /// Which figure.
    pub figure: Measure,
    /// What 95 of 100 differences do not exceed: as a share of the figure, of error rates as a difference of shares. `None`
    /// where there is not enough data.
    pub floor: Option<f64>,
}

/// What the noise floor does not exceed in so many of all cases.
const FLOOR: f64 = 0.95;

/// The noise floor of runs of the same thing: of one run, from halves of it; of several, from every pair as well (A/A).
pub fn noise(runs: &[Run], time: Time) -> Noise {
    let side = Side { runs, metric: time.metric() };
    let of = |request: Option<&str>| {
        let windows = side.windows(request);
        let found = noise::noise(&windows, &statistics(), resampling());
        let failures = Failures::of(&windows).of_each(windows.len());
        let least = least_difference(failures, failures, FLOOR);
        let figures = FIGURES.iter().zip(found).map(|(&figure, noise)| match (figure, noise.floor(FLOOR)) {
            (Measure::ErrorRate, Some(floor)) => {
                Floor { figure, floor: Some(least.map_or(floor, |least| least.max(floor))) }
            }
            (_, floor) => Floor { figure, floor },
        });
        Floors { request: request.unwrap_or("total").to_owned(), figures: figures.collect() }
    };
    let names: Vec<String> = side.requests();
    Noise {
        runs: runs.iter().map(|run| run.summary.run.directory.clone()).collect(),
        time,
        requests: names.iter().map(|name| of(Some(name))).chain([of(None)]).collect(),
    }
}

impl Noise {
    /// The floor of a figure of a request, or of all.
    pub fn floor(&self, request: &str, figure: Measure) -> Option<f64> {
        let floors = self.requests.iter().find(|floors| floors.request == request)?;
        floors.figures.iter().find(|floor| floor.figure == figure)?.floor
    }
}

/// What there is too little of, in words.
pub(super) fn lacking(shortage: Shortage) -> String {
    match shortage {
        Shortage::Windows { have, need } => format!("{have} windows of time, and it takes {need}"),
        Shortage::Samples { have, need } => format!("{have} answers, and it takes {need}"),
        Shortage::Value => "nothing to compare".to_owned(),
        Shortage::Precision => "half or twice as much would not be seen".to_owned(),
    }
}
