//! One connection as its worker sees it: the requests on it in their order, and how far the answer in front has come.

use std::borrow::Cow;
use std::collections::VecDeque;

use runlog::outcome::Failure;
use runlog::units::Nanos;

use super::exchange::Exchange;
use super::framing::{Framing, Memo};
use super::outbox::{CONTINUE_PATIENCE, Outbox, Unsealed};
use super::spare::Spare;
use crate::answer::Content;
use crate::clock::NEVER;
use crate::plan::target::Timeouts;
use crate::tls::Session;
use crate::wire::Outgoing;

/// A connection, open or not, with what is wanted of it.
#[derive(Debug)]
pub struct Line {
    terms: Terms,
    pub(super) state: State,
    /// Which connection of its core this is, or was, or will be.
    number: u64,
    /// Those sent in front, those to be sent behind them.
    exchanges: VecDeque<Exchange>,
    /// How many of them are sent.
    sent: usize,
    /// How many requests this connection has been sent so far.
    carried: u32,
    /// Whether it is to be closed as soon as nothing is on its way.
    retires: bool,
    /// Whether it is to be opened, whether or not there is something to send.
    is_wanted: bool,
    /// The answer in front, once its first byte is here.
    framing: Option<Framing>,
    /// The beginning of a head that is not complete.
    pub(super) kept: Vec<u8>,
    /// What is kept of the answer in front, where it is to be looked into.
    content: Option<Box<Content>>,
    pub(super) outbox: Outbox,
    pub(super) session: Option<Box<Session>>,
}

/// What a line is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// After so many requests a connection is closed.
    pub requests_most: u32,
    /// Whether several virtual users share it.
    pub is_shared: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Neither open nor being opened.
    Shut,
    /// Being opened since then.
    Opening(Nanos, Stage),
    /// Open. How long that took is told to the first request sent over it, and then forgotten.
    Open(Opened),
}

/// How far the opening of a connection has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Its name is being looked up, or about to be.
    Resolving,
    /// The kernel connects.
    Connecting,
    /// A proxy has been asked for a tunnel.
    Tunnelling,
    /// TLS is being agreed on.
    Securing {
        /// Since then.
        since: Nanos,
    },
}

/// How long it took to open a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Opened {
    /// The name, the connection and the tunnel.
    pub connecting: Nanos,
    /// TLS.
    pub securing: Nanos,
}

/// What a line needs done that has something to send.
#[derive(Debug)]
pub enum Departure {
    /// A connection.
    Open,
    /// This to be sent: so many requests begin in it.
    Send(Outgoing, u64),
    /// Nothing can be sent any more.
    Broken,
    /// Nothing now: something else has to happen first.
    Nothing,
}

/// What bytes from the connection have come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fed {
    /// The answer in front is whole.
    Whole {
        /// So many of the bytes belong to it or to what was kept.
        consumed: usize,
        /// Its status.
        status: u16,
        /// Whether the connection can carry more.
        keep_alive: bool,
    },
    /// More has to come.
    Part,
    /// It is no answer.
    Bad,
    /// Nobody has asked for anything.
    Unasked,
}

impl Line {
    /// A line that is not open.
    pub fn new(terms: Terms) -> Self {
        Self {
            terms,
            state: State::Shut,
            number: 0,
            exchanges: VecDeque::new(),
            sent: 0,
            carried: 0,
            retires: false,
            is_wanted: false,
            framing: None,
            kept: Vec::new(),
            content: None,
            outbox: Outbox::default(),
            session: None,
        }
    }

    /// Adds a request to be sent. Returns whether it is the first one that waits for a departure.
    pub fn want(&mut self, exchange: Exchange) -> bool {
        self.exchanges.push_back(exchange);
        self.exchanges.len() == self.sent + 1
    }

    /// It is to be opened though there is nothing to send.
    pub const fn want_open(&mut self) {
        self.is_wanted = true;
    }

    /// How long it took to open it is nobody's.
    pub fn warmed(&mut self) {
        if self.is_open() {
            self.state = State::Open(Opened::default());
        }
    }

    /// It is to be closed as soon as nothing is on its way. Returns whether that is now.
    pub const fn retire(&mut self) -> bool {
        self.retires = self.is_open();
        self.is_done()
    }

    /// Whether it is open, has nothing on its way, and carries no more.
    pub const fn is_done(&self) -> bool {
        self.is_open() && self.sent == 0 && (self.retires || self.carried >= self.terms.requests_most)
    }

    /// Whether requests wait for a departure.
    pub fn has_unsent(&self) -> bool {
        self.exchanges.len() > self.sent
    }

    /// Whether something waits for a departure.
    pub fn has_work(&self) -> bool {
        self.has_unsent() || self.outbox.has_more()
    }

    /// Whether it is being opened.
    pub const fn is_opening(&self) -> bool {
        matches!(self.state, State::Opening(..))
    }

    /// Whether it is open.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open(..))
    }

    /// Whether the wire knows of it.
    pub const fn is_wired(&self) -> bool {
        !matches!(self.state, State::Shut | State::Opening(_, Stage::Resolving))
    }

    /// When what it waits for is late.
    pub fn deadline(&self, timeouts: &Timeouts) -> Nanos {
        match self.state {
            State::Shut => NEVER,
            State::Opening(_, Stage::Securing { since }) => since.after(timeouts.tls),
            State::Opening(began, _) => began.after(timeouts.connect),
            State::Open(_) => {
                let Some((front, sent)) = self.front_sent() else { return NEVER };
                let whole = sent.after(timeouts.request);
                let first = timeouts.first_byte.filter(|_| front.first_byte.is_none());
                let begun = first.map_or(NEVER, |first_byte| sent.after(first_byte));
                whole.min(begun).min(self.outbox.waits_until().unwrap_or(NEVER))
            }
        }
    }

    /// What is late when the deadline has come: what it waited for has failed, or nothing where it waits no longer.
    pub fn late(&mut self, timeouts: &Timeouts, now: Nanos) -> Option<Failure> {
        match self.state {
            State::Shut => None,
            State::Opening(_, Stage::Securing { .. }) => Some(Failure::TlsTimeout),
            State::Opening(..) => Some(Failure::ConnectTimeout),
            State::Open(_) => {
                let (_, sent) = self.front_sent()?;
                if now >= sent.after(timeouts.request) {
                    return Some(Failure::Timeout);
                }
                if self.outbox.waits_until().is_some_and(|until| until <= now) {
                    self.outbox.release();
                    return None;
                }
                Some(Failure::FirstByteTimeout)
            }
        }
    }

    /// The exchange in front, where it is on its way, and since when.
    fn front_sent(&self) -> Option<(&Exchange, Nanos)> {
        let front = self.exchanges.front()?;
        front.sent.map(|(at, _)| (front, at))
    }

    /// The time has come to send what is wanted. A connection that has to be opened gets this number.
    pub fn depart(&mut self, spare: &mut Spare, next_number: u64, now: Nanos) -> Departure {
        if self.outbox.is_busy() {
            return Departure::Nothing;
        }
        match self.state {
            State::Shut if self.has_unsent() || self.is_wanted => {
                (self.state, self.number) = (State::Opening(now, Stage::Resolving), next_number);
                self.is_wanted = false;
                Departure::Open
            }
            State::Shut => Departure::Nothing,
            State::Opening(..) => {
                self.outbox.flush(spare).map_or(Departure::Nothing, |bytes| Departure::Send(bytes, 0))
            }
            State::Open(_) => self.send(spare, now).unwrap_or(Departure::Broken),
        }
    }

    /// Sends what there is to send: of requests all that may be sent, a single one as it lies there, several put together.
    fn send(&mut self, spare: &mut Spare, now: Nanos) -> Result<Departure, Unsealed> {
        if let Some(bytes) = self.outbox.flush(spare) {
            return Ok(Departure::Send(bytes, 0));
        }
        if self.outbox.is_amid_body() {
            if !self.outbox.has_more() {
                return Ok(Departure::Nothing);
            }
            let (outgoing, bytes) = self.outbox.send_rest(self.session.as_deref_mut(), spare)?;
            if let Some(exchange) = self.sent.checked_sub(1).and_then(|place| self.exchanges.get_mut(place)) {
                exchange.bytes_sent += bytes as u64;
            }
            return Ok(Departure::Send(outgoing, 0));
        }
        let room = (self.terms.requests_most - self.carried) as usize;
        let until = self.exchanges.len().min(self.sent + room);
        if self.sent == until || self.retires {
            return Ok(Departure::Nothing);
        }
        let opened = std::mem::replace(&mut self.state, State::Open(Opened::default()));
        if let State::Open(opened) = opened {
            let first = &mut self.exchanges[self.sent];
            (first.connecting, first.securing) = (opened.connecting, opened.securing);
        }
        let from = self.sent;
        let mut outgoing = self.leave(now);
        while self.sent < until && !self.outbox.is_amid_body() {
            outgoing = joined(outgoing, self.leave(now), spare);
        }
        let outgoing = self.outbox.send(outgoing, self.terms.is_shared, self.session.as_deref_mut(), spare)?;
        Ok(Departure::Send(outgoing, (self.sent - from) as u64))
    }

    /// The next request leaves: all of it, or its head.
    fn leave(&mut self, now: Nanos) -> Outgoing {
        let exchange = &mut self.exchanges[self.sent];
        self.sent += 1;
        self.carried += 1;
        let message = exchange.message;
        let mut outgoing = match exchange.composed.take() {
            Some(composed) => Outgoing::Composed(composed),
            None => Outgoing::Prepared(message.fixed.as_deref().unwrap_or_default()),
        };
        exchange.sent = Some((now, self.number));
        if message.expects_continue || exchange.upload.is_some() {
            let until = message.expects_continue.then(|| now.after(CONTINUE_PATIENCE));
            match (exchange.upload.take(), until) {
                (Some(file), _) => self.outbox.keep_file(file, until),
                (None, Some(until)) => outgoing = self.outbox.keep_body_of(outgoing, until),
                (None, None) => {}
            }
        }
        exchange.bytes_sent = outgoing.bytes().len() as u64;
        outgoing
    }

    /// What was put together is sent.
    pub fn departed(&mut self) {
        self.outbox.departed();
    }

    /// What has come, with what was kept of what came before.
    pub fn join<'a>(&mut self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        if self.kept.is_empty() {
            return Cow::Borrowed(bytes);
        }
        let mut joined = std::mem::take(&mut self.kept);
        joined.extend_from_slice(bytes);
        Cow::Owned(joined)
    }

    /// Takes bytes that have come, up to the end of the answer in front. What of a part is not dealt with is kept.
    /// There is a memo for the answers to each request.
    pub fn feed(&mut self, bytes: &[u8], memos: &mut [Memo], spare: &mut Spare, now: Nanos) -> Fed {
        let Some(front) = self.exchanges.front_mut().filter(|_| self.sent > 0) else { return Fed::Unasked };
        front.first_byte.get_or_insert(now);
        let message = front.message;
        let framing = self.framing.get_or_insert_with(|| Framing::new(message.is_head));
        if !message.needs.is_nothing() && self.content.is_none() {
            self.content = Some(spare.content());
        }
        let Ok(progress) = framing.feed(bytes, &mut memos[usize::from(message.request.0)], self.content.as_deref_mut())
        else {
            front.bytes_received += bytes.len() as u64;
            return Fed::Bad;
        };
        front.bytes_received += progress.consumed as u64;
        if framing.continues() {
            self.outbox.release();
        }
        if progress.done {
            // A request that is answered before all of it is sent leaves a connection that nothing else can be sent over.
            let is_cut = self.sent == 1 && self.outbox.is_amid_body();
            let (status, keep_alive) = (framing.status(), framing.keep_alive() && !is_cut);
            return Fed::Whole { consumed: progress.consumed, status, keep_alive };
        }
        self.kept.extend_from_slice(&bytes[progress.consumed..]);
        Fed::Part
    }

    /// Nothing more will come: the status of the answer in front, where it is whole with that.
    pub fn finish_at_close(&mut self) -> Option<u16> {
        // An end that the other side has not sealed may be anybody's.
        if self.session.as_ref().is_some_and(|session| !session.has_ended()) {
            return None;
        }
        let framing = self.framing.as_mut()?;
        framing.finish_at_close().then(|| framing.status())
    }

    /// The exchange in front, which is over, with what was kept of its answer. `None` where none is on its way.
    pub fn finish(&mut self) -> Option<(Exchange, Option<Box<Content>>)> {
        self.sent = self.sent.checked_sub(1)?;
        self.framing = None;
        let mut exchange = self.exchanges.pop_front()?;
        exchange.bytes_received += std::mem::take(&mut self.kept).len() as u64;
        Some((exchange, self.content.take()))
    }

    /// It is shut. What was on its way has still to be finished, what was not sent yet waits for the next opening.
    pub fn shut(&mut self) {
        self.state = State::Shut;
        self.outbox.clear();
        self.session = None;
        self.carried = 0;
        self.retires = false;
    }

    /// What waits for it to be opened is given up, and so is opening it.
    pub fn abandon(&mut self, now: Nanos) -> VecDeque<Exchange> {
        let opened = self.opened_until(now);
        self.shut();
        let mut exchanges = std::mem::take(&mut self.exchanges);
        if let Some(first) = exchanges.front_mut() {
            (first.connecting, first.securing) = (opened.connecting, opened.securing);
        }
        exchanges
    }
}

/// Requests behind each other as one piece.
fn joined(first: Outgoing, second: Outgoing, spare: &mut Spare) -> Outgoing {
    let mut composed = match first {
        Outgoing::Composed(bytes) => bytes,
        Outgoing::Prepared(bytes) | Outgoing::Streamed(bytes) => {
            let mut composed = spare.buffer();
            composed.extend_from_slice(bytes);
            composed
        }
    };
    composed.extend_from_slice(second.bytes());
    if let Outgoing::Composed(bytes) = second {
        spare.give_buffer(bytes);
    }
    Outgoing::Composed(composed)
}
