//! What the tasks of one core share. All of it belongs to one thread: no lock, and borrows that end before any wait.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

use runlog::outcome::Failure;
use runlog::row::{RequestId, Row, ScenarioId};
use runlog::units::Nanos;

use super::lane::Lane;
use super::ledger::Ledger;
use super::pacer::Pacer;
use super::pool::Pool;
use super::report::Gauge;
use super::seat::Seat;
use crate::clock::Clock;
use crate::plan::choice::{Choices, Purpose};
use crate::plan::{FlowId, Load, Plan, Scenario, Step};
use crate::record::Recorder;

/// The state of one core.
pub struct Core {
    /// What will happen.
    pub plan: &'static Plan,
    /// The time.
    pub clock: Clock,
    /// Which worker this is.
    pub seat: Seat,
    /// Waits for instants.
    pub pacer: Pacer,
    /// What the core publishes of itself.
    pub gauge: RefCell<Gauge>,
    /// A pool for each scenario; those of closed ones stay empty.
    pub pools: Vec<Pool>,
    recorder: RefCell<Recorder>,
    ledger: RefCell<Ledger>,
    scheduled: Cell<u64>,
    lanes: RefCell<Vec<Rc<Lane>>>,
    tasks: Cell<usize>,
    sleepers: RefCell<BinaryHeap<Reverse<(Nanos, usize)>>>,
    connections_opened: Cell<u64>,
    /// Counts whatever happens on the core, so that an idle turn can be told from a busy one.
    activity: Cell<u64>,
}

impl Core {
    /// A core before its first arrival.
    pub fn new(
        plan: &'static Plan,
        clock: Clock,
        seat: Seat,
        pacer: Pacer,
        recorder: Recorder,
        ledger: Ledger,
    ) -> Self {
        let pool_of = |scenario: &Scenario| Pool::new(seat.part_of(u64::from(scenario.max_connections)) as u32);
        Self {
            plan,
            clock,
            seat,
            pacer,
            gauge: RefCell::new(Gauge::new(clock.now())),
            pools: plan.scenarios.iter().map(pool_of).collect(),
            recorder: RefCell::new(recorder),
            ledger: RefCell::new(ledger),
            scheduled: Cell::new(0),
            lanes: RefCell::new(Vec::new()),
            tasks: Cell::new(0),
            sleepers: RefCell::new(BinaryHeap::new()),
            connections_opened: Cell::new(0),
            activity: Cell::new(0),
        }
    }

    /// The scenario of this id.
    pub fn scenario(&self, id: ScenarioId) -> &'static Scenario {
        &self.plan.scenarios[usize::from(id.0)]
    }

    /// The pool of this scenario.
    pub fn pool(&self, id: ScenarioId) -> &Pool {
        &self.pools[usize::from(id.0)]
    }

    /// The steps of this flow.
    pub fn steps(&self, id: FlowId) -> &'static [Step] {
        &self.plan.flows[usize::from(id.0)].steps
    }

    /// An arrival has been scheduled: from now on it is owed a row.
    pub fn count_scheduled(&self) {
        self.scheduled.set(self.scheduled.get() + 1);
        self.gauge.borrow_mut().scheduled += 1;
    }

    /// Arrivals scheduled so far.
    pub const fn scheduled(&self) -> u64 {
        self.scheduled.get()
    }

    /// Pays the row that an arrival is owed.
    pub fn record(&self, row: &Row) {
        self.stir();
        let has_failed = self.ledger.borrow_mut().add(row);
        self.gauge.borrow_mut().add(row, has_failed);
        self.recorder.borrow_mut().write(row);
    }

    /// Pays the row of an arrival that was never sent.
    pub fn record_dropped(&self, scenario: ScenarioId, request: RequestId, scheduled: Nanos) {
        self.record(&Row {
            scheduled_ns: scheduled.0,
            scenario,
            request,
            error: Some(Failure::Dropped),
            ..Row::default()
        });
    }

    /// Hands rows on to the disk, full block or not.
    pub fn flush(&self) {
        self.recorder.borrow_mut().hand_on();
    }

    /// Takes no more rows.
    pub fn close(&self) {
        self.recorder.borrow_mut().close();
    }

    /// How long the core has waited for the disk so far.
    pub fn record_stall(&self) -> Nanos {
        self.recorder.borrow().stall()
    }

    /// What the rows recorded so far add up to.
    pub fn books(&self) -> Ledger {
        self.ledger.borrow().clone()
    }

    /// The number of the next connection.
    pub fn next_connection(&self) -> u64 {
        let number = self.connections_opened.get();
        self.connections_opened.set(number + 1);
        number
    }

    /// Something happened.
    pub fn stir(&self) {
        self.activity.set(self.activity.get() + 1);
    }

    /// How much has happened.
    pub const fn activity(&self) -> u64 {
        self.activity.get()
    }

    /// Starts the task of a virtual user.
    pub fn spawn(self: &Rc<Self>, task: impl Future<Output = ()> + 'static) {
        let core = Rc::clone(self);
        self.tasks.set(self.tasks.get() + 1);
        monoio::spawn(async move {
            task.await;
            core.tasks.set(core.tasks.get() - 1);
        });
    }

    /// How many virtual users' tasks have not ended.
    pub const fn tasks(&self) -> usize {
        self.tasks.get()
    }

    /// Adds a virtual user.
    pub fn add_lane(&self, lane: Lane) -> (usize, Rc<Lane>) {
        let mut lanes = self.lanes.borrow_mut();
        let lane = Rc::new(lane);
        lanes.push(Rc::clone(&lane));
        (lanes.len() - 1, lane)
    }

    /// The virtual user at this place.
    pub fn lane(&self, place: usize) -> Rc<Lane> {
        Rc::clone(&self.lanes.borrow()[place])
    }

    /// Does something to every virtual user.
    pub fn each_lane(&self, action: impl Fn(&Lane)) {
        self.lanes.borrow().iter().for_each(|lane| action(lane));
    }

    /// Ends the virtual users of a scenario for good.
    pub fn interrupt(&self, scenario: ScenarioId) {
        self.each_lane(|lane| {
            if lane.scenario == scenario {
                lane.interrupt();
            }
        });
    }

    /// The flow that the arrival of this number takes, and the choices left for what happens in it.
    pub fn flow_of_arrival(&self, scenario: ScenarioId, number: u64) -> (FlowId, Choices) {
        let mut choices = Choices::new(self.plan.seed, scenario, Purpose::Arrival(number));
        (self.scenario(scenario).mix.pick(&mut choices), choices)
    }

    /// Waits until an instant, as punctually as the pacer can.
    ///
    /// # Errors
    /// Where the virtual user is cut short.
    pub async fn sleep_until(&self, lane: &Lane, place: usize, instant: Nanos) -> Result<(), Failure> {
        if self.clock.now() < instant {
            self.sleepers.borrow_mut().push(Reverse((instant, place)));
            self.pacer.not_later_than(instant);
        }
        lane.until(|| (self.clock.now() >= instant).then_some(())).await
    }

    /// Wakes the virtual users whose instant has come.
    pub fn wake_sleepers(&self, now: Nanos) {
        let mut sleepers = self.sleepers.borrow_mut();
        while let Some(&Reverse((instant, place))) = sleepers.peek()
            && instant <= now
        {
            sleepers.pop();
            self.stir();
            self.lanes.borrow()[place].wake();
        }
    }

    /// When the next sleeper wants to be woken.
    pub fn next_wake(&self) -> Option<Nanos> {
        self.sleepers.borrow().peek().map(|&Reverse((instant, _))| instant)
    }

    /// The virtual users of closed scenarios that fall to this core, by scenario and number.
    pub fn closed_vus(&self) -> Vec<(ScenarioId, u32)> {
        let mut vus = Vec::new();
        for (id, scenario) in self.plan.scenarios.iter().enumerate() {
            if let Load::Closed { vus: schedule, .. } = &scenario.load {
                let mine = (0..schedule.peak()).skip(self.seat.place).step_by(self.seat.of);
                vus.extend(mine.map(|number| (ScenarioId(id as u16), number)));
            }
        }
        vus
    }
}
