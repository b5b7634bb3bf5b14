//! Thresholds that are looked at while the load runs: those that end it, and those that have to hold in every window.
//!
//! Once a second every worker tells what it has gathered for them. A window moves in slices: of a second each, or of a
//! sixtieth of it where it is longer than a minute, so that the memory it takes is bounded.

use std::collections::VecDeque;

use runlog::manifest::Manifest;
use runlog::threshold::{Threshold, ThresholdResult};
use runlog::units::Nanos;

use super::verdict::decide;
use crate::worker::ledger::Gathered;
use crate::worker::report::Second;

/// The most slices that a window is made of.
const SLICES_MOST: u64 = 60;
const SECOND: Nanos = Nanos::from_secs(1);

/// Looks at the thresholds that have to be looked at.
#[derive(Debug)]
pub struct Judge {
    watched: Vec<Watched>,
}

/// Something that has happened to a threshold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Turn {
    /// It does not hold any more.
    Fails(String),
    /// It holds again.
    Holds(String),
    /// It does not hold, and that ends the run.
    Ends(String),
}

/// A threshold that is looked at.
#[derive(Debug)]
struct Watched {
    threshold: Threshold,
    /// Its place among all thresholds.
    place: usize,
    /// Everything so far.
    all: Gathered,
    slice: Nanos,
    /// How many slices make a window; none without one.
    window: Option<u64>,
    /// The slices of the window, each with its number.
    slices: VecDeque<(u64, Gathered)>,
    /// The slice that each worker has reported last.
    reported: Vec<u64>,
    /// The last slice that is complete.
    complete: Option<u64>,
    /// What came of the windows so far: of the first that did not hold, or of the last.
    outcome: Option<ThresholdResult>,
    fails: bool,
}

impl Judge {
    /// For the thresholds of a run by so many workers.
    pub fn new(manifest: &Manifest, workers: usize) -> Self {
        let watched = manifest.thresholds.iter().enumerate().filter(|(_, threshold)| threshold.is_watched());
        Self { watched: watched.map(|(place, threshold)| Watched::new(threshold, place, workers)).collect() }
    }

    /// Takes what a worker has gathered in its last second. Returns what has happened by that.
    pub fn hear(&mut self, second: &Second) -> Vec<Turn> {
        let gathered = self.watched.iter_mut().zip(&second.watched);
        gathered.filter_map(|(watched, gathered)| watched.hear(gathered, second.seat.place, second.until)).collect()
    }

    /// What came of a threshold that has a window, the load being over at this instant; `None` for others.
    pub fn outcome(&self, place: usize, end: Nanos) -> Option<ThresholdResult> {
        let watched = self.watched.iter().find(|watched| watched.place == place && watched.window.is_some())?;
        // A run that is shorter than the window is one.
        watched.outcome.clone().or_else(|| Some(decided(&watched.threshold, &watched.all, end)))
    }
}

impl Watched {
    fn new(threshold: &Threshold, place: usize, workers: usize) -> Self {
        let seconds = threshold.window_ns.map_or(1, |window| window.0.div_ceil(SECOND.0));
        let slice = Nanos(seconds.div_ceil(SLICES_MOST) * SECOND.0);
        Self {
            threshold: threshold.clone(),
            place,
            all: Gathered::new(threshold.metric),
            slice,
            window: threshold.window_ns.map(|window| window.0.div_ceil(slice.0)),
            slices: VecDeque::new(),
            reported: vec![0; workers],
            complete: None,
            outcome: None,
            fails: false,
        }
    }

    fn hear(&mut self, gathered: &Gathered, worker: usize, until: Nanos) -> Option<Turn> {
        self.all.merge(gathered);
        // Seconds end a little after the whole second: half of one before is within.
        let number = until.since(Nanos(SECOND.0 / 2)).0 / self.slice.0;
        if self.window.is_some() {
            match self.slices.iter_mut().rev().find(|(slice, _)| *slice == number) {
                Some((_, slice)) => slice.merge(gathered),
                None => self.slices.push_back((number, gathered.clone())),
            }
        }
        self.reported[worker] = number + 1;
        let complete = self.reported.iter().copied().min()?.checked_sub(1)?;
        // A slice of several seconds is complete when the next one has begun.
        let complete = if self.slice > SECOND { complete.checked_sub(1)? } else { complete };
        if self.complete.is_some_and(|before| before >= complete) {
            return None;
        }
        self.complete = Some(complete);
        match self.window {
            Some(window) => self.look_at_window(complete, window, until),
            None => self.look_at_all(until),
        }
    }

    fn look_at_window(&mut self, complete: u64, window: u64, until: Nanos) -> Option<Turn> {
        while self.slices.front().is_some_and(|(slice, _)| slice + window <= complete) {
            self.slices.pop_front();
        }
        if complete + 1 < window || self.outcome.as_ref().is_some_and(|outcome| !outcome.passed) {
            return None;
        }
        let mut all = Gathered::new(self.threshold.metric);
        for (_, slice) in self.slices.iter().filter(|(slice, _)| *slice <= complete) {
            all.merge(slice);
        }
        if all.arrivals == 0 {
            return None;
        }
        let result = decided(&self.threshold, &all, Nanos(self.slice.0 * window));
        let passed = result.passed;
        self.outcome = Some(result.clone());
        self.turn(passed, &result, until)
    }

    fn look_at_all(&mut self, until: Nanos) -> Option<Turn> {
        if self.all.arrivals == 0 {
            return None;
        }
        let result = decided(&self.threshold, &self.all, until);
        self.turn(result.passed, &result, until)
    }

    fn turn(&mut self, passed: bool, result: &ThresholdResult, until: Nanos) -> Option<Turn> {
        let failed_before = std::mem::replace(&mut self.fails, !passed);
        let told = format!("{} (was {})", result.threshold, result.shown);
        if !passed && self.threshold.abort_on_fail && until >= self.threshold.delay_abort_eval_ns {
            return Some(Turn::Ends(told));
        }
        match (failed_before, passed) {
            (false, false) => Some(Turn::Fails(told)),
            (true, true) => Some(Turn::Holds(told)),
            _ => None,
        }
    }
}

/// What comes of a threshold, by what is known within a thousandth: in doubt it holds.
fn decided(threshold: &Threshold, gathered: &Gathered, elapsed: Nanos) -> ThresholdResult {
    decide(threshold, gathered, elapsed).unwrap_or_else(|undecided| ThresholdResult { passed: true, ..undecided })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use runlog::metric::Metric;

    fn watched(window: Option<u64>, abort_on_fail: bool, workers: usize) -> Watched {
        let condition = "rate < 20%".parse().expect("a condition");
        let threshold = Threshold {
            window_ns: window.map(Nanos::from_secs),
            abort_on_fail,
            delay_abort_eval_ns: Nanos::from_secs(2),
            ..Threshold::new(Metric::HttpReqFailed, [].into(), condition)
        };
        Watched::new(&threshold, 0, workers)
    }

    fn gathered(failed: u64, all: u64) -> Gathered {
        Gathered { arrivals: all, part: failed, whole: all, ..Gathered::new(Metric::HttpReqFailed) }
    }

    /// The end of a worker's second of this number: a little after the whole second.
    fn end_of(second: u64, worker: usize) -> Nanos {
        Nanos((second + 1) * SECOND.0 + 1000 + worker as u64)
    }

    #[test]
    fn a_threshold_that_fails_ends_the_run_after_its_delay() {
        let mut watched = watched(None, true, 1);
        let fails = |watched: &mut Watched, second| watched.hear(&gathered(1, 1), 0, end_of(second, 0));
        assert!(matches!(fails(&mut watched, 0), Some(Turn::Fails(_))), "in the first second it is only told");
        assert!(matches!(fails(&mut watched, 1), Some(Turn::Ends(_))));
    }

    #[test]
    fn without_a_sample_nothing_is_judged() {
        let mut watched = watched(Some(1), true, 1);
        for second in 0..5 {
            assert_eq!(watched.hear(&gathered(0, 0), 0, end_of(second, 0)), None);
        }
        assert_eq!(watched.outcome, None);
    }

    #[test]
    fn a_window_that_holds_again_has_failed_all_the_same() {
        let mut watched = watched(Some(2), false, 1);
        for (second, failed) in [0, 0, 10, 0, 0, 0].into_iter().enumerate() {
            watched.hear(&gathered(failed, 10), 0, end_of(second as u64, 0));
        }
        let outcome = watched.outcome.expect("judged");
        assert!(!outcome.passed);
        assert_eq!(outcome.value, Some(0.5));
    }

    #[test]
    fn a_long_window_moves_in_at_most_sixty_slices() {
        let mut watched = watched(Some(600), false, 1);
        assert_eq!((watched.slice, watched.window), (Nanos::from_secs(10), Some(60)));
        for second in 0..1300 {
            watched.hear(&gathered(0, 1), 0, end_of(second, 0));
        }
        assert!(watched.slices.len() <= 62, "{}", watched.slices.len());
        assert_eq!(watched.outcome.expect("judged").value, Some(0.0));
    }

    proptest! {
        #[test]
        fn every_whole_window_is_judged_as_by_counting_anew(
            window in 1_u64..6,
            seconds in proptest::collection::vec(proptest::collection::vec((0_u64..4, 0_u64..12), 3), 1..20),
        ) {
            let mut watched = watched(Some(window), false, 3);
            for (second, workers) in seconds.iter().enumerate() {
                for (worker, &(failed, more)) in workers.iter().enumerate() {
                    watched.hear(&gathered(failed, failed + more), worker, end_of(second as u64, worker));
                }
            }
            let mut wanted = None;
            for last in window as usize - 1..seconds.len() {
                let (failed, all) = seconds[last + 1 - window as usize..=last].iter().flatten().fold((0, 0), |(failed, all), (f, m)| (failed + f, all + f + m));
                if all > 0 && wanted.is_none_or(|share: f64| share < 0.2) {
                    wanted = Some(failed as f64 / all as f64);
                }
            }
            prop_assert_eq!(watched.outcome.and_then(|outcome| outcome.value), wanted);
        }
    }
}
