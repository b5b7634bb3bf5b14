//! The pulse of a load: what the reports of all cores come to, in the last second and so far. Once a second, when every core
//! has had the time to tell.

use runlog::spread::Spread;
use runlog::statistics::Figures;
use runlog::units::{Nanos, Percentile, Rate};

use super::history::{History, Point};
use crate::worker::report::Second;
use crate::worker::trouble::Trouble;

/// How long a report counts towards the current figures: all cores report within it.
const CURRENT: Nanos = Nanos::from_millis(1_500);
/// How long after the end of a second its figures are put together.
const GRACE: Nanos = Nanos::from_millis(200);
const SECOND: Nanos = Nanos::from_secs(1);

/// How a load goes.
pub struct Pulse {
    /// The last second of each worker.
    latest: Vec<Option<Second>>,
    /// When the next second is put together.
    next: Nanos,
    /// Arrivals that are done.
    pub done: u64,
    /// Of these, without an answer or with a status that was not wanted.
    pub failed: u64,
    /// Of these, never sent.
    pub dropped: u64,
    /// What they have failed of.
    pub trouble: Trouble,
    /// How the last second was.
    pub recent: Recent,
    /// Response times of all seconds; `None` without an answer.
    pub response: Option<Figures>,
    /// How it has been so far.
    pub history: History,
}

/// A second of all cores.
#[derive(Debug, Clone, Copy, Default)]
pub struct Recent {
    /// Its end.
    pub until: Nanos,
    /// Requests that were done.
    pub requests: Rate,
    /// Arrivals of the open model that were taken from their schedules.
    pub arrivals: Rate,
    /// Requests on their way at its end.
    pub in_flight: u64,
    /// Open connections at its end.
    pub connections: u64,
    /// Arrivals that wait for a connection at its end.
    pub backlog: u64,
    /// Virtual users at work at its end.
    pub vus: u64,
    /// Response times; `None` without an answer.
    pub response: Option<Figures>,
    /// The share of the second that the busiest core was at work.
    pub busy: f64,
    /// How late arrivals were taken from the schedule, 99th percentile, of the core that was the latest.
    pub pacer_lag: Option<Nanos>,
}

impl Pulse {
    /// One that begins, of so many workers.
    pub fn new(workers: usize) -> Self {
        Self {
            latest: vec![None; workers],
            next: SECOND.after(GRACE),
            done: 0,
            failed: 0,
            dropped: 0,
            trouble: Trouble::default(),
            recent: Recent::default(),
            response: None,
            history: History::default(),
        }
    }

    /// Takes a core's last second. Returns the one before.
    pub fn hear(&mut self, second: Second) -> Option<Second> {
        let gauge = &second.gauge;
        self.done += gauge.done;
        self.failed += gauge.failed;
        self.dropped += gauge.dropped;
        if gauge.failed > 0 {
            self.trouble.add(&gauge.trouble);
        }
        let place = second.seat.place;
        self.latest[place].replace(second)
    }

    /// Puts a second together where one has ended; returns whether it has. `response` are the response times of all.
    pub fn look(&mut self, now: Nanos, response: &Spread) -> bool {
        if now < self.next {
            return false;
        }
        while self.next <= now {
            self.next = self.next.after(SECOND);
        }
        self.recent = self.sum(now);
        self.response = response.figures();
        let p99 = self.recent.response.map(|figures| Nanos(figures.p99));
        self.history.push(Point { rate: self.recent.requests, p99 });
        true
    }

    fn sum(&self, now: Nanos) -> Recent {
        let mut recent = Recent::default();
        let mut response = Spread::default();
        let (mut done, mut arrivals) = (0.0, 0.0);
        for second in self.latest.iter().flatten().filter(|second| now.since(second.until) < CURRENT) {
            let gauge = &second.gauge;
            let wall = second.until.since(gauge.since).as_secs_f64();
            if wall <= 0.0 {
                continue;
            }
            done += gauge.done as f64 / wall;
            arrivals += gauge.pacer_lag.len() as f64 / wall;
            response.add(&gauge.response);
            recent.until = recent.until.max(second.until);
            recent.in_flight += second.in_flight;
            recent.connections += second.connections;
            recent.backlog += second.backlog;
            recent.vus += second.vus;
            recent.busy = recent.busy.max(second.busy.as_secs_f64() / wall);
            let lags = &gauge.pacer_lag;
            let lag = (!lags.is_empty()).then(|| Nanos(lags.value_at_quantile(Percentile::P99.as_quantile())));
            recent.pacer_lag = recent.pacer_lag.max(lag);
        }
        let rate = |value| Rate::per_second(value).unwrap_or_default();
        Recent { requests: rate(done), arrivals: rate(arrivals), response: response.figures(), ..recent }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::sync_channel;

    use runlog::outcome::Failure;
    use runlog::row::Row;

    use crate::worker::Seat;
    use crate::worker::report::Gauge;

    /// A core's second from `since` on, with so many answers of a microsecond, and one timeout.
    fn second(place: usize, since: u64, answers: u64) -> Second {
        let mut gauge = Gauge::new(Nanos::from_secs(since));
        let answer = Row { lag_ns: Some(0), duration_ns: Some(1_000), status: 200, ..Row::default() };
        for _ in 0..answers {
            gauge.pacer_lag.saturating_record(20);
            gauge.add(&answer, false);
        }
        gauge.add(&Row { error: Some(Failure::Timeout), ..Row::default() }, true);
        Second {
            seat: Seat { place, of: 2, cpu: place },
            until: Nanos::from_secs(since + 1),
            gauge,
            in_flight: 3,
            connections: 4,
            backlog: 5,
            vus: 6,
            busy: Nanos::from_millis(250 * (1 + place as u64)),
            record_stall: Nanos::ZERO,
            home: sync_channel(1).0,
        }
    }

    fn pulse(seconds: impl IntoIterator<Item = Second>) -> Pulse {
        let mut pulse = Pulse::new(2);
        seconds.into_iter().for_each(|second| drop(pulse.hear(second)));
        pulse
    }

    #[test]
    fn a_second_of_all_cores_is_their_sum() {
        let mut pulse = pulse([second(0, 0, 10), second(1, 0, 20)]);
        pulse.look(Nanos::from_millis(1_100), &Spread::default());
        assert_eq!(pulse.history.points(), [], "a core may still be about to tell");
        pulse.look(Nanos::from_millis(1_200), &Spread::default());
        let recent = pulse.recent;
        assert_eq!((recent.requests.as_per_second(), recent.arrivals.as_per_second()), (32.0, 30.0));
        assert_eq!((recent.in_flight, recent.connections, recent.backlog, recent.vus), (6, 8, 10, 12));
        assert_eq!((recent.busy, recent.pacer_lag), (0.5, Some(Nanos(20))));
        assert_eq!(recent.response.map(|figures| figures.max), Some(1_000));
        assert_eq!(pulse.history.points().len(), 1);
    }

    #[test]
    fn a_core_that_has_fallen_silent_no_longer_counts() {
        let mut pulse = pulse([second(0, 0, 10), second(1, 0, 20), second(0, 1, 10)]);
        pulse.look(Nanos::from_millis(2_500), &Spread::default());
        assert_eq!(Some(pulse.recent.requests), Rate::per_second(11.0));
        assert_eq!((pulse.done, pulse.failed), (43, 3), "what it has told still does");
        assert_eq!(pulse.trouble.by_frequency(), [("timeout".to_owned(), 3)]);
    }
}
