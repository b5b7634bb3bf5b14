//! What a worker decides: events in, actions and rows out. No socket, no clock: the time is told, and what is to be done
//! is left to the wire, so that a server made of nothing can be put in its place.

use runlog::change::Change;
use runlog::course::Course;
use runlog::manifest::Lookups;
use runlog::outcome::Failure;
use runlog::row::{Row, ScenarioId};
use runlog::units::Nanos;

use super::books::Books;
use super::crew::{Crew, Shift, flow_of_arrival};
use super::exchange::Exchange;
use super::hearing::Ear;
use super::journey::Next;
use super::line::Terms;
use super::pool::Place;
use super::seat::Seat;
use super::traffic::Traffic;
use super::vu::{Doing, VuPlace};
use crate::control::{Dial, Reading};
use crate::plan::schedule::Arrival;
use crate::plan::template::{Missing, Scene};
use crate::plan::{Cookies, Load, MessageId, Plan};
use crate::wire::{Action, Event};

/// The state of one core.
pub struct Core {
    /// What will happen.
    pub plan: &'static Plan,
    /// Which worker this is.
    pub seat: Seat,
    /// What is kept of it.
    pub books: Books,
    /// What somebody has changed of the load by hand.
    reading: Reading,
    /// The wall time of t=0, since 1970.
    epoch: Nanos,
    crew: Crew,
    traffic: Traffic,
    /// The lines of each scenario.
    lines: Vec<Lines>,
}

/// The lines of a scenario.
#[derive(Debug, Default)]
struct Lines {
    all: Vec<u32>,
    /// How many have been closed to be opened anew, so far.
    churned: u64,
    /// Which is to be closed next.
    next: usize,
}

impl Core {
    /// A core before its first arrival, with the virtual users of the closed scenarios that fall to it.
    pub fn new(plan: &'static Plan, seat: Seat, books: Books) -> Self {
        let mut core = Self {
            plan,
            seat,
            books,
            reading: Reading::default(),
            epoch: Nanos::ZERO,
            crew: Crew::new(plan, seat),
            traffic: Traffic::new(plan),
            lines: plan.scenarios.iter().map(|_| Lines::default()).collect(),
        };
        for (id, scenario) in plan.scenarios.iter().enumerate() {
            if let Load::Closed { vus, .. } = &scenario.load {
                core.add_workers(ScenarioId(id as u16), vus.peak(), |number| vus.shifts(number));
            }
        }
        core
    }

    /// The wall time of t=0, since 1970.
    pub const fn start_at(&mut self, epoch: Nanos) {
        self.epoch = epoch;
    }

    /// Reads what has been changed of the load by hand. Returns whether anything was.
    pub fn follow(&mut self, dial: &Dial) -> bool {
        let mut is_changed = false;
        while let Some(control) = self.reading.next(dial) {
            is_changed = true;
            if control.change == Change::Resume {
                self.crew.resume(control.at);
            }
        }
        is_changed
    }

    /// How the schedule is followed, as far as that is known.
    pub const fn course(&self) -> &Course {
        self.reading.course()
    }

    /// Has the connections opened that are to be open before the load.
    pub fn warm_up(&mut self) {
        for id in self.scenarios() {
            let scenario = &self.plan.scenarios[usize::from(id.0)];
            if !scenario.connections.warm_up {
                continue;
            }
            while let (Load::Open(_), Some(number)) = (&scenario.load, self.crew.pool(id).make()) {
                let vu = self.add_server(id, number);
                self.crew.pool(id).release(vu);
            }
            for &line in &self.lines[usize::from(id.0)].all {
                self.traffic.warm_up(line);
            }
        }
    }

    /// Whether every connection is open, or could not be opened.
    pub fn is_warm(&self) -> bool {
        self.traffic.is_settled()
    }

    /// What is not open by now is opened when it is needed; what is, was open before.
    pub fn warmed(&mut self) {
        self.traffic.warmed();
    }

    /// Closes as many connections as should have been closed when the schedule has come so far, to be opened anew when they
    /// are needed.
    pub fn churn(&mut self, scheduled: Nanos, now: Nanos) {
        for id in self.scenarios() {
            let Some(rate) = self.plan.scenarios[usize::from(id.0)].connections.churn else { continue };
            let due = rate.as_per_second() * scheduled.as_secs_f64() / self.seat.of as f64;
            let lines = &mut self.lines[usize::from(id.0)];
            let mut left = lines.all.len();
            while (lines.churned as f64) < due && left > 0 {
                left -= 1;
                lines.next = (lines.next + 1) % lines.all.len();
                if self.traffic.retire(lines.all[lines.next], now) {
                    lines.churned += 1;
                }
            }
        }
    }

    /// The most connections that the core at a seat may have open.
    pub fn most_connections(plan: &Plan, seat: Seat) -> u32 {
        plan.scenarios.iter().map(|scenario| seat.part_of(scenario.max_connections.into()) as u32).sum()
    }

    /// What the connections of a scenario are used for.
    fn terms(&self, id: ScenarioId) -> Terms {
        let scenario = &self.plan.scenarios[usize::from(id.0)];
        Terms {
            requests_most: scenario.connections.requests_most.unwrap_or(u32::MAX),
            is_shared: scenario.pipeline > 1,
        }
    }

    /// Connections go to the cores in turn, each with all virtual users that share it.
    fn add_workers(&mut self, id: ScenarioId, users: u32, shifts: impl Fn(u32) -> Vec<(Nanos, Nanos)>) {
        let pipeline = self.plan.scenarios[usize::from(id.0)].pipeline;
        let terms = self.terms(id);
        let connections = (0..users.div_ceil(pipeline)).skip(self.seat.place).step_by(self.seat.of);
        for connection in connections {
            let line = self.traffic.add_line(terms);
            self.lines[usize::from(id.0)].all.push(line);
            for number in (connection * pipeline..users).take(pipeline as usize) {
                self.crew.add_worker(id, number, line, shifts(number));
            }
        }
    }

    /// An arrival is due: it gets a virtual user, or a place to wait for one, or is dropped.
    pub fn arrive(&mut self, scenario: ScenarioId, arrival: Arrival, now: Nanos) {
        let late = now.since(arrival.at);
        self.books.owe();
        self.books.gauge.pacer_lag.saturating_record(late.0.max(1));
        if late > self.plan.target.timeouts.request {
            return self.pay_dropped(scenario, arrival);
        }
        match self.crew.pool(scenario).place(arrival) {
            Place::Free(vu) => self.serve(vu, arrival, now),
            Place::New(number) => {
                let vu = self.add_server(scenario, number);
                self.serve(vu, arrival, now);
            }
            Place::Waiting => {}
            Place::None => self.pay_dropped(scenario, arrival),
        }
    }

    fn add_server(&mut self, scenario: ScenarioId, number: u32) -> VuPlace {
        let pipeline = self.plan.scenarios[usize::from(scenario.0)].pipeline;
        let shared = if number.is_multiple_of(pipeline) { None } else { self.crew.of(scenario).last() };
        let terms = self.terms(scenario);
        let line = shared.map_or_else(
            || {
                let line = self.traffic.add_line(terms);
                self.lines[usize::from(scenario.0)].all.push(line);
                line
            },
            |(_, vu)| vu.line,
        );
        self.crew.add_server(scenario, number, line)
    }

    /// Wakes the virtual users whose instant has come.
    pub fn wake(&mut self, now: Nanos) {
        while let Some(place) = self.crew.wake(now) {
            let vu = self.crew.vu(place);
            match vu.doing {
                Doing::Thinking => self.go_on(place, now),
                Doing::Held(_) => self.go_on_behind_pause(place, now),
                Doing::Nothing => {
                    vu.ready = vu.ready.max(now);
                    self.iterate(place, now);
                }
                Doing::Request | Doing::Gone => {}
            }
        }
    }

    /// When the next virtual user wants to be woken.
    pub fn next_wake(&self) -> Option<Nanos> {
        self.crew.next_wake()
    }

    /// Something has happened to a connection. What follows from it is up to `settle`.
    pub fn hear(&mut self, event: Event<'_>, now: Nanos) {
        self.traffic.hear(event, now);
    }

    /// Takes note of every exchange that is over, and lets its virtual user go on. One thing after the other for all of
    /// them: the processor does the same thing many times faster than many things in turns.
    pub fn settle(&mut self, now: Nanos) {
        let mut finished = self.traffic.take_finished();
        for exchange in &mut finished {
            let vu = self.crew.vu(exchange.vu);
            vu.journey.status = exchange.row.status;
            if let Some(mut content) = exchange.content.take() {
                let ear = Ear {
                    requests: &self.plan.requests,
                    authority: &self.plan.target.authority,
                    keeps_cookies: self.plan.scenarios[usize::from(vu.scenario.0)].cookies != Cookies::Off,
                    unix: self.epoch.after(now),
                };
                ear.hear(exchange.message, &mut content, &mut vu.journey, &mut exchange.row);
                self.traffic.spare.give_content(content);
            } else {
                // Without an answer, nobody is led any further.
                vu.journey.hop = None;
            }
        }
        for exchange in &finished {
            self.books.pay(&exchange.row);
        }
        for exchange in finished.drain(..) {
            self.crew.vu(exchange.vu).ready = now;
            self.go_on(exchange.vu, now);
        }
        self.traffic.settled(finished);
    }

    /// The time has come for what has been decided: what the wire has to do now.
    pub fn depart(&mut self, now: Nanos) -> &mut Vec<Action> {
        self.traffic.depart(now)
    }

    /// When timeouts have to be looked for.
    pub const fn expiry(&self) -> Nanos {
        self.traffic.expiry()
    }

    /// Gives up requests that have taken too long, and arrivals that have waited too long for a connection.
    pub fn expire(&mut self, now: Nanos) {
        if now >= self.traffic.expiry() {
            self.traffic.expire(now);
            self.settle(now);
        }
        let scheduled = self.course().schedule_time(now);
        while let Some(vu) = self.crew.overtime(scheduled) {
            self.send_home(vu, now);
        }
        let instant = now.since(self.plan.target.timeouts.request);
        for id in self.scenarios() {
            while let Some(arrival) = self.crew.pool(id).waiting_since_before(instant) {
                self.pay_dropped(id, arrival);
            }
        }
    }

    /// Cuts off the iteration of a virtual user whose shift has ended.
    fn send_home(&mut self, place: VuPlace, now: Nanos) {
        let vu = self.crew.vu(place);
        vu.journey.abort();
        if vu.doing == Doing::Request {
            let line = vu.line;
            self.traffic.interrupt([line], now);
            self.settle(now);
        } else {
            vu.ready = now;
            self.go_on(place, now);
        }
    }

    /// Ends a scenario for good: what waits is dropped, what is on its way is cut off.
    pub fn interrupt(&mut self, scenario: ScenarioId, now: Nanos) {
        while let Some(arrival) = self.crew.pool(scenario).next_waiting() {
            self.pay_dropped(scenario, arrival);
        }
        let (vus, lines): (Vec<VuPlace>, Vec<u32>) = self.crew.of(scenario).map(|(place, vu)| (place, vu.line)).unzip();
        for vu in vus {
            self.crew.retire(vu);
        }
        self.traffic.interrupt(lines, now);
        self.settle(now);
    }

    /// Counts an arrival as scheduled and never sent.
    pub fn drop_arrival(&mut self, scenario: ScenarioId, arrival: Arrival) {
        self.books.owe();
        self.pay_dropped(scenario, arrival);
    }

    /// Whether nothing of a scenario's arrivals is left to be done.
    pub fn has_served(&mut self, scenario: ScenarioId) -> bool {
        let pool = self.crew.pool(scenario);
        pool.backlog() == 0 && pool.busy() == 0
    }

    /// Whether every virtual user of a closed scenario has ended.
    pub const fn has_closed(&self) -> bool {
        self.crew.on_call() == 0
    }

    /// Requests on their way.
    pub const fn in_flight(&self) -> u64 {
        self.traffic.in_flight()
    }

    /// Open connections.
    pub const fn open_connections(&self) -> u64 {
        self.traffic.open()
    }

    /// Names that were looked up for connections.
    pub const fn lookups(&self) -> Lookups {
        self.traffic.lookups
    }

    /// Arrivals that wait for a connection.
    pub fn backlog(&self) -> u64 {
        self.crew.pools().iter().map(|pool| pool.backlog() as u64).sum()
    }

    /// Virtual users at work.
    pub fn busy_vus(&self) -> u64 {
        self.crew.pools().iter().map(|pool| u64::from(pool.busy())).sum()
    }

    fn scenarios(&self) -> impl Iterator<Item = ScenarioId> + use<> {
        (0..self.plan.scenarios.len() as u16).map(ScenarioId)
    }

    fn serve(&mut self, vu: VuPlace, arrival: Arrival, now: Nanos) {
        self.crew.begin_arrival(vu, arrival);
        self.begin(vu, now);
    }

    /// Begins a flow, whose first request is owed already.
    fn begin(&mut self, place: VuPlace, now: Nanos) {
        // Every flow begins with a request.
        match self.crew.vu(place).next() {
            Next::Request(id) => self.want(place, id, now),
            Next::Replay => self.replay(place, now),
            Next::Think(_) | Next::Left(..) | Next::Over => {}
        }
    }

    /// Goes on with a flow.
    fn go_on(&mut self, place: VuPlace, now: Nanos) {
        loop {
            let vu = self.crew.vu(place);
            if vu.doing == Doing::Gone {
                return;
            }
            match vu.next() {
                next @ (Next::Request(_) | Next::Replay) => return self.ask(place, next, now),
                Next::Think(_) => {
                    let until = vu.ready;
                    return self.crew.sleep(place, until);
                }
                Next::Left(group, since) => {
                    let (scenario, took) = (vu.scenario, vu.ready.since(since));
                    self.books.group_ended(scenario, group, took);
                }
                Next::Over => return self.next_task(place, now),
            }
        }
    }

    /// Makes the next request of a flow; in a pause, when it is over.
    fn ask(&mut self, place: VuPlace, next: Next, now: Nanos) {
        let vu = self.crew.vu(place);
        if let Some(pause) = self.reading.course().pause_at(vu.ready) {
            vu.doing = Doing::Held(next);
            return self.crew.hold(place, pause);
        }
        self.books.owe();
        match next {
            Next::Request(id) => self.want(place, id, now),
            Next::Replay => self.replay(place, now),
            Next::Think(_) | Next::Left(..) | Next::Over => {}
        }
    }

    /// A request that waited for the load to be resumed is made: it was scheduled for that instant.
    fn go_on_behind_pause(&mut self, place: VuPlace, now: Nanos) {
        let vu = self.crew.vu(place);
        let pause = self.reading.course().pause_at(vu.ready);
        let resumed = pause.and_then(|pause| pause.until).unwrap_or(now);
        if let Some(next) = vu.resume(resumed) {
            self.ask(place, next, now);
        }
    }

    /// A flow is over: its virtual user serves the next arrival, or begins its next iteration.
    fn next_task(&mut self, place: VuPlace, now: Nanos) {
        let vu = self.crew.vu(place);
        let (scenario, line, took) = (vu.scenario, vu.line, vu.ready.since(vu.iteration.began));
        if self.plan.scenarios[usize::from(scenario.0)].connections.per_iteration {
            self.traffic.retire(line, now);
        }
        let vu = self.crew.vu(place);
        vu.iteration.own += 1;
        if !vu.journey.is_aborted() {
            self.books.iterated(scenario, took);
        }
        let pool = self.crew.pool(scenario);
        pool.end();
        if matches!(self.plan.scenarios[usize::from(scenario.0)].load, Load::Closed { .. }) {
            self.iterate(place, now);
        } else if let Some(arrival) = pool.next_waiting() {
            pool.begin();
            self.serve(place, arrival, now);
        } else {
            pool.release(place);
        }
    }

    fn iterate(&mut self, place: VuPlace, now: Nanos) {
        if self.crew.next_iteration(place, self.reading.course(), now) == Shift::Begins {
            self.books.owe();
            self.begin(place, now);
        }
    }

    /// Wants what the trace says for a virtual user's arrival.
    fn replay(&mut self, place: VuPlace, now: Nanos) {
        let vu = self.crew.vu(place);
        let number = vu.iteration.number;
        let replay = self.plan.scenarios[usize::from(vu.scenario.0)].replay.map(|place| &self.plan.replays[place]);
        let Some(replay) = replay else { return };
        let id = replay.messages[replay.trace.name(number) as usize];
        let message = &self.plan.messages[id.0 as usize];
        if !message.is_traced {
            vu.journey.replays(id);
            return self.want(place, id, now);
        }
        let mut exchange = Exchange::wanted(place, vu.number, vu.scenario, message, vu.ready);
        let line = vu.line;
        let mut buffer = self.traffic.spare.buffer();
        message.parts.write_traced(&replay.trace.entry(number), &mut buffer);
        exchange.composed = Some(buffer);
        self.traffic.want(line, exchange);
    }

    fn want(&mut self, place: VuPlace, id: MessageId, now: Nanos) {
        let message = &self.plan.messages[id.0 as usize];
        let vu = self.crew.vu(place);
        let mut exchange = Exchange::wanted(place, vu.number, vu.scenario, message, vu.ready);
        let line = vu.line;
        if message.fixed.is_none() || vu.journey.jar.is_some() || vu.journey.hop.is_some() {
            let mut buffer = self.traffic.spare.buffer();
            if self.compose(place, id, now, &mut buffer) == Err(Missing) {
                self.traffic.spare.give_buffer(buffer);
                return self.traffic.give_up(&exchange, Failure::NoValue, now);
            }
            exchange.composed = Some(buffer);
        }
        if let Some(file) = &message.body_file {
            let keeps_body = self.crew.vu(place).journey.hop.as_ref().is_none_or(|hop| hop.method.is_none());
            exchange.upload = keeps_body.then_some(&**file);
        }
        if message.needs.head {
            let bytes = exchange.composed.as_deref().or(message.fixed.as_deref()).unwrap_or_default();
            self.crew.vu(place).journey.sends(bytes);
        }
        self.traffic.want(line, exchange);
    }

    /// Puts a request together for this one time.
    fn compose(&mut self, place: VuPlace, id: MessageId, now: Nanos, out: &mut Vec<u8>) -> Result<(), Missing> {
        let vu = self.crew.vu(place);
        let mut scene = Scene {
            choices: &mut vu.choices,
            captured: &vu.journey.captured,
            seed: self.plan.seed,
            scenario: vu.scenario,
            number: vu.iteration.number,
            iteration: vu.iteration.own,
            vu: vu.number,
            unix: self.epoch.after(now),
        };
        let (jar, hop) = (vu.journey.jar.as_deref(), vu.journey.hop.as_deref());
        self.plan.messages[id.0 as usize].parts.write(&mut scene, jar, hop, out)
    }

    /// The row of an arrival that is never sent: of the request that it would have begun with.
    fn pay_dropped(&mut self, scenario: ScenarioId, arrival: Arrival) {
        let (flow, _) = flow_of_arrival(self.plan, scenario, arrival.number);
        let replay = self.plan.scenarios[usize::from(scenario.0)].replay.map(|place| &self.plan.replays[place]);
        let request = replay.map_or(flow.first, |replay| {
            let id = replay.messages[replay.trace.name(arrival.number) as usize];
            self.plan.messages[id.0 as usize].request
        });
        self.books.pay(&Row {
            scheduled_ns: arrival.at.0,
            scenario,
            request,
            error: Some(Failure::Dropped),
            ..Row::default()
        });
    }
}
