//! The stages of the schedules, as events when they begin.

use runlog::course::Course;
use runlog::samples::Event;
use runlog::units::{Nanos, Rate};

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
    use runlog::control::Change;

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
}
