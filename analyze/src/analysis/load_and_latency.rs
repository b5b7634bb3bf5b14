//! How response times and the completed rate go with the load, where a run had more than one: its capacity, if it went
//! beyond.

use runlog::metric::Metric;
use runlog::units::{Nanos, Percentile};
use runlog::windows::Window;

use super::Analysis;
use super::buckets::{Buckets, OF_PAGE};
use super::timeline::Timeline;
use crate::failure::Failure;
use crate::load::{Detail, Run};
use crate::section::{Axis, Chart, Line, Mark, Part, Section, Unit};

/// The load against what came of it.
pub struct LoadAndLatency;

impl Analysis for LoadAndLatency {
    fn detail(&self) -> Detail {
        Detail::OverTime
    }

    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        if run.windows.is_empty() || !is_varied(run) {
            return Ok(Vec::new());
        }
        let steps = steps(&Timeline::of(run, OF_PAGE));
        if steps.len() < LEAST_STEPS {
            return Ok(Vec::new());
        }
        let charts = [latency(&steps), completed(&steps)];
        Ok(vec![Section::new("Load and latency", charts.into_iter().map(Part::Chart).collect())])
    }
}

/// Whether the load was meant to change, or was changed.
fn is_varied(run: &Run) -> bool {
    let is_varied = |executor: &str| executor.starts_with("ramping-") || ["replay", "search"].contains(&executor);
    let is_scaled = run.summary.run.by_hand.scalings > 0;
    is_scaled
        || run.log.manifest.scenarios.iter().any(|scenario| scenario.stages.len() > 1 || is_varied(&scenario.executor))
}

/// In so many steps the rates are told apart: from none to the highest.
const STEPS: usize = 24;
/// Fewer make no curve.
const LEAST_STEPS: usize = 4;
/// Shorter stretches have too few arrivals for a rate.
const LEAST_WIDTH: Nanos = Nanos::from_secs(1);

/// What happened at about one rate.
struct Step {
    /// Arrivals per second, in the mean.
    scheduled: f64,
    /// Answers per second.
    completed: f64,
    times: Window,
}

/// Stretches of a second or more, those of about the same rate put together, by their rate. The last, which the end of the
/// run cuts off, is left out.
fn steps(of: &Timeline) -> Vec<Step> {
    let together = LEAST_WIDTH.0.div_ceil(of.buckets.width.0.max(1)) as usize;
    let stretches: Vec<Window> = of.windows.chunks_exact(together).map(Window::together).collect();
    let stretches = &stretches[..stretches.len().saturating_sub(1)];
    let most = stretches.iter().map(|stretch| stretch.arrivals).max().unwrap_or(0);
    let mut steps: Vec<Vec<&Window>> = vec![Vec::new(); STEPS];
    for stretch in stretches.iter().filter(|stretch| stretch.arrivals > 0) {
        // From one step's lowest rate to the next one's: the highest is in the last.
        let step = u128::from(stretch.arrivals - 1) * STEPS as u128 / u128::from(most.max(1));
        steps[step as usize].push(stretch);
    }
    let width = Buckets { width: Nanos(of.buckets.width.0.saturating_mul(together as u64)), count: 1 };
    steps.iter().filter(|stretches| !stretches.is_empty()).map(|stretches| Step::of(stretches, width)).collect()
}

impl Step {
    fn of(stretches: &[&Window], each: Buckets) -> Self {
        let times = Window::together(stretches.iter().copied());
        let mean = |count: u64| each.per_second(count) / stretches.len() as f64;
        Self { scheduled: mean(times.arrivals), completed: mean(times.answered), times }
    }

    fn percentile(&self, percentile: Percentile) -> Option<f64> {
        let times = self.times.times_of(Metric::ResponseTime)?;
        let is_sure = percentile.samples_needed() <= times.sketch.count();
        times.percentile(percentile).filter(|_| is_sure).map(|ns| ns as f64)
    }
}

fn axis(steps: &[Step]) -> Axis {
    Axis::Rate(steps.iter().map(|step| step.scheduled).collect())
}

fn latency(steps: &[Step]) -> Chart {
    let line = |name: &'static str, percentile| {
        Line::new(name, steps.iter().map(|step| step.percentile(percentile)).collect())
    };
    Chart {
        title: "Response time by load".into(),
        note: "Of all seconds at which about as many arrivals were scheduled, whether the load was rising or falling then; to \
               within 0.8 %, where there are samples enough. Where the line turns up, the target is at its limit. In the \
               closed model, virtual users who wait for answers make fewer arrivals: there the line turns back instead."
            .into(),
        axis: axis(steps),
        unit: Unit::Time,
        stacked: false,
        lines: vec![line("p50", Percentile::P50), line("p95", Percentile::P95), line("p99", Percentile::P99)],
    }
}

fn completed(steps: &[Step]) -> Chart {
    Chart {
        title: "Completed by load".into(),
        note: "Answers per second against arrivals per second. Where they fall behind the dashed line, the target takes no \
               more."
            .into(),
        axis: axis(steps),
        unit: Unit::PerSecond,
        stacked: false,
        lines: vec![
            Line::new("completed", steps.iter().map(|step| Some(step.completed)).collect()),
            Line::new("as many as scheduled", steps.iter().map(|step| Some(step.scheduled)).collect())
                .drawn(Mark::Dashed),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runlog::windows::METRICS;

    /// A window of a second with so many arrivals, all of which take as long.
    fn second(arrivals: u64, answered: u64, ns: u64) -> Window {
        let mut window = Window { arrivals, answered, ..Window::default() };
        let place = METRICS.iter().position(|&metric| metric == Metric::ResponseTime).expect("it is kept");
        window.times[place] = (0..answered).map(|_| ns).collect();
        window.longest_ns[place] = ns;
        window
    }

    #[test]
    fn seconds_of_about_the_same_rate_are_one_step() {
        let windows = vec![
            second(100, 100, 200),
            second(0, 0, 0),
            second(102, 98, 200),
            second(2_400, 1_200, 255),
            second(1_300, 1_300, 201),
            second(7, 7, 1),
        ];
        let buckets = Buckets { width: Nanos::from_secs(1), count: windows.len() };
        let steps = steps(&Timeline { buckets, windows });
        let figures: Vec<_> =
            steps.iter().map(|step| (step.scheduled, step.completed, step.percentile(Percentile::P50))).collect();
        // 101 and 102 are beyond the first hundred, and the last second is left out.
        let expected = [
            (100.0, 100.0, Some(200.0)),
            (102.0, 98.0, Some(200.0)),
            (1_300.0, 1_300.0, Some(201.0)),
            (2_400.0, 1_200.0, Some(255.0)),
        ];
        assert_eq!(figures, expected);
        assert_eq!(steps[0].percentile(Percentile::P99), None, "of a hundred samples nobody knows p99");
    }

    #[test]
    fn tenths_of_a_second_are_put_together() {
        let windows: Vec<Window> = (0..40).map(|tenth| second(1 + tenth / 10, 1, 9)).collect();
        let buckets = Buckets { width: Nanos::from_millis(100), count: windows.len() };
        let rates: Vec<f64> = steps(&Timeline { buckets, windows }).iter().map(|step| step.scheduled).collect();
        assert_eq!(rates, [10.0, 20.0, 30.0]);
    }
}
