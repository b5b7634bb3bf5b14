//! The connections of a core: what is wanted of them goes out as actions, what happens to them comes back as rows.

use runlog::manifest::Lookups;
use runlog::outcome::Failure;
use runlog::row::Row;
use runlog::units::Nanos;

use super::exchange::Exchange;
use super::framing::Memo;
use super::line::{Departure, Fed, Line, Terms};
use super::names::Names;
use super::opening::{Keys, Step};
use super::outbox::CONTINUE_PATIENCE;
use super::spare::Spare;
use super::vu::VuPlace;
use crate::address::Address;
use crate::answer::Content;
use crate::clock::NEVER;
use crate::plan::target::Timeouts;
use crate::plan::{Message, Plan};
use crate::tls::Security;
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
    /// Where connections lead to.
    names: Names,
    /// What connections are opened with.
    keys: Keys,
    /// Names that were looked up for connections.
    pub lookups: Lookups,
    /// No deadline is before this.
    expiry: Nanos,
    /// No deadline is sooner than so long after what it is for has begun.
    shortest: Nanos,
    /// Connections that were begun, so far.
    begun: u64,
    open: u64,
    in_flight: u64,
}

impl Traffic {
    /// No connections yet.
    pub fn new(plan: &'static Plan) -> Self {
        let keys = Keys {
            tunnel: plan.target.tunnel.as_deref(),
            credentials: plan.target.security.as_ref().map(Security::for_one_thread),
        };
        Self {
            plan,
            names: Names::new(&plan.target),
            keys,
            lookups: Lookups::default(),
            shortest: shortest(plan),
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
    pub fn add_line(&mut self, terms: Terms) -> u32 {
        self.lines.push(Line::new(terms));
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
            self.expiry = self.expiry.min(now.after(self.shortest));
        }
        let mut departing = std::mem::take(&mut self.departing);
        for place in departing.drain(..) {
            match self.lines[place as usize].depart(&mut self.spare, self.begun, now) {
                Departure::Open => {
                    self.begun += 1;
                    self.open_line(place, now);
                }
                Departure::Send(outgoing, requests) => {
                    self.in_flight += requests;
                    self.actions.push(Action::Send { line: wire::Line(place), outgoing });
                }
                Departure::Broken => self.close(place, Failure::TlsFailed, now),
                Departure::Nothing => {}
            }
        }
        // What could not be sent after all departs again, over a connection of its own.
        departing.append(&mut self.departing);
        self.departing = departing;
        &mut self.actions
    }

    /// Opens a line, or asks first where it leads to.
    fn open_line(&mut self, place: u32, now: Nanos) {
        if let Some(name) = self.names.ask_for(place, now) {
            return self.actions.push(Action::LookUp { name });
        }
        if let Some(name) = self.names.ask_again(now) {
            self.actions.push(Action::LookUp { name });
        }
        self.connect(place);
    }

    fn connect(&mut self, place: u32) {
        self.lines[place as usize].resolved();
        self.actions.push(Action::Open { line: wire::Line(place), way: self.names.way() });
    }

    /// A line is to be opened at the next departure, though there is nothing to send.
    pub fn warm_up(&mut self, place: u32) {
        self.lines[place as usize].want_open();
        self.departing.push(place);
    }

    /// Whether nothing is being opened, or about to be.
    pub fn is_settled(&self) -> bool {
        self.departing.is_empty() && !self.lines.iter().any(Line::is_opening)
    }

    /// The load begins: what it took to open connections before is nobody's, and what is not open is opened when it is
    /// needed.
    pub fn warmed(&mut self) {
        for place in 0..self.lines.len() as u32 {
            if self.lines[place as usize].is_opening() {
                self.abandon(place, Failure::Interrupted, Nanos::ZERO);
            }
            self.lines[place as usize].warmed();
        }
        (self.expiry, self.lookups) = (NEVER, Lookups::default());
    }

    /// A line is closed as soon as nothing is on its way over it. Returns whether it was open.
    pub fn retire(&mut self, place: u32, now: Nanos) -> bool {
        let line = &mut self.lines[place as usize];
        let is_open = line.is_open();
        if line.retire() {
            self.close(place, Failure::Closed, now);
        }
        is_open
    }

    /// Something has happened to a connection.
    pub fn hear(&mut self, event: Event<'_>, now: Nanos) {
        match event {
            Event::Opened { line, result } => self.opened(line.0, result, now),
            Event::Sent { line, buffer } => {
                self.spare.give_buffer(buffer);
                let sent_over = &mut self.lines[line.0 as usize];
                sent_over.departed();
                if sent_over.has_work() {
                    self.departing.push(line.0);
                }
            }
            Event::Received { line, bytes } => self.received(line.0, bytes, now),
            Event::Ended { line, failure } => self.ended(line.0, failure, now),
            Event::LookedUp { addresses } => self.looked_up(addresses, now),
        }
    }

    /// A name has been looked up, for one line or for all.
    fn looked_up(&mut self, addresses: Option<Vec<Address>>, now: Nanos) {
        let is_found = addresses.is_some();
        let found = self.names.found(addresses, now);
        let took = now.since(found.since);
        if found.line.is_some() {
            self.lookups.add(took);
        }
        // Whoever has waited for it may have given up meanwhile.
        let Some(place) = found.line.filter(|&place| self.lines[place as usize].is_resolving()) else { return };
        if is_found {
            self.connect(place);
        } else {
            self.abandon(place, Failure::DnsFailed, now);
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
        let timeouts = &self.plan.target.timeouts;
        let mut next = NEVER;
        for place in 0..self.lines.len() as u32 {
            let line = &mut self.lines[place as usize];
            let mut deadline = line.deadline(timeouts);
            if deadline <= now {
                match line.late(timeouts, now) {
                    Some(failure) if line.is_open() => self.close(place, failure, now),
                    Some(failure) => self.abandon(place, failure, now),
                    // It waits no longer for leave to send the rest.
                    None => self.departing.push(place),
                }
                deadline = self.lines[place as usize].deadline(timeouts);
            }
            next = next.min(deadline);
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
                let step = self.lines[place as usize].connected(&self.keys, now);
                self.go_on_opening(place, step, now);
            }
            Err(failure) => self.abandon(place, failure, now),
        }
    }

    fn go_on_opening(&mut self, place: u32, step: Step, now: Nanos) {
        match step {
            Step::Waits => self.departing.push(place),
            Step::Open => {
                self.open += 1;
                self.departing.push(place);
            }
            Step::Failed(failure) => self.abandon(place, failure, now),
        }
    }

    fn received(&mut self, place: u32, bytes: &[u8], now: Nanos) {
        let line = &mut self.lines[place as usize];
        if line.is_opening() {
            let step = line.hear_opening(bytes, &self.keys, &mut self.spare, now);
            self.go_on_opening(place, step, now);
        } else if line.is_secured() {
            let mut plain = self.spare.buffer();
            let unsealed = line.unseal(bytes, &mut plain);
            let (has_more, has_ended) = (line.has_work(), line.has_ended());
            if has_more {
                self.departing.push(place);
            }
            if !plain.is_empty() {
                self.said(place, &plain, now);
            }
            self.spare.give_buffer(plain);
            match unsealed {
                Err(failure) if self.lines[place as usize].is_open() => self.close(place, failure, now),
                Ok(()) if has_ended => self.ended(place, Failure::Closed, now),
                _ => {}
            }
        } else if line.is_open() {
            self.said(place, bytes, now);
        }
    }

    /// Something was said over a connection that is open.
    fn said(&mut self, place: u32, bytes: &[u8], now: Nanos) {
        let line = &mut self.lines[place as usize];
        let joined = line.join(bytes);
        let mut rest: &[u8] = &joined;
        loop {
            match self.lines[place as usize].feed(rest, &mut self.memos, &mut self.spare, now) {
                Fed::Whole { consumed, status, keep_alive } => {
                    self.answered(place, status, now);
                    rest = &rest[consumed..];
                    if !keep_alive || self.lines[place as usize].is_done() {
                        return self.close(place, Failure::Closed, now);
                    }
                    if rest.is_empty() {
                        return;
                    }
                }
                Fed::Part => {
                    // It may have asked for the rest of the request.
                    if self.lines[place as usize].has_work() {
                        self.departing.push(place);
                    }
                    return;
                }
                Fed::Bad => return self.close(place, Failure::BadResponse, now),
                // Nobody is to blame for it, but whose answer would the next one be?
                Fed::Unasked => return self.close(place, Failure::Closed, now),
            }
        }
    }

    fn ended(&mut self, place: u32, failure: Failure, now: Nanos) {
        let line = &mut self.lines[place as usize];
        if line.is_opening() {
            let failure = line.ended_opening(failure);
            return self.abandon(place, failure, now);
        }
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
        if line.is_wired() {
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

/// The shortest time after which anything can be late.
fn shortest(plan: &Plan) -> Nanos {
    let Timeouts { connect, tls, first_byte, request } = plan.target.timeouts;
    let waits = plan.messages.iter().any(|message| message.expects_continue);
    let patience = if waits { CONTINUE_PATIENCE } else { request };
    connect.min(tls).min(first_byte.unwrap_or(request)).min(request).min(patience)
}
