//! What is done about a request: looks at how the load stands, and turns the dial.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use runlog::change::Change;
use runlog::control::{Asker, Control};
use runlog::units::{Nanos, Rate, Thousands};

use super::dial::{Dial, Reading};
use super::protocol::{Answer, Request, Status, Thresholds};
use super::vitals::Vitals;
use crate::clock::Clock;
use crate::observe::scheduled_rate;
use crate::plan::schedule::ArrivalSchedule;
use crate::plan::{Load, Plan};
use crate::stop::Stop;

/// How long before it takes effect a change is on the dial: every core looks at it far more often.
const LEAD: Nanos = Nanos::from_millis(100);

/// Where requests come to.
#[derive(Debug)]
pub struct Desk {
    plan: &'static Plan,
    dial: &'static Dial,
    clock: Clock,
    stop: Arc<Stop>,
    vitals: Mutex<Vitals>,
    /// What is on the dial. Whoever holds it may turn the dial.
    reading: Mutex<Reading>,
    was_late: AtomicBool,
}

impl Desk {
    /// The desk of a run.
    pub fn new(plan: &'static Plan, dial: &'static Dial, clock: Clock, stop: Arc<Stop>) -> Self {
        let (vitals, reading) = (Mutex::default(), Mutex::default());
        Self { plan, dial, clock, stop, vitals, reading, was_late: AtomicBool::new(false) }
    }

    /// The load is doing so now.
    pub fn tell(&self, vitals: Vitals) {
        *self.vitals.lock().unwrap_or_else(PoisonError::into_inner) = vitals;
    }

    /// Whether a change came to the dial after the instant at which it was to take effect.
    pub fn was_late(&self) -> bool {
        self.was_late.load(Ordering::Acquire)
    }

    /// Does what is asked for.
    pub fn ask(&self, request: Request, by: Option<Asker>) -> Answer {
        let mut reading = self.reading.lock().unwrap_or_else(PoisonError::into_inner);
        reading.catch_up(self.dial);
        match request {
            Request::Status => self.status(&reading),
            Request::Stop => self.stop(by),
            _ if self.stop.requested() => Answer::refused("the run is stopping"),
            Request::Pause if reading.is_paused() => Answer::done("it is paused already"),
            Request::Pause => self.turn(Change::Pause, by, |at| format!("paused from {at} on")),
            Request::Resume if !reading.is_paused() => Answer::done("it is not paused"),
            Request::Resume => self.turn(Change::Resume, by, |at| format!("resumed at {at}")),
            Request::Rate(factor) => self.rate(&reading, factor, by),
        }
    }

    fn rate(&self, reading: &Reading, factor: f64, by: Option<Asker>) -> Answer {
        let now = reading.course().schedule_time(self.clock.now());
        let scaled = || scaled(self.plan);
        if scaled().next().is_none() {
            return Answer::refused(
                "no rate can be scaled: virtual users and replays go at a pace of their own; `pause` and `stop` hold for them, too",
            );
        }
        if scaled().all(|schedule| schedule.duration() <= now) {
            return Answer::refused("there is no rate to be scaled any more: every schedule of arrivals has ended");
        }
        if (reading.factor() - factor).abs() < f64::EPSILON {
            return Answer::done(format!("the rate is at {factor} times the schedule's already"));
        }
        let others = self.plan.scenarios.len() - scaled().count();
        let beside = match others {
            0 => String::new(),
            _ => format!("; {others} of {} scenarios have no rate and go on as they do", self.plan.scenarios.len()),
        };
        let said = |at| format!("{factor} times the scheduled rate from {at} on{beside}");
        self.turn(Change::Rate(factor), by, said)
    }

    fn stop(&self, by: Option<Asker>) -> Answer {
        if self.stop.requested() {
            return Answer::done("it is stopping already");
        }
        let at = self.clock.now().max(self.last());
        // Where the dial is full, the run stops all the same.
        self.dial.turn(Control { at, change: Change::Stop, by });
        self.stop.interrupt(|| asked_for(by));
        Answer { at_ns: Some(at.0), ..Answer::done("stopping: what is on its way is cut off") }
    }

    fn turn(&self, change: Change, by: Option<Asker>, said: impl Fn(Nanos) -> String) -> Answer {
        if !self.dial.has_room() && change != Change::Resume {
            return Answer::refused("the load was changed too often");
        }
        let at = self.clock.now().after(LEAD).max(self.last().after(Nanos(1)));
        if !self.dial.turn(Control { at, change, by }) {
            return Answer::refused("the load was changed too often");
        }
        if self.clock.now() >= at {
            self.was_late.store(true, Ordering::Release);
        }
        Answer { at_ns: Some(at.0), ..Answer::done(said(at)) }
    }

    /// When the last change takes effect.
    fn last(&self) -> Nanos {
        let last = self.dial.count().checked_sub(1).and_then(|last| self.dial.change(last));
        last.map_or(Nanos::ZERO, |control| control.at)
    }

    fn status(&self, reading: &Reading) -> Answer {
        let (now, course) = (self.clock.now(), reading.course());
        let scheduled = course.schedule_time(now);
        let is_paused = course.pause_at(now).is_some();
        let factor = course.factor_at(scheduled);
        let total = self.plan.thresholds.len() + self.plan.probe_thresholds.len();
        let vitals = self.vitals.lock().unwrap_or_else(PoisonError::into_inner);
        let recent = &vitals.recent;
        let status = Status {
            name: self.plan.name.clone(),
            state: match (self.stop.requested(), is_paused) {
                (true, _) => "stopping",
                (false, true) => "paused",
                (false, false) => "running",
            },
            elapsed_ns: now.0,
            planned_ns: self.plan.duration().0,
            schedule_ns: scheduled.0,
            paused_ns: now.since(scheduled).0,
            factor,
            rate_scheduled_per_s: scheduled_rate(self.plan, course, now).map(Rate::as_per_second),
            rate_arrived_per_s: recent.arrivals.as_per_second(),
            rate_done_per_s: recent.requests.as_per_second(),
            in_flight: recent.in_flight,
            backlog: recent.backlog,
            vus: recent.vus,
            done: vitals.done,
            errors: vitals.failed,
            changes: self.dial.count(),
            thresholds: Thresholds { total, failing: vitals.failing.clone() },
        };
        Answer { status: Some(status.clone()), ..Answer::done(line(&status)) }
    }
}

/// That a run was stopped by asking for it, and by whom.
fn asked_for(by: Option<Asker>) -> String {
    let by = by.map(|Asker { uid, pid }| format!(", by process {pid} of user {uid}"));
    format!("stopped by hand{}", by.unwrap_or_default())
}

/// The schedules that have a rate.
fn scaled(plan: &Plan) -> impl Iterator<Item = &ArrivalSchedule> {
    plan.scenarios.iter().filter_map(|scenario| match &scenario.load {
        Load::Open(schedule) if schedule.can_be_scaled() => Some(schedule),
        Load::Open(_) | Load::Closed { .. } => None,
    })
}

/// A status on one line, for a person.
fn line(status: &Status) -> String {
    let rate = |per_second: f64| Rate::per_second(per_second).unwrap_or_default();
    let stood_still = match Nanos(status.paused_ns) {
        Nanos::ZERO => String::new(),
        paused => format!(" (and stood still for {paused})"),
    };
    let scaled =
        if (status.factor - 1.0).abs() > f64::EPSILON { format!(" (×{})", status.factor) } else { String::new() };
    let scheduled = status.rate_scheduled_per_s.map(|scheduled| format!("{} scheduled{scaled}", rate(scheduled)));
    let errors = if status.errors == 1 { "error" } else { "errors" };
    let parts = [
        Some(format!("{} {} of {}{stood_still}", status.state, Nanos(status.schedule_ns), Nanos(status.planned_ns))),
        scheduled,
        Some(format!("{} done", rate(status.rate_done_per_s))),
        Some(format!("{} in flight", Thousands(status.in_flight))),
        Some(format!("{} {errors}", Thousands(status.errors))),
    ];
    let line = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    let Thresholds { total, failing } = &status.thresholds;
    let verb = if failing.len() == 1 { "does" } else { "do" };
    match failing.len() {
        0 => line,
        some => format!("{line}; of {total} thresholds {some} {verb} not hold: {}", failing.join("; ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_a_line_for_a_person() {
        let thresholds = Thresholds { total: 0, failing: Vec::new() };
        let running = Status {
            name: "load".to_owned(),
            state: "running",
            elapsed_ns: 12_300_000_000,
            planned_ns: 60_000_000_000,
            schedule_ns: 12_300_000_000,
            paused_ns: 0,
            factor: 1.0,
            rate_scheduled_per_s: Some(1_000.0),
            rate_arrived_per_s: 999.0,
            rate_done_per_s: 998.0,
            in_flight: 12,
            backlog: 0,
            vus: 12,
            done: 12_000,
            errors: 1,
            changes: 0,
            thresholds,
        };
        assert_eq!(line(&running), "running 12.3 s of 60.0 s, 1,000/s scheduled, 998/s done, 12 in flight, 1 error");
        let failing = vec!["response_time max < 1s (is 2.00 s)".to_owned()];
        let paused = Status {
            state: "paused",
            paused_ns: 2_000_000_000,
            factor: 1.5,
            rate_scheduled_per_s: Some(0.0),
            thresholds: Thresholds { total: 3, failing },
            ..running
        };
        assert_eq!(
            line(&paused),
            "paused 12.3 s of 60.0 s (and stood still for 2.00 s), 0/s scheduled (×1.5), 998/s done, 12 in flight, 1 error; \
             of 3 thresholds 1 does not hold: response_time max < 1s (is 2.00 s)"
        );
    }
}
