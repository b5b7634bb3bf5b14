//! OpenTelemetry's protocol over HTTP: a protobuf message of metrics, cumulative since the load began.

use prometheus::proto::{LabelPair, Metric as Series, MetricFamily, MetricType};
use prost::{Message, Oneof};
use runlog::units::Nanos;

use super::Format;

/// How many points go into one request: receivers have a bound on its size.
const MOST_AT_ONCE: usize = 500;
/// Values add up since the start.
const CUMULATIVE: i32 = 2;

/// Puts figures into the bytes of OTLP.
pub struct Otlp {
    instance: String,
    began: Nanos,
}

/// `ExportMetricsServiceRequest`.
#[derive(Clone, PartialEq, Message)]
struct Request {
    #[prost(message, repeated, tag = "1")]
    resource_metrics: Vec<ResourceMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct ResourceMetrics {
    #[prost(message, optional, tag = "1")]
    resource: Option<Resource>,
    #[prost(message, repeated, tag = "2")]
    scope_metrics: Vec<ScopeMetrics>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "1")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, PartialEq, Message)]
struct ScopeMetrics {
    #[prost(message, optional, tag = "1")]
    scope: Option<Scope>,
    #[prost(message, repeated, tag = "2")]
    metrics: Vec<Metric>,
}

/// `InstrumentationScope`.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
struct Scope {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    version: String,
}

#[derive(Clone, PartialEq, Eq, Hash, Message)]
struct KeyValue {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<AnyValue>,
}

/// `AnyValue`, of which only texts are needed.
#[derive(Clone, PartialEq, Eq, Hash, Message)]
struct AnyValue {
    #[prost(oneof = "Text", tags = "1")]
    value: Option<Text>,
}

#[derive(Clone, PartialEq, Eq, Hash, Oneof)]
enum Text {
    #[prost(string, tag = "1")]
    Text(String),
}

#[derive(Clone, PartialEq, Message)]
struct Metric {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    description: String,
    #[prost(string, tag = "3")]
    unit: String,
    #[prost(oneof = "Data", tags = "5, 7, 9")]
    data: Option<Data>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Data {
    #[prost(message, tag = "5")]
    Gauge(Gauge),
    #[prost(message, tag = "7")]
    Sum(Sum),
    #[prost(message, tag = "9")]
    Histogram(Histogram),
}

#[derive(Clone, PartialEq, Message)]
struct Gauge {
    #[prost(message, repeated, tag = "1")]
    points: Vec<NumberPoint>,
}

#[derive(Clone, PartialEq, Message)]
struct Sum {
    #[prost(message, repeated, tag = "1")]
    points: Vec<NumberPoint>,
    #[prost(int32, tag = "2")]
    temporality: i32,
    #[prost(bool, tag = "3")]
    is_monotonic: bool,
}

#[derive(Clone, PartialEq, Message)]
struct Histogram {
    #[prost(message, repeated, tag = "1")]
    points: Vec<HistogramPoint>,
    #[prost(int32, tag = "2")]
    temporality: i32,
}

/// `NumberDataPoint`.
#[derive(Clone, PartialEq, Message)]
struct NumberPoint {
    #[prost(fixed64, tag = "2")]
    began_ns: u64,
    #[prost(fixed64, tag = "3")]
    at_ns: u64,
    #[prost(oneof = "Number", tags = "4")]
    value: Option<Number>,
    #[prost(message, repeated, tag = "7")]
    attributes: Vec<KeyValue>,
}

#[derive(Clone, Copy, PartialEq, Oneof)]
enum Number {
    #[prost(double, tag = "4")]
    Double(f64),
}

/// `HistogramDataPoint`.
#[derive(Clone, PartialEq, Message)]
struct HistogramPoint {
    #[prost(fixed64, tag = "2")]
    began_ns: u64,
    #[prost(fixed64, tag = "3")]
    at_ns: u64,
    #[prost(fixed64, tag = "4")]
    count: u64,
    #[prost(double, optional, tag = "5")]
    sum: Option<f64>,
    /// Not cumulative, with the one that has no bound last.
    #[prost(fixed64, repeated, tag = "6")]
    bucket_counts: Vec<u64>,
    #[prost(double, repeated, tag = "7")]
    bounds: Vec<f64>,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<KeyValue>,
}

impl Otlp {
    /// From a generator that is called so, of a load that began then (since 1970).
    pub fn new(instance: &str, began: Nanos) -> Self {
        Self { instance: instance.to_owned(), began }
    }

    fn metric(&self, family: &MetricFamily, series: &[Series], now: Nanos) -> Metric {
        let number = |value: fn(&Series) -> f64| {
            let point = |series: &Series| NumberPoint {
                began_ns: self.began.0,
                at_ns: now.0,
                value: Some(Number::Double(value(series))),
                attributes: attributes(series.get_label()),
            };
            series.iter().map(point).collect()
        };
        let data = match family.get_field_type() {
            MetricType::COUNTER => {
                let points = number(|series| series.get_counter().get_value());
                Data::Sum(Sum { points, temporality: CUMULATIVE, is_monotonic: true })
            }
            MetricType::HISTOGRAM => {
                let points = series.iter().map(|series| self.histogram(series, now)).collect();
                Data::Histogram(Histogram { points, temporality: CUMULATIVE })
            }
            _ => Data::Gauge(Gauge { points: number(|series| series.get_gauge().get_value()) }),
        };
        // That it is a total is said by its being monotonic; who wants the word adds it again.
        let name = family.name().strip_suffix("_total").unwrap_or(family.name());
        let unit = unit_of(name).to_owned();
        Metric { name: name.to_owned(), description: family.help().to_owned(), unit, data: Some(data) }
    }

    fn histogram(&self, series: &Series, now: Nanos) -> HistogramPoint {
        let histogram = series.get_histogram();
        let up_to = histogram.get_bucket().iter().map(prometheus::proto::Bucket::cumulative_count);
        let up_to: Vec<u64> = up_to.chain(std::iter::once(histogram.get_sample_count())).collect();
        let below = std::iter::once(0).chain(up_to.iter().copied());
        HistogramPoint {
            began_ns: self.began.0,
            at_ns: now.0,
            count: histogram.get_sample_count(),
            sum: Some(histogram.get_sample_sum()),
            bucket_counts: up_to.iter().zip(below).map(|(up_to, below)| up_to - below).collect(),
            bounds: histogram.get_bucket().iter().map(prometheus::proto::Bucket::upper_bound).collect(),
            attributes: attributes(series.get_label()),
        }
    }

    fn resource(&self) -> Resource {
        let attributes = [
            ("service.name", "drumfire"),
            ("service.version", env!("CARGO_PKG_VERSION")),
            ("service.instance.id", &self.instance),
        ];
        Resource { attributes: attributes.map(|(key, value)| attribute(key, value)).into() }
    }
}

/// The unit of a metric, by what its name ends with.
fn unit_of(name: &str) -> &'static str {
    let units = [("_seconds", "s"), ("_bytes", "By"), ("_ratio", "1")];
    units.into_iter().find(|(ending, _)| name.ends_with(ending)).map_or("", |(_, unit)| unit)
}

fn attributes(labels: &[LabelPair]) -> Vec<KeyValue> {
    labels.iter().map(|label| attribute(label.name(), label.value())).collect()
}

fn attribute(key: &str, value: &str) -> KeyValue {
    let value = AnyValue { value: Some(Text::Text(value.to_owned())) };
    KeyValue { key: key.to_owned(), value: Some(value) }
}

impl Format for Otlp {
    fn headers(&self) -> &'static [(&'static str, &'static str)] {
        &[("Content-Type", "application/x-protobuf")]
    }

    fn bodies(&self, families: &[MetricFamily], now: Nanos) -> Vec<Vec<u8>> {
        let parts = families
            .iter()
            .flat_map(|family| family.get_metric().chunks(MOST_AT_ONCE).map(move |series| (family, series)));
        let (mut bodies, mut metrics, mut points) = (Vec::new(), Vec::new(), 0);
        let close = |metrics: &mut Vec<Metric>| {
            let scope = Scope { name: "drumfire".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
            let scope_metrics = vec![ScopeMetrics { scope: Some(scope), metrics: std::mem::take(metrics) }];
            let whole = ResourceMetrics { resource: Some(self.resource()), scope_metrics };
            Request { resource_metrics: vec![whole] }.encode_to_vec()
        };
        for (family, series) in parts {
            if points > 0 && points + series.len() > MOST_AT_ONCE {
                bodies.push(close(&mut metrics));
                points = 0;
            }
            points += series.len();
            metrics.push(self.metric(family, series, now));
        }
        if !metrics.is_empty() {
            bodies.push(close(&mut metrics));
        }
        bodies
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::labels::pairs;
    use crate::publish::series::{counter, family, gauge, histogram};
    use crate::worker::buckets::Buckets;

    fn decoded(body: &[u8]) -> Vec<Metric> {
        let request = Request::decode(body).expect("our own message");
        let resource = request.resource_metrics.into_iter().next().expect("a resource");
        resource.scope_metrics.into_iter().flat_map(|scope| scope.metrics).collect()
    }

    #[test]
    fn each_kind_of_metric_is_one_of_otlps() {
        let labels = || pairs([("run", "r")]);
        let mut times = Buckets::default();
        for time in [10_000, 10_001, 60_000_000_000] {
            times.record(time);
        }
        let families = [
            family("data_sent_bytes_total", MetricType::COUNTER, "Bytes", vec![counter(labels(), 7.0)]),
            family("vus", MetricType::GAUGE, "Users", vec![gauge(labels(), 3.0)]),
            family("lag_seconds", MetricType::HISTOGRAM, "Lag", vec![histogram(labels(), &times)]),
        ];
        let bodies = Otlp::new("here", Nanos(5)).bodies(&families, Nanos(9));
        assert_eq!(bodies.len(), 1);
        let metrics = decoded(&bodies[0]);
        let names: Vec<(&str, &str)> =
            metrics.iter().map(|metric| (metric.name.as_str(), metric.unit.as_str())).collect();
        assert_eq!(names, [("drumfire_data_sent_bytes", "By"), ("drumfire_vus", ""), ("drumfire_lag_seconds", "s")]);
        let Some(Data::Sum(sum)) = &metrics[0].data else { panic!("{metrics:?}") };
        assert!(sum.is_monotonic && sum.temporality == CUMULATIVE);
        assert_eq!((sum.points[0].began_ns, sum.points[0].at_ns), (5, 9));
        assert_eq!(sum.points[0].attributes, [attribute("run", "r")]);
        let Some(Data::Histogram(lags)) = &metrics[2].data else { panic!("{metrics:?}") };
        let HistogramPoint { count, bucket_counts, bounds, .. } = &lags.points[0];
        assert_eq!((*count, bucket_counts.len(), bounds.len()), (3, 42, 41));
        assert_eq!((bucket_counts[0], bucket_counts[1], bucket_counts[41]), (1, 1, 1));
    }

    #[test]
    fn what_is_too_much_for_one_request_goes_in_several() {
        let many = |n: usize| (0..n).map(|_| gauge(Vec::new(), 1.0)).collect();
        let families =
            [family("a", MetricType::GAUGE, "a", many(2)), family("b", MetricType::GAUGE, "b", many(MOST_AT_ONCE + 1))];
        let bodies = Otlp::new("here", Nanos::ZERO).bodies(&families, Nanos::ZERO);
        let counts: Vec<Vec<String>> =
            bodies.iter().map(|body| decoded(body).into_iter().map(|metric| metric.name).collect()).collect();
        assert_eq!(counts, [vec!["drumfire_a"], vec!["drumfire_b"], vec!["drumfire_b"]]);
    }
}
