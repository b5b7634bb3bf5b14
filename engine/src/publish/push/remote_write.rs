//! Prometheus' remote write, version 1: a protobuf message, packed by Snappy.

use prometheus::proto::{LabelPair, Metric, MetricFamily, MetricType};
use prost::Message;
use runlog::units::Nanos;
use snap::raw::Encoder;

use super::Format;

/// How many series go into one request: receivers have a bound on its size.
const MOST_AT_ONCE: usize = 5_000;

/// Puts figures into the bytes of remote write.
pub struct RemoteWrite {
    instance: String,
}

/// `prometheus.WriteRequest`.
#[derive(Clone, PartialEq, Message)]
struct WriteRequest {
    #[prost(message, repeated, tag = "1")]
    series: Vec<TimeSeries>,
    #[prost(message, repeated, tag = "3")]
    metadata: Vec<Metadata>,
}

/// `prometheus.TimeSeries`.
#[derive(Clone, PartialEq, Message)]
struct TimeSeries {
    #[prost(message, repeated, tag = "1")]
    labels: Vec<Label>,
    #[prost(message, repeated, tag = "2")]
    samples: Vec<Sample>,
}

/// `prometheus.Label`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Message)]
struct Label {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

/// `prometheus.Sample`.
#[derive(Clone, Copy, PartialEq, Message)]
struct Sample {
    #[prost(double, tag = "1")]
    value: f64,
    /// Milliseconds since 1970.
    #[prost(int64, tag = "2")]
    timestamp: i64,
}

/// `prometheus.MetricMetadata`.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
struct Metadata {
    #[prost(enumeration = "Kind", tag = "1")]
    kind: i32,
    #[prost(string, tag = "2")]
    family: String,
    #[prost(string, tag = "4")]
    help: String,
}

/// `prometheus.MetricMetadata.MetricType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
enum Kind {
    Unknown = 0,
    Counter = 1,
    Gauge = 2,
    Histogram = 3,
}

impl RemoteWrite {
    /// As the target that is called so.
    pub fn new(instance: &str) -> Self {
        Self { instance: instance.to_owned() }
    }

    fn series(&self, families: &[MetricFamily], now: Nanos) -> Vec<TimeSeries> {
        let timestamp = (now.0 / 1_000_000).cast_signed();
        let mut all = Vec::new();
        for family in families {
            for metric in family.get_metric() {
                for (suffix, bound, value) in samples(family.get_field_type(), metric) {
                    let name = format!("{}{suffix}", family.name());
                    let labels = self.labels(name, metric.get_label(), bound);
                    all.push(TimeSeries { labels, samples: vec![Sample { value, timestamp }] });
                }
            }
        }
        all
    }

    /// In the order of their names, as receivers want them.
    fn labels(&self, name: String, own: &[LabelPair], bound: Option<String>) -> Vec<Label> {
        let label = |name: &str, value: String| Label { name: name.to_owned(), value };
        let mut labels = vec![
            label("__name__", name),
            label("instance", self.instance.clone()),
            label("job", "drumfire".to_owned()),
        ];
        labels.extend(own.iter().map(|pair| label(pair.name(), pair.value().to_owned())));
        labels.extend(bound.map(|bound| label("le", bound)));
        labels.sort();
        labels
    }
}

/// What a metric is in plain samples: each with what its name ends with, and the bound of its bucket.
fn samples(kind: MetricType, metric: &Metric) -> Vec<(&'static str, Option<String>, f64)> {
    match kind {
        MetricType::COUNTER => vec![("", None, metric.get_counter().get_value())],
        MetricType::HISTOGRAM => {
            let histogram = metric.get_histogram();
            let buckets = histogram.get_bucket().iter();
            let buckets = buckets.map(|bucket| (bucket.upper_bound().to_string(), bucket.cumulative_count() as f64));
            let count = histogram.get_sample_count() as f64;
            let all = buckets.chain(std::iter::once(("+Inf".to_owned(), count)));
            let mut samples: Vec<_> = all.map(|(bound, count)| ("_bucket", Some(bound), count)).collect();
            samples.extend([("_sum", None, histogram.get_sample_sum()), ("_count", None, count)]);
            samples
        }
        _ => vec![("", None, metric.get_gauge().get_value())],
    }
}

fn metadata(family: &MetricFamily) -> Metadata {
    let kind = match family.get_field_type() {
        MetricType::COUNTER => Kind::Counter,
        MetricType::GAUGE => Kind::Gauge,
        MetricType::HISTOGRAM => Kind::Histogram,
        _ => Kind::Unknown,
    };
    Metadata { kind: kind.into(), family: family.name().to_owned(), help: family.help().to_owned() }
}

impl Format for RemoteWrite {
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[
            ("Content-Type", "application/x-protobuf"),
            ("Content-Encoding", "snappy"),
            ("X-Prometheus-Remote-Write-Version", "0.1.0"),
        ]
    }

    fn bodies(&self, families: &[MetricFamily], now: Nanos) -> Vec<Vec<u8>> {
        let mut metadata: Vec<Metadata> = families.iter().map(metadata).collect();
        let packed = |series: &[TimeSeries]| {
            let request = WriteRequest { series: series.to_vec(), metadata: std::mem::take(&mut metadata) };
            // It fails for more than 4 GiB only.
            Encoder::new().compress_vec(&request.encode_to_vec()).unwrap_or_default()
        };
        self.series(families, now).chunks(MOST_AT_ONCE).map(packed).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::labels::pairs;
    use crate::publish::series::{counter, family, histogram};
    use crate::worker::buckets::Buckets;

    #[test]
    fn series_have_sorted_labels_and_the_time_in_milliseconds() {
        let labels = || pairs([("run", "r"), ("request", "a\"b")]);
        let mut times = Buckets::default();
        times.record(15_000);
        let families = [
            family("http_reqs_total", MetricType::COUNTER, "Arrivals", vec![counter(labels(), 7.0)]),
            family("lag_seconds", MetricType::HISTOGRAM, "Lag", vec![histogram(labels(), &times)]),
        ];
        let bodies = RemoteWrite::new("here").bodies(&families, Nanos(1_234_567_890));
        assert_eq!(bodies.len(), 1);
        let bytes = snap::raw::Decoder::new().decompress_vec(&bodies[0]).expect("it is packed");
        let request = WriteRequest::decode(bytes.as_slice()).expect("our own message");
        let shown: Vec<String> = request
            .series
            .iter()
            .map(|series| {
                let labels: Vec<String> =
                    series.labels.iter().map(|label| format!("{}={}", label.name, label.value)).collect();
                format!("{} {} @{}", labels.join(" "), series.samples[0].value, series.samples[0].timestamp)
            })
            .collect();
        assert_eq!(shown[0], "__name__=drumfire_http_reqs_total instance=here job=drumfire request=a\"b run=r 7 @1234");
        assert_eq!(shown.len(), 1 + 42 + 2);
        let first =
            "__name__=drumfire_lag_seconds_bucket instance=here job=drumfire le=0.00001 request=a\"b run=r 0 @1234";
        assert_eq!(shown[1], first);
        assert!(shown[42].contains(" le=+Inf ") && shown[42].contains(" 1 @"), "{}", shown[42]);
        let kinds: Vec<_> = request.metadata.iter().map(|one| (one.family.as_str(), one.kind())).collect();
        assert_eq!(kinds, [("drumfire_http_reqs_total", Kind::Counter), ("drumfire_lag_seconds", Kind::Histogram)]);
    }

    #[test]
    fn what_is_too_much_for_one_request_goes_in_several() {
        let each = (0..=MOST_AT_ONCE).map(|n| counter(pairs([("n", n.to_string().as_str())]), 1.0));
        let families = [family("x_total", MetricType::COUNTER, "x", each.collect())];
        assert_eq!(RemoteWrite::new("here").bodies(&families, Nanos::ZERO).len(), 2);
    }
}
