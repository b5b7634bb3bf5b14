//! The run over time: arrivals, response times, lag, errors, statuses and bytes, window by window.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use runlog::metric::Metric;
use runlog::units::Percentile;
use runlog::windows::{Mishap, Window};

use super::Analysis;
use super::buckets::OF_PAGE;
use super::busiest::Busiest;
use super::sampled::Sampled;
use super::timeline::Timeline;
use crate::failure::Failure;
use crate::load::{Detail, Run};
use crate::section::{Axis, Chart, Finding, Level, Line, Part, Section, Unit};

/// Charts of the rows over time.
pub struct Series;

impl Analysis for Series {
    fn detail(&self) -> Detail {
        Detail::OverTime
    }

    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        if run.windows.is_empty() {
            return Ok(Vec::new());
        }
        let timeline = Timeline::of(run, OF_PAGE);
        let mut charts = vec![rates(&timeline)];
        charts.extend(virtual_users(run));
        charts.push(response_times(&timeline));
        charts.extend(by_request(run, timeline.axis()));
        charts.push(lag(&timeline));
        charts.extend(errors(&timeline));
        charts.extend(statuses(run, &timeline));
        charts.extend(bytes(&timeline));
        let mut parts: Vec<Part> = charts.into_iter().map(Part::Chart).collect();
        if is_older(run) {
            let note =
                "this summary file is from before statuses and bytes were kept over time: those charts are left out";
            parts.push(Part::Findings(vec![Finding::new(Level::Note, note)]));
        }
        Ok(vec![Section::new("Over time", parts)])
    }
}

/// Whether what was kept of the run has no statuses though there were answers.
fn is_older(run: &Run) -> bool {
    run.windows.statuses().len() == 0 && !run.summary.total.statuses.is_empty()
}

fn chart(title: &'static str, note: impl Into<Cow<'static, str>>, axis: Axis, unit: Unit, lines: Vec<Line>) -> Chart {
    Chart { title: title.into(), note: note.into(), axis, unit, stacked: false, lines }
}

fn rates(of: &Timeline) -> Chart {
    let note = "Arrivals per second that the schedule brought, and answers per second that came back. Where the lines \
                part, answers are late or missing.";
    let lines = vec![
        Line::new("scheduled", of.per_second(|window| window.arrivals)),
        Line::new("completed", of.per_second(|window| window.answered)),
    ];
    chart("Scheduled and completed", note, of.axis(), Unit::PerSecond, lines)
}

/// Nothing where no core ever had any.
fn virtual_users(run: &Run) -> Option<Chart> {
    let has_any = run.log.engine.iter().any(|sample| sample.vus > 0);
    let sampled = Sampled::of(&run.log.engine).filter(|_| has_any)?;
    let note = "Virtual users at work, all cores together, looked at once a second.";
    let lines = vec![Line::new("virtual users", sampled.level(|sample| sample.vus))];
    Some(chart("Virtual users", note, sampled.axis(), Unit::Count, lines))
}

fn response_times(of: &Timeline) -> Chart {
    let note = "Of the answered arrivals that were scheduled at that time. Percentiles are to within 0.8 %.";
    chart("Response time", note, of.axis(), Unit::Time, percentiles(of, Metric::ResponseTime))
}

/// A line for each of the busiest requests; nothing where there is only one.
fn by_request(run: &Run, axis: Axis) -> Option<Chart> {
    let busiest = Busiest::of(&run.summary);
    if busiest.places.len() < 2 {
        return None;
    }
    let mut lines = Vec::with_capacity(busiest.places.len());
    for &place in &busiest.places {
        let timeline = Timeline::of_request(run, place);
        let values = timeline.percentile(Metric::ResponseTime, Percentile::P95);
        lines.push(Line::new(run.summary.requests[place].request.clone(), values));
    }
    let note = "The 95th percentile of each request's response time, to within 0.8 %; of fewer than twenty answers it is the slowest.".to_owned();
    let note = note + &busiest.note(&run.summary);
    Some(chart("Response time by request (p95)", note, axis, Unit::Time, lines))
}

fn lag(of: &Timeline) -> Chart {
    let note = "How long after its scheduled time an arrival was sent: the generator's own lateness, and the wait for a \
                free connection. Percentiles are to within 0.8 %.";
    chart("Lag", note, of.axis(), Unit::Time, percentiles(of, Metric::ScheduleLag))
}

/// p50, p90, p99 and the largest of a metric.
fn percentiles(of: &Timeline, metric: Metric) -> Vec<Line> {
    vec![
        Line::new("p50", of.percentile(metric, Percentile::P50)),
        Line::new("p90", of.percentile(metric, Percentile::P90)),
        Line::new("p99", of.percentile(metric, Percentile::P99)),
        Line::new("max", of.longest(metric)),
    ]
}

/// A line for each kind of error that there was.
fn errors(of: &Timeline) -> Option<Chart> {
    let kinds: BTreeSet<Mishap> = of.windows.iter().flat_map(|window| window.mishaps.keys()).copied().collect();
    let count = |window: &Window, kind| window.mishaps.get(&kind).copied().unwrap_or(0);
    let line = |kind| Line::new(name_of(kind), of.per_second(|window| count(window, kind)));
    let note = "Arrivals per second that got no answer, by kind, or one with a status that was not wanted, by class.";
    let chart = chart("Errors", note, of.axis(), Unit::PerSecond, kinds.into_iter().map(line).collect());
    (!chart.lines.is_empty()).then_some(Chart { stacked: true, ..chart })
}

fn name_of(mishap: Mishap) -> String {
    match mishap {
        Mishap::Failure(failure) => failure.word().to_owned(),
        Mishap::Status(class) => format!("status {class}xx"),
    }
}

/// Up to so many statuses have a line each; of more, each class has.
const MOST_STATUSES: usize = 8;

/// A line for each status, or for each class of them.
fn statuses(run: &Run, of: &Timeline) -> Option<Chart> {
    let all: BTreeSet<u16> = run.windows.statuses().flat_map(BTreeMap::keys).copied().collect();
    let is_few = all.len() <= MOST_STATUSES;
    let name = |status: u16| if is_few { status.to_string() } else { format!("{}xx", status / 100) };
    let mut counts: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for (number, statuses) in run.windows.statuses().enumerate() {
        let place = of.buckets.of_window(run, number);
        for (&status, &count) in statuses {
            let line = counts.entry(name(status)).or_insert_with(|| vec![0; of.buckets.count]);
            line[place] = line[place].saturating_add(count);
        }
    }
    let line = |(name, counts): (String, Vec<u64>)| {
        Line::new(name, counts.into_iter().map(|count| Some(of.buckets.per_second(count))).collect())
    };
    let note = if is_few {
        "Answers per second, by status, when they came."
    } else {
        "Answers per second, by class of status, when they came."
    };
    let chart = chart("Statuses", note, of.axis(), Unit::PerSecond, counts.into_iter().map(line).collect());
    (!chart.lines.is_empty()).then_some(Chart { stacked: true, ..chart })
}

/// Nothing where no byte went either way.
fn bytes(of: &Timeline) -> Option<Chart> {
    let has_any = of.windows.iter().any(|window| window.bytes_sent > 0 || window.bytes_received > 0);
    let note = "Of requests and answers with their headers, each when the arrival was over; without what TLS adds.";
    let lines = vec![
        Line::new("received", of.per_second(|window| window.bytes_received)),
        Line::new("sent", of.per_second(|window| window.bytes_sent)),
    ];
    has_any.then(|| chart("Bytes", note, of.axis(), Unit::BytesPerSecond, lines))
}
