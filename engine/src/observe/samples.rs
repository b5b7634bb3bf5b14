//! The files beside the rows: `engine.csv`, `events.csv` and `probes.csv`.

use std::fs::File;

use runlog::directory::{CreateError, ENGINE, EVENTS, NewRun, PROBES};
use runlog::samples::{EngineSample, Event, ProbeSample};
use runlog::units::{Nanos, Percentile};

use crate::worker::report::Second;

/// The sample files of a run directory.
pub struct Samples {
    engine: csv::Writer<File>,
    events: csv::Writer<File>,
    probes: csv::Writer<File>,
    failed: Option<csv::Error>,
}

impl Samples {
    /// Creates the files.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn create(run: &NewRun) -> Result<Self, CreateError> {
        Ok(Self {
            engine: run.create_samples::<EngineSample>(ENGINE)?,
            events: run.create_samples::<Event>(EVENTS)?,
            probes: run.create_samples::<ProbeSample>(PROBES)?,
            failed: None,
        })
    }

    /// Notes how a core's last second was.
    pub fn engine(&mut self, second: &Second) {
        let gauge = &second.gauge;
        let lag = |percentile: Percentile| {
            if gauge.pacer_lag.is_empty() { 0 } else { gauge.pacer_lag.value_at_quantile(percentile.as_quantile()) }
        };
        let sample = EngineSample {
            time_ns: second.until.0,
            core: second.seat.cpu,
            scheduled: gauge.scheduled,
            done: gauge.done,
            failed: gauge.failed,
            dropped: gauge.dropped,
            in_flight: second.in_flight,
            backlog: second.backlog,
            connections: second.connections,
            vus: second.vus,
            pacer_lag_p50_ns: lag(Percentile::P50),
            pacer_lag_p99_ns: lag(Percentile::P99),
            pacer_lag_max_ns: gauge.pacer_lag.max(),
            busy_ns: second.busy.0,
            wall_ns: second.until.since(gauge.since).0,
            record_stall_ns: second.record_stall.0,
        };
        let written = self.engine.serialize(sample).and_then(|()| Ok(self.engine.flush()?));
        self.keep(written);
    }

    /// Notes that something happened.
    pub fn event(&mut self, event: Event) {
        let written = self.events.serialize(event).and_then(|()| Ok(self.events.flush()?));
        self.keep(written);
    }

    /// Notes that something happened now.
    pub fn happened(&mut self, at: Nanos, kind: &str, detail: impl Into<String>) {
        self.event(Event { time_ns: at.0, kind: kind.to_owned(), detail: detail.into() });
    }

    /// Keeps a value that a probe has seen.
    pub fn probe(&mut self, sample: ProbeSample) {
        let written = self.probes.serialize(sample);
        self.keep(written);
    }

    /// Brings what probes have seen to the disk.
    pub fn flush_probes(&mut self) {
        let written = self.probes.flush().map_err(csv::Error::from);
        self.keep(written);
    }

    /// The first thing that could not be written, if any.
    pub const fn failure(&self) -> Option<&csv::Error> {
        self.failed.as_ref()
    }

    fn keep(&mut self, written: Result<(), csv::Error>) {
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
    }
}
