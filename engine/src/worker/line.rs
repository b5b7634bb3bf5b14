//! One connection as its worker sees it: the requests on it in their order, and how far the answer in front has come.

use std::borrow::Cow;
use std::collections::VecDeque;

use runlog::units::Nanos;

use super::exchange::Exchange;
use super::framing::{Framing, Memo};
use crate::plan::Request;
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
    /// Where several requests are put together to be sent at once. Not there while it is on its way.
    composing: Option<Vec<u8>>,
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
            composing: Some(Vec::new()),
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
    pub fn depart(&mut self, requests: &'static [Request], next_number: u64, now: Nanos) -> Departure {
        match self.state {
            _ if !self.has_unsent() => Departure::Nothing,
            State::Opening(_) => Departure::Nothing,
            State::Shut => {
                (self.state, self.number) = (State::Opening(now), next_number);
                Departure::Open
            }
            State::Open(connecting) => {
                self.state = State::Open(Nanos::ZERO);
                self.exchanges[self.sent].connecting = connecting;
                self.send(requests, now)
            }
        }
    }

    /// Sends all that is wanted: a single request as it lies there, several put together.
    fn send(&mut self, requests: &'static [Request], now: Nanos) -> Departure {
        let unsent = self.exchanges.len() - self.sent;
        if unsent == 1 {
            self.sent += 1;
            let bytes = leave(&mut self.exchanges[self.sent - 1], requests, self.number, now);
            return Departure::Send(Outgoing::Prepared(bytes), 1);
        }
        let Some(mut composed) = self.composing.take() else { return Departure::Nothing };
        for exchange in self.exchanges.range_mut(self.sent..) {
            composed.extend_from_slice(leave(exchange, requests, self.number, now));
        }
        self.sent = self.exchanges.len();
        Departure::Send(Outgoing::Composed(composed), unsent as u64)
    }

    /// What was put together is sent.
    pub fn departed(&mut self, mut buffer: Vec<u8>) {
        buffer.clear();
        self.composing = Some(buffer);
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
    pub fn feed(&mut self, bytes: &[u8], requests: &[Request], memos: &mut [Memo], now: Nanos) -> Fed {
        let Some(front) = self.exchanges.front_mut().filter(|_| self.sent > 0) else { return Fed::Unasked };
        front.first_byte.get_or_insert(now);
        let request = usize::from(front.request.0);
        let framing = self.framing.get_or_insert_with(|| Framing::new(requests[request].is_head));
        let Ok(progress) = framing.feed(bytes, &mut memos[request]) else {
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

    /// The exchange in front, which is over. `None` where none is on its way.
    pub fn finish(&mut self) -> Option<Exchange> {
        self.sent = self.sent.checked_sub(1)?;
        self.framing = None;
        let mut exchange = self.exchanges.pop_front()?;
        exchange.bytes_received += std::mem::take(&mut self.kept).len() as u64;
        Some(exchange)
    }

    /// It is shut. What was on its way has still to be finished, what was not sent yet waits for the next opening.
    pub fn shut(&mut self) {
        self.state = State::Shut;
        self.composing.get_or_insert_default();
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

fn leave(exchange: &mut Exchange, requests: &'static [Request], connection: u64, now: Nanos) -> &'static [u8] {
    let bytes = &requests[usize::from(exchange.request.0)].bytes;
    exchange.sent = Some((now, connection));
    exchange.bytes_sent = bytes.len() as u64;
    bytes
}
