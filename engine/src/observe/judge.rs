//! Judges thresholds while the run lasts: those that end it, those that have to hold in every stretch of time, and those on
//! levels. Once a second, as soon as every core has told how that second was.

use std::collections::VecDeque;

use runlog::manifest::Manifest;
use runlog::metric::{Metric, MetricKind};
use runlog::threshold::ThresholdResult;
use runlog::units::Nanos;

use super::trial::{Kept, Trial};
use crate::worker::ledger::{Gathered, watched};
use crate::worker::report::Second;

/// Something that a person should know of a threshold.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// When it came to light, since t=0.
    pub at: Nanos,
    /// Which threshold does not hold, and what it was held against.
    pub what: String,
    /// Whether the run is to end because of it.
    pub aborts: bool,
}

/// Judges the thresholds of a run.
pub struct Judge {
    trials: Vec<Trial>,
    /// How many thresholds the run has.
    thresholds: usize,
    /// The seconds that are not judged yet, the first of them is `next`.
    open: VecDeque<Slot>,
    next: u64,
    /// For each worker: up to which second it has told everything.
    told: Vec<u64>,
    /// For each worker: how many virtual users were at work when it last told.
    vus: Vec<u64>,
    vus_max: u64,
}

/// A second of the run.
#[derive(Default)]
struct Slot {
    /// For each threshold that the workers watch: what each of them has gathered for it.
    gathered: Vec<Vec<Kept>>,
    /// Virtual users at work at its end, with the worker's place.
    vus: Vec<(usize, u64)>,
    /// Until when it is told of.
    until: Nanos,
}

impl Judge {
    /// A judge of a run by so many workers.
    pub fn new(manifest: &'static Manifest, workers: usize) -> Self {
        let planned = manifest.planned_ns;
        let gathered = watched(manifest).enumerate();
        let gathered = gathered.map(|(among, (place, threshold))| Trial::new(place, threshold, Some(among), planned));
        let levels = manifest.thresholds.iter().enumerate();
        let levels = levels.filter(|(_, threshold)| threshold.metric.kind() == MetricKind::Gauge);
        let levels = levels.map(|(place, threshold)| Trial::new(place, threshold, None, planned));
        Self {
            trials: gathered.chain(levels).collect(),
            thresholds: manifest.thresholds.len(),
            open: VecDeque::new(),
            next: 0,
            told: vec![0; workers],
            vus: vec![0; workers],
            vus_max: 0,
        }
    }

    /// Takes a core's last second. Returns what came to light by it.
    pub fn hear(&mut self, second: &Second) -> Vec<Finding> {
        if self.trials.is_empty() {
            return Vec::new();
        }
        let place = second.seat.place;
        let number = number_of(second).max(self.next);
        let ahead = (number - self.next) as usize;
        if self.open.len() <= ahead {
            self.open.resize_with(ahead + 1, Slot::default);
        }
        let slot = &mut self.open[ahead];
        slot.add(&second.gauge.watched);
        slot.vus.push((place, second.vus));
        slot.until = slot.until.max(second.until);
        self.told[place] = number + 1;
        self.judge()
    }

    /// This worker will tell nothing more.
    pub fn finished(&mut self, place: usize) -> Vec<Finding> {
        self.told[place] = u64::MAX;
        self.judge()
    }

    /// What came of the thresholds that are not told by what rows add up to, in the places of all. The run is over.
    pub fn results(&mut self) -> Vec<Option<ThresholdResult>> {
        self.told.fill(u64::MAX);
        self.judge();
        let mut results = vec![None; self.thresholds];
        for trial in &mut self.trials {
            results[trial.place] = trial.result();
        }
        results
    }

    /// Judges the seconds that every worker has told of.
    fn judge(&mut self) -> Vec<Finding> {
        let mut findings = Vec::new();
        let told = self.told.iter().copied().min().unwrap_or(u64::MAX);
        while self.next < told
            && let Some(slot) = self.open.pop_front()
        {
            self.next += 1;
            let end = Nanos::from_secs(self.next);
            let is_whole = slot.until >= end || !self.open.is_empty() || told < u64::MAX;
            let at = if is_whole { end } else { slot.until };
            for (place, vus) in slot.vus {
                self.vus[place] = vus;
            }
            let vus = self.vus.iter().sum();
            self.vus_max = self.vus_max.max(vus);
            for trial in &mut self.trials {
                match (trial.watched, trial.threshold.metric) {
                    (Some(among), _) => trial.hear(at, is_whole, slot.gathered.get(among).map_or(&[], Vec::as_slice)),
                    (None, Metric::VusMax) => trial.hear(at, is_whole, &[Kept::level(self.vus_max)]),
                    (None, _) => trial.hear(at, is_whole, &[Kept::level(vus)]),
                }
                findings.extend(trial.findings(at));
            }
        }
        findings
    }
}

impl Slot {
    fn add(&mut self, watched: &[Gathered]) {
        self.gathered.resize_with(watched.len(), Vec::new);
        for (kept, gathered) in self.gathered.iter_mut().zip(watched) {
            kept.push(Kept::of(gathered));
        }
    }
}

/// Which second of the run it was, from 0: the one that its middle lies in, for a report may come a little late.
const fn number_of(second: &Second) -> u64 {
    u64::midpoint(second.gauge.since.0, second.until.0) / Nanos::from_secs(1).0
}
