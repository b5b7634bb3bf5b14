//! The steady part of a run: where its load stayed the same, what was achieved there, and whether the load or the target was the
//! limit.

use runlog::control::Control;
use runlog::manifest::{Model, Scenario};
use runlog::metric::Metric;
use runlog::samples::EngineSample;
use runlog::units::Nanos;
use runlog::windows::{self, Window};
use serde::Serialize;

use crate::analysis::capacity::{ended, wanted_answers};
use crate::analysis::server::processors;
use crate::analysis::steps::is_varied;
use crate::analysis::{Plateau, plateaus};
use crate::load::Run;
use crate::statistics::windows::{self as compared, Windows};

/// So much of a steady part is left out at its beginning: connections are opened, caches fill.
const WARM_UP: f64 = 0.1;
/// A load that never stays the same is looked at where it is highest, for so much of the run.
const BUSIEST: f64 = 0.1;
/// A load was kept up with where no more of it than this was left undone.
const TOLERATED: f64 = 0.01;
/// And where no more of it than this failed.
const TOLERATED_FAILURES: f64 = 0.02;
/// Virtual users of whom fewer than this are waiting for the target leave it idle.
const WAITING: f64 = 0.5;
/// So many windows tell as much as more of them would.
const MOST_WINDOWS: usize = 300;

/// What throughput was limited by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Limit {
    /// The target: more was asked of it.
    Target,
    /// The load: the target did all that was asked of it, and nobody knows how much more it would do.
    Load,
}

/// The steady part of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Steady {
    /// Answers that were as wanted, by when they came, with the response times of what was scheduled.
    pub windows: Windows,
    /// Arrivals that were scheduled in it.
    pub arrivals: u64,
    /// Of these, those that failed.
    pub failed: u64,
    /// How long it is.
    pub length: Nanos,
    /// What its throughput was limited by.
    pub limit: Limit,
    /// Whether all of its load was on a schedule that waits for nobody.
    pub is_open: bool,
    /// Virtual users at work, in the mean.
    pub users: f64,
    /// The share of their processors that the target's machines used, where that was probed.
    pub processors: Option<f64>,
}

impl Steady {
    /// Of a run. `None` where nothing was scheduled.
    pub fn of(run: &Run) -> Option<Self> {
        let all = run.windows.together(|_| true);
        let width = run.windows.width;
        let (first, last) = bounds(run, &all)?;
        let part = &all[first..last];
        let at = |window: usize| Nanos(width.0 * window as u64);
        let (from, to) = (at(first), at(last));
        let sampled = Sampled::between(run, from, to);
        let sum = |count: fn(&Window) -> u64| part.iter().map(count).sum::<u64>();
        let scenarios = &run.log.manifest.scenarios;
        Some(Self {
            windows: achieved(part, width),
            arrivals: sum(|window| window.arrivals),
            failed: sum(|window| window.failed),
            length: to.since(from),
            limit: limit(run, first..last, &sampled),
            is_open: scenarios.iter().all(|scenario| scenario.model == Model::Open),
            users: sampled.users,
            processors: processors(run, from, to),
        })
    }
}

/// The first window of the steady part, and the one after its last.
fn bounds(run: &Run, all: &[Window]) -> Option<(usize, usize)> {
    let has_arrivals = |window: &Window| window.arrivals > 0;
    let (begin, end) = (all.iter().position(has_arrivals)?, all.iter().rposition(has_arrivals)? + 1);
    let manifest = &run.log.manifest;
    let (begin, end) = match highest_plateau(&plateaus(manifest, &Control::course(&run.log.events))) {
        Some(plateau) => within(run, plateau, begin, end).unwrap_or((begin, end)),
        None if is_varied(run) => return Some(busiest(all, begin, end)),
        None => (begin, end),
    };
    let warm_up = ((end - begin) as f64 * WARM_UP).ceil() as usize;
    // The last window may have been cut off by the end of the schedule.
    let last = if end - begin > 10 { end - 1 } else { end };
    Some(((begin + warm_up).min(last - 1), last))
}

/// The plateau of the highest load, the longest of several.
fn highest_plateau(plateaus: &[Plateau]) -> Option<Plateau> {
    let length = |plateau: &Plateau| plateau.to.since(plateau.from);
    let order = |one: &&Plateau, other: &&Plateau| {
        one.target.total_cmp(&other.target).then_with(|| length(one).cmp(&length(other)))
    };
    plateaus.iter().max_by(order).copied()
}

/// The windows that lie wholly in a plateau, as far as the run came. `None` where it did not come so far.
fn within(run: &Run, plateau: Plateau, begin: usize, end: usize) -> Option<(usize, usize)> {
    let width = run.windows.width.0.max(1);
    let from = (plateau.from.0.div_ceil(width) as usize).max(begin);
    let to = ((plateau.to.0 / width) as usize).min(end);
    (from < to).then_some((from, to))
}

/// The stretch of a tenth of a run with the most answers.
fn busiest(all: &[Window], begin: usize, end: usize) -> (usize, usize) {
    let length = (((end - begin) as f64 * BUSIEST).ceil() as usize).max(1);
    let answers = |from: &usize| all[*from..*from + length].iter().map(wanted_answers).sum::<u64>();
    let from = (begin..=end - length).max_by_key(answers).unwrap_or(begin);
    (from, from + length)
}

/// What was achieved, window by window, as it is resampled: answers count when they came.
fn achieved(part: &[Window], width: Nanos) -> Windows {
    let of_each = part.len().div_ceil(MOST_WINDOWS).max(1);
    let window = |chunk: &[Window]| compared::Window {
        arrivals: chunk.iter().map(wanted_answers).sum(),
        failed: 0,
        ..compared::Window::together(chunk, Metric::ResponseTime)
    };
    // One of fewer windows than the others would have a lower rate.
    let windows = part.chunks_exact(of_each).map(window).collect();
    Windows { width: Nanos(width.0 * of_each as u64), windows }
}

/// What the engine sampled of itself.
struct Sampled {
    /// Virtual users at work.
    users: f64,
    /// Requests on their way.
    in_flight: f64,
}

impl Sampled {
    /// In the mean from one instant to another, all workers together.
    fn between(run: &Run, from: Nanos, to: Nanos) -> Self {
        let samples = || run.log.engine.iter().filter(|sample| from.0 < sample.time_ns && sample.time_ns <= to.0);
        let workers = run.log.manifest.engine.cores.len() as f64 / samples().count().max(1) as f64;
        let mean = |of: fn(&EngineSample) -> u64| samples().map(|sample| of(sample) as f64).sum::<f64>() * workers;
        Self { users: mean(|sample| sample.vus), in_flight: mean(|sample| sample.in_flight) }
    }
}

/// Whether the target did all that each part of the load asked of it.
fn limit(run: &Run, part: std::ops::Range<usize>, sampled: &Sampled) -> Limit {
    let scenarios = &run.log.manifest.scenarios;
    let is_open = |scenario: &Scenario| scenario.model == Model::Open;
    let kept_up = || {
        let requests = run.log.manifest.requests.len().max(1);
        let open = |cell: usize| scenarios.get(cell / requests).is_some_and(is_open);
        let windows = run.windows.together(open);
        is_kept_up_with(windows.get(part).unwrap_or_default())
    };
    let has_open = scenarios.iter().any(is_open);
    let has_users = scenarios.iter().any(|scenario| !is_open(scenario));
    let is_idle = || sampled.users > 0.0 && sampled.in_flight < WAITING * sampled.users;
    if (!has_open || kept_up()) && (!has_users || is_idle()) { Limit::Load } else { Limit::Target }
}

/// Whether all that was scheduled was done, and done well: of the second half, as the first may have begun with nothing on its way.
fn is_kept_up_with(part: &[windows::Window]) -> bool {
    let half = &part[part.len() / 2..];
    let sum = |windows: &[Window], count: fn(&Window) -> u64| windows.iter().map(count).sum::<u64>() as f64;
    let arrivals = sum(half, |window| window.arrivals);
    let undone = arrivals - sum(half, ended);
    let failures = sum(part, |window| window.failed);
    undone <= TOLERATED * arrivals && failures <= TOLERATED_FAILURES * sum(part, |window| window.arrivals)
}
