//! How a load stands: what the workers' reports come to so far, for whoever asks while it runs.

use runlog::units::Nanos;

use crate::worker::report::Second;

/// How long a report counts towards the current figures: all cores report within it.
const CURRENT: Nanos = Nanos::from_millis(1_500);

/// What is known so far.
#[derive(Debug)]
pub struct Standing {
    /// The last second of each worker.
    latest: Vec<Option<Latest>>,
    done: u64,
    failed: u64,
    thresholds: usize,
    failing: Vec<String>,
    late: u64,
}

/// A core's last second.
#[derive(Debug, Clone, Copy)]
struct Latest {
    until: Nanos,
    current: Current,
}

/// How it is now: in the last second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Current {
    /// Arrivals per second.
    pub arrived_per_s: f64,
    /// Arrivals that were done per second.
    pub done_per_s: f64,
    /// Requests on their way at its end.
    pub in_flight: u64,
    /// Arrivals that waited for a connection at its end.
    pub backlog: u64,
    /// Virtual users at work at its end.
    pub vus: u64,
}

impl Standing {
    /// Nothing yet, of a run with so many thresholds.
    pub const fn new(thresholds: usize) -> Self {
        Self { latest: Vec::new(), done: 0, failed: 0, thresholds, failing: Vec::new(), late: 0 }
    }

    /// Takes a core's last second.
    pub fn hear(&mut self, second: &Second) {
        let (gauge, place) = (&second.gauge, second.seat.place);
        let seconds = second.until.since(gauge.since).as_secs_f64();
        let per_second = |count: u64| if seconds > 0.0 { count as f64 / seconds } else { 0.0 };
        let current = Current {
            arrived_per_s: per_second(gauge.scheduled),
            done_per_s: per_second(gauge.done),
            in_flight: second.in_flight,
            backlog: second.backlog,
            vus: second.vus,
        };
        self.done += gauge.done;
        self.failed += gauge.failed;
        if self.latest.len() <= place {
            self.latest.resize(place + 1, None);
        }
        self.latest[place] = Some(Latest { until: second.until, current });
    }

    /// A threshold was seen not to hold.
    pub fn fell(&mut self, what: &str) {
        if self.failing.len() < self.thresholds {
            self.failing.push(what.to_owned());
        }
    }

    /// A change by hand came to the cores after the instant at which it was to take effect.
    pub const fn came_late(&mut self) {
        self.late += 1;
    }

    /// How many changes by hand came late.
    pub const fn late(&self) -> u64 {
        self.late
    }

    /// How it is now.
    pub fn current(&self, now: Nanos) -> Current {
        let current = self.latest.iter().flatten().filter(|latest| now.since(latest.until) < CURRENT);
        current.fold(Current::default(), |sum, Latest { current, .. }| Current {
            arrived_per_s: sum.arrived_per_s + current.arrived_per_s,
            done_per_s: sum.done_per_s + current.done_per_s,
            in_flight: sum.in_flight + current.in_flight,
            backlog: sum.backlog + current.backlog,
            vus: sum.vus + current.vus,
        })
    }

    /// Arrivals that are done.
    pub const fn done(&self) -> u64 {
        self.done
    }

    /// Of these, without an answer or with a status that was not wanted.
    pub const fn failed(&self) -> u64 {
        self.failed
    }

    /// How many thresholds there are.
    pub const fn thresholds(&self) -> usize {
        self.thresholds
    }

    /// Those that were seen not to hold, in words.
    pub fn failing(&self) -> &[String] {
        &self.failing
    }
}
