//! The open model's arrivals of one scenario on one core: taken from the schedule when due, and each given a place.

use std::iter::Peekable;
use std::rc::Rc;

use runlog::row::{RequestId, ScenarioId};
use runlog::units::Nanos;

use super::core::Core;
use super::lane::Lane;
use super::pool::Place;
use super::vu::Vu;
use crate::plan::schedule::{Arrival, ArrivalSchedule, Arrivals};
use crate::plan::{Load, Step};

/// How many arrivals are given places before the ring gets its turn: enough to be cheap, few enough that answers do not
/// wait when the core has fallen behind.
const BATCH: usize = 64;

/// Arrivals still to come.
pub struct Stream {
    scenario: ScenarioId,
    arrivals: Peekable<Arrivals<'static>>,
    /// When what has not been sent is given up.
    gives_up_at: Nanos,
}

impl Stream {
    /// The streams of all open scenarios.
    pub fn of(core: &Core) -> Vec<Self> {
        let open = |(id, scenario): (usize, &'static crate::plan::Scenario)| match &scenario.load {
            Load::Open(schedule) => Some(Self::new(core, ScenarioId(id as u16), schedule, scenario.graceful_stop)),
            Load::Closed { .. } => None,
        };
        core.plan.scenarios.iter().enumerate().filter_map(open).collect()
    }

    fn new(core: &Core, scenario: ScenarioId, schedule: &'static ArrivalSchedule, graceful_stop: Nanos) -> Self {
        let arrivals = schedule.arrivals(core.plan.seed, scenario, core.seat.place, core.seat.of).peekable();
        Self { scenario, arrivals, gives_up_at: schedule.duration().after(graceful_stop) }
    }

    /// When the next arrival is due.
    pub fn next_due(&mut self) -> Option<Nanos> {
        self.arrivals.peek().map(|arrival| arrival.at)
    }

    /// Gives places to the arrivals that are due, at most a batch of them.
    pub fn hand_out(&mut self, core: &Rc<Core>, now: Nanos) {
        for _ in 0..BATCH {
            let Some(arrival) = self.arrivals.next_if(|arrival| arrival.at <= now) else { return };
            core.count_scheduled();
            core.gauge.borrow_mut().pacer_lag.saturating_record(now.since(arrival.at).0.max(1));
            if now.since(arrival.at) > core.plan.request_timeout {
                self.drop_arrival(core, arrival);
            } else {
                self.place(core, arrival);
            }
        }
    }

    fn place(&self, core: &Rc<Core>, arrival: Arrival) {
        match core.pool(self.scenario).place(arrival) {
            Place::Free(lane) => core.lane(lane).hand(arrival),
            Place::New(number) => {
                let (place, lane) = core.add_lane(Lane::new(self.scenario, number, Some(arrival)));
                core.spawn(Vu::new(Rc::clone(core), lane, place).serve_arrivals());
            }
            Place::Waiting => {}
            Place::None => self.drop_arrival(core, arrival),
        }
        core.stir();
    }

    /// Drops those that have waited for a connection for longer than a request may take.
    pub fn drop_stale(&self, core: &Core, now: Nanos) {
        let instant = now.since(core.plan.request_timeout);
        while let Some(arrival) = core.pool(self.scenario).waiting_since_before(instant) {
            self.drop_arrival(core, arrival);
        }
    }

    /// Whether the schedule has ended and everything of it is done with, or is now given up.
    pub fn is_over(&mut self, core: &Core, now: Nanos) -> bool {
        if now >= self.gives_up_at {
            self.give_up(core, Nanos(u64::MAX));
        }
        let pool = core.pool(self.scenario);
        self.arrivals.peek().is_none() && pool.backlog() == 0 && pool.busy() == 0
    }

    /// Drops what waits and what was scheduled up to an instant, and cuts off what is on its way.
    pub fn give_up(&mut self, core: &Core, until: Nanos) {
        while let Some(arrival) = core.pool(self.scenario).next_waiting() {
            self.drop_arrival(core, arrival);
        }
        while let Some(arrival) = self.arrivals.next_if(|arrival| arrival.at <= until) {
            core.count_scheduled();
            self.drop_arrival(core, arrival);
        }
        core.interrupt(self.scenario);
    }

    fn drop_arrival(&self, core: &Core, arrival: Arrival) {
        if let Some(request) = self.first_request(core, arrival) {
            core.record_dropped(self.scenario, request, arrival.at);
        }
    }

    /// The request that an arrival would have begun with: the same choice as its virtual user would have made.
    fn first_request(&self, core: &Core, arrival: Arrival) -> Option<RequestId> {
        let (flow, _) = core.flow_of_arrival(self.scenario, arrival.number);
        core.steps(flow).iter().find_map(|step| match step {
            Step::Request(id) => Some(*id),
            Step::Think { .. } => None,
        })
    }
}
