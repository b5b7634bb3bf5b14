//! Runs drawn over each other, from t=0 of each on.

use std::borrow::Cow;

use runlog::metric::Metric;
use runlog::sketch::Sketch;
use runlog::units::{Nanos, Percentile};
use runlog::windows::Window;

use super::lineup::Lineup;
use crate::load::Run;
use crate::section::{Axis, Chart, Finding, Level, Line, Mark, Part, Section, Unit};

/// The most runs that are drawn: more lines cannot be told apart.
const MOST_DRAWN: usize = 8;
/// The most places of the time axis: fewer than a run alone has, as lines lie over each other.
const MOST_PLACES: u64 = 150;
/// So many places of the percentile axis to every nine.
const PLACES_PER_NINE: u32 = 20;

impl Lineup<'_> {
    /// The charts, without one that would be empty; nothing where no run has a row.
    pub(super) fn overlays(&self) -> Option<Section> {
        let drawn: Vec<(&str, &Run)> =
            self.entrants().take(MOST_DRAWN).map(|(entrant, _)| (entrant.label.as_str(), entrant.run)).collect();
        let runs: Vec<&Run> = drawn.iter().map(|(_, run)| *run).collect();
        let places = Places::covering(&runs)?;
        let timelines: Vec<Timeline> = runs.iter().map(|run| Timeline::of(run, places)).collect();
        let chart = |title: &'static str, note: &'static str, unit, values: &dyn Fn(&Timeline) -> Vec<Option<f64>>| {
            let lines = drawn.iter().zip(&timelines).map(|((label, _), timeline)| (*label, values(timeline)));
            over(title, note, Axis::Time(places.middles()), unit, lines)
        };
        let charts = [
            chart("Median response time", OF_TIMES, Unit::Time, &|run| run.times(Percentile::P50)),
            chart("Response time, p99", OF_TIMES, Unit::Time, &|run| run.times(Percentile::P99)),
            chart("Answers", "Per second, when they came.", Unit::PerSecond, &Timeline::answers),
            chart(
                "Error rate",
                "Arrivals without an answer or with a status that was not wanted, as a share of those scheduled at that time.",
                Unit::Share,
                &Timeline::error_rate,
            ),
            curves(&drawn),
        ];
        let mut parts: Vec<Part> = charts.into_iter().flatten().map(Part::Chart).collect();
        let left_out = self.others.len() + 1 - drawn.len();
        if left_out > 0 {
            let note = Finding::new(Level::Note, "the first ").count(MOST_DRAWN as u64).and(" runs are drawn; ");
            let note = note.count(left_out as u64).and(" more are in the tables only");
            parts.insert(0, Part::Findings(vec![note]));
        }
        Some(Section::new("Over each other", parts))
    }
}

const OF_TIMES: &str =
    "Of the answered arrivals that were scheduled at that time, from t=0 of each run on. To within 0.8 %.";

/// A line for each run, that of the first dashed: what the others are held against. Nothing where all is zero.
fn over<'a>(
    title: &'static str,
    note: &'static str,
    axis: Axis,
    unit: Unit,
    lines: impl Iterator<Item = (&'a str, Vec<Option<f64>>)>,
) -> Option<Chart> {
    let mark = |place| if place == 0 { Mark::Dashed } else { Mark::Solid };
    let line = |(place, (label, values)): (usize, (&str, _))| Line::new(label.to_owned(), values).drawn(mark(place));
    let lines: Vec<Line> = lines.enumerate().map(line).collect();
    let is_empty = lines.iter().flat_map(|line| &line.values).all(|value| value.is_none_or(|value| value == 0.0));
    let [title, note] = [title, note].map(Cow::Borrowed);
    (!is_empty).then_some(Chart { title, note, axis, unit, stacked: false, lines })
}

/// The time axis of runs: as long as the longest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Places {
    width: Nanos,
    count: usize,
}

impl Places {
    /// Places for all of these runs. Windows are a tenth of a second long, or a power of two of seconds: those of all runs
    /// make up the longest of them, and twice that. `None` where no run has a window.
    pub(super) fn covering(runs: &[&Run]) -> Option<Self> {
        let with_rows = || runs.iter().filter(|run| !run.windows.is_empty());
        let longest = with_rows().map(|run| run.summary.run.elapsed_ns).max()?;
        let mut width = with_rows().map(|run| run.windows.width).max()?;
        while longest.0 / width.0 > MOST_PLACES {
            width = Nanos(width.0 * 2);
        }
        Some(Self { width, count: (longest.0 / width.0) as usize + 1 })
    }

    /// The middle of each place.
    pub(super) fn middles(self) -> Vec<Nanos> {
        let half = Nanos(self.width.0 / 2);
        (0..self.count as u64).map(|place| Nanos(place * self.width.0).after(half)).collect()
    }
}

/// A run, with a window for each place until it ends.
pub(super) struct Timeline {
    places: Places,
    windows: Vec<Window>,
    /// So many of them lie wholly within the run: in the others a rate would be too low.
    whole: usize,
}

impl Timeline {
    fn of(run: &Run, places: Places) -> Self {
        Self::of_cells(run, places, |_| true)
    }

    /// Of the cells that are wanted.
    pub(super) fn of_cells(run: &Run, places: Places, wanted: impl Fn(usize) -> bool) -> Self {
        let of_each = (places.width.0 / run.windows.width.0.max(1)).max(1) as usize;
        let mut windows: Vec<Window> = run.windows.together(wanted).chunks(of_each).map(Window::together).collect();
        windows.truncate(places.count);
        let whole = (run.summary.run.elapsed_ns.0 / places.width.0) as usize;
        Self { places, windows, whole }
    }

    /// A percentile of the response times, place by place.
    fn times(&self, percentile: Percentile) -> Vec<Option<f64>> {
        self.times_of(Metric::ResponseTime, percentile)
    }

    /// A percentile of a metric's times, place by place.
    pub(super) fn times_of(&self, metric: Metric, percentile: Percentile) -> Vec<Option<f64>> {
        self.values(|window| Some(window.times_of(metric)?.percentile(percentile)? as f64))
    }

    fn answers(&self) -> Vec<Option<f64>> {
        let seconds = self.places.width.as_secs_f64();
        let mut values = self.values(|window| Some(window.answered as f64 / seconds));
        values.iter_mut().skip(self.whole.max(1)).for_each(|value| *value = None);
        values
    }

    fn error_rate(&self) -> Vec<Option<f64>> {
        self.values(|window| (window.arrivals > 0).then(|| window.failed as f64 / window.arrivals as f64))
    }

    fn values(&self, of: impl Fn(&Window) -> Option<f64>) -> Vec<Option<f64>> {
        let mut values: Vec<Option<f64>> = self.windows.iter().map(of).collect();
        values.resize(self.places.count, None);
        values
    }
}

/// The percentiles of each run's response times, as far out as the largest has samples.
fn curves(drawn: &[(&str, &Run)]) -> Option<Chart> {
    let spread = |run: &Run| {
        let mut all = Sketch::default();
        for window in run.windows.together(|_| true) {
            if let Some(times) = window.times_of(Metric::ResponseTime) {
                all.merge(times.sketch);
            }
        }
        all
    };
    let sketches: Vec<Sketch> = drawn.iter().map(|(_, run)| spread(run)).collect();
    let places = percentiles(sketches.iter().map(Sketch::count).max()?);
    let value = |sketch: &Sketch, percentile: Percentile| {
        let is_of_samples = 1.0 - percentile.as_quantile() >= 1.0 / sketch.count().max(1) as f64;
        sketch.percentile(percentile).filter(|_| is_of_samples).map(|ns| ns as f64)
    };
    let lines = drawn.iter().zip(&sketches);
    let lines = lines.map(|((label, _), sketch)| (*label, places.iter().map(|at| value(sketch, *at)).collect()));
    let axis = Axis::Percentile(places.iter().map(|place| place.as_quantile()).collect());
    let note =
        "How many of the answered arrivals took no longer than that, as far out as there are samples. To within 0.8 %.";
    over("Percentiles of the response time", note, axis, Unit::Time, lines)
}

/// Percentiles from 0 on, every nine cut into as many, as far as one of so many samples lies beyond.
fn percentiles(samples: u64) -> Vec<Percentile> {
    let share = |place: u32| 1.0 - 10_f64.powf(-f64::from(place) / f64::from(PLACES_PER_NINE));
    let shares = (0..).map(share).take_while(|share| 1.0 - share >= 1.0 / samples.max(1) as f64);
    shares.map_while(Percentile::of_share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_reach_as_far_as_there_are_samples() {
        assert_eq!(percentiles(1), [Percentile::of_share(0.0).expect("a share")]);
        let of_thousand = percentiles(1_000);
        assert_eq!(of_thousand.len(), 60 + 1, "three nines");
        for at in [Percentile::P90, Percentile::P99, Percentile::P999] {
            assert!(of_thousand.contains(&at), "{at}");
        }
        assert!(percentiles(u64::MAX).len() < 9 * 20, "not without end");
    }
}
