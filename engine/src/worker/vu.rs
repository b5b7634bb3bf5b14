//! A virtual user: where it stands in its flow, and what it does next.

use std::slice;
use std::vec;

use runlog::row::{RequestId, ScenarioId};
use runlog::units::Nanos;

use crate::plan::Step;
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
    steps: slice::Iter<'static, Step>,
    /// In the closed model: when it will be at work, after now.
    shifts: vec::IntoIter<(Nanos, Nanos)>,
    /// When its shift ends.
    until: Nanos,
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

/// What comes next in a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// A request.
    Request(RequestId),
    /// To think, until then.
    Think(Nanos),
    /// Nothing: the flow is over.
    Over,
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
            steps: [].iter(),
            shifts: shifts.into_iter(),
            until: Nanos::ZERO,
        }
    }

    /// Begins a flow.
    pub fn begin(&mut self, steps: &'static [Step], ready: Nanos) {
        (self.steps, self.ready) = (steps.iter(), ready);
    }

    /// Takes the next step of the flow.
    pub fn next(&mut self) -> Next {
        match self.steps.next() {
            Some(&Step::Request(id)) => {
                self.doing = Doing::Request;
                Next::Request(id)
            }
            Some(&Step::Think { from, to }) => {
                self.doing = Doing::Thinking;
                self.ready = self.ready.after(self.choices.span(from, to));
                Next::Think(self.ready)
            }
            None => {
                self.doing = Doing::Nothing;
                Next::Over
            }
        }
    }

    /// Whether its shift goes on at the instant at which it is ready.
    pub fn is_on_shift(&self) -> bool {
        self.ready < self.until
    }

    /// Goes on to its next shift. Returns when that begins; `None` where there is none.
    pub fn next_shift(&mut self) -> Option<Nanos> {
        let (from, until) = self.shifts.next()?;
        (self.ready, self.until) = (from, until);
        Some(from)
    }
}
