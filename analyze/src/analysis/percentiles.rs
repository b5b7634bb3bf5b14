//! How long answers took: response time from the schedule, service time from the sending; and how sure that is.

use runlog::interval::Interval;
use runlog::statistics::{Figures, SHOWN};
use runlog::summary::{Group, Summary};
use runlog::units::{Nanos, Thousands};

use super::Analysis;
use crate::exactness;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Finding, Level, Part, Section, Table, Value};

/// The tables of percentiles.
pub struct Percentiles;

impl Analysis for Percentiles {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let summary = &run.summary;
        let mut response = vec![Part::Table(table(summary, |group| group.response_time_ns))];
        let mut findings: Vec<Finding> = unanswered(&summary.total).into_iter().collect();
        findings.extend((!summary.exact).then(exactness::from_summary_files));
        let groups: Vec<&Group> = summary.requests.iter().chain([&summary.total]).collect();
        findings.extend(too_few(&groups.iter().map(|group| group.response_time_ns).collect::<Vec<_>>()));
        response.push(Part::Findings(findings));
        let service = Part::Table(table(summary, |group| group.service_time_ns));
        let mut sections = vec![Section::new("Response time (from when the schedule wanted it sent)", response)];
        sections.extend(how_sure("How sure the response time is", intervals(&groups, |group| group.response_time_ns)));
        sections.push(Section::new("Service time (from when it was sent)", vec![service]));
        Ok(sections)
    }
}

/// How sure the service time's percentiles are: for a page, which has room for it.
pub struct ServiceIntervals;

impl Analysis for ServiceIntervals {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let groups: Vec<&Group> = run.summary.requests.iter().chain([&run.summary.total]).collect();
        let table = intervals(&groups, |group| group.service_time_ns);
        Ok(how_sure("How sure the service time is", table).into_iter().collect())
    }
}

/// The headings of [`times`].
pub const TIMES: [&str; 7] = ["mean", "p50", "p90", "p95", "p99", "p99.9", "max"];

/// The figures of times, under [`TIMES`]; percentiles only where there are enough samples for them.
pub fn times(figures: Option<Figures>) -> Vec<Value> {
    let Some(figures) = figures else { return vec![Value::Absent; TIMES.len()] };
    let time = |ns: u64| Value::Time(Nanos(ns));
    let sure = figures.percentiles().map(|(ns, interval)| interval.map(|_| time(ns)).into());
    std::iter::once(time(figures.mean.round() as u64)).chain(sure).chain([time(figures.max)]).collect()
}

fn table(summary: &Summary, figures: impl Fn(&Group) -> Option<Figures>) -> Table {
    let mut table = Table::new(&["request"], &TIMES);
    let cells = |group: &Group| std::iter::once(group.request.clone().into()).chain(times(figures(group))).collect();
    for group in &summary.requests {
        table.push(cells(group));
    }
    table.push_total(cells(&summary.total));
    table
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

/// Which percentiles are not shown of one of these, and how many samples they take.
pub fn too_few(shown: &[Option<Figures>]) -> Option<Finding> {
    let is_missing = |place: usize| {
        let figures = shown.iter().flatten();
        figures.map(|figures| figures.percentiles()[place].1).any(|interval| interval.is_none())
    };
    let missing = SHOWN.into_iter().enumerate().filter(|(place, _)| is_missing(*place));
    let needs: Vec<String> = missing
        .map(|(_, percentile)| format!("p{percentile} takes {}", Thousands(percentile.samples_needed())))
        .collect();
    let note = "percentiles are not shown where there are too few answers to be sure of them: ";
    (!needs.is_empty()).then(|| Finding::new(Level::Note, note).and(needs.join(", ")))
}

/// The intervals of the percentiles of one of the times.
fn intervals(groups: &[&Group], figures: impl Fn(&Group) -> Option<Figures>) -> Table {
    let mut table = Table::new(&["request"], &["p50", "p90", "p95", "p99", "p99.9"]);
    for group in groups {
        let Some(figures) = figures(group) else { continue };
        let interval = |(_, interval): (u64, Option<Interval>)| match interval {
            Some(interval) => Value::Between(Nanos(interval.lower_ns), Nanos(interval.upper_ns)),
            None => Value::Absent,
        };
        table.push(std::iter::once(group.request.clone().into()).chain(figures.percentiles().map(interval)).collect());
    }
    table
}

/// How sure the percentiles of one of the times are; nothing without any.
fn how_sure(title: &'static str, table: Table) -> Option<Section> {
    let note = "95 % confidence, by the ranks of the samples; that answers of a load depend on each other makes it a \
                little wider";
    let is_empty = table.rows.is_empty();
    let parts = vec![Part::Table(table), Part::Findings(vec![Finding::new(Level::Note, note)])];
    (!is_empty).then(|| Section::new(title, parts))
}
