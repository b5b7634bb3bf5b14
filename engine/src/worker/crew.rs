//! The virtual users of a core: who is free, who thinks, who is next.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use runlog::course::{Course, Pause};
use runlog::row::ScenarioId;
use runlog::units::Nanos;

use super::pool::Pool;
use super::seat::Seat;
use super::vu::{Doing, Iteration, Vu, VuPlace};
use crate::clock::NEVER;
use crate::plan::choice::{Choices, Purpose};
use crate::plan::schedule::Arrival;
use crate::plan::{Cookies, Flow, Iterations, Load, Plan, Scenario};

/// The virtual users of a core.
pub struct Crew {
    plan: &'static Plan,
    seat: Seat,
    vus: Vec<Vu>,
    /// A pool for each scenario; a closed one has no places in it and counts only who is busy.
    pools: Vec<Pool>,
    /// How many iterations each scenario has begun on this core.
    begun: Vec<u64>,
    /// How many virtual users of closed scenarios have not ended.
    on_call: usize,
    /// When virtual users want to go on.
    sleepers: BinaryHeap<Reverse<(Nanos, VuPlace)>>,
    /// Those that wait for the load to be resumed.
    held: Vec<VuPlace>,
    /// When virtual users whose shift has ended are cut off, in the time of the schedule.
    curfews: BinaryHeap<Reverse<(Nanos, VuPlace)>>,
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
        Self {
            plan,
            seat,
            vus: Vec::new(),
            pools: plan.scenarios.iter().map(pool).collect(),
            begun: vec![0; plan.scenarios.len()],
            on_call: 0,
            sleepers: BinaryHeap::new(),
            held: Vec::new(),
            curfews: BinaryHeap::new(),
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
        let place = VuPlace(self.vus.len() as u32);
        self.vus.push(Vu::new(scenario, number, line, choices, shifts));
        match self.next_shift(place) {
            Some(from) => {
                self.vu(place).ready = from;
                self.sleep(place, from);
                self.on_call += 1;
            }
            None => self.vu(place).doing = Doing::Gone,
        }
    }

    /// Begins the iteration of an arrival.
    pub fn begin_arrival(&mut self, place: VuPlace, arrival: Arrival) {
        let vu = &mut self.vus[place.0 as usize];
        let (flow, choices) = flow_of_arrival(self.plan, vu.scenario, arrival.number);
        let keeps_cookies = self.plan.scenarios[usize::from(vu.scenario.0)].cookies == Cookies::Vu;
        vu.choices = choices;
        let iteration = Iteration { own: arrival.number, number: arrival.number, began: arrival.at };
        vu.begin(flow, iteration, keeps_cookies);
    }

    /// Decides how a virtual user of a closed scenario goes on that is ready for another iteration.
    pub fn next_iteration(&mut self, place: VuPlace, course: &Course, now: Nanos) -> Shift {
        loop {
            let vu = self.vu(place);
            if let Some(pause) = course.pause_at(vu.ready) {
                self.hold(place, pause);
                return Shift::Rests;
            }
            let ((from, until), scheduled) = (vu.shift(), course.schedule_time(vu.ready));
            if scheduled >= until {
                if self.next_shift(place).is_none() {
                    return self.rest_for_good(place);
                }
            } else if scheduled >= from {
                break;
            } else {
                match (course.run_time(from), course.pauses().last()) {
                    (Some(begins), _) if begins <= now => vu.ready = now,
                    // Where a pause comes in between, it is woken too early, and looks again.
                    (Some(begins), _) => {
                        self.sleep(place, begins);
                        return Shift::Rests;
                    }
                    (None, Some(pause)) => {
                        self.hold(place, pause);
                        return Shift::Rests;
                    }
                    (None, None) => return self.rest_for_good(place),
                }
            }
        }
        let Some((flow, iteration)) = self.take_iteration(place) else { return self.rest_for_good(place) };
        let vu = &mut self.vus[place.0 as usize];
        let keeps_cookies = self.plan.scenarios[usize::from(vu.scenario.0)].cookies == Cookies::Vu;
        vu.begin(flow, iteration, keeps_cookies);
        self.pools[usize::from(vu.scenario.0)].begin();
        Shift::Begins
    }

    /// The next iteration of a virtual user and its flow; `None` where all have been made, or there is no data for more.
    fn take_iteration(&mut self, place: VuPlace) -> Option<(&'static Flow, Iteration)> {
        let plan = self.plan;
        let vu = &mut self.vus[place.0 as usize];
        let scenario = usize::from(vu.scenario.0);
        let Scenario { load: Load::Closed { vus, iterations, ends_after }, pipeline, mix, .. } =
            &plan.scenarios[scenario]
        else {
            return None;
        };
        // The cores that have virtual users of the scenario: those at the first places, a connection for each at least.
        let cores = u64::from(vus.peak().div_ceil(*pipeline)).min(self.seat.of as u64);
        let begun = &mut self.begun[scenario];
        // `own` counts those begun before this one.
        let own = vu.iteration.own;
        let number = match *iterations {
            Iterations::Each(most) if own >= most => return None,
            Iterations::Unbounded | Iterations::Each(_) => vu.fed * u64::from(vus.peak()) + u64::from(vu.number),
            Iterations::Shared(most) => {
                let number = *begun * cores + self.seat.place as u64;
                if number >= most {
                    return None;
                }
                // Whoever makes it, it is the same.
                vu.choices = Choices::new(plan.seed, vu.scenario, Purpose::Arrival(number));
                number
            }
        };
        let flow = &plan.flows[usize::from(mix.pick(&mut vu.choices).0)];
        if flow.takes_data && ends_after.is_some_and(|end| number >= end) {
            return None;
        }
        *begun += 1;
        vu.fed += u64::from(flow.takes_data);
        Some((flow, Iteration { own, number, began: vu.ready }))
    }

    fn rest_for_good(&mut self, place: VuPlace) -> Shift {
        self.retire(place);
        Shift::Rests
    }

    /// Goes on to a virtual user's next shift. Returns when it begins.
    fn next_shift(&mut self, place: VuPlace) -> Option<Nanos> {
        let vu = &mut self.vus[place.0 as usize];
        let (from, until) = vu.next_shift()?;
        let scenario = &self.plan.scenarios[usize::from(vu.scenario.0)];
        let curfew = until.after(scenario.graceful_ramp_down);
        // When the whole scenario is cut off, everybody is; and who shares a connection cannot be cut off alone.
        let is_alone = scenario.pipeline == 1;
        if is_alone
            && until < scenario.load.duration()
            && curfew < scenario.load.duration().after(scenario.graceful_stop)
        {
            self.curfews.push(Reverse((curfew, place)));
        }
        Some(from)
    }

    /// A virtual user that has gone on for too long after its shift, when the schedule has come so far.
    pub fn overtime(&mut self, scheduled: Nanos) -> Option<VuPlace> {
        while self.curfews.peek().is_some_and(|&Reverse((instant, _))| instant <= scheduled) {
            let Reverse((_, place)) = self.curfews.pop()?;
            let vu = self.vu(place);
            if vu.is_at_work() && vu.shift().1 <= scheduled {
                return Some(place);
            }
        }
        None
    }

    /// A virtual user sleeps until an instant.
    pub fn sleep(&mut self, place: VuPlace, until: Nanos) {
        self.vu(place).wakes_at = until;
        self.sleepers.push(Reverse((until, place)));
    }

    /// A virtual user waits for the end of a pause.
    pub fn hold(&mut self, place: VuPlace, pause: &Pause) {
        if let Some(until) = pause.until {
            return self.sleep(place, until);
        }
        self.vu(place).wakes_at = NEVER;
        self.held.push(place);
    }

    /// The load is resumed at an instant: whoever waits for it is woken then.
    pub fn resume(&mut self, at: Nanos) {
        for place in std::mem::take(&mut self.held) {
            // Whoever was sent home meanwhile may stand here twice, or wait for something else.
            if self.vu(place).wakes_at == NEVER {
                self.sleep(place, at);
            }
        }
    }

    /// When the next sleeper wants to be woken.
    pub fn next_wake(&self) -> Option<Nanos> {
        self.sleepers.peek().map(|&Reverse((instant, _))| instant)
    }

    /// A virtual user whose instant has come; those that have ended, or sleep until another one, are not woken.
    pub fn wake(&mut self, now: Nanos) -> Option<VuPlace> {
        while self.next_wake().is_some_and(|instant| instant <= now) {
            let Reverse((instant, place)) = self.sleepers.pop()?;
            let vu = self.vu(place);
            if vu.doing != Doing::Gone && vu.wakes_at == instant {
                vu.wakes_at = NEVER;
                return Some(place);
            }
        }
        None
    }

    /// A virtual user ends for good.
    pub fn retire(&mut self, place: VuPlace) {
        let vu = &mut self.vus[place.0 as usize];
        let was_at_work = vu.is_at_work();
        let was = std::mem::replace(&mut vu.doing, Doing::Gone);
        let scenario = usize::from(vu.scenario.0);
        if was_at_work {
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
