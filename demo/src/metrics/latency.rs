//! How long things take: histograms with fixed bounds, and quantiles from them.

use std::time::Duration;

use prometheus::core::{Collector, Metric as _};
use prometheus::{Histogram, HistogramOpts, HistogramVec, Registry, proto};
use serde::Serialize;

use super::{Result, enrol};

/// Upper bounds of the buckets, in seconds.
const BOUNDS: [f64; 22] = [
    1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0,
    5.0, 10.0,
];

/// How long one thing takes.
#[derive(Debug, Clone)]
pub(crate) struct Latency(Histogram);

impl Latency {
    pub(crate) fn enrolled(registry: &Registry, name: &str, help: &str) -> Result<Self> {
        enrol(registry, Histogram::with_opts(options(name, help))).map(Self)
    }

    pub(crate) fn observe(&self, took: Duration) {
        self.0.observe(took.as_secs_f64());
    }

    pub(crate) fn figures(&self) -> LatencyFigures {
        LatencyFigures::of(self.0.metric().get_histogram())
    }
}

/// How long several things of a kind take, told apart by labels.
#[derive(Debug, Clone)]
pub(crate) struct Latencies(HistogramVec);

impl Latencies {
    pub(crate) fn enrolled(registry: &Registry, name: &str, help: &str, labels: &[&str]) -> Result<Self> {
        enrol(registry, HistogramVec::new(options(name, help), labels)).map(Self)
    }

    pub(crate) fn observe(&self, labels: &[&str], took: Duration) {
        self.0.with_label_values(labels).observe(took.as_secs_f64());
    }

    /// The figures of each, by its labels, separated by a space.
    pub(crate) fn figures<C: FromIterator<(String, LatencyFigures)>>(&self) -> C {
        let families = self.0.collect();
        let each = families.iter().flat_map(proto::MetricFamily::get_metric);
        each.map(|metric| (labels_of(metric), LatencyFigures::of(metric.get_histogram()))).collect()
    }
}

fn labels_of(metric: &proto::Metric) -> String {
    let labels: Vec<&str> = metric.get_label().iter().map(proto::LabelPair::value).collect();
    labels.join(" ")
}

fn options(name: &str, help: &str) -> HistogramOpts {
    HistogramOpts::new(name, help).buckets(BOUNDS.to_vec())
}

/// What a histogram tells, since the start of the process.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct LatencyFigures {
    pub(crate) count: u64,
    sum_ms: f64,
    /// Nothing where nothing was observed.
    pub(crate) mean_ms: Option<f64>,
    /// As Prometheus' `histogram_quantile(0.95, …)` tells it: between the bounds of the bucket that it lies in.
    pub(crate) p95_ms: Option<f64>,
}

impl LatencyFigures {
    fn of(histogram: &proto::Histogram) -> Self {
        let (count, sum_ms) = (histogram.get_sample_count(), histogram.get_sample_sum() * 1e3);
        let mean_ms = (count > 0).then(|| sum_ms / count as f64);
        Self { count, sum_ms, mean_ms, p95_ms: quantile(0.95, histogram).map(|seconds| seconds * 1e3) }
    }
}

/// Linear within the bucket; the last bound for what lies beyond it.
fn quantile(of: f64, histogram: &proto::Histogram) -> Option<f64> {
    let rank = of * histogram.get_sample_count() as f64;
    let (mut below, mut lower) = (0.0, 0.0);
    for bucket in histogram.get_bucket() {
        let (upto, upper) = (bucket.cumulative_count() as f64, bucket.upper_bound());
        if upto > 0.0 && upto >= rank {
            return Some(lower + (upper - lower) * (rank - below) / (upto - below));
        }
        (below, lower) = (upto, upper);
    }
    (rank > 0.0).then_some(lower)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(observed: &[f64]) -> LatencyFigures {
        let latency = Latency::enrolled(&Registry::new(), "latency", "of a test").unwrap();
        for &seconds in observed {
            latency.observe(Duration::from_secs_f64(seconds));
        }
        latency.figures()
    }

    #[test]
    fn a_quantile_lies_between_the_bounds_of_its_bucket() {
        // The 95th of a hundred is the fifth of ten in the bucket from 100 to 200 ms.
        let mut observed = vec![0.015; 90];
        observed.extend([0.15; 10]);
        let figures = figures(&observed);
        assert!((figures.p95_ms.unwrap() - 150.0).abs() < 1e-6, "{figures:?}");
        assert!((figures.mean_ms.unwrap() - 28.5).abs() < 1e-6, "{figures:?}");
    }

    #[test]
    fn nothing_observed_is_nothing_told_and_beyond_the_last_bound_is_the_last_bound() {
        assert_eq!(figures(&[]), LatencyFigures { count: 0, sum_ms: 0.0, mean_ms: None, p95_ms: None });
        assert_eq!(figures(&[60.0]).p95_ms, Some(10_000.0));
    }
}
