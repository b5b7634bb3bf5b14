//! The connections of a core: what is wanted of them goes out as actions, what happens to them comes back as rows.

use runlog::outcome::Failure;
use runlog::row::Row;
use runlog::units::Nanos;

use super::exchange::Exchange;
use super::framing::Memo;
use super::line::{Departure, Fed, Line, NEVER};
use super::spare::Spare;
use super::vu::VuPlace;
use crate::answer::Content;
use crate::plan::{Message, Plan};
use crate::wire::{self, Action, Event};

/// Timeouts are looked for at most this often: so much late may they strike.
const EXPIRY: Nanos = Nanos::from_millis(1);

/// An exchange that is over.
#[derive(Debug)]
pub struct Finished {
    /// Whose it was.
    pub vu: VuPlace,
    /// Its row.
    pub row: Row,
    /// What was sent.
    pub message: &'static Message,
    /// What came back, where it is to be looked into.
    pub content: Option<Box<Content>>,
}

/// The connections of a core.
pub struct Traffic {
    plan: &'static Plan,
    lines: Vec<Line>,
    /// For each request, what its answers begin with.
    memos: Vec<Memo>,
    /// Lines with requests that have not been sent.
    departing: Vec<u32>,
    /// What the wire has to do next.
    actions: Vec<Action>,
    /// Exchanges that are over and not yet taken note of.
    finished: Vec<Finished>,
    /// Memory that is used again.
    pub spare: Spare,
    /// No deadline is before this.
    expiry: Nanos,
    /// Connections that were begun, so far.
    begun: u64,
    open: u64,
    in_flight: u64,
}

impl Traffic {
    /// No connections yet.
    pub fn new(plan: &'static Plan) -> Self {
        Self {
            plan,
            lines: Vec::new(),
            memos: plan.requests.iter().map(|_| Memo::default()).collect(),
            departing: Vec::new(),
            actions: Vec::new(),
            finished: Vec::new(),
            spare: Spare::default(),
            expiry: NEVER,
            begun: 0,
            open: 0,
            in_flight: 0,
        }
    }

    /// Adds a line, which is opened when it is first needed. Returns its place.
    pub fn add_line(&mut self) -> u32 {
        self.lines.push(Line::new());
        self.lines.len() as u32 - 1
    }

    /// Connections that are open.
    pub const fn open(&self) -> u64 {
        self.open
    }

    /// Requests that are on their way.
    pub const fn in_flight(&self) -> u64 {
        self.in_flight
    }

    /// When timeouts have to be looked for.
    pub const fn expiry(&self) -> Nanos {
        self.expiry
    }

    /// A request is to be sent over a line, at the next departure.
    pub fn want(&mut self, place: u32, exchange: Exchange) {
        if self.lines[place as usize].want(exchange) {
            self.departing.push(place);
        }
    }

    /// The time has come for everything that is wanted: it is handed to the wire right after this.
    pub fn depart(&mut self, now: Nanos) -> &mut Vec<Action> {
        if !self.departing.is_empty() {
            self.expiry = self.expiry.min(now.after(self.plan.target.timeouts.request));
        }
        for place in self.departing.drain(..) {
            let line = wire::Line(place);
            match self.lines[place as usize].depart(&mut self.spare, self.begun, now) {
                Departure::Open => {
                    let addresses = &self.plan.target.addresses;
                    let address = addresses[self.begun as usize % addresses.len()];
                    self.begun += 1;
                    self.actions.push(Action::Open { line, address });
                }
                Departure::Send(outgoing, requests) => {
                    self.in_flight += requests;
                    self.actions.push(Action::Send { line, outgoing });
                }
                Departure::Nothing => {}
            }
        }
        &mut self.actions
    }

    /// Something has happened to a connection.
    pub fn hear(&mut self, event: Event<'_>, now: Nanos) {
        match event {
            Event::Opened { line, result } => self.opened(line.0, result, now),
            Event::Sent { line, buffer } => {
                self.spare.give_buffer(buffer);
                let sent_over = &mut self.lines[line.0 as usize];
                sent_over.departed();
                if sent_over.has_unsent() {
                    self.departing.push(line.0);
                }
            }
            Event::Received { line, bytes } => self.received(line.0, bytes, now),
            Event::Ended { line, failure } => self.ended(line.0, failure, now),
        }
    }

    /// The exchanges that are over, to be taken note of. To be given back by `settled`, empty, for its memory.
    pub fn take_finished(&mut self) -> Vec<Finished> {
        std::mem::take(&mut self.finished)
    }

    /// Takes back an empty list.
    pub fn settled(&mut self, mut finished: Vec<Finished>) {
        // What could not even be sent meanwhile.
        finished.append(&mut self.finished);
        self.finished = finished;
    }

    /// A request that cannot be sent is over at once.
    pub fn give_up(&mut self, exchange: &Exchange, failure: Failure, now: Nanos) {
        self.failed(exchange, failure, now);
    }

    /// Gives up what has taken too long.
    pub fn expire(&mut self, now: Nanos) {
        let timeout = self.plan.target.timeouts.request;
        let mut next = NEVER;
        for place in 0..self.lines.len() as u32 {
            let line = &self.lines[place as usize];
            let deadline = line.deadline(timeout);
            if deadline > now {
                next = next.min(deadline);
            } else if line.is_open() {
                self.close(place, Failure::Timeout, now);
            } else {
                self.opened(place, Err(Failure::ConnectTimeout), now);
            }
        }
        self.expiry = next.max(now.after(EXPIRY));
    }

    /// Cuts off everything of some lines, sent or not.
    pub fn interrupt(&mut self, lines: impl IntoIterator<Item = u32>, now: Nanos) {
        for place in lines {
            if self.lines[place as usize].is_open() {
                self.close(place, Failure::Interrupted, now);
            }
            self.abandon(place, Failure::Interrupted, now);
        }
    }

    fn opened(&mut self, place: u32, result: Result<(), Failure>, now: Nanos) {
        if !self.lines[place as usize].is_opening() {
            return;
        }
        match result {
            Ok(()) => {
                self.open += 1;
                self.lines[place as usize].opened(now);
                self.departing.push(place);
            }
            Err(failure) => self.abandon(place, failure, now),
        }
    }

    fn received(&mut self, place: u32, bytes: &[u8], now: Nanos) {
        let line = &mut self.lines[place as usize];
        if !line.is_open() {
            return;
        }
        let joined = line.join(bytes);
        let mut rest: &[u8] = &joined;
        loop {
            match self.lines[place as usize].feed(rest, &mut self.memos, &mut self.spare, now) {
                Fed::Whole { consumed, status, keep_alive } => {
                    self.answered(place, status, now);
                    rest = &rest[consumed..];
                    if !keep_alive {
                        return self.close(place, Failure::Closed, now);
                    }
                    if rest.is_empty() {
                        return;
                    }
                }
                Fed::Part => return,
                Fed::Bad => return self.close(place, Failure::BadResponse, now),
                // Nobody is to blame for it, but whose answer would the next one be?
                Fed::Unasked => return self.close(place, Failure::Closed, now),
            }
        }
    }

    fn ended(&mut self, place: u32, failure: Failure, now: Nanos) {
        let line = &mut self.lines[place as usize];
        if !line.is_open() {
            return;
        }
        if failure == Failure::Closed
            && let Some(status) = line.finish_at_close()
        {
            self.answered(place, status, now);
        }
        self.close(place, failure, now);
    }

    fn answered(&mut self, place: u32, status: u16, now: Nanos) {
        if let Some((exchange, content)) = self.lines[place as usize].finish() {
            self.in_flight -= 1;
            let request = &self.plan.requests[usize::from(exchange.request.0)];
            let row = exchange.answered(request, status, now);
            self.finished.push(Finished { vu: exchange.vu, row, message: exchange.message, content });
        }
    }

    /// Closes a line that is open; what was on its way over it has failed.
    fn close(&mut self, place: u32, failure: Failure, now: Nanos) {
        self.open -= 1;
        self.actions.push(Action::Close { line: wire::Line(place) });
        let line = &mut self.lines[place as usize];
        line.shut();
        if line.has_unsent() {
            self.departing.push(place);
        }
        while let Some((exchange, content)) = self.lines[place as usize].finish() {
            self.in_flight -= 1;
            if let Some(content) = content {
                self.spare.give_content(content);
            }
            self.failed(&exchange, failure, now);
        }
    }

    /// Gives up a line that is not open, and all that waits for it.
    fn abandon(&mut self, place: u32, failure: Failure, now: Nanos) {
        let line = &mut self.lines[place as usize];
        if line.is_opening() {
            self.actions.push(Action::Close { line: wire::Line(place) });
        }
        for exchange in line.abandon(now) {
            self.failed(&exchange, failure, now);
        }
    }

    fn failed(&mut self, exchange: &Exchange, failure: Failure, now: Nanos) {
        let request = &self.plan.requests[usize::from(exchange.request.0)];
        let row = exchange.failed(request, failure, now);
        self.finished.push(Finished { vu: exchange.vu, row, message: exchange.message, content: None });
    }
}
