//! Who watches: takes the workers' reports while the load runs and turns them into `engine.csv`, `events.csv`, progress
//! on the screen, evidence of the generator's own part, and the end of a run whose threshold demands it. Workers know nothing of it, and never wait for it.

pub mod closing;
mod evidence;
mod fall;
mod finding;
mod gauge;
mod hand;
mod history;
mod judge;
mod probes;
mod progress;
mod pulse;
mod samples;
mod screen;
mod stages;
mod standing;
mod trial;
pub mod verdict;

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use runlog::control::ByHand;
use runlog::manifest::ProbeBooks;
use runlog::spread::Spread;
use runlog::summary::Summary;
use runlog::threshold::ThresholdResult;
use runlog::units::Nanos;
use runlog::validity::judge;

pub use self::evidence::Witness;
use self::finding::Finding;
pub use self::hand::Hand;
pub use self::judge::Judge;
pub use self::probes::ProbeWatch;
pub use self::progress::Progress;
use self::pulse::Pulse;
pub use self::pulse::Recent;
pub use self::samples::Samples;
use self::stages::Stages;
pub use self::stages::scheduled_rate;
use self::standing::Standing;
pub use self::standing::ThresholdNow;
use crate::clock::Clock;
use crate::control::Vitals;
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
    plan: &'static Plan,
    pulse: Pulse,
    probes: Option<ProbeWatch>,
    stages: Stages,
    hand: Hand,
}

impl Observer {
    /// An observer of a run by so many workers.
    pub fn new(
        plan: &'static Plan,
        workers: usize,
        samples: Samples,
        progress: Progress,
        judge: Judge,
        probes: Option<ProbeWatch>,
        hand: Hand,
    ) -> Self {
        Self {
            samples,
            progress,
            witness: Witness::default(),
            response: Spread::default(),
            judge,
            publisher: None,
            plan,
            pulse: Pulse::new(workers),
            probes,
            stages: Stages::of(plan),
            hand,
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
            self.tell_changes(now);
            for event in self.stages.reached(self.hand.course(), now) {
                self.samples.event(event);
            }
            if now > GARBAGE_FOR && self.witness.only_garbage() {
                stop.fail(|| "the target does not speak HTTP/1.x: not one of its answers could be read".to_owned());
            }
            if stop.interrupted() && now.since(*interrupted_at.get_or_insert(now)) > PATIENCE {
                // Should the process end at once, the terminal is as it was.
                self.progress.step_aside(now);
                stop.let_go();
            }
            if self.pulse.look(now, &self.response) {
                self.tell_others();
            }
            if self.progress.is_due(now) {
                let standing = self.standing(now, stop);
                self.progress.show(&standing, stop);
            }
        }
        self.progress.clear();
        self.tell_changes(Nanos(u64::MAX));
        self.tell_others();
        if self.hand.was_late() {
            let late = "a change by hand reached the cores after its instant: around it they may have followed different schedules";
            self.warn(clock.now(), late.to_owned());
        }
        books.sort_by_key(|finished| finished.seat.place);
        books
    }

    /// Ends the probes. Returns their books, and what came of the thresholds on what they sample.
    pub fn end_probes(&mut self) -> (Vec<ProbeBooks>, Vec<ThresholdResult>) {
        self.probes.take().map(|probes| probes.end(&mut self.samples)).unwrap_or_default()
    }

    /// Takes note of what was changed by hand and has taken effect by an instant.
    fn tell_changes(&mut self, by: Nanos) {
        while let Some(control) = self.hand.next(by) {
            let event = control.event();
            self.progress.note(&format!("{}: {}", control.at, event.detail));
            self.samples.event(event);
            self.judge.follow(self.hand.course());
            if let Some(publisher) = &self.publisher {
                publisher.follow(self.hand.course());
            }
        }
    }

    /// How the load was changed by hand, in a run that took so long.
    pub fn by_hand(&self, elapsed: Nanos) -> ByHand {
        ByHand::of(self.hand.course(), elapsed)
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
        // Whether it was a second of a pause is to be known before it is judged.
        self.tell_changes(second.until);
        self.witness.hear(&second);
        self.samples.engine(&second);
        self.response.add(&second.gauge.response);
        let findings = self.judge.hear(&second);
        self.take_note(findings, stop);
        if let Some(publisher) = &self.publisher {
            publisher.hear(&second);
        }
        if let Some(earlier) = self.pulse.hear(second) {
            earlier.give_back();
        }
    }

    /// Tells whoever asks, and whoever watches from outside, what is known of a second that all cores have told of.
    fn tell_others(&self) {
        let Self { pulse, .. } = self;
        self.hand.tell(Vitals::new(pulse.recent, (pulse.done, pulse.failed), self.thresholds()));
        if let Some(publisher) = &self.publisher {
            publisher.thresholds(self.thresholds().filter_map(ThresholdNow::judged));
            publisher.probes(self.probes.iter().flat_map(ProbeWatch::seen_last));
        }
    }

    /// How the thresholds stand that are judged while the run lasts, of rows and of what probes sample.
    fn thresholds(&self) -> impl Iterator<Item = ThresholdNow> {
        self.judge.standings().chain(self.probes.iter().flat_map(ProbeWatch::standings))
    }

    /// What a person should know of the run as a whole.
    fn state(&self, now: Nanos, stop: &Stop) -> Option<String> {
        let paused = || self.hand.course().pause_at(now).map(|pause| format!("paused since {}", pause.from));
        if stop.requested() { Some("stopping …".to_owned()) } else { paused() }
    }

    /// How the run stands.
    fn standing(&self, now: Nanos, stop: &Stop) -> Standing {
        let Self { plan, pulse, .. } = self;
        let response_p50 = pulse.response.map(|figures| Nanos(figures.p50));
        // What the last second is compared with is what the schedules wanted in its middle.
        let followed = self.hand.course();
        let scheduled = followed.schedule_time(now);
        let middle = pulse.recent.until.since(Nanos::from_millis(500));
        Standing {
            name: plan.name.clone(),
            target: plan.target.base_url.clone(),
            now,
            planned: followed.run_time(plan.duration()).unwrap_or_else(|| now.after(plan.duration().since(scheduled))),
            state: self.state(now, stop),
            recent: pulse.recent,
            scheduled: stages::scheduled_rate(plan, followed, middle),
            users: stages::scheduled_users(plan, followed.schedule_time(middle)),
            response: pulse.response,
            done: pulse.done,
            failed: pulse.failed,
            dropped: pulse.dropped,
            trouble: pulse.trouble.by_frequency(),
            history: pulse.history.points(),
            scenarios: stages::standing(plan, followed, now),
            thresholds: self.thresholds().collect(),
            judged_later: self.judge.judged_later(),
            validity: judge(&self.witness.evidence(response_p50)),
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
