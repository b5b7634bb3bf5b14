//! The course of a run at a glance: rates and response times of all requests together, in as many marks as fit on a line.

use runlog::metric::Metric;
use runlog::tally::Stretch;
use runlog::units::Percentile;
use runlog::windows::Window;

use super::Analysis;
use super::timeline::Timeline;
use crate::failure::Failure;
use crate::load::{Detail, Run};
use crate::section::{Chart, Finding, Level, Line, Part, Section, Unit};

/// Rates and response times over time, in few values.
pub struct Course;

/// As many values as fit on a line of eighty columns, beside a name and two figures.
const MARKS: u64 = 40;
/// With fewer answers than that, the 99th percentile is the slowest of them.
const ENOUGH_FOR_P99: u64 = 100;

impl Analysis for Course {
    fn detail(&self) -> Detail {
        Detail::Outline
    }

    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        // What is gathered over time is of the whole run, not of a stretch.
        if run.windows.is_empty() || run.within != Stretch::WHOLE {
            return Ok(Vec::new());
        }
        let timeline = whole_marks(run);
        // A single mark shows no course.
        if timeline.windows.len() < 2 {
            return Ok(Vec::new());
        }
        let mut parts = vec![Part::Chart(rates(&timeline)), Part::Chart(response_times(&timeline))];
        parts.extend(how_sure(&timeline).map(|finding| Part::Findings(vec![finding])));
        Ok(vec![Section::new("Over time", parts)])
    }
}

/// The timeline without a last window that was cut off, whose rates would look like a drop.
fn whole_marks(run: &Run) -> Timeline {
    let mut timeline = Timeline::of(run, MARKS);
    timeline.windows.pop();
    timeline.buckets.count = timeline.windows.len();
    timeline
}

fn rates(timeline: &Timeline) -> Chart {
    Chart {
        title: "Arrivals and answers".into(),
        note: "Arrivals per second that the schedule brought, and answers per second that came back.".into(),
        axis: timeline.axis(),
        unit: Unit::PerSecond,
        stacked: false,
        lines: vec![
            Line::new("scheduled", timeline.per_second(|window| window.arrivals)),
            Line::new("answered", timeline.per_second(|window| window.answered)),
        ],
    }
}

fn response_times(timeline: &Timeline) -> Chart {
    let line = |name, percentile| Line::new(name, timeline.percentile(Metric::ResponseTime, percentile));
    Chart {
        title: "Response time".into(),
        note: "Of the answered arrivals that were scheduled at that time, to within 0.8 %.".into(),
        axis: timeline.axis(),
        unit: Unit::Time,
        stacked: false,
        lines: vec![line("p50", Percentile::P50), line("p99", Percentile::P99)],
    }
}

/// Says where the 99th percentile is of few answers.
fn how_sure(timeline: &Timeline) -> Option<Finding> {
    let answers = |window: &Window| Some(window.times_of(Metric::ResponseTime)?.sketch.count());
    let mut counts = timeline.windows.iter().filter_map(answers).filter(|&count| count > 0);
    let note = "some marks are of fewer than 100 answers, of which p99 is the slowest";
    counts.any(|count| count < ENOUGH_FOR_P99).then(|| Finding::new(Level::Note, note))
}
