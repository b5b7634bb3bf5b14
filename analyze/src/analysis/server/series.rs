//! What probes sampled, metric by metric.

use std::collections::BTreeMap;

use runlog::samples::ProbeSample;
use runlog::units::{Nanos, Percentile};

/// The samples of one metric with one set of tags, in the order of time.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Series<'a> {
    /// The probe's name.
    pub probe: &'a str,
    /// The metric's name.
    pub metric: &'a str,
    /// Its tags, as `k=v` pairs with `;` between them.
    pub tags: &'a str,
    /// When it was what.
    pub samples: Vec<(Nanos, f64)>,
}

impl<'a> Series<'a> {
    /// All series of these samples, by their names.
    pub fn all(samples: &'a [ProbeSample]) -> Vec<Self> {
        let mut by_name = BTreeMap::<_, Vec<_>>::new();
        for sample in samples.iter().filter(|sample| sample.value.is_finite()) {
            let name = (sample.probe.as_str(), sample.metric.as_str(), sample.tags.as_str());
            by_name.entry(name).or_default().push((Nanos(sample.time_ns), sample.value));
        }
        let series = by_name.into_iter().map(|((probe, metric, tags), mut samples)| {
            samples.sort_by_key(|(at, _)| *at);
            Self { probe, metric, tags, samples }
        });
        series.collect()
    }

    /// How people name it: `app.memory_mb`, with its tags where it has any.
    pub fn name(&self) -> String {
        let Self { probe, metric, tags, .. } = self;
        if tags.is_empty() { format!("{probe}.{metric}") } else { format!("{probe}.{metric} ({tags})") }
    }

    /// Its values, ascending.
    pub fn sorted(&self) -> Vec<f64> {
        let mut values: Vec<f64> = self.samples.iter().map(|(_, value)| *value).collect();
        values.sort_unstable_by(f64::total_cmp);
        values
    }

    /// The samples of which the instant is wanted.
    #[must_use]
    pub fn at(&self, is_wanted: impl Fn(Nanos) -> bool) -> Self {
        let samples = self.samples.iter().copied().filter(|(at, _)| is_wanted(*at)).collect();
        Self { samples, ..*self }
    }
}

/// A percentile of ascending values, by nearest rank. `None` without values.
pub(super) fn nearest_rank(sorted: &[f64], percentile: Percentile) -> Option<f64> {
    Some(sorted[percentile.index(sorted.len())?])
}

/// The mean. `None` without values.
pub(super) fn mean(values: &[f64]) -> Option<f64> {
    (!values.is_empty()).then(|| values.iter().sum::<f64>() / values.len() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(second: u64, metric: &str, tags: &str, value: f64) -> ProbeSample {
        let (metric, tags) = (metric.to_owned(), tags.to_owned());
        ProbeSample { time_ns: Nanos::from_secs(second).0, probe: "app".to_owned(), metric, tags, value }
    }

    #[test]
    fn samples_are_told_apart_by_all_of_their_names() {
        let samples = [
            sample(2, "cpu", "", 0.5),
            sample(1, "cpu", "", 0.25),
            sample(1, "cpu", "core=1", 1.0),
            sample(3, "cpu", "", f64::NAN),
        ];
        let all = Series::all(&samples);
        assert_eq!(all.iter().map(Series::name).collect::<Vec<_>>(), ["app.cpu", "app.cpu (core=1)"]);
        assert_eq!(all[0].samples, [(Nanos::from_secs(1), 0.25), (Nanos::from_secs(2), 0.5)]);
        assert_eq!(all[0].at(|at| at > Nanos::from_secs(1)).sorted(), [0.5]);
    }

    #[test]
    fn a_percentile_of_samples_is_one_of_them() {
        assert_eq!(nearest_rank(&[1.0, 2.0, 3.0, 4.0], Percentile::P50), Some(2.0));
        assert_eq!(nearest_rank(&[1.0, 2.0, 3.0, 4.0], Percentile::P95), Some(4.0));
        assert_eq!(nearest_rank(&[], Percentile::P50), None);
        assert_eq!(mean(&[1.0, 3.0]), Some(2.0));
    }
}
