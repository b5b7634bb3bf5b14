//! k6's summary as JSON, in the shape of `k6 run --summary-export`, which CI scripts read: `metrics.http_req_duration["p(95)"]`.

use std::io::{self, Write};

use runlog::metric::MetricKind;
use runlog::statistics::Figures;
use runlog::summary::{Group, Summary, Wanted};
use runlog::tally::{Stretch, gather};
use runlog::threshold::{Aggregation, Threshold};
use runlog::units::Percentile;
use serde_json::{Map, Value, json};

use super::concurrency::Concurrency;
use super::{ExportError, Exporter, Source, Time};

/// The figures of `summary`, under k6's names: times in milliseconds, shares of one. Each request has its own under
/// `…{request:NAME}`. In `thresholds`, `true` is one that did not hold: so k6 has it in this file.
#[derive(Debug)]
pub struct K6 {
    /// What `http_req_duration` is. The response time has a metric of its own as well.
    pub time: Time,
}

impl Exporter for K6 {
    fn export(&self, source: &Source<'_>, out: &mut (dyn Write + Send)) -> Result<u64, ExportError> {
        let wanted = Wanted::of(source.run, Stretch::WHOLE);
        let gathered = gather(&source.run.rows, source.progress, || wanted.nothing())?;
        let summary = wanted.summary(&gathered, source.progress)?;
        let mut metrics = Map::new();
        self.add_group(&summary.total, "", &mut metrics);
        for group in &summary.requests {
            self.add_group(group, &format!("{{request:{}}}", group.request), &mut metrics);
        }
        metrics.insert("checks".to_owned(), checks(&summary));
        add_vus(&Concurrency::new(&source.run.engine), &mut metrics);
        for (threshold, result) in source.run.manifest.thresholds.iter().zip(&summary.thresholds) {
            add_threshold(threshold, result.value, result.passed, &mut metrics);
        }
        let document = json!({ "root_group": root_group(&summary), "metrics": metrics });
        serde_json::to_writer_pretty(&mut *out, &document).map_err(io::Error::from)?;
        out.write_all(b"\n")?;
        Ok(summary.run.torn_lines)
    }
}

impl K6 {
    fn add_group(&self, group: &Group, filter: &str, metrics: &mut Map<String, Value>) {
        let duration = match self.time {
            Time::Response => group.response_time_ns,
            Time::Service => group.service_time_ns,
        };
        let times = [
            ("http_req_duration", duration),
            ("http_req_waiting", group.ttfb_ns),
            ("http_req_connecting", group.connect_ns),
            ("http_req_tls_handshaking", group.tls_ns),
            ("response_time", group.response_time_ns),
            ("schedule_lag", group.lag_ns),
        ];
        for (name, figures) in times {
            if let Some(figures) = figures {
                metrics.insert(format!("{name}{filter}"), trend(&figures));
            }
        }
        let per_second = |total: u64| total as f64 / group.count.max(1) as f64 * group.rate_per_s;
        let dropped = group.error_kinds.get("dropped").copied().unwrap_or(0);
        let counters = [
            ("http_reqs", group.count),
            ("dropped_iterations", dropped),
            ("data_sent", group.bytes_sent),
            ("data_received", group.bytes_received),
        ];
        for (name, count) in counters {
            metrics.insert(format!("{name}{filter}"), json!({ "count": count, "rate": per_second(count) }));
        }
        metrics.insert(format!("http_req_failed{filter}"), share(group.errors, group.count - group.errors));
    }
}

/// The figures of times in milliseconds.
fn trend(figures: &Figures) -> Value {
    let ms = |ns: u64| milliseconds(ns as f64);
    json!({
        "avg": milliseconds(figures.mean),
        "min": ms(figures.min),
        "med": ms(figures.p50),
        "max": ms(figures.max),
        "p(90)": ms(figures.p90),
        "p(95)": ms(figures.p95),
        "p(99)": ms(figures.p99),
        "p(99.9)": ms(figures.p999),
    })
}

fn milliseconds(ns: f64) -> f64 {
    ns / 1e6
}

/// A share as k6 has it: how many were so, and how many not.
fn share(passes: u64, fails: u64) -> Value {
    let value = passes as f64 / (passes + fails).max(1) as f64;
    json!({ "value": value, "passes": passes, "fails": fails })
}

fn checks(summary: &Summary) -> Value {
    let (passes, fails) = summary.checks.iter().fold((0, 0), |sum, of| (sum.0 + of.passes, sum.1 + of.fails));
    share(passes, fails)
}

/// The checks by their names: in k6, checks of one name are one, whichever request they are of.
fn root_group(summary: &Summary) -> Value {
    let mut checks: Map<String, Value> = Map::new();
    for check in &summary.checks {
        let of_name = checks.get(&check.check);
        let so_far = |key: &str| of_name.and_then(|of| of[key].as_u64()).unwrap_or(0);
        let (passes, fails) = (so_far("passes") + check.passes, so_far("fails") + check.fails);
        let path = format!("::{}", check.check);
        let entry = json!({ "name": check.check, "path": path, "passes": passes, "fails": fails });
        checks.insert(check.check.clone(), entry);
    }
    json!({ "name": "", "path": "", "groups": {}, "checks": checks })
}

fn add_vus(vus: &Concurrency, metrics: &mut Map<String, Value>) {
    if let (Some(last), Some(min), Some(max)) = (vus.all().next_back(), vus.all().min(), vus.all().max()) {
        metrics.insert("vus".to_owned(), json!({ "value": last, "min": min, "max": max }));
        metrics.insert("vus_max".to_owned(), json!({ "value": max, "min": max, "max": max }));
    }
}

/// Puts a threshold beside the figures of its metric; where the filter is another than of one request, beside the one figure
/// it was held against.
fn add_threshold(threshold: &Threshold, value: Option<f64>, passed: bool, metrics: &mut Map<String, Value>) {
    let text = threshold.to_string();
    // What stands before the condition names the metric and the filter, as in k6.
    let condition = threshold.condition.to_string();
    let name = text.find(&format!(" {condition}")).map_or(text.as_str(), |end| &text[..end]).to_owned();
    let entry = metrics.entry(name).or_insert_with(|| json!({}));
    let kind = threshold.metric.kind();
    if let (Some(value), Some(figure)) = (value, figure_name(threshold.condition.aggregation, kind)) {
        let value = if is_time(threshold.condition.aggregation, kind) { milliseconds(value) } else { value };
        if entry.get(&figure).is_none() {
            entry[&figure] = value.into();
        }
    }
    if entry.get("thresholds").is_none() {
        entry["thresholds"] = json!({});
    }
    entry["thresholds"][condition] = (!passed).into();
}

/// What k6 calls a figure in this file.
fn figure_name(aggregation: Aggregation, kind: MetricKind) -> Option<String> {
    Some(match (aggregation, kind) {
        (Aggregation::Rate, MetricKind::Share) => "value".to_owned(),
        (Aggregation::Percentile(Percentile::P50), _) => "med".to_owned(),
        (Aggregation::Count, MetricKind::Share) => return None,
        (other, _) => other.to_string(),
    })
}

const fn is_time(aggregation: Aggregation, kind: MetricKind) -> bool {
    matches!(kind, MetricKind::Time) && !matches!(aggregation, Aggregation::Count | Aggregation::Rate)
}
