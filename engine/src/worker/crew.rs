//! The virtual users of a core: who is free, who thinks, who is next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use runlog::row::ScenarioId;
use runlog::units::Nanos;

use super::pool::Pool;
use super::seat::Seat;
use super::vu::{Doing, Vu, VuPlace};
use crate::plan::choice::{Choices, Purpose};
use crate::plan::schedule::Arrival;
use crate::plan::{Flow, Load, Plan, Scenario};

/// The virtual users of a core.
pub struct Crew {
    plan: &'static Plan,
    vus: Vec<Vu>,
    /// A pool for each scenario; a closed one has no places in it and counts only who is busy.
    pools: Vec<Pool>,
    /// How many iterations each scenario may still begin on this core, where that is bounded.
    iterations: Vec<Option<u64>>,
    /// How many virtual users of closed scenarios have not ended.
    on_call: usize,
    /// When virtual users want to go on.
    sleepers: BinaryHeap<Reverse<(Nanos, VuPlace)>>,
}

/// What a virtual user of the closed model does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shift {
    /// It begins an iteration.
    Begins,
    /// It waits to be woken, or has ended.
    Rests,
}

impl Crew {
    /// A crew without virtual users.
    pub fn new(plan: &'static Plan, seat: Seat) -> Self {
        let pool =
            |scenario: &Scenario| Pool::new(seat.part_of(scenario.max_connections.into()) as u32 * scenario.pipeline);
        let iterations = |scenario: &Scenario| match scenario.load {
            Load::Closed { iterations, .. } => iterations.map(|iterations| seat.part_of(iterations)),
            Load::Open(_) => None,
        };
        Self {
            plan,
            vus: Vec::new(),
            pools: plan.scenarios.iter().map(pool).collect(),
            iterations: plan.scenarios.iter().map(iterations).collect(),
            on_call: 0,
            sleepers: BinaryHeap::new(),
        }
    }

    /// The virtual user at this place.
    pub fn vu(&mut self, place: VuPlace) -> &mut Vu {
        &mut self.vus[place.0 as usize]
    }

    /// The pool of a scenario.
    pub fn pool(&mut self, scenario: ScenarioId) -> &mut Pool {
        &mut self.pools[usize::from(scenario.0)]
    }

    /// All pools.
    pub fn pools(&self) -> &[Pool] {
        &self.pools
    }

    /// The virtual users of a scenario with their places.
    pub fn of(&self, scenario: ScenarioId) -> impl Iterator<Item = (VuPlace, &Vu)> {
        let all = (0..).map(VuPlace).zip(&self.vus);
        all.filter(move |(_, vu)| vu.scenario == scenario)
    }

    /// How many virtual users of closed scenarios have not ended.
    pub const fn on_call(&self) -> usize {
        self.on_call
    }

    /// Adds a virtual user that serves arrivals over this line.
    pub fn add_server(&mut self, scenario: ScenarioId, number: u32, line: u32) -> VuPlace {
        let choices = Choices::new(self.plan.seed, scenario, Purpose::Vu(number));
        self.vus.push(Vu::new(scenario, number, line, choices, Vec::new()));
        VuPlace(self.vus.len() as u32 - 1)
    }

    /// Adds a virtual user of a closed scenario over this line. It begins with its first shift, as if it were woken.
    pub fn add_worker(&mut self, scenario: ScenarioId, number: u32, line: u32, shifts: Vec<(Nanos, Nanos)>) {
        let choices = Choices::new(self.plan.seed, scenario, Purpose::Vu(number));
        let mut vu = Vu::new(scenario, number, line, choices, shifts);
        match vu.next_shift() {
            Some(from) => {
                self.sleepers.push(Reverse((from, VuPlace(self.vus.len() as u32))));
                self.on_call += 1;
            }
            None => vu.doing = Doing::Gone,
        }
        self.vus.push(vu);
    }

    /// Begins the iteration of an arrival.
    pub fn begin_arrival(&mut self, place: VuPlace, arrival: Arrival) {
        let vu = &mut self.vus[place.0 as usize];
        let (flow, choices) = flow_of_arrival(self.plan, vu.scenario, arrival.number);
        vu.choices = choices;
        vu.begin(&flow.steps, arrival.at);
    }

    /// Decides how a virtual user of a closed scenario goes on that is ready for another iteration.
    pub fn next_iteration(&mut self, place: VuPlace, now: Nanos) -> Shift {
        let vu = &mut self.vus[place.0 as usize];
        let scenario = usize::from(vu.scenario.0);
        while !vu.is_on_shift() {
            match vu.next_shift() {
                None => {
                    self.retire(place);
                    return Shift::Rests;
                }
                Some(from) if from > now => {
                    self.sleepers.push(Reverse((from, place)));
                    return Shift::Rests;
                }
                Some(from) => vu.ready = from.max(now),
            }
        }
        if let Some(left) = &mut self.iterations[scenario] {
            if *left == 0 {
                self.retire(place);
                return Shift::Rests;
            }
            *left -= 1;
        }
        let flow = self.plan.scenarios[scenario].mix.pick(&mut vu.choices);
        let ready = vu.ready;
        vu.begin(&self.plan.flows[usize::from(flow.0)].steps, ready);
        self.pools[scenario].begin();
        Shift::Begins
    }

    /// A virtual user sleeps until an instant.
    pub fn sleep(&mut self, place: VuPlace, until: Nanos) {
        self.sleepers.push(Reverse((until, place)));
    }

    /// When the next sleeper wants to be woken.
    pub fn next_wake(&self) -> Option<Nanos> {
        self.sleepers.peek().map(|&Reverse((instant, _))| instant)
    }

    /// A virtual user whose instant has come; those that have ended are not woken.
    pub fn wake(&mut self, now: Nanos) -> Option<VuPlace> {
        while self.next_wake().is_some_and(|instant| instant <= now) {
            let Reverse((_, place)) = self.sleepers.pop()?;
            if self.vus[place.0 as usize].doing != Doing::Gone {
                return Some(place);
            }
        }
        None
    }

    /// A virtual user ends for good.
    pub fn retire(&mut self, place: VuPlace) {
        let vu = &mut self.vus[place.0 as usize];
        let was = std::mem::replace(&mut vu.doing, Doing::Gone);
        let scenario = usize::from(vu.scenario.0);
        if matches!(was, Doing::Request | Doing::Thinking) {
            self.pools[scenario].end();
        }
        if was != Doing::Gone && matches!(self.plan.scenarios[scenario].load, Load::Closed { .. }) {
            self.on_call -= 1;
        }
    }
}

/// The flow that the arrival of this number takes, and the choices left for what happens in it.
pub fn flow_of_arrival(plan: &'static Plan, scenario: ScenarioId, number: u64) -> (&'static Flow, Choices) {
    let mut choices = Choices::new(plan.seed, scenario, Purpose::Arrival(number));
    let flow = plan.scenarios[usize::from(scenario.0)].mix.pick(&mut choices);
    (&plan.flows[usize::from(flow.0)], choices)
}
