//! The times of a run over time, with the figures of the baseline that it was held against.

use super::overlay::{Places, Timeline};
use crate::gate::{Check, GateResult, Outcome, Subject};
use crate::load::Run;
use crate::section::{Axis, Chart, Finding, Level, Line, Mark, Part, Section, Unit};

/// The most charts: a baseline may have many requests.
const MOST_CHARTS: usize = 4;

/// A chart for each request whose percentiles the baseline has, those that got worse first. Nothing where there is none.
pub fn limits(run: &Run, result: &GateResult) -> Option<Section> {
    let places = Places::covering(&[run])?;
    let mut subjects: Vec<(&Subject, Vec<&Check>)> = Vec::new();
    for check in result.checks.iter().filter(|check| check.measure.percentile().is_some()) {
        match subjects.iter_mut().find(|(subject, _)| *subject == &check.subject) {
            _ if matches!(check.subject, Subject::Probe { .. }) => {}
            Some((_, checks)) => checks.push(check),
            None => subjects.push((&check.subject, vec![check])),
        }
    }
    subjects.sort_by_key(|(_, checks)| checks.iter().all(|check| check.outcome != Outcome::Regressed));
    let all = subjects.len();
    let chart = |(subject, checks): &(&Subject, Vec<&Check>)| Part::Chart(chart(run, result, places, subject, checks));
    let mut parts: Vec<Part> = subjects.iter().take(MOST_CHARTS).map(chart).collect();
    if all > MOST_CHARTS {
        let note = Finding::new(Level::Note, "drawn are ").count(MOST_CHARTS as u64).and(" of ").count(all as u64);
        parts.insert(0, Part::Findings(vec![note.and(" requests, those that got worse first")]));
    }
    (!parts.is_empty()).then(|| Section::new("The baseline over time", parts))
}

fn chart(run: &Run, result: &GateResult, places: Places, subject: &Subject, checks: &[&Check]) -> Chart {
    let request = if let Subject::Request { request } = subject { Some(request.as_str()) } else { None };
    let timeline = Timeline::of_cells(run, places, run.is_of(request));
    let mut lines = Vec::with_capacity(checks.len() * 2);
    for check in checks {
        let Some(percentile) = check.measure.percentile() else { continue };
        let values = timeline.times_of(result.baseline.time.metric(), percentile);
        let level = vec![Some(check.baseline); values.len()];
        lines.push(Line::new(check.measure.name(), values));
        lines.push(Line::new(format!("{} of the baseline", check.measure), level).drawn(Mark::Dashed));
    }
    Chart {
        title: format!("{}: {} and the baseline", subject.name(), result.baseline.time.words()).into(),
        note: "Percentiles of each stretch of time, and those that the baseline has for a whole run. To within 0.8 %."
            .into(),
        axis: Axis::Time(places.middles()),
        unit: Unit::Time,
        stacked: false,
        lines,
    }
}
