//! A virtual user: when it is at work, where it stands in its flow, and what it does next.

use std::vec;

use runlog::row::ScenarioId;
use runlog::units::Nanos;

use super::journey::{Journey, Next};
use crate::clock::NEVER;
use crate::plan::Flow;
use crate::plan::choice::Choices;

/// A virtual user of its core, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct VuPlace(pub u32);

/// A virtual user.
#[derive(Debug)]
pub struct Vu {
    /// Its scenario.
    pub scenario: ScenarioId,
    /// Its number in the rows: of the virtual user, or its place in the core's pool.
    pub number: u32,
    /// The place of the connection it makes its requests over.
    pub line: u32,
    /// What it does by chance.
    pub choices: Choices,
    /// When it was ready for its next step.
    pub ready: Nanos,
    /// What it is busy with.
    pub doing: Doing,
    /// Its way through its flow.
    pub journey: Journey,
    /// Which iteration this is: of its own, and among all of the scenario.
    pub iteration: Iteration,
    /// How many of its iterations have taken a row of data.
    pub fed: u64,
    /// When it is to be woken; the end of time where nobody can say.
    pub wakes_at: Nanos,
    /// In the closed model: when it will be at work, after its present shift; in the time of the schedule.
    shifts: vec::IntoIter<(Nanos, Nanos)>,
    /// When its shift begins and ends, in the time of the schedule.
    shift: (Nanos, Nanos),
}

/// An iteration.
#[derive(Debug, Clone, Copy, Default)]
pub struct Iteration {
    /// Its number among those of its virtual user.
    pub own: u64,
    /// Its number among those of the scenario that take a row of data, whatever the number of cores.
    pub number: u64,
    /// When it was scheduled to begin.
    pub began: Nanos,
}

/// What a virtual user is busy with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Nothing: it waits for an arrival or for its shift.
    Nothing,
    /// A request.
    Request,
    /// Thinking.
    Thinking,
    /// A request that waits for the load to be resumed.
    Held(Next),
    /// It has ended for good.
    Gone,
}

impl Vu {
    /// A virtual user that has not begun. `shifts` are those of the closed model; without any it serves arrivals.
    pub fn new(scenario: ScenarioId, number: u32, line: u32, choices: Choices, shifts: Vec<(Nanos, Nanos)>) -> Self {
        Self {
            scenario,
            number,
            line,
            choices,
            ready: Nanos::ZERO,
            doing: Doing::Nothing,
            journey: Journey::default(),
            iteration: Iteration::default(),
            fed: 0,
            wakes_at: NEVER,
            shifts: shifts.into_iter(),
            shift: (Nanos::ZERO, Nanos::ZERO),
        }
    }

    /// Begins an iteration.
    pub fn begin(&mut self, flow: &'static Flow, iteration: Iteration, keeps_cookies: bool) {
        (self.iteration, self.ready) = (iteration, iteration.began);
        self.journey.begin(flow, keeps_cookies);
    }

    /// Goes on with the flow.
    pub fn next(&mut self) -> Next {
        let next = self.journey.next(&mut self.choices, self.ready);
        match next {
            Next::Request(_) | Next::Replay => self.doing = Doing::Request,
            Next::Think(time) => {
                self.doing = Doing::Thinking;
                self.ready = self.ready.after(time);
            }
            Next::Left(..) => {}
            Next::Over => self.doing = Doing::Nothing,
        }
        next
    }

    /// The request that waited is to be made at this instant, as if there had been no waiting. Returns which it is.
    pub fn resume(&mut self, at: Nanos) -> Option<Next> {
        let Doing::Held(next) = self.doing else { return None };
        let waited = at.since(self.ready);
        self.iteration.began = self.iteration.began.after(waited);
        self.journey.stand_still(waited);
        (self.doing, self.ready) = (Doing::Request, at);
        Some(next)
    }

    /// When its shift begins and ends, in the time of the schedule.
    pub const fn shift(&self) -> (Nanos, Nanos) {
        self.shift
    }

    /// Whether it is in the middle of an iteration.
    pub const fn is_at_work(&self) -> bool {
        matches!(self.doing, Doing::Request | Doing::Thinking | Doing::Held(_))
    }

    /// Goes on to its next shift. Returns when that begins and ends, in the time of the schedule; `None` where there is none.
    pub fn next_shift(&mut self) -> Option<(Nanos, Nanos)> {
        self.shift = self.shifts.next()?;
        Some(self.shift)
    }
}
