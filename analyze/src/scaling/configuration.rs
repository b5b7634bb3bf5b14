//! What was measured with so many instances, of one run or several.

use runlog::units::Percentile;
use serde::Serialize;

use super::steady::{Limit, Steady};
use crate::compare::resampling;
use crate::statistics::bootstrap::{Figure, Resampled};
use crate::statistics::comparison::{Criteria, compare_figures};
use crate::statistics::distribution::{Distribution, Interval};
use crate::statistics::statistic::Statistic;
use crate::statistics::windows::Windows;

/// What is resampled: throughput first, then the percentiles of response times.
const STATISTICS: [Statistic; 4] = [
    Statistic::Throughput,
    Statistic::Percentile(Percentile::P50),
    Statistic::Percentile(Percentile::P95),
    Statistic::Percentile(Percentile::P99),
];

/// The runs with so many instances, resampled.
#[derive(Debug, Clone)]
pub struct Measured {
    pub instances: f64,
    pub runs: Vec<String>,
    /// The load, where it was that in any of the runs.
    pub limit: Limit,
    steady: Vec<Steady>,
    /// In the order of [`STATISTICS`].
    figures: Vec<Figure>,
}

impl Measured {
    /// Of runs with their labels: at least one. Their order is of no consequence.
    pub fn of(instances: f64, mut runs: Vec<(String, Steady)>) -> Self {
        runs.sort_by(|(one, _), (other, _)| one.cmp(other));
        let (runs, steady): (Vec<String>, Vec<Steady>) = runs.into_iter().unzip();
        let windows: Vec<Windows> = steady.iter().map(|steady| steady.windows.clone()).collect();
        let is_limited = steady.iter().any(|steady| steady.limit == Limit::Load);
        Self {
            instances,
            runs,
            limit: if is_limited { Limit::Load } else { Limit::Target },
            figures: Resampled::new(&windows, &STATISTICS, resampling()).figures,
            steady,
        }
    }

    /// Answers per second that were as wanted.
    pub fn throughput(&self) -> &Figure {
        &self.figures[0]
    }

    /// Where the quotient of the throughput to that of another lies. `None` where there is not enough data.
    pub fn ratio_to(&self, other: &Self, confidence: f64) -> Option<Interval> {
        let criteria = Criteria { confidence, tolerance: 0.0 };
        let Interval { low, high } = compare_figures(other.throughput(), self.throughput(), criteria).interval?;
        Some(Interval { low: 1.0 + low, high: 1.0 + high })
    }

    fn sum(&self, of: impl Fn(&Steady) -> f64) -> f64 {
        self.steady.iter().map(of).sum()
    }
}

/// A number, and where the true one lies.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// Its interval: absent where there is not enough data.
    pub interval: Option<[f64; 2]>,
}

/// What was measured with so many instances.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Configuration {
    /// How many instances there were.
    pub instances: f64,
    /// The runs.
    pub runs: Vec<String>,
    /// What throughput was limited by: where that is the load, it says how much the target takes at the least.
    pub limited_by: Limit,
    /// Arrivals per second that the schedule brought; absent where virtual users wait for answers.
    pub scheduled_per_s: Option<f64>,
    /// Virtual users at work; absent where there are none.
    pub virtual_users: Option<f64>,
    /// Answers per second that were as wanted.
    pub throughput_per_s: Estimate,
    /// Throughput, as a multiple of that of the fewest instances; absent of these.
    pub speed_up: Option<Estimate>,
    /// The same over the multiple of instances: 1 is linear.
    pub efficiency: Option<Estimate>,
    /// The share of arrivals that failed.
    pub error_rate: f64,
    /// p50, p95 and p99 of the response time, to within 1/128; absent where there are too few answers.
    pub response_time_ns: [Option<Estimate>; 3],
    /// The share of their processors that the target's machines used, where that was probed.
    pub processors: Option<f64>,
}

/// What was measured, each held against the first.
pub fn all(measured: &[Measured], confidence: f64) -> Vec<Configuration> {
    measured
        .iter()
        .enumerate()
        .map(|(place, one)| of(one, measured.first().filter(|_| place > 0), confidence))
        .collect()
}

fn of(measured: &Measured, base: Option<&Measured>, confidence: f64) -> Configuration {
    let seconds = measured.sum(|steady| steady.length.as_secs_f64());
    let arrivals = measured.sum(|steady| steady.arrivals as f64);
    let processors: Vec<f64> = measured.steady.iter().filter_map(|steady| steady.processors).collect();
    let is_open = measured.steady.iter().all(|steady| steady.is_open);
    let users = measured.sum(|steady| steady.users) / measured.steady.len() as f64;
    let speed_up = base.and_then(|base| speed_up(measured, base, confidence));
    let more = base.map_or(1.0, |base| measured.instances / base.instances);
    let scaled = |estimate: Estimate| Estimate {
        value: estimate.value / more,
        interval: estimate.interval.map(|ends| ends.map(|end| end / more)),
    };
    let mut figures = measured.figures.iter().map(|figure| estimate(figure, confidence));
    let none = Estimate { value: 0.0, interval: None };
    Configuration {
        instances: measured.instances,
        runs: measured.runs.clone(),
        limited_by: measured.limit,
        scheduled_per_s: is_open.then_some(arrivals / seconds),
        virtual_users: (users > 0.0 && !is_open).then_some(users),
        throughput_per_s: figures.next().flatten().unwrap_or(none),
        response_time_ns: std::array::from_fn(|_| figures.next().flatten()),
        speed_up,
        efficiency: speed_up.map(scaled),
        error_rate: measured.sum(|steady| steady.failed as f64) / arrivals.max(1.0),
        processors: (!processors.is_empty()).then(|| processors.iter().sum::<f64>() / processors.len() as f64),
    }
}

fn speed_up(measured: &Measured, base: &Measured, confidence: f64) -> Option<Estimate> {
    let value = measured.throughput().value? / base.throughput().value.filter(|value| *value > 0.0)?;
    let interval = measured.ratio_to(base, confidence).map(|interval| [interval.low, interval.high]);
    Some(Estimate { value, interval })
}

/// A figure with its interval.
fn estimate(figure: &Figure, confidence: f64) -> Option<Estimate> {
    let value = figure.value?;
    let place = figure.place().filter(|_| figure.shortage.is_none());
    let interval = place.map(|place| {
        let Interval { low, high } =
            Distribution::new(place, figure.resamples.clone(), figure.freedom).interval(confidence);
        [low.exp(), high.exp()]
    });
    Some(Estimate { value, interval })
}
