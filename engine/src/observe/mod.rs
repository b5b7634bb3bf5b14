//! Who watches: takes the workers' reports while the load runs and turns them into `engine.csv`, `events.csv`, progress
//! on the screen, evidence of the generator's own part, and the end of a run whose threshold demands it. Workers know nothing of it, and never wait for it.

pub mod closing;
mod evidence;
mod fall;
mod gauge;
mod judge;
mod probes;
mod progress;
mod samples;
mod stages;
mod trial;
pub mod verdict;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use runlog::manifest::ProbeBooks;
use runlog::spread::Spread;
use runlog::summary::Summary;
use runlog::threshold::ThresholdResult;
use runlog::units::Nanos;

pub use self::evidence::Witness;
use self::judge::Finding;
pub use self::judge::Judge;
pub use self::probes::ProbeWatch;
pub use self::progress::Progress;
pub use self::samples::Samples;
use self::stages::Stages;
use crate::clock::Clock;
use crate::plan::Plan;
use crate::publish::Publisher;
use crate::stop::Stop;
use crate::worker::report::{Finished, Report, Second};

/// How often whoever watches looks up when no report comes.
const LOOK: Nanos = Nanos::from_millis(200);
/// How long after a signal another one is taken for impatience.
const PATIENCE: Nanos = Nanos::from_secs(2);
/// When a target that has answered nothing but garbage is given up.
const GARBAGE_FOR: Nanos = Nanos::from_secs(1);

/// Everything that watches a run.
pub struct Observer {
    /// The files it writes.
    pub samples: Samples,
    /// What it shows.
    pub progress: Progress,
    /// What it remembers of the generator's own part.
    pub witness: Witness,
    /// Lag + service time of those answered, in all seconds so far.
    pub response: Spread,
    /// What judges the thresholds that cannot wait for the end.
    pub judge: Judge,
    /// Who tells others while the run lasts, if anybody does.
    pub publisher: Option<Publisher>,
    probes: Option<ProbeWatch>,
    stages: Stages,
}

impl Observer {
    /// An observer of this plan.
    pub fn new(plan: &Plan, samples: Samples, progress: Progress, judge: Judge, probes: Option<ProbeWatch>) -> Self {
        Self {
            samples,
            progress,
            witness: Witness::default(),
            response: Spread::default(),
            judge,
            publisher: None,
            probes,
            stages: Stages::of(plan),
        }
    }

    /// Watches until so many workers have finished, or are all gone. Returns their books, in the
    /// order of their seats.
    pub fn watch(
        &mut self,
        reports: &Receiver<Report>,
        workers: usize,
        clock: Clock,
        stop: &Arc<Stop>,
    ) -> Vec<Finished> {
        let mut books = Vec::with_capacity(workers);
        let mut interrupted_at = None;
        while books.len() < workers {
            match reports.recv_timeout(LOOK.into()) {
                Ok(Report::Second(second)) => self.hear(*second, stop),
                Ok(Report::Finished(finished)) => {
                    let findings = self.judge.finished(finished.seat.place);
                    self.take_note(findings, stop);
                    books.push(*finished);
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if let Some(probes) = &mut self.probes {
                let findings = probes.hear(&mut self.samples);
                for warning in probes.warnings() {
                    self.progress.note(&format!("warning: {warning}"));
                }
                self.take_note(findings, stop);
            }
            let now = clock.now();
            let undelivered: Vec<String> = self.publisher.iter().flat_map(Publisher::warnings).collect();
            for warning in undelivered {
                self.warn(now, warning);
            }
            for event in self.stages.reached(now) {
                self.samples.event(event);
            }
            if now > GARBAGE_FOR && self.witness.only_garbage() {
                stop.fail(|| "the target does not speak HTTP/1.x: not one of its answers could be read".to_owned());
            }
            if stop.interrupted() && now.since(*interrupted_at.get_or_insert(now)) > PATIENCE {
                stop.let_go();
            }
            self.progress.show(now, stop);
        }
        self.progress.clear();
        books.sort_by_key(|finished| finished.seat.place);
        books
    }

    /// Ends the probes. Returns their books, and what came of the thresholds on what they sample.
    pub fn end_probes(&mut self) -> (Vec<ProbeBooks>, Vec<ThresholdResult>) {
        self.probes.take().map(|probes| probes.end(&mut self.samples)).unwrap_or_default()
    }

    /// Has what came of the run published, and ends publishing.
    pub fn end_publishing(&mut self, summary: &Summary, clock: Clock, stop: &Stop) {
        let undelivered = self.publisher.take().map(|publisher| publisher.end(summary, stop));
        for warning in undelivered.into_iter().flatten() {
            self.warn(clock.now(), warning);
        }
    }

    /// Tells a person of something, and keeps it.
    pub fn warn(&mut self, at: Nanos, warning: String) {
        self.progress.note(&format!("warning: {warning}"));
        self.samples.happened(at, "warning", warning);
    }

    fn hear(&mut self, second: Second, stop: &Stop) {
        self.witness.hear(&second);
        self.samples.engine(&second);
        self.response.add(&second.gauge.response);
        let findings = self.judge.hear(&second);
        self.take_note(findings, stop);
        if let Some(publisher) = &self.publisher {
            publisher.hear(&second);
            let of_probes = self.probes.iter().flat_map(ProbeWatch::standing);
            publisher.thresholds(self.judge.standing().chain(of_probes));
            publisher.probes(self.probes.iter().flat_map(ProbeWatch::seen_last));
        }
        if let Some(earlier) = self.progress.add(second) {
            earlier.give_back();
        }
    }

    fn take_note(&mut self, findings: Vec<Finding>, stop: &Stop) {
        for Finding { at, what, aborts } in findings {
            if !aborts {
                self.samples.happened(at, "threshold", what);
            } else if !stop.requested() {
                self.samples.happened(at, "abort", &what);
                stop.abort(|| what);
            }
        }
    }
}
