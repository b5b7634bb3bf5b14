//! The run over time: arrivals, response times, lag and errors, window by window.

use std::collections::BTreeSet;

use runlog::metric::Metric;
use runlog::units::{Nanos, Percentile};
use runlog::windows::{Mishap, Window};

use super::Analysis;
use super::buckets::{self, Buckets};
use crate::failure::Failure;
use crate::load::{Detail, Run};
use crate::section::{Axis, Chart, Line, Part, Section, Unit};

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
        let timeline = Timeline::of(run, buckets::OF_PAGE);
        let mut parts = vec![timeline.rates(), timeline.response_times(), timeline.lag()];
        parts.extend(timeline.errors());
        Ok(vec![Section::new("Over time", parts.into_iter().map(Part::Chart).collect())])
    }
}

/// All requests together, in as many windows as a chart can show.
pub(super) struct Timeline {
    pub(super) buckets: Buckets,
    pub(super) windows: Vec<Window>,
}

impl Timeline {
    /// In at most so many windows, and one.
    pub(super) fn of(run: &Run, most: u64) -> Self {
        let buckets = Buckets::covering(run.summary.run.elapsed_ns, run.windows.width, most);
        let mut windows = vec![Window::default(); buckets.count];
        for (number, window) in run.windows.together(|_| true).iter().enumerate() {
            let at = Nanos(run.windows.width.0.saturating_mul(number as u64));
            windows[buckets.place(at) as usize].merge(window);
        }
        Self { buckets, windows }
    }

    pub(super) fn axis(&self) -> Axis {
        Axis::Time(self.buckets.middles())
    }

    fn rates(&self) -> Chart {
        Chart {
            title: "Scheduled and completed".into(),
            note: "Arrivals per second that the schedule brought, and answers per second that came back. Where the \
                   lines part, answers are late or missing."
                .into(),
            axis: self.axis(),
            unit: Unit::PerSecond,
            stacked: false,
            lines: vec![
                Line::new("scheduled", self.per_second(|window| window.arrivals)),
                Line::new("completed", self.per_second(|window| window.answered)),
            ],
        }
    }

    fn response_times(&self) -> Chart {
        Chart {
            title: "Response time".into(),
            note: "Of the answered arrivals that were scheduled at that time. Percentiles are to within 0.8 %.".into(),
            axis: self.axis(),
            unit: Unit::Time,
            stacked: false,
            lines: self.percentiles(Metric::ResponseTime),
        }
    }

    fn lag(&self) -> Chart {
        Chart {
            title: "Lag".into(),
            note: "How long after its scheduled time an arrival was sent: the generator's own lateness, and the wait \
                   for a free connection. Percentiles are to within 0.8 %."
                .into(),
            axis: self.axis(),
            unit: Unit::Time,
            stacked: false,
            lines: self.percentiles(Metric::ScheduleLag),
        }
    }

    /// A line for each kind of error that there was.
    fn errors(&self) -> Option<Chart> {
        let kinds: BTreeSet<Mishap> = self.windows.iter().flat_map(|window| window.mishaps.keys()).copied().collect();
        let count = |window: &Window, kind| window.mishaps.get(&kind).copied().unwrap_or(0);
        let line = |kind| Line::new(name_of(kind), self.per_second(|window| count(window, kind)));
        let chart = Chart {
            title: "Errors".into(),
            note:
                "Arrivals per second that got no answer, by kind, or one with a status that was not wanted, by class."
                    .into(),
            axis: self.axis(),
            unit: Unit::PerSecond,
            stacked: true,
            lines: kinds.into_iter().map(line).collect(),
        };
        (!chart.lines.is_empty()).then_some(chart)
    }

    pub(super) fn per_second(&self, count: impl Fn(&Window) -> u64) -> Vec<Option<f64>> {
        let seconds = self.buckets.width.as_secs_f64();
        self.windows.iter().map(|window| Some(count(window) as f64 / seconds)).collect()
    }

    /// A percentile of a metric.
    pub(super) fn percentile(&self, metric: Metric, percentile: Percentile) -> Vec<Option<f64>> {
        let value = |window: &Window| Some(window.times_of(metric)?.percentile(percentile)? as f64);
        self.windows.iter().map(value).collect()
    }

    /// p50, p90, p99 and the largest of a metric.
    fn percentiles(&self, metric: Metric) -> Vec<Line> {
        let wanted = [("p50", Percentile::P50), ("p90", Percentile::P90), ("p99", Percentile::P99)];
        let mut lines = Vec::with_capacity(wanted.len() + 1);
        for (name, percentile) in wanted {
            lines.push(Line::new(name, self.percentile(metric, percentile)));
        }
        let longest = |window: &Window| Some(window.times_of(metric)?.max()? as f64);
        lines.push(Line::new("max", self.windows.iter().map(longest).collect()));
        lines
    }
}

fn name_of(mishap: Mishap) -> String {
    match mishap {
        Mishap::Failure(failure) => failure.word().to_owned(),
        Mishap::Status(class) => format!("status {class}xx"),
    }
}
