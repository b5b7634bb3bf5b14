//! A virtual user: when it is at work, where it stands in its flow, and what it does next.

use std::vec;

use runlog::row::ScenarioId;
use runlog::units::Nanos;

use super::journey::{Journey, Next};
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
    /// When it is to be woken.
    pub wakes_at: Nanos,
    /// In the closed model: when it will be at work, after now.
    shifts: vec::IntoIter<(Nanos, Nanos)>,
    /// When its shift ends.
    until: Nanos,
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
            wakes_at: Nanos::ZERO,
            shifts: shifts.into_iter(),
            until: Nanos::ZERO,
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

    /// Whether its shift goes on at the instant at which it is ready.
    pub fn is_on_shift(&self) -> bool {
        self.ready < self.until
    }

    /// Whether its shift has ended by now and it is still at work.
    pub fn is_overtime(&self, now: Nanos) -> bool {
        self.until <= now && matches!(self.doing, Doing::Request | Doing::Thinking)
    }

    /// Goes on to its next shift. Returns when that begins and ends; `None` where there is none.
    pub fn next_shift(&mut self) -> Option<(Nanos, Nanos)> {
        let (from, until) = self.shifts.next()?;
        (self.ready, self.until) = (from, until);
        Some((from, until))
    }
}
