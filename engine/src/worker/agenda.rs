//! What a core has to do when: arrivals and wakings to the microsecond, everything else every now and then.

use runlog::row::ScenarioId;
use runlog::units::Nanos;

use super::arrivals::Stream;
use super::core::Core;
use crate::clock::NEVER;
use crate::control::Dial;
use crate::plan::{Load, Plan, Scenario};

/// How often stops and ends are looked for.
const TICK: Nanos = Nanos::from_millis(10);

/// The agenda of a core.
pub struct Agenda {
    streams: Vec<Stream>,
    /// The closed scenarios that still go on, with the instant of the schedule at which their iterations are cut off.
    ends: Vec<(ScenarioId, Nanos)>,
    tick: Nanos,
}

impl Agenda {
    /// The agenda of a core before its first arrival.
    pub fn new(core: &Core) -> Self {
        Self { streams: Stream::of(core), ends: closed_ends(core.plan), tick: Nanos::ZERO }
    }

    /// Takes in what has been changed of the load by hand.
    pub fn follow(&mut self, core: &mut Core, dial: &Dial) {
        if core.follow(dial) {
            for stream in &mut self.streams {
                stream.follow(core);
            }
        }
    }

    /// Hands out the arrivals that are due, and wakes who wants to be woken.
    pub fn hand_out(&mut self, core: &mut Core, now: Nanos) {
        for stream in &mut self.streams {
            stream.hand_out(core, now);
        }
        core.wake(now);
    }

    /// When the next arrival or waking is due; the end of time where there is none.
    pub fn next_due(&self, core: &Core) -> Nanos {
        let arrivals = self.streams.iter().filter_map(Stream::next_due);
        arrivals.chain(core.next_wake()).min().unwrap_or(NEVER)
    }

    /// When it is time to look after what need not be punctual.
    pub fn next_look(&self, core: &Core) -> Nanos {
        self.tick.min(core.expiry())
    }

    /// Gives up what takes too long, and ends what has had its time. Returns whether everything is over.
    pub fn look_after(&mut self, core: &mut Core, now: Nanos) -> bool {
        core.expire(now);
        if now < self.tick {
            return false;
        }
        self.tick = now.after(TICK);
        let scheduled = core.course().schedule_time(now);
        core.churn(scheduled, now);
        for (scenario, _) in self.ends.extract_if(.., |(_, end)| *end <= scheduled) {
            core.interrupt(scenario, now);
        }
        self.streams.iter_mut().fold(core.has_closed(), |over, stream| over & stream.is_over(core, now))
    }

    /// Cuts off what is still on its way, so that every arrival up to now gets its row.
    pub fn wind_up(&mut self, core: &mut Core, now: Nanos) {
        for stream in &mut self.streams {
            stream.give_up(core, now, now);
        }
        for (scenario, _) in self.ends.drain(..) {
            core.interrupt(scenario, now);
        }
    }
}

fn closed_ends(plan: &Plan) -> Vec<(ScenarioId, Nanos)> {
    let end = |(id, scenario): (usize, &Scenario)| match scenario.load {
        Load::Closed { .. } => Some((ScenarioId(id as u16), scenario.load.duration().after(scenario.graceful_stop))),
        Load::Open(_) => None,
    };
    plan.scenarios.iter().enumerate().filter_map(end).collect()
}
