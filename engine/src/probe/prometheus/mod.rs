//! Prometheus' text format, and the metrics that are made of its series.

mod quantile;
mod scan;
mod selector;
mod text;

use std::collections::{BTreeMap, HashMap};

use runlog::tags::Tags;

use self::quantile::quantile;
pub use self::selector::{Selection, SeriesType};
pub use self::text::{Document, Series};
use super::increase::{increase, per_second};
use super::{MOST_VALUES, Probe, Sample, bounded};
use crate::client::Client;
use crate::clock::Clock;
use crate::plan::Endpoint;

/// Scrapes an endpoint.
pub struct Prometheus {
    client: Client,
    metrics: &'static [(String, Selection)],
    before: Option<Reading>,
}

/// What was read at one look: for each metric, its series by their labels.
struct Reading {
    at_ns: i64,
    counters: Vec<HashMap<String, f64>>,
}

impl Prometheus {
    /// Of this endpoint.
    pub fn new(endpoint: &'static Endpoint, metrics: &'static [(String, Selection)]) -> Self {
        Self { client: Client::new(endpoint), metrics, before: None }
    }

    /// The values of an answer that came at this time.
    fn values(&mut self, answer: &str, at_ns: i64) -> Result<Vec<Sample>, String> {
        let names: Vec<String> = self.metrics.iter().map(|(_, selection)| selection.series_name()).collect();
        let document = Document::parse(answer, |name| names.iter().any(|wanted| wanted == name))?;
        // Metrics may come into being with what they count: where there are others, these are only not there yet.
        if document.series.is_empty() && document.types.is_empty() {
            return Err("the answer is not Prometheus' text format, or has none of the metrics".to_owned());
        }
        let seconds = self.before.as_ref().map(|before| (at_ns - before.at_ns) as f64 / 1e9);
        let mut samples = Vec::new();
        let mut counters = Vec::with_capacity(self.metrics.len());
        for (place, ((metric, selection), name)) in self.metrics.iter().zip(&names).enumerate() {
            let is_selected = |series: &&Series<'_>| series.name == name && selection.lets_through(series);
            let selected: Vec<&Series<'_>> = document.series.iter().filter(is_selected).collect();
            if type_of(selection, &document, metric)? == SeriesType::Gauge {
                samples.extend(summed(metric, selection, selected.iter().map(|series| (*series, series.value))));
                counters.push(HashMap::new());
                continue;
            }
            let now: HashMap<String, f64> = selected.iter().map(|series| (identity(series), series.value)).collect();
            if let (Some(before), Some(seconds)) = (&self.before, seconds) {
                // A series that was not there before has begun at zero since.
                let grown = |series: &&Series<'_>| {
                    increase(before.counters[place].get(&identity(series)).copied().unwrap_or(0.0), series.value)
                };
                let grown = selected.iter().map(|series| (*series, grown(series)));
                if let Some(share) = selection.quantile {
                    samples.extend(quantiles(metric, selection, share, grown));
                } else {
                    let rate = |sum: Sample| Some(Sample { value: per_second(sum.value, seconds)?, ..sum });
                    samples.extend(summed(metric, selection, grown).filter_map(rate));
                }
            }
            counters.push(now);
        }
        self.before = Some(Reading { at_ns, counters });
        if samples.len() > MOST_VALUES {
            return Err(format!(
                "{} values at once: at most {MOST_VALUES} are kept; narrow the selection",
                samples.len()
            ));
        }
        Ok(samples)
    }
}

impl Probe for Prometheus {
    async fn look(&mut self, clock: &Clock) -> Result<Vec<Sample>, String> {
        let answer = self.client.get().await?;
        let answer = std::str::from_utf8(&answer).map_err(|_| "the answer is not UTF-8".to_owned())?;
        self.values(answer, clock.signed_ns())
    }
}

/// Whether the series of a selection are counters.
fn type_of(selection: &Selection, document: &Document<'_>, metric: &str) -> Result<SeriesType, String> {
    let name = selection.name.as_str();
    let told = |name: &str| document.types.get(name).copied();
    if selection.quantile.is_some() {
        return match told(name) {
            Some("histogram") | None => Ok(SeriesType::Counter),
            Some(other) => Err(format!("`{metric}`: {name} is a {}, and no histogram with quantiles", bounded(other))),
        };
    }
    if let Some(given) = selection.series_type {
        return Ok(given);
    }
    let part_of = ["_count", "_sum", "_bucket"].iter().find_map(|end| name.strip_suffix(end)).and_then(told);
    match (told(name), part_of) {
        (Some("histogram"), _) => Err(format!("`{metric}`: {name} is a histogram: say which `quantile`")),
        (Some("counter"), _) | (None, Some("histogram" | "summary")) => Ok(SeriesType::Counter),
        (None | Some("untyped" | "unknown"), _) if name.ends_with("_total") => Ok(SeriesType::Counter),
        _ => Ok(SeriesType::Gauge),
    }
}

/// What tells a series from others of its name.
fn identity(series: &Series<'_>) -> String {
    let labels = series.labels.iter().map(|(name, value)| format!("{name}={value:?},"));
    labels.collect()
}

/// The tags that the values of a series are kept apart by.
fn tags(selection: &Selection, series: &Series<'_>) -> Tags {
    let tag = |name: &String| Some((bounded(name), bounded(series.label(name)))).filter(|(_, value)| !value.is_empty());
    selection.by.iter().filter_map(tag).collect()
}

fn summed<'s>(
    metric: &str,
    selection: &Selection,
    values: impl Iterator<Item = (&'s Series<'s>, f64)>,
) -> impl Iterator<Item = Sample> {
    let mut sums: BTreeMap<Tags, f64> = BTreeMap::new();
    for (series, value) in values.filter(|(_, value)| value.is_finite()) {
        *sums.entry(tags(selection, series)).or_default() += value;
    }
    sums.into_iter().map(move |(tags, value)| Sample { metric: metric.to_owned(), tags, value })
}

fn quantiles<'s>(
    metric: &str,
    selection: &Selection,
    share: f64,
    grown: impl Iterator<Item = (&'s Series<'s>, f64)>,
) -> Vec<Sample> {
    let mut histograms: BTreeMap<Tags, Vec<(f64, f64)>> = BTreeMap::new();
    for (series, grown) in grown.filter(|(_, grown)| grown.is_finite()) {
        let Some(bound) = series.label("le").parse::<f64>().ok().filter(|bound| !bound.is_nan()) else { continue };
        let buckets = histograms.entry(tags(selection, series)).or_default();
        match buckets.iter_mut().find(|(known, _)| known.total_cmp(&bound).is_eq()) {
            Some((_, count)) => *count += grown,
            None => buckets.push((bound, grown)),
        }
    }
    let sample = |(tags, buckets)| Some(Sample { metric: metric.to_owned(), tags, value: quantile(share, buckets)? });
    histograms.into_iter().filter_map(sample).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn probe(metrics: &[(&str, Selection)]) -> Prometheus {
        let metrics: Vec<_> = metrics.iter().map(|(name, selection)| ((*name).to_owned(), selection.clone())).collect();
        let endpoint = Box::leak(Box::new(Endpoint {
            url: crate::scenario::http::parse_url("http://h/metrics").expect("a URL"),
            shown: String::new(),
            address: None,
            headers: Vec::new(),
            security: None,
        }));
        Prometheus::new(endpoint, metrics.leak())
    }

    fn select(text: &str) -> Selection {
        text.parse().expect("a selection")
    }

    /// The values of answers that come one second after another.
    fn values(probe: &mut Prometheus, answers: &[&str]) -> Vec<Vec<(String, String, f64)>> {
        let seconds = (0_i64..).map(|second| second * 1_000_000_000);
        let told = answers.iter().zip(seconds).map(|(answer, at)| probe.values(answer, at).expect(answer));
        let plain = |sample: Sample| (sample.metric, runlog::probe::tags_to_text(&sample.tags), sample.value);
        told.map(|samples| samples.into_iter().map(plain).collect()).collect()
    }

    fn one(metric: &str, value: f64) -> (String, String, f64) {
        (metric.to_owned(), String::new(), value)
    }

    #[test]
    fn counters_become_rates_and_gauges_stay() {
        let mut probe = probe(&[("rps", select("r_total")), ("mb", select("memory"))]);
        let answers = ["# TYPE r_total counter\nr_total 5\nmemory 7", "r_total 25\nmemory 9", "r_total 4\nmemory 9"];
        let told = values(&mut probe, &answers);
        assert_eq!(told[0], [one("mb", 7.0)], "a rate takes two looks");
        assert_eq!(told[1], [one("rps", 20.0), one("mb", 9.0)]);
        assert_eq!(told[2], [one("rps", 4.0), one("mb", 9.0)], "what fell has begun anew");
    }

    #[test]
    fn series_are_summed_or_kept_apart() {
        let by = Selection { by: vec!["code".to_owned()], ..select("r_total") };
        let mut probe = probe(&[("all", select("r_total")), ("ok", select("r_total{code=\"200\"}")), ("each", by)]);
        let first = "r_total{code=\"200\",host=\"a\"} 1\nr_total{code=\"200\",host=\"b\"} 1\n";
        let second =
            "r_total{code=\"200\",host=\"a\"} 3\nr_total{code=\"200\",host=\"b\"} 5\nr_total{code=\"500\"} 1\n";
        let told = values(&mut probe, &[first, second]);
        let each = |code: &str, value| ("each".to_owned(), format!("code={code}"), value);
        let expected = [one("all", 7.0), one("ok", 6.0), each("200", 6.0), each("500", 1.0)];
        assert_eq!(told[1], expected, "a series that is new has begun at zero");
    }

    #[test]
    fn a_histogram_becomes_a_quantile_of_what_was_counted_since() {
        let half = Selection { quantile: Some(0.5), ..select("d") };
        let mut probe = probe(&[("p50", half), ("count", select("d_count"))]);
        let first = "# TYPE d histogram\nd_bucket{le=\"0.1\"} 100\nd_bucket{le=\"+Inf\"} 100\nd_count 100\n";
        let second = "# TYPE d histogram\nd_bucket{le=\"0.1\"} 110\nd_bucket{le=\"+Inf\"} 110\nd_count 110\n";
        let told = values(&mut probe, &[first, second, second]);
        assert_eq!((told[0].len(), &told[1][..]), (0, &[one("p50", 0.05), one("count", 10.0)][..]));
        assert_eq!(told[2], [one("count", 0.0)], "nothing was counted");
    }

    #[test]
    fn what_does_not_fit_its_type_is_told() {
        let mut plain = probe(&[("d", select("d"))]);
        let told = plain.values("# TYPE d histogram\nd 1\n", 0).expect_err("a histogram");
        assert!(told.contains("say which `quantile`"), "{told}");
        let mut quantile = probe(&[("d", Selection { quantile: Some(0.5), ..select("d") })]);
        let told = quantile.values("# TYPE d summary\nd_bucket 1\n", 0).expect_err("a summary");
        assert!(told.contains("is a summary"), "{told}");
        assert!(quantile.values("<html></html>", 0).is_err());
    }
}
