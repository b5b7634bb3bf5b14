//! The stages of the schedules, as events when they begin.

use runlog::samples::Event;
use runlog::units::{Nanos, Rate};

use crate::plan::schedule::Ramp;
use crate::plan::{Load, Plan};

/// The beginnings of stages still to come, the next one last.
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

    /// Those that have begun since this was last asked.
    pub fn reached(&mut self, now: Nanos) -> Vec<Event> {
        let still = self.to_come.partition_point(|event| event.time_ns > now.0);
        let mut reached = self.to_come.split_off(still);
        reached.reverse();
        reached
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

    #[test]
    fn stages_are_told_once_when_they_begin() {
        let stage = |seconds, target| Stage { duration: Nanos::from_secs(seconds), target };
        let mut to_come = Vec::new();
        add(&mut to_come, "peak", &Ramp::new(0.0, &[stage(10, 100.0), stage(5, 100.0)]), |target| {
            format!("{target}/s")
        });
        to_come.reverse();
        let mut stages = Stages { to_come };
        let first = stages.reached(Nanos::from_secs(3));
        assert_eq!(first.len(), 1);
        assert_eq!(first[0].detail, "peak: stage 1 of 2, to 100/s until 10.0 s");
        assert_eq!(stages.reached(Nanos::from_secs(10)).len(), 1);
        assert_eq!(stages.reached(Nanos::from_secs(20)), []);
    }
}
