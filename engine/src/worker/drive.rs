//! The heart of a worker: goes round for as long as the run lasts, hands out what is due, and waits for what is next.

use std::cell::Cell;
use std::rc::Rc;

use runlog::row::ScenarioId;
use runlog::units::Nanos;
use rustix::time::{ClockId, clock_gettime};

use super::arrivals::Stream;
use super::core::Core;
use super::lane::Lane;
use super::pacer::Spent;
use super::report::{Gauge, Second};
use super::vu::Vu;
use crate::plan::{Load, Scenario};
use crate::stop::Stop;

/// How often timeouts, stops and ends are looked for. A timeout strikes so much late at the most.
const TICK: Nanos = Nanos::from_millis(10);
/// How often the core reports, and hands its rows on to the disk.
const REPORT: Nanos = Nanos::from_secs(1);
/// How long after everything was cut off rows are still waited for, before their loss is reported.
const CUT_OFF_MOST: Nanos = Nanos::from_secs(5);

/// Drives a core from the start to the end of its run. `publish` is called once a second and at the end.
pub async fn drive(core: Rc<Core>, stop: &Stop, publish: impl FnMut(Second)) {
    let mut streams = Stream::of(&core);
    let closed = Closed::start(&core);
    let mut watch = Watch::new(&core, publish);
    let mut next_tick = Nanos::ZERO;
    loop {
        let now = core.clock.now();
        for stream in &mut streams {
            stream.hand_out(&core, now);
        }
        core.wake_sleepers(now);
        if now >= next_tick {
            next_tick = now.after(TICK);
            core.each_lane(|lane| lane.expire(now));
            closed.cut_overdue(&core, now);
            let mut over = closed.is_over();
            for stream in &mut streams {
                stream.drop_stale(&core, now);
                over &= stream.is_over(&core, now);
            }
            watch.look(&core, now);
            if over || stop.requested() {
                break;
            }
        }
        let due = streams.iter_mut().filter_map(Stream::next_due).chain(core.next_wake()).min();
        wait(&core, due.unwrap_or(Nanos(u64::MAX)), next_tick).await;
    }
    wind_up(&core, &mut streams).await;
    watch.report(&core, core.clock.now());
    core.close();
}

/// Waits, and notes how much of it was spinning for nothing.
async fn wait(core: &Core, punctual: Nanos, leisurely: Nanos) {
    let (began, activity) = (core.clock.now(), core.activity());
    let spent = core.pacer.wait(punctual, leisurely).await;
    if spent == Spent::Spinning && core.activity() == activity {
        let mut gauge = core.gauge.borrow_mut();
        gauge.spun = gauge.spun.after(core.clock.now().since(began));
    }
}

/// Cuts off what is still on its way, so that every arrival up to now gets its row.
async fn wind_up(core: &Rc<Core>, streams: &mut [Stream]) {
    let now = core.clock.now();
    for stream in streams.iter_mut() {
        stream.give_up(core, now);
    }
    core.each_lane(Lane::interrupt);
    let patience = now.after(CUT_OFF_MOST);
    while core.tasks() > 0 && core.clock.now() < patience {
        core.pacer.turn().await;
    }
}

/// The virtual users of the closed scenarios.
struct Closed {
    alive: Rc<Cell<usize>>,
    /// Scenarios with the instant at which their iterations are cut off.
    ends: Vec<(ScenarioId, Nanos)>,
}

impl Closed {
    fn start(core: &Rc<Core>) -> Self {
        let closed = |scenario: &Scenario| match &scenario.load {
            Load::Closed { iterations, .. } => {
                Rc::new(Cell::new(iterations.map(|iterations| core.seat.part_of(iterations))))
            }
            Load::Open(_) => Rc::new(Cell::new(None)),
        };
        let iterations: Vec<_> = core.plan.scenarios.iter().map(closed).collect();
        let vus = core.closed_vus();
        let alive = Rc::new(Cell::new(vus.len()));
        for (scenario, number) in vus {
            let (place, lane) = core.add_lane(Lane::new(scenario, number, None));
            let vu = Vu::new(Rc::clone(core), lane, place);
            let (iterations, alive) = (Rc::clone(&iterations[usize::from(scenario.0)]), Rc::clone(&alive));
            core.spawn(async move {
                vu.work_shifts(iterations).await;
                alive.set(alive.get() - 1);
            });
        }
        let end = |(id, scenario): (usize, &Scenario)| match scenario.load {
            Load::Closed { .. } => {
                Some((ScenarioId(id as u16), scenario.load.duration().after(scenario.graceful_stop)))
            }
            Load::Open(_) => None,
        };
        Self { alive, ends: core.plan.scenarios.iter().enumerate().filter_map(end).collect() }
    }

    fn is_over(&self) -> bool {
        self.alive.get() == 0
    }

    /// Cuts off the virtual users whose scenario has had its time and its grace.
    fn cut_overdue(&self, core: &Core, now: Nanos) {
        for &(scenario, end) in &self.ends {
            if now >= end {
                core.interrupt(scenario);
            }
        }
    }
}

/// Watches the core and reports how it is doing.
struct Watch<P> {
    publish: P,
    next: Nanos,
    demand: Nanos,
    stall: Nanos,
    connections: i64,
    in_flight: i64,
}

impl<P: FnMut(Second)> Watch<P> {
    fn new(core: &Core, publish: P) -> Self {
        let next = core.clock.now().after(REPORT);
        Self { publish, next, demand: thread_demand(), stall: Nanos::ZERO, connections: 0, in_flight: 0 }
    }

    fn look(&mut self, core: &Core, now: Nanos) {
        if now >= self.next {
            self.next = self.next.after(REPORT);
            self.report(core, now);
        }
    }

    fn report(&mut self, core: &Core, now: Nanos) {
        core.flush();
        let gauge = core.gauge.replace(Gauge::new(now));
        let (demand, stall) = (thread_demand(), core.record_stall());
        self.connections += gauge.connections;
        self.in_flight += gauge.in_flight;
        let second = Second {
            seat: core.seat,
            until: now,
            busy: demand.since(self.demand).since(gauge.spun),
            record_stall: stall.since(self.stall),
            in_flight: self.in_flight.unsigned_abs(),
            connections: self.connections.unsigned_abs(),
            backlog: core.pools.iter().map(|pool| pool.backlog() as u64).sum(),
            vus: core.pools.iter().map(|pool| u64::from(pool.busy())).sum(),
            gauge,
        };
        (self.demand, self.stall) = (demand, stall);
        (self.publish)(second);
    }
}

/// How long this thread has wanted a processor so far: had one, or waited for one that others had.
fn thread_demand() -> Nanos {
    let scheduled = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let mut figures = scheduled.split_ascii_whitespace().map_while(|figure| figure.parse::<u64>().ok());
    if let (Some(ran), Some(waited)) = (figures.next(), figures.next()) {
        return Nanos(ran + waited);
    }
    // A kernel that does not count the waiting still counts the running.
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Nanos(time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs())
}
