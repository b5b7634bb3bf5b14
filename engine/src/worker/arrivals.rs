//! The open model's arrivals of one scenario on one core: taken from the schedule when due.

use std::iter::Peekable;

use runlog::row::ScenarioId;
use runlog::units::Nanos;

use super::core::Core;
use crate::plan::schedule::{ArrivalSchedule, Arrivals};
use crate::plan::{Load, Scenario};

/// How many arrivals are handed out before the wire gets its turn: enough to be cheap, few enough that answers do not
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
        let open = |(id, scenario): (usize, &'static Scenario)| match &scenario.load {
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

    /// Hands out the arrivals that are due, at most a batch of them.
    pub fn hand_out(&mut self, core: &mut Core, now: Nanos) {
        for _ in 0..BATCH {
            let Some(arrival) = self.arrivals.next_if(|arrival| arrival.at <= now) else { return };
            core.arrive(self.scenario, arrival, now);
        }
    }

    /// Whether the schedule has ended and everything of it is done with, or is now given up.
    pub fn is_over(&mut self, core: &mut Core, now: Nanos) -> bool {
        if now >= self.gives_up_at {
            self.give_up(core, Nanos(u64::MAX), now);
        }
        self.arrivals.peek().is_none() && core.has_served(self.scenario)
    }

    /// Drops what was scheduled up to an instant, and cuts off what is on its way.
    pub fn give_up(&mut self, core: &mut Core, until: Nanos, now: Nanos) {
        while let Some(arrival) = self.arrivals.next_if(|arrival| arrival.at <= until) {
            core.drop_arrival(self.scenario, arrival);
        }
        core.interrupt(self.scenario, now);
    }
}
