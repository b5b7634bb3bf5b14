//! What was measured of a run, in the words of a baseline.

use runlog::samples::ProbeSample;
use runlog::statistics::Figures;
use runlog::summary::{Group, Summary};
use serde::Serialize;

use super::{Measure, Time};

/// The measured side of a comparison: one run.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredRun {
    /// The name of its directory.
    pub name: String,
    /// The name of its scenario.
    pub scenario: String,
    /// The wall time of its t=0, nanoseconds since the Unix epoch.
    pub started_unix_ns: u64,
    /// Whether percentiles are samples themselves; not so of a summary file.
    pub exact: bool,
    /// The figures of each request.
    pub requests: Vec<MeasuredGroup>,
    /// The figures of all requests together.
    pub total: MeasuredGroup,
    /// What probes sampled.
    pub probes: Vec<MeasuredProbe>,
}

/// The figures of the arrivals of one request, or of all.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredGroup {
    /// The request's name.
    pub request: String,
    /// Its arrivals.
    pub arrivals: u64,
    /// Of these, with an answer: those that have a time.
    pub answered: u64,
    /// Its figures, as far as there are any: without an answer there is no time.
    pub figures: Vec<Measured>,
}

/// A measured figure.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measured {
    /// What it is a figure of.
    pub measure: Measure,
    /// In nanoseconds, as a share of one, or per second.
    pub value: f64,
    /// How far chance may have moved it; unknown where there is none.
    pub interval: Option<Interval>,
    /// How many arrivals it comes from.
    pub samples: u64,
}

/// Where the difference to the baseline's figure lies: as a share of that, (run − baseline) / baseline; of error rates (which
/// may be 0) run − baseline. As sure as [`super::confidence`] says.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// What a probe sampled of one metric.
#[derive(Debug, Clone, PartialEq)]
pub struct MeasuredProbe {
    /// The probe's name.
    pub probe: String,
    /// The metric's name.
    pub metric: String,
    /// The samples in order of time, those of all tags together. Finite.
    pub samples: Vec<f64>,
}

impl MeasuredGroup {
    /// The figure of a measure.
    pub fn figure(&self, measure: Measure) -> Option<&Measured> {
        self.figures.iter().find(|figure| figure.measure == measure)
    }
}

impl MeasuredProbe {
    /// The number that the samples come down to, percentiles by nearest rank. `None` without samples.
    pub fn number(&self, measure: Measure) -> Option<f64> {
        let samples = &self.samples;
        if let Some(percentile) = measure.percentile() {
            let mut sorted = samples.clone();
            sorted.sort_unstable_by(f64::total_cmp);
            return percentile.index(sorted.len()).map(|place| sorted[place]);
        }
        match measure {
            Measure::Mean if !samples.is_empty() => Some(samples.iter().sum::<f64>() / samples.len() as f64),
            Measure::Min => samples.iter().copied().min_by(f64::total_cmp),
            Measure::Max => samples.iter().copied().max_by(f64::total_cmp),
            Measure::Last => samples.last().copied(),
            _ => None,
        }
    }
}

/// The figures of a run. Percentiles are given whatever the number of samples: whether those are enough is for the gate.
pub fn measured(summary: &Summary, probes: &[ProbeSample], time: Time) -> MeasuredRun {
    let directory = std::path::Path::new(&summary.run.directory);
    let name =
        directory.file_name().map_or_else(|| summary.run.directory.clone(), |n| n.to_string_lossy().into_owned());
    MeasuredRun {
        name,
        scenario: summary.run.name.clone(),
        started_unix_ns: summary.run.started_unix_ns,
        exact: summary.exact,
        requests: summary.requests.iter().map(|group| group_of(group, time)).collect(),
        total: group_of(&summary.total, time),
        probes: probes_of(probes),
    }
}

fn group_of(group: &Group, time: Time) -> MeasuredGroup {
    let answered = group.statuses.values().sum();
    // Intervals come from the windows of the run: see `compare::add_intervals`.
    let figure = |measure, value, samples| Measured { measure, value, interval: None, samples };
    let mut figures: Vec<Measured> = times_of(group, time).map_or_else(Vec::new, |times| {
        let values = Measure::OF_REQUESTS.into_iter().filter_map(|measure| Some((measure, time_of(&times, measure)?)));
        values.map(|(measure, value)| figure(measure, value, answered)).collect()
    });
    if group.count > 0 {
        let error_rate = group.errors as f64 / group.count as f64;
        figures.push(figure(Measure::ErrorRate, error_rate, group.count));
        let throughput = group.rate_per_s * (group.count - group.errors) as f64 / group.count as f64;
        figures.push(figure(Measure::Throughput, throughput, group.count));
    }
    MeasuredGroup { request: group.request.clone(), arrivals: group.count, answered, figures }
}

/// The times of a group that are meant.
pub const fn times_of(group: &Group, time: Time) -> Option<Figures> {
    match time {
        Time::Response => group.response_time_ns,
        Time::Service => group.service_time_ns,
    }
}

fn time_of(times: &Figures, measure: Measure) -> Option<f64> {
    Some(match measure {
        Measure::P50 => times.p50 as f64,
        Measure::P90 => times.p90 as f64,
        Measure::P95 => times.p95 as f64,
        Measure::P99 => times.p99 as f64,
        Measure::P999 => times.p999 as f64,
        Measure::Mean => times.mean,
        Measure::Max => times.max as f64,
        Measure::Min | Measure::Last | Measure::ErrorRate | Measure::Throughput => return None,
    })
}

fn probes_of(rows: &[ProbeSample]) -> Vec<MeasuredProbe> {
    let mut probes: Vec<MeasuredProbe> = Vec::new();
    for row in rows.iter().filter(|row| row.value.is_finite()) {
        let at = probes.iter().position(|probe| probe.probe == row.probe && probe.metric == row.metric);
        match at {
            Some(at) => probes[at].samples.push(row.value),
            None => probes.push(MeasuredProbe {
                probe: row.probe.clone(),
                metric: row.metric.clone(),
                samples: vec![row.value],
            }),
        }
    }
    probes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_come_down_to_numbers() {
        let samples = vec![3.0, 1.0, 4.0, 1.0, 5.0];
        let probe = MeasuredProbe { probe: "db".to_owned(), metric: "pool".to_owned(), samples };
        let numbers = [Measure::P50, Measure::P99, Measure::Mean, Measure::Min, Measure::Max, Measure::Last];
        assert_eq!(numbers.map(|measure| probe.number(measure)), [3.0, 5.0, 2.8, 1.0, 5.0, 5.0].map(Some));
        assert_eq!(probe.number(Measure::Throughput), None);
        let none = MeasuredProbe { samples: Vec::new(), ..probe };
        assert_eq!(Measure::OF_PROBES.map(|measure| none.number(measure)), [None; 9]);
    }

    #[test]
    fn samples_are_gathered_by_probe_and_metric() {
        let row = |metric: &str, value| ProbeSample {
            time_ns: 0,
            probe: "db".to_owned(),
            metric: metric.to_owned(),
            tags: String::new(),
            value,
        };
        let probes = probes_of(&[row("a", 1.0), row("b", 2.0), row("a", f64::NAN), row("a", 3.0)]);
        assert_eq!(probes.iter().map(|probe| probe.samples.clone()).collect::<Vec<_>>(), [vec![1.0, 3.0], vec![2.0]]);
    }
}
