//! One connection as its worker sees it: the requests on it in their order, and how far the answer in front has come.

use std::borrow::Cow;
use std::collections::VecDeque;

use runlog::units::Nanos;

use super::exchange::Exchange;
use super::framing::{Framing, Memo};
use super::spare::Spare;
use crate::answer::Content;
use crate::wire::Outgoing;

/// Never: a deadline that does not come.
pub const NEVER: Nanos = Nanos(u64::MAX);

/// A connection, open or not, with what is wanted of it.
#[derive(Debug)]
pub struct Line {
    state: State,
    /// Which connection of its core this is, or was, or will be.
    number: u64,
    /// Those sent in front, those to be sent behind them.
    exchanges: VecDeque<Exchange>,
    /// How many of them are sent.
    sent: usize,
    /// The answer in front, once its first byte is here.
    framing: Option<Framing>,
    /// The beginning of a head that is not complete.
    kept: Vec<u8>,
    /// What is kept of the answer in front, where it is to be looked into.
    content: Option<Box<Content>>,
    /// Whether a piece put together for one time is being sent: nothing overtakes it.
    is_sending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Shut,
    /// Being opened since then.
    Opening(Nanos),
    /// Open. How long that took is told to the first request sent over it, and then forgotten.
    Open(Nanos),
}

/// What a line needs done that has something to send.
#[derive(Debug)]
pub enum Departure {
    /// A connection.
    Open,
    /// This to be sent: so many requests.
    Send(Outgoing, u64),
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
    pub const fn new() -> Self {
        Self {
            state: State::Shut,
            number: 0,
            exchanges: VecDeque::new(),
            sent: 0,
            framing: None,
            kept: Vec::new(),
            content: None,
            is_sending: false,
        }
    }

    /// Adds a request to be sent. Returns whether it is the first one that waits for a departure.
    pub fn want(&mut self, exchange: Exchange) -> bool {
        self.exchanges.push_back(exchange);
        self.exchanges.len() == self.sent + 1
    }

    /// Whether requests wait for a departure.
    pub fn has_unsent(&self) -> bool {
        self.exchanges.len() > self.sent
    }

    /// Whether it is being opened.
    pub const fn is_opening(&self) -> bool {
        matches!(self.state, State::Opening(_))
    }

    /// Whether it is open.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, State::Open(..))
    }

    /// When what it waits for is late: an answer after `timeout`, and so a connection.
    pub fn deadline(&self, timeout: Nanos) -> Nanos {
        let since = match (self.state, self.exchanges.front()) {
            (State::Opening(began), _) => Some(began),
            (State::Open(..), Some(front)) => front.sent.map(|(at, _)| at),
            _ => None,
        };
        since.map_or(NEVER, |since| since.after(timeout))
    }

    /// The time has come to send what is wanted. A connection that has to be opened gets this number.
    pub fn depart(&mut self, spare: &mut Spare, next_number: u64, now: Nanos) -> Departure {
        match self.state {
            _ if !self.has_unsent() || self.is_sending => Departure::Nothing,
            State::Opening(_) => Departure::Nothing,
            State::Shut => {
                (self.state, self.number) = (State::Opening(now), next_number);
                Departure::Open
            }
            State::Open(connecting) => {
                self.state = State::Open(Nanos::ZERO);
                self.exchanges[self.sent].connecting = connecting;
                self.send(spare, now)
            }
        }
    }

    /// Sends all that is wanted: a single request as it lies there, several put together.
    fn send(&mut self, spare: &mut Spare, now: Nanos) -> Departure {
        let unsent = self.exchanges.len() - self.sent;
        let outgoing = if unsent == 1 {
            leave(&mut self.exchanges[self.sent], self.number, now)
        } else {
            let mut composed = spare.buffer();
            for exchange in self.exchanges.range_mut(self.sent..) {
                match leave(exchange, self.number, now) {
                    Outgoing::Prepared(bytes) => composed.extend_from_slice(bytes),
                    Outgoing::Composed(bytes) => {
                        composed.extend_from_slice(&bytes);
                        spare.give_buffer(bytes);
                    }
                }
            }
            Outgoing::Composed(composed)
        };
        self.sent = self.exchanges.len();
        self.is_sending = matches!(outgoing, Outgoing::Composed(_));
        Departure::Send(outgoing, unsent as u64)
    }

    /// What was put together is sent.
    pub const fn departed(&mut self) {
        self.is_sending = false;
    }

    /// It is open.
    pub fn opened(&mut self, now: Nanos) {
        if let State::Opening(began) = self.state {
            self.state = State::Open(now.since(began));
        }
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
        if progress.done {
            let (status, keep_alive) = (framing.status(), framing.keep_alive());
            return Fed::Whole { consumed: progress.consumed, status, keep_alive };
        }
        self.kept.extend_from_slice(&bytes[progress.consumed..]);
        Fed::Part
    }

    /// Nothing more will come: the status of the answer in front, where it is whole with that.
    pub fn finish_at_close(&mut self) -> Option<u16> {
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
        self.is_sending = false;
    }

    /// What waits for it to be opened is given up, and so is opening it.
    pub fn abandon(&mut self, now: Nanos) -> VecDeque<Exchange> {
        let took = if let State::Opening(began) = self.state { now.since(began) } else { Nanos::ZERO };
        self.shut();
        let mut exchanges = std::mem::take(&mut self.exchanges);
        if let Some(first) = exchanges.front_mut() {
            first.connecting = took;
        }
        exchanges
    }
}

fn leave(exchange: &mut Exchange, connection: u64, now: Nanos) -> Outgoing {
    let outgoing = match exchange.composed.take() {
        Some(composed) => Outgoing::Composed(composed),
        None => Outgoing::Prepared(exchange.message.fixed.as_deref().unwrap_or_default()),
    };
    exchange.sent = Some((now, connection));
    exchange.bytes_sent = outgoing.bytes().len() as u64;
    outgoing
}
