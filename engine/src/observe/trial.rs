//! One threshold while the run lasts: second after second is added, and the sum of all or of the last ones is held
//! against the condition.

use std::collections::VecDeque;

use runlog::metric::MetricKind;
use runlog::spread::{self, Spread};
use runlog::threshold::{Aggregation, Threshold, ThresholdResult};
use runlog::units::Nanos;

use super::fall::Fall;
use super::finding::Finding;
use super::standing::ThresholdNow;
use crate::worker::ledger::Gathered;

const SECOND: Nanos = Nanos::from_secs(1);

/// A threshold under judgement.
pub struct Trial {
    /// Its place among all thresholds.
    pub place: usize,
    /// What must hold.
    pub threshold: &'static Threshold,
    /// Its place among those that the workers watch; none where it is about levels.
    pub watched: Option<usize>,
    /// The sum of what is judged.
    sum: Sum,
    window: Option<Window>,
    fall: Fall,
    /// When the schedules end: what there is less of from then on is not held against the load.
    planned: Nanos,
    /// The end of the last second that was heard of.
    last: Nanos,
}

/// What is kept of a core's second, or of a second of all.
pub struct Kept {
    arrivals: u64,
    times: Option<spread::Kept>,
    part: u64,
    whole: u64,
    level: Option<u64>,
}

/// What several of them add up to.
struct Sum {
    gathered: Gathered,
    levels: Levels,
}

/// Levels that were seen one after another.
#[derive(Default)]
struct Levels {
    last: u64,
    min: u64,
    max: u64,
    sum: u64,
    count: u64,
}

/// The last stretch of time.
struct Window {
    /// How many seconds it has.
    length: usize,
    /// What there is of each, the oldest first.
    seconds: VecDeque<Kept>,
    /// Whether there was a full one that was to be judged, samples or none.
    was_full: bool,
    /// Whether the last second is one that the end of the run cut short.
    is_cut_short: bool,
    /// The value furthest on the wrong side of the bound, or nearest to it, of all that were judged.
    worst: Option<f64>,
}

impl Trial {
    /// A trial that begins. `planned` is when the schedules end.
    pub fn new(place: usize, threshold: &'static Threshold, watched: Option<usize>, planned: Nanos) -> Self {
        let window = threshold.window_ns.map(|length| Window {
            length: usize::try_from(length.0.div_ceil(SECOND.0)).unwrap_or(usize::MAX).max(1),
            seconds: VecDeque::new(),
            was_full: false,
            is_cut_short: false,
            worst: None,
        });
        Self {
            place,
            threshold,
            watched,
            sum: Sum { gathered: Gathered::new(threshold.metric), levels: Levels::default() },
            window,
            fall: Fall::default(),
            planned,
            last: Nanos::ZERO,
        }
    }

    /// The schedules end at another instant than was planned.
    pub const fn replan(&mut self, planned: Nanos) {
        self.planned = planned;
    }

    /// The load stood still: where there is less because of that, nobody is to blame. Returns whether that is so; then a
    /// window begins anew.
    pub fn stands_still(&mut self) -> bool {
        let is_level = self.threshold.metric.kind() == MetricKind::Gauge;
        let is_excused = self.may_lack() && (is_level || self.window.is_some());
        if let (true, Some(window)) = (is_excused, &mut self.window) {
            window.seconds.clear();
        }
        is_excused
    }

    /// Takes what all cores tell of a second that ends now; `is_whole` unless the end of the run has cut it short.
    pub fn hear(&mut self, at: Nanos, is_whole: bool, second: &[Kept]) {
        let is_level = self.threshold.metric.kind() == MetricKind::Gauge;
        // At its very end a run is left by everybody: that is no level of the load.
        if self.fall.first.is_some() && self.window.is_some() || is_level && !is_whole && self.sum.levels.count > 0 {
            return;
        }
        if self.window.is_some() {
            return self.hear_in_window(at, is_whole, second);
        }
        self.last = at;
        self.sum.extend(second);
        if self.threshold.abort_on_fail && self.fall.first.is_none() && at >= self.threshold.delay_abort_eval_ns {
            self.judge(at, at);
        }
    }

    fn hear_in_window(&mut self, at: Nanos, is_whole: bool, second: &[Kept]) {
        let (is_amount, may_lack) = (self.is_amount(), self.may_lack());
        let Some(window) = &mut self.window else { return };
        if may_lack && at >= self.planned.after(SECOND) {
            return;
        }
        self.last = at;
        self.sum.clear();
        self.sum.extend(second);
        // What is no amount is judged with the last part of a second on top; of an amount that would be too long a stretch.
        let is_bounded = is_whole || is_amount && !may_lack;
        while is_bounded && window.seconds.len() >= window.length {
            window.seconds.pop_front();
        }
        window.seconds.push_back(self.sum.keep());
        window.is_cut_short = !is_whole;
        if is_whole && window.seconds.len() == window.length && !(may_lack && at > self.planned) {
            window.was_full = true;
            let length = window.length();
            self.judge_window(at, length);
        }
    }

    /// Whether there is less of it where there is less time, or less load.
    fn is_amount(&self) -> bool {
        let counts = self.threshold.condition.aggregation == Aggregation::Count;
        counts || matches!(self.threshold.metric.kind(), MetricKind::Counter | MetricKind::Gauge)
    }

    /// Whether it can fail for no other reason than that the schedule is over. What there is too much of, such as arrivals
    /// that are dropped at the very end, is too much then as well.
    fn may_lack(&self) -> bool {
        self.is_amount() && !self.threshold.condition.is_from_above()
    }

    fn judge_window(&mut self, at: Nanos, elapsed: Nanos) {
        let Some(window) = &mut self.window else { return };
        self.sum.clear();
        self.sum.extend(&window.seconds);
        if let Some(value) = self.judge(at, elapsed)
            && let Some(window) = &mut self.window
        {
            let condition = &self.threshold.condition;
            window.worst = Some(window.worst.map_or(value, |worst| condition.worse(worst, value)));
        }
    }

    /// Holds the sum against the condition. Returns the value that it was held against.
    fn judge(&mut self, at: Nanos, elapsed: Nanos) -> Option<f64> {
        let condition = &self.threshold.condition;
        let value = self.sum.value(self.threshold, elapsed)?;
        if !condition.holds(value) {
            self.fall.first = Some((value, at));
        }
        Some(value)
    }

    /// What came to light, each thing once.
    pub fn findings(&mut self, now: Nanos) -> Vec<Finding> {
        self.fall.findings(self.threshold, now)
    }

    /// How it stands: as the last full window says where it has one, and else all so far.
    pub fn standing(&self) -> ThresholdNow {
        let value = match (self.fall.first, &self.window) {
            (Some((value, _)), _) => Some(value),
            (None, Some(window)) if !window.was_full => None,
            (None, Some(window)) => self.sum.value(self.threshold, window.length()),
            (None, None) => self.sum.value(self.threshold, self.last),
        };
        ThresholdNow::new(self.threshold, value)
    }

    /// What came of it when the run is over; `None` where what rows (or iterations) add up to tells it exactly.
    pub fn result(&mut self) -> Option<ThresholdResult> {
        if self.window.is_none() {
            let is_level = self.threshold.metric.kind() == MetricKind::Gauge;
            return is_level.then(|| self.threshold.judge(self.sum.value(self.threshold, Nanos::ZERO)));
        }
        if self.fall.first.is_none() {
            self.judge_rest();
        }
        let worst = self.window.as_ref().and_then(|window| window.worst);
        let Some((value, at)) = self.fall.first else { return Some(self.threshold.judge(worst)) };
        let result = self.threshold.judge(Some(value));
        Some(ThresholdResult { shown: format!("{} in the stretch up to {at}", result.shown), ..result })
    }

    /// Judges what no full window has seen: a run that is shorter than one, and the last part of a second.
    fn judge_rest(&mut self) {
        let may_lack = self.may_lack();
        let Some(window) = &self.window else { return };
        let elapsed = match (window.was_full, may_lack) {
            (true, true) => return,
            (true, false) => window.length(),
            (false, true) => self.last.min(self.planned),
            (false, false) => self.last,
        };
        if !window.was_full || window.is_cut_short {
            self.judge_window(self.last, elapsed);
        }
    }
}

impl Window {
    fn length(&self) -> Nanos {
        Nanos(SECOND.0 * self.length as u64)
    }
}

impl Kept {
    /// What is kept of what a core has gathered in a second.
    pub fn of(gathered: &Gathered) -> Self {
        let Gathered { arrivals, part, whole, ref times, .. } = *gathered;
        let times = times.as_deref().filter(|times| times.count() > 0).map(Spread::keep);
        Self { arrivals, times, part, whole, level: None }
    }

    /// A level at the end of a second.
    pub const fn level(level: u64) -> Self {
        Self { arrivals: 0, times: None, part: 0, whole: 0, level: Some(level) }
    }
}

impl Sum {
    fn clear(&mut self) {
        self.gathered.clear();
        self.levels = Levels::default();
    }

    fn extend<'a>(&mut self, several: impl IntoIterator<Item = &'a Kept>) {
        for kept in several {
            self.add(kept);
        }
    }

    fn add(&mut self, kept: &Kept) {
        self.gathered.arrivals += kept.arrivals;
        self.gathered.part += kept.part;
        self.gathered.whole += kept.whole;
        if let Some(times) = &kept.times {
            self.gathered.times.get_or_insert_default().add_kept(times);
        }
        if let Some(level) = kept.level {
            self.levels.add(level);
        }
    }

    fn keep(&self) -> Kept {
        Kept { level: (self.levels.count > 0).then_some(self.levels.last), ..Kept::of(&self.gathered) }
    }

    /// The number that the condition is about, in its favour where it is not known exactly. `None` without a sample.
    fn value(&self, threshold: &Threshold, elapsed: Nanos) -> Option<f64> {
        let Threshold { metric, condition, .. } = threshold;
        if metric.kind() == MetricKind::Gauge {
            return self.levels.value(condition.aggregation);
        }
        let (lowest, highest) = self.gathered.bounds(condition.aggregation, elapsed)?;
        Some(condition.favourable(lowest, highest))
    }
}

impl Levels {
    fn add(&mut self, level: u64) {
        self.min = if self.count == 0 { level } else { self.min.min(level) };
        self.max = self.max.max(level);
        self.sum += level;
        self.count += 1;
        self.last = level;
    }

    fn value(&self, aggregation: Aggregation) -> Option<f64> {
        (self.count > 0).then(|| match aggregation {
            Aggregation::Min => self.min as f64,
            Aggregation::Max => self.max as f64,
            Aggregation::Avg => self.sum as f64 / self.count as f64,
            _ => self.last as f64,
        })
    }
}
