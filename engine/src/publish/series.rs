//! Series as the library has them: a family for each name, a metric for each set of labels; and all of it as text.

use prometheus::TextEncoder;
use prometheus::proto::{Bucket, Counter, Gauge, Histogram, LabelPair, Metric, MetricFamily, MetricType};

use crate::worker::buckets::Buckets;

/// Families in Prometheus' text format.
pub fn text(families: &[MetricFamily]) -> String {
    TextEncoder::new().encode_to_string(families).unwrap_or_else(|error| format!("# {error}\n"))
}

/// All series of a name, which gets the product's before it.
pub fn family(name: &str, kind: MetricType, help: &str, metrics: Vec<Metric>) -> MetricFamily {
    let mut family = MetricFamily::default();
    family.set_name(format!("drumfire_{name}"));
    family.set_help(help.to_owned());
    family.set_field_type(kind);
    family.set_metric(metrics);
    family
}

/// What is counted, so far.
pub fn counter(labels: Vec<LabelPair>, value: f64) -> Metric {
    let (mut metric, mut counter) = (Metric::from_label(labels), Counter::default());
    counter.set_value(value);
    metric.set_counter(counter);
    metric
}

/// A level.
pub fn gauge(labels: Vec<LabelPair>, value: f64) -> Metric {
    let (mut metric, mut gauge) = (Metric::from_label(labels), Gauge::default());
    gauge.set_value(value);
    metric.set_gauge(gauge);
    metric
}

/// Times in buckets, in seconds.
pub fn histogram(labels: Vec<LabelPair>, times: &Buckets) -> Metric {
    let (mut metric, mut histogram) = (Metric::from_label(labels), Histogram::default());
    let bucket = |(bound, count)| {
        let mut bucket = Bucket::default();
        bucket.set_upper_bound(seconds(bound));
        bucket.set_cumulative_count(count);
        bucket
    };
    histogram.set_bucket(times.cumulative().map(bucket).collect());
    histogram.set_sample_count(times.count());
    histogram.set_sample_sum(seconds(times.sum_ns()));
    metric.set_histogram(histogram);
    metric
}

fn seconds(ns: u64) -> f64 {
    ns as f64 / 1e9
}
