//! How long answers took: response time from the schedule, service time from the sending.

use runlog::statistics::Figures;
use runlog::summary::{Group, Summary};
use runlog::units::Nanos;

use super::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Finding, Level, Part, Section, Table, Value};

/// The tables of percentiles.
pub struct Percentiles;

impl Analysis for Percentiles {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let summary = &run.summary;
        let response = Part::Table(table(summary, |group| group.response_time_ns));
        let service = Part::Table(table(summary, |group| group.service_time_ns));
        let mut response = vec![response];
        response.extend(unanswered(&summary.total).map(|finding| Part::Findings(vec![finding])));
        Ok(vec![
            Section::new("Response time (from when the schedule wanted it sent)", response),
            Section::new("Service time (from when it was sent)", vec![service]),
        ])
    }
}

fn table(summary: &Summary, figures: impl Fn(&Group) -> Option<Figures>) -> Table {
    let mut table = Table::new(&["request"], &["mean", "p50", "p90", "p95", "p99", "p99.9", "max"]);
    for group in &summary.requests {
        table.push(cells(group, figures(group)));
    }
    table.push_total(cells(&summary.total, figures(&summary.total)));
    table
}

fn cells(group: &Group, figures: Option<Figures>) -> Vec<Value> {
    let times = figures.map_or(vec![Value::Absent; 7], |figures| {
        let Figures { mean, p50, p90, p95, p99, p999, max, .. } = figures;
        [mean.round() as u64, p50, p90, p95, p99, p999, max].map(|ns| Value::Time(Nanos(ns))).to_vec()
    });
    std::iter::once(group.request.clone().into()).chain(times).collect()
}

/// Whom the times leave out: those who got no answer have none, and would have waited the longest.
fn unanswered(total: &Group) -> Option<Finding> {
    let unanswered = total.error_kinds.values().sum::<u64>();
    (unanswered > 0).then(|| {
        Finding::new(Level::Warning, "response and service time cover the ")
            .count(total.count - unanswered)
            .and(" answered arrivals; ")
            .count(unanswered)
            .and(" of ")
            .count(total.count)
            .and(" got no answer and are left out, so the percentiles that users felt may be higher")
    })
}
