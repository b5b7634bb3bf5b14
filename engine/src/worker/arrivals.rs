//! The open model's arrivals of one scenario on one core: taken from the schedule when due.

use runlog::row::ScenarioId;
use runlog::units::Nanos;

use super::core::Core;
use crate::clock::NEVER;
use crate::plan::schedule::{Arrival, ArrivalSchedule, Arrivals};
use crate::plan::{Load, Scenario};

/// How many arrivals are handed out before the wire gets its turn: enough to be cheap, few enough that answers do not
/// wait when the core has fallen behind.
const BATCH: usize = 64;

/// Arrivals still to come.
pub struct Stream {
    scenario: ScenarioId,
    arrivals: Arrivals<'static>,
    /// The next one, as far as the course is known.
    next: Option<Arrival>,
    /// When what has not been sent is given up, in the time of the schedule.
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
        let mut arrivals = schedule.arrivals(core.plan.seed, scenario, core.seat.place, core.seat.of);
        let next = arrivals.due(core.course());
        Self { scenario, arrivals, next, gives_up_at: schedule.duration().after(graceful_stop) }
    }

    /// The course is another than was thought: so may be when the next arrival is due.
    pub fn follow(&mut self, core: &Core) {
        self.next = self.arrivals.due(core.course());
    }

    /// When the next arrival is due.
    pub fn next_due(&self) -> Option<Nanos> {
        self.next.map(|arrival| arrival.at)
    }

    /// Hands out the arrivals that are due, at most a batch of them.
    pub fn hand_out(&mut self, core: &mut Core, now: Nanos) {
        for _ in 0..BATCH {
            let Some(arrival) = self.take(core, now) else { return };
            core.arrive(self.scenario, arrival, now);
        }
    }

    /// Whether the schedule has ended and everything of it is done with, or is now given up.
    pub fn is_over(&mut self, core: &mut Core, now: Nanos) -> bool {
        let scheduled = core.course().schedule_time(now);
        if scheduled >= self.gives_up_at {
            self.give_up(core, NEVER, now);
        }
        self.next.is_none() && self.arrivals.is_over(scheduled) && core.has_served(self.scenario)
    }

    /// Drops what was scheduled up to an instant, and cuts off what is on its way.
    pub fn give_up(&mut self, core: &mut Core, until: Nanos, now: Nanos) {
        while let Some(arrival) = self.take(core, until) {
            core.drop_arrival(self.scenario, arrival);
        }
        core.interrupt(self.scenario, now);
    }

    /// The next arrival, if it is due by an instant.
    fn take(&mut self, core: &Core, until: Nanos) -> Option<Arrival> {
        let arrival = self.next.filter(|arrival| arrival.at <= until)?;
        self.arrivals.advance();
        self.next = self.arrivals.due(core.course());
        Some(arrival)
    }
}
