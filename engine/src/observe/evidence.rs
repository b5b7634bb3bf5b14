//! What the reports tell of the generator's own part in the arrivals: the evidence for the verdict of validity.

use hdrhistogram::Histogram;
use runlog::units::{Nanos, Percentile};
use runlog::validity::Evidence;

use crate::worker::report::Second;

/// A core that is at work for more of a second than this has no time left.
const SATURATED: f64 = 0.95;

/// Remembers what counts.
#[derive(Debug, Default)]
pub struct Witness {
    scheduled: u64,
    done: u64,
    answered: u64,
    bad_responses: u64,
    behind: u64,
    waited: u64,
    dropped: u64,
    record_stall: Nanos,
    core_time: Nanos,
    pacer_lag: Option<Histogram<u32>>,
    /// The backlog of each worker at its last report.
    backlogs: Vec<u64>,
}

impl Witness {
    /// Takes a core's last second.
    pub fn hear(&mut self, second: &Second) {
        let gauge = &second.gauge;
        let wall = second.until.since(gauge.since);
        self.scheduled += gauge.scheduled;
        self.done += gauge.done;
        self.answered += gauge.answered;
        self.bad_responses += gauge.bad_responses;
        self.record_stall = self.record_stall.after(second.record_stall);
        self.core_time = self.core_time.after(wall);
        self.put_off(second, wall);
        match &mut self.pacer_lag {
            // Two histograms of the same bounds always add up.
            Some(all) => drop(all.add(&gauge.pacer_lag)),
            None => self.pacer_lag = Some(gauge.pacer_lag.clone()),
        }
    }

    /// Arrivals that were put off in this second: because the core had no time, or because no connection was free.
    fn put_off(&mut self, second: &Second, wall: Nanos) {
        let place = second.seat.place;
        if self.backlogs.len() <= place {
            self.backlogs.resize(place + 1, 0);
        }
        let put_off = second.backlog.saturating_sub(std::mem::replace(&mut self.backlogs[place], second.backlog));
        self.dropped += second.gauge.dropped;
        let saturated = second.busy.as_secs_f64() > wall.as_secs_f64() * SATURATED;
        if saturated {
            self.behind += put_off;
        } else {
            self.waited += put_off;
        }
    }

    /// Whether there were answers, and none of them could be read.
    pub const fn only_garbage(&self) -> bool {
        self.answered == 0 && self.bad_responses > 0 && self.bad_responses == self.done
    }

    /// Whether not a single arrival got an answer.
    pub const fn nothing_answered(&self) -> bool {
        self.answered == 0 && self.done > 0
    }

    /// The evidence, with the median response time as the rows have it.
    pub fn evidence(&self, response_p50: Option<Nanos>) -> Evidence {
        let lag = |percentile: Percentile| {
            // Of a handful of arrivals beside many virtual users a percentile says nothing of the measurement.
            let lags = self.pacer_lag.as_ref().filter(|lags| lags.len() >= percentile.samples_needed())?;
            Some(Nanos(lags.value_at_quantile(percentile.as_quantile())))
        };
        Evidence {
            scheduled: self.scheduled,
            behind: self.behind,
            waited: self.waited,
            dropped: self.dropped,
            pacer_lag_p50: lag(Percentile::P50),
            pacer_lag_p99: lag(Percentile::P99),
            response_p50,
            record_stall: self.record_stall,
            core_time: self.core_time,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_of_a_handful_of_lags_is_no_evidence() {
        let evidence = |arrivals: u64| {
            let mut lags = Histogram::new(3).expect("a histogram");
            (0..arrivals).for_each(|_| lags.saturating_record(5_000_000));
            Witness { pacer_lag: Some(lags), ..Witness::default() }.evidence(Some(Nanos::from_millis(5)))
        };
        let of =
            |arrivals| [evidence(arrivals).pacer_lag_p50, evidence(arrivals).pacer_lag_p99].map(|lag| lag.is_some());
        assert_eq!([5, 6, 298, 299].map(of), [[false, false], [true, false], [true, false], [true, true]]);
    }
}
