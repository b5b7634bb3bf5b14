//! A virtual user: goes through flows, one request at a time, over a connection of its own.

use std::cell::Cell;
use std::rc::Rc;

use runlog::outcome::Failure;
use runlog::units::Nanos;

use super::connection::Connection;
use super::core::Core;
use super::exchange::exchange;
use super::lane::Lane;
use crate::plan::choice::{Choices, Purpose};
use crate::plan::schedule::Arrival;
use crate::plan::{FlowId, Load, Step};

/// A virtual user's task: what it shares with its core, and what is its own.
pub struct Vu {
    core: Rc<Core>,
    lane: Rc<Lane>,
    place: usize,
    connection: Option<Connection>,
}

impl Vu {
    /// A virtual user at this place among its core's lanes.
    pub const fn new(core: Rc<Core>, lane: Rc<Lane>, place: usize) -> Self {
        Self { core, lane, place, connection: None }
    }

    /// In the open model: takes arrivals as they are handed over, and those that wait, for as long as the core lives.
    pub async fn serve_arrivals(mut self) {
        let core = Rc::clone(&self.core);
        let pool = core.pool(self.lane.scenario);
        while let Ok(arrival) = self.lane.until(|| self.lane.take_arrival()).await {
            let mut next = Some(arrival);
            while let Some(arrival) = next {
                self.serve(arrival).await;
                pool.end();
                if self.lane.is_interrupted() {
                    return;
                }
                next = pool.next_waiting();
                if next.is_some() {
                    pool.begin();
                }
            }
            pool.release(self.place);
        }
    }

    async fn serve(&mut self, arrival: Arrival) {
        let (flow, mut choices) = self.core.flow_of_arrival(self.lane.scenario, arrival.number);
        // Where it is cut short, its rows say so, and nobody else wants to know.
        let _ = self.iterate(flow, &mut choices, arrival.at).await;
    }

    /// In the closed model: iterates whenever its shift says so, as long as there are iterations left.
    pub async fn work_shifts(mut self, iterations: Rc<Cell<Option<u64>>>) {
        let core = Rc::clone(&self.core);
        let scenario = core.scenario(self.lane.scenario);
        let Load::Closed { vus, .. } = &scenario.load else { return };
        let pool = core.pool(self.lane.scenario);
        let mut choices = Choices::new(core.plan.seed, self.lane.scenario, Purpose::Vu(self.lane.number));
        'shifts: for (from, to) in vus.shifts(self.lane.number) {
            if self.core.sleep_until(&self.lane, self.place, from).await.is_err() {
                break;
            }
            let mut ready = from.max(core.clock.now());
            while ready < to {
                match iterations.get() {
                    Some(0) => break 'shifts,
                    left => iterations.set(left.map(|left| left - 1)),
                }
                let flow = scenario.mix.pick(&mut choices);
                core.count_scheduled();
                pool.begin();
                let iterated = self.iterate(flow, &mut choices, ready).await;
                pool.end();
                match iterated {
                    Ok(over) => ready = over,
                    Err(_) => break 'shifts,
                }
            }
        }
    }

    /// Goes through a flow whose first request is already counted as scheduled. Returns when it was over.
    async fn iterate(&mut self, flow: FlowId, choices: &mut Choices, mut ready: Nanos) -> Result<Nanos, Failure> {
        let core = &self.core;
        for (i, step) in core.steps(flow).iter().enumerate() {
            match *step {
                Step::Request(id) => {
                    if i > 0 {
                        core.count_scheduled();
                    }
                    let (row, over) = exchange(core, &self.lane, &mut self.connection, id, ready).await;
                    core.record(&row);
                    if row.error == Some(Failure::Interrupted) {
                        return Err(Failure::Interrupted);
                    }
                    ready = over;
                }
                Step::Think { from, to } => {
                    ready = ready.after(choices.span(from, to));
                    core.sleep_until(&self.lane, self.place, ready).await?;
                }
            }
        }
        Ok(ready)
    }
}
