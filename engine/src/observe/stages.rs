//! The stages of the schedules: as events when they begin, and where they stand at an instant.

use runlog::course::Course;
use runlog::samples::Event;
use runlog::units::{Nanos, Rate, Thousands};

use super::standing::StageNow;
use crate::plan::schedule::Ramp;
use crate::plan::{Load, Plan};

/// The beginnings of stages still to come, the next one last; in the time of the schedule.
#[derive(Debug)]
pub struct Stages {
    to_come: Vec<Event>,
}

impl Stages {
    /// Those of all scenarios.
    pub fn of(plan: &Plan) -> Self {
        let mut to_come = Vec::new();
        for scenario in &plan.scenarios {
            let name = &scenario.name;
            match &scenario.load {
                Load::Open(arrivals) => add(&mut to_come, name, arrivals.rate(), |target| {
                    Rate::per_second(target).unwrap_or_default().to_string()
                }),
                Load::Closed { vus, .. } => {
                    add(&mut to_come, name, vus.users(), |target| format!("{target} virtual users"));
                }
            }
        }
        to_come.sort_by_key(|event| std::cmp::Reverse(event.time_ns));
        Self { to_come }
    }

    /// Those that have begun on this course since this was last asked.
    pub fn reached(&mut self, course: &Course, now: Nanos) -> Vec<Event> {
        let scheduled = course.schedule_time(now);
        let has_begun = |event: &Event| {
            // What is scheduled for the very instant of a pause begins when that is over.
            event.time_ns <= scheduled.0 && course.run_time(Nanos(event.time_ns)).is_some_and(|begins| begins <= now)
        };
        let still = self.to_come.partition_point(|event| !has_begun(event));
        let reached = self.to_come.split_off(still).into_iter().rev();
        reached
            .map(|event| Event { time_ns: course.run_time(Nanos(event.time_ns)).unwrap_or(now).0, ..event })
            .collect()
    }
}

/// Where each scenario stands.
pub fn standing(plan: &Plan, course: &Course, now: Nanos) -> Vec<StageNow> {
    let scheduled = course.schedule_time(now);
    let stage = |scenario: &crate::plan::Scenario| match &scenario.load {
        Load::Open(arrivals) => stage_of(&scenario.name, arrivals.rate(), scheduled, |rate| {
            Rate::per_second(rate * arrivals.factor_at(course, scheduled)).unwrap_or_default().to_string()
        }),
        Load::Closed { vus, .. } => stage_of(&scenario.name, vus.users(), scheduled, |users| match users as u64 {
            1 => "1 user".to_owned(),
            users => format!("{} users", Thousands(users)),
        }),
    };
    plan.scenarios.iter().map(stage).collect()
}

/// At what rate the schedules bring arrivals on this course; `None` where none does.
pub fn scheduled_rate(plan: &Plan, course: &Course, at: Nanos) -> Option<Rate> {
    let rates = plan.scenarios.iter().filter_map(|scenario| match &scenario.load {
        Load::Open(arrivals) => Some(arrivals.rate_at(course, at)),
        Load::Closed { .. } => None,
    });
    rates.reduce(|all, rate| all + rate).and_then(Rate::per_second)
}

/// How many virtual users the schedules want; `None` where there are none.
pub fn scheduled_users(plan: &Plan, at: Nanos) -> Option<u64> {
    let users = plan.scenarios.iter().filter_map(|scenario| match &scenario.load {
        Load::Closed { vus, .. } => Some(vus.users().at(at) as u64),
        Load::Open(_) => None,
    });
    users.reduce(|all, users| all + users)
}

fn stage_of(scenario: &str, ramp: &Ramp, now: Nanos, show: impl Fn(f64) -> String) -> StageNow {
    let ends: Vec<(Nanos, f64)> = ramp.ends().collect();
    let (passed, last) = (ends.partition_point(|(end, _)| *end <= now), ends.len().max(1) - 1);
    let (end, target) = ends.get(passed.min(last)).copied().unwrap_or_default();
    StageNow {
        scenario: scenario.to_owned(),
        stage: (passed.min(last) + 1, last + 1),
        now: show(ramp.at(now)),
        target: show(target),
        left: (now < end).then(|| end.since(now)),
    }
}

fn add(events: &mut Vec<Event>, scenario: &str, ramp: &Ramp, show: impl Fn(f64) -> String) {
    let stages = ramp.ends().count();
    let mut begins = Nanos::ZERO;
    for (i, (end, target)) in ramp.ends().enumerate() {
        let detail = format!("{scenario}: stage {} of {stages}, to {} until {end}", i + 1, show(target));
        events.push(Event { time_ns: begins.0, kind: "stage".to_owned(), detail });
        begins = end;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::schedule::Stage;
    use runlog::change::Change;

    #[test]
    fn stages_are_told_once_when_they_begin() {
        let stage = |seconds, target| Stage { duration: Nanos::from_secs(seconds), target };
        let mut to_come = Vec::new();
        add(&mut to_come, "peak", &Ramp::new(0.0, &[stage(10, 100.0), stage(5, 100.0)]), |target| {
            format!("{target}/s")
        });
        to_come.reverse();
        let mut stages = Stages { to_come };
        let first = stages.reached(&Course::planned(), Nanos::from_secs(3));
        assert_eq!(first.len(), 1);
        assert_eq!(first[0].detail, "peak: stage 1 of 2, to 100/s until 10.0 s");
        let paused = Course::of([(Nanos::from_secs(10), Change::Pause), (Nanos::from_secs(12), Change::Resume)]);
        assert_eq!(stages.reached(&paused, Nanos::from_secs(11)), []);
        let second = stages.reached(&paused, Nanos::from_secs(12));
        assert_eq!(second.iter().map(|event| event.time_ns).collect::<Vec<_>>(), [12_000_000_000]);
        assert_eq!(stages.reached(&paused, Nanos::from_secs(20)), []);
    }

    #[test]
    fn a_stage_stands_where_its_ramp_is() {
        let stage = |seconds, target| Stage { duration: Nanos::from_secs(seconds), target };
        let ramp = Ramp::new(0.0, &[stage(10, 100.0), stage(5, 100.0)]);
        let at = |seconds| {
            let stage = stage_of("peak", &ramp, Nanos::from_secs(seconds), |target| format!("{target}/s"));
            (stage.stage, stage.now, stage.target, stage.left.map(Nanos::as_secs_f64))
        };
        let text = str::to_owned;
        assert_eq!(at(4), ((1, 2), text("40/s"), text("100/s"), Some(6.0)));
        assert_eq!(at(10), ((2, 2), text("100/s"), text("100/s"), Some(5.0)));
        assert_eq!(at(15), ((2, 2), text("0/s"), text("100/s"), None));
    }
}
