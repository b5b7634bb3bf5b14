//! How a load is doing, as whoever watches it tells the desk about once a second.

use crate::observe::{Recent, ThresholdNow};

/// How many thresholds that do not hold are told: an answer is bounded.
const FAILING_MOST: usize = 50;

/// How a load is doing.
#[derive(Debug, Default)]
pub struct Vitals {
    /// How the last second was.
    pub recent: Recent,
    /// Arrivals that are done.
    pub done: u64,
    /// Of these, without an answer or with a status that was not wanted.
    pub failed: u64,
    /// Thresholds that do not hold by now, in words.
    pub failing: Vec<String>,
}

impl Vitals {
    /// Of what was seen so far.
    pub fn new(recent: Recent, (done, failed): (u64, u64), thresholds: impl Iterator<Item = ThresholdNow>) -> Self {
        let failing = |ThresholdNow { threshold, seen }: ThresholdNow| {
            seen.filter(|(_, holds)| !holds).map(|(value, _)| format!("{threshold} (is {value})"))
        };
        Self { recent, done, failed, failing: thresholds.filter_map(failing).take(FAILING_MOST).collect() }
    }
}
