//! Does memory grow without end?
//!
//! Only while the load stays the same: more users take more memory, and that is no leak. The first quarter of it is left out,
//! while caches fill. What then grows, and goes on growing in the second half, is a leak.

use runlog::control::Control;
use runlog::units::Nanos;

use super::names::is_memory;
use super::series::{Series, mean};
use crate::analysis::{Analysis, Plateau, plateaus};
use crate::failure::Failure;
use crate::load::Run;
use crate::measure::Measure;
use crate::section::{Axis, Chart, Finding, Level, Line, Mark, Part, Section, Value};
use crate::statistics::slope::{Point, Slope};

/// Memory over time.
pub(super) struct Leak;

/// How sure a slope has to be.
const CONFIDENCE: f64 = 0.99;
/// What is left out at the beginning.
const SETTLING: f64 = 0.25;
/// Growth of less than that share of the level, over all that was looked at, does not matter.
const NEGLIGIBLE: f64 = 0.01;
/// More charts are not shown.
const MOST: usize = 6;

impl Analysis for Leak {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let all = Series::all(&run.log.probes);
        let memory: Vec<&Series<'_>> = all.iter().filter(|series| is_memory(series.metric)).collect();
        if memory.is_empty() {
            return Ok(Vec::new());
        }
        let stretch = longest_plateau(run);
        let looks: Vec<Look<'_>> = memory.into_iter().map(|series| Look::at(series, stretch)).collect();
        let findings = looks.iter().map(Look::finding).collect();
        let charts = looks.iter().take(MOST).map(|look| Part::Chart(look.chart()));
        let parts = std::iter::once(Part::Findings(findings)).chain(charts).collect();
        Ok(vec![Section::new("Memory", parts)])
    }
}

/// The longest stretch of one load, or all that was sampled where the load has no stages.
fn longest_plateau(run: &Run) -> Plateau {
    let last_ns = run.log.probes.iter().map(|sample| sample.time_ns).max();
    let whole = Plateau { from: Nanos::ZERO, to: Nanos(last_ns.unwrap_or(0)), target: 0.0 };
    let plateaus = plateaus(&run.log.manifest, &Control::course(&run.log.events));
    plateaus.into_iter().max_by_key(|plateau| plateau.to.since(plateau.from)).unwrap_or(whole)
}

/// What is found of a metric.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Found {
    /// Too few samples.
    TooFew(usize),
    /// It grows, and goes on growing.
    Leak(Slope),
    /// It has grown by so much, and no longer does in the second half.
    Levelled {
        /// From the mean of the first half to that of the second.
        by: f64,
        /// Of the second half.
        later: Slope,
    },
    /// It does not grow: in the second half by no more than the upper end of the slope's interval.
    Steady(Slope),
}

/// A metric, and what is found of it.
struct Look<'a> {
    series: &'a Series<'a>,
    measure: Measure,
    /// When what was looked at begins and ends.
    from: Nanos,
    to: Nanos,
    found: Found,
}

impl<'a> Look<'a> {
    fn at(series: &'a Series<'a>, stretch: Plateau) -> Self {
        let length = stretch.to.since(stretch.from);
        let from = stretch.from.after(Nanos((length.0 as f64 * SETTLING) as u64));
        let points: Vec<Point> = (series.samples.iter())
            .filter(|(at, _)| from <= *at && *at <= stretch.to)
            .map(|(at, value)| (at.as_secs_f64(), *value))
            .collect();
        Self { series, measure: Measure::of_name(series.metric), from, to: stretch.to, found: found(&points) }
    }

    fn finding(&self) -> Finding {
        let name = self.series.name();
        let over = self.to.since(self.from);
        match self.found {
            Found::TooFew(samples) => Finding::new(Level::Note, name)
                .and(": ")
                .count(samples as u64)
                .and(" samples while the load stayed the same are too few to tell a leak"),
            Found::Leak(slope) => self.grown(Finding::new(Level::Bad, name).and(" grows without end: "), slope),
            Found::Levelled { by, .. } => Finding::new(Level::Note, name)
                .and(" has grown by ")
                .and(self.measure.value(by))
                .and(", but no longer grows in the second half of the ")
                .and(over)
                .and(" looked at"),
            Found::Steady(slope) => Finding::new(Level::Good, name)
                .and(" does not grow: by at most ")
                .and(self.per_minute(slope.interval.high.max(0.0)))
                .and(" a minute in the ")
                .and(over)
                .and(" looked at"),
        }
    }

    /// By how much it grows, and how sure that is.
    fn grown(&self, finding: Finding, slope: Slope) -> Finding {
        let over = self.to.since(self.from);
        let share = slope.per_second * over.as_secs_f64() / slope.level.abs().max(f64::MIN_POSITIVE);
        finding
            .and(self.per_minute(slope.per_second))
            .and(" a minute (")
            .and(self.per_minute(slope.interval.low))
            .and(" to ")
            .and(self.per_minute(slope.interval.high))
            .and("), ")
            .and(Value::Change(share))
            .and(" in ")
            .and(over)
    }

    fn per_minute(&self, per_second: f64) -> Value {
        self.measure.value(per_second * 60.0)
    }

    /// The samples, and the line through those that were looked at.
    fn chart(&self) -> Chart {
        let factor = self.measure.factor();
        let at: Vec<Nanos> = self.series.samples.iter().map(|(at, _)| *at).collect();
        let values = self.series.samples.iter().map(|(_, value)| Some(*value * factor)).collect();
        let mut lines = vec![Line::new(self.series.name(), values)];
        if let Found::Leak(slope) | Found::Levelled { later: slope, .. } | Found::Steady(slope) = self.found {
            let on_line = |at: &Nanos| {
                let is_looked_at = slope.from <= at.as_secs_f64() && *at <= self.to;
                let level = slope.per_second.mul_add(at.as_secs_f64() - slope.from, slope.level);
                is_looked_at.then_some(level * factor)
            };
            lines.push(Line::new("trend", at.iter().map(on_line).collect()).drawn(Mark::Dashed));
        }
        Chart {
            title: self.series.name().into(),
            note: "As a probe sampled it, and the line through what was looked at for a leak: while the load stayed the same, \
                   without the first quarter."
                .into(),
            axis: Axis::Time(at),
            unit: self.measure.axis(),
            stacked: false,
            lines,
        }
    }
}

fn found(points: &[Point]) -> Found {
    let (first_half, second_half) = points.split_at(points.len() / 2);
    let slopes = Slope::of(points, CONFIDENCE).zip(Slope::of(second_half, CONFIDENCE));
    let (Some((slope, later)), Some((first, last))) = (slopes, points.first().zip(points.last())) else {
        return Found::TooFew(points.len());
    };
    let level = |half: &[Point]| mean(&half.iter().map(|(_, level)| *level).collect::<Vec<_>>()).unwrap_or(0.0);
    let (before, after) = (level(first_half), level(second_half));
    let negligible = before.abs() * NEGLIGIBLE;
    if slope.interval.low * (last.0 - first.0) > negligible && later.interval.low > 0.0 {
        Found::Leak(slope)
    } else if after - before > negligible {
        Found::Levelled { by: after - before, later }
    } else {
        Found::Steady(later)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made_up::{MadeUp, findings, sample};
    use crate::statistics::chance::Chance;
    use crate::statistics::simulation::normal;

    /// What is said of memory that is so large at each of so many seconds, with some noise.
    fn said(seconds: u64, level_mb: impl Fn(f64) -> f64) -> (Level, String) {
        let mut chance = Chance::new(7);
        let mut probes = Vec::new();
        for second in 0..seconds {
            let level_mb = level_mb(second as f64) + 0.5 * normal(&mut chance);
            probes.push(sample(Nanos::from_secs(second), "app.memory_usage_mb", level_mb));
        }
        findings(&MadeUp { probes, ..MadeUp::default() }.sections(&Leak)).remove(0)
    }

    #[test]
    fn what_grows_to_the_end_is_a_leak() {
        let (level, text) = said(120, |second| 100.0 + second / 2.0);
        assert_eq!(level, Level::Bad, "{text}");
        assert!(text.starts_with("app.memory_usage_mb grows without end: 28."), "30 MB: {text}");
    }

    #[test]
    fn a_cache_that_fills_is_none() {
        let (level, text) = said(120, |second| 100.0 + (second / 2.0).min(35.0));
        assert_eq!(level, Level::Note, "{text}");
        assert!(text.contains("but no longer grows in the second half"), "{text}");
    }

    #[test]
    fn noise_about_a_level_is_none() {
        let (level, text) = said(120, |_| 100.0);
        assert_eq!(level, Level::Good, "{text}");
        assert!(text.contains("does not grow"), "{text}");
    }

    #[test]
    fn few_samples_tell_nothing() {
        let (level, text) = said(12, |second| 100.0 + second);
        assert_eq!((level, text.contains("too few")), (Level::Note, true), "{text}");
        assert_eq!(MadeUp::default().sections(&Leak), [], "no probe, no section");
    }

    #[test]
    fn more_memory_for_more_load_is_none() {
        let ramp = vec![(60, 100.0), (180, 100.0)];
        let probes = (0..180_u32).map(|second| {
            let level = 100.0 + 5.0 * f64::from(second.min(60));
            sample(Nanos::from_secs(u64::from(second)), "app.memory_usage_mb", level)
        });
        let made_up = MadeUp { scenarios: vec![("ramp", "free", ramp)], probes: probes.collect(), rows: Vec::new() };
        assert_eq!(findings(&made_up.sections(&Leak))[0].0, Level::Good);
    }
}
