//! What has been reported so far, as it adds up: the state between two scrapes.

use std::collections::BTreeMap;

use runlog::course::Course;
use runlog::tags::Tags;
use runlog::units::{Nanos, Percentile};

use crate::worker::breakdown::Breakdown;
use crate::worker::report::Second;

/// The most values of probes that are published; those above are counted only.
pub const MOST_PROBE_VALUES: usize = 1_000;

/// The figures of a run up to now.
#[derive(Debug)]
pub struct Figures {
    /// Arrivals that are done, as they are told apart.
    pub breakdown: Breakdown,
    /// Arrivals that were scheduled.
    pub scheduled: u64,
    /// Each worker that has reported, by its place.
    pub cores: BTreeMap<usize, Core>,
    /// The course that the load takes: as planned, or as somebody has changed it by hand.
    pub course: Course,
    /// The most virtual users that have been at work at once.
    pub vus_max: u64,
    /// Each threshold that is judged by now, as a person reads it, and whether it holds.
    pub thresholds: BTreeMap<String, bool>,
    /// What the probes have seen when they looked last.
    pub probes: Vec<ProbeValue>,
    /// How many values of probes were too many.
    pub probe_values_left_out: usize,
    is_final: bool,
}

/// How a worker is doing.
#[derive(Debug, Default)]
pub struct Core {
    /// Its processor.
    pub cpu: usize,
    /// Requests on their way.
    pub in_flight: u64,
    /// Open connections.
    pub connections: u64,
    /// Arrivals that wait for a connection.
    pub backlog: u64,
    /// Virtual users at work.
    pub vus: u64,
    /// The share of its last second that it was at work in.
    pub busy: f64,
    /// How late it handed arrivals on in its last second: the median, the 99th percentile and the most. Absent where there was
    /// none.
    pub pacer_lag: Option<[Nanos; 3]>,
    /// How long it has waited for the disk so far.
    pub record_stall: Nanos,
}

/// A value that a probe has seen.
#[derive(Debug, Clone, PartialEq)]
pub struct ProbeValue {
    /// The probe's name.
    pub probe: &'static str,
    /// What it is a value of.
    pub metric: String,
    /// What tells it from others of the same metric.
    pub tags: Tags,
    /// The value.
    pub value: f64,
}

impl Figures {
    /// Of a run that begins. `breakdown` is empty.
    pub const fn new(breakdown: Breakdown) -> Self {
        Self {
            breakdown,
            scheduled: 0,
            cores: BTreeMap::new(),
            course: Course::planned(),
            vus_max: 0,
            thresholds: BTreeMap::new(),
            probes: Vec::new(),
            probe_values_left_out: 0,
            is_final: false,
        }
    }

    /// Whether they will not change any more.
    pub const fn is_final(&self) -> bool {
        self.is_final
    }

    /// Adds a core's last second.
    pub fn hear(&mut self, second: &Second) {
        let gauge = &second.gauge;
        self.breakdown.merge(&gauge.breakdown);
        self.scheduled += gauge.scheduled;
        let core = self.cores.entry(second.seat.place).or_default();
        core.cpu = second.seat.cpu;
        core.in_flight = second.in_flight;
        core.connections = second.connections;
        core.backlog = second.backlog;
        core.vus = second.vus;
        core.record_stall = core.record_stall.after(second.record_stall);
        let wall = second.until.since(gauge.since).as_secs_f64();
        core.busy = if wall > 0.0 { (second.busy.as_secs_f64() / wall).min(1.0) } else { 0.0 };
        let lag = |percentile: Percentile| Nanos(gauge.pacer_lag.value_at_quantile(percentile.as_quantile()));
        let lags = || [lag(Percentile::P50), lag(Percentile::P99), Nanos(gauge.pacer_lag.max())];
        core.pacer_lag = (!gauge.pacer_lag.is_empty()).then(lags);
        self.vus_max = self.vus_max.max(self.sum(|core| core.vus));
    }

    /// Takes which thresholds hold. Of two that read alike both have to.
    pub fn stand(&mut self, standing: impl Iterator<Item = (String, bool)>) {
        self.thresholds.clear();
        for (threshold, holds) in standing {
            let all_hold = self.thresholds.entry(threshold).or_insert(true);
            *all_hold = *all_hold && holds;
        }
    }

    /// Takes what the probes have seen, in place of what they saw before.
    pub fn see(&mut self, mut values: impl Iterator<Item = ProbeValue>) {
        self.probes.clear();
        self.probes.extend(values.by_ref().take(MOST_PROBE_VALUES));
        self.probe_values_left_out = values.count();
    }

    /// Takes what came of all thresholds. The run is over.
    pub fn conclude(&mut self, results: impl Iterator<Item = (String, bool)>) {
        self.stand(results);
        self.is_final = true;
    }

    /// A level of all workers together.
    pub fn sum(&self, level: impl Fn(&Core) -> u64) -> u64 {
        self.cores.values().map(level).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_thresholds_that_read_alike_all_have_to_hold() {
        let mut figures = Figures::new(Breakdown::default());
        let of = |holds: [bool; 2]| holds.map(|holds| ("checks rate > 99%".to_owned(), holds)).into_iter();
        figures.stand(of([false, true]));
        assert_eq!(figures.thresholds.values().copied().collect::<Vec<_>>(), [false]);
        figures.stand(of([true, true]));
        assert_eq!(figures.thresholds.values().copied().collect::<Vec<_>>(), [true]);
    }

    #[test]
    fn too_many_values_of_probes_are_counted_only() {
        let mut figures = Figures::new(Breakdown::default());
        let value = |n: usize| ProbeValue { probe: "p", metric: n.to_string(), tags: Tags::new(), value: 1.0 };
        figures.see((0..MOST_PROBE_VALUES + 3).map(value));
        assert_eq!((figures.probes.len(), figures.probe_values_left_out), (MOST_PROBE_VALUES, 3));
        figures.see(std::iter::once(value(1)));
        assert_eq!((figures.probes.len(), figures.probe_values_left_out), (1, 0));
    }
}
