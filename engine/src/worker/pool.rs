//! The open model's virtual users of one scenario on one core: who is free, how many there may be, and the arrivals
//! that wait because nobody is.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use runlog::units::Nanos;

use crate::plan::schedule::Arrival;

/// How many arrivals may wait; more are dropped. Bounds the memory of a run against a server that does not answer.
pub const BACKLOG_MOST: usize = 65_536;

/// What an arrival finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A virtual user that is free, by its lane.
    Free(usize),
    /// Room for another virtual user.
    New(u32),
    /// Nobody free: it waits.
    Waiting,
    /// Nobody free and too many waiting: it is dropped.
    None,
}

/// The virtual users of one scenario on one core.
#[derive(Debug)]
pub struct Pool {
    most: u32,
    made: Cell<u32>,
    /// The last one to be free is the first to be taken: its connection is the least likely to have been closed.
    free: RefCell<Vec<usize>>,
    backlog: RefCell<VecDeque<Arrival>>,
    /// Iterations that are going on.
    busy: Cell<u32>,
}

impl Pool {
    /// A pool of at most so many virtual users.
    pub const fn new(most: u32) -> Self {
        Self {
            most,
            made: Cell::new(0),
            free: RefCell::new(Vec::new()),
            backlog: RefCell::new(VecDeque::new()),
            busy: Cell::new(0),
        }
    }

    /// Finds a place for an arrival, and gives it to it.
    pub fn place(&self, arrival: Arrival) -> Place {
        if let Some(lane) = self.free.borrow_mut().pop() {
            self.begin();
            return Place::Free(lane);
        }
        if self.made.get() < self.most {
            let number = self.made.get();
            self.made.set(number + 1);
            self.begin();
            return Place::New(number);
        }
        let mut backlog = self.backlog.borrow_mut();
        if backlog.len() < BACKLOG_MOST {
            backlog.push_back(arrival);
            Place::Waiting
        } else {
            Place::None
        }
    }

    /// An iteration begins.
    pub fn begin(&self) {
        self.busy.set(self.busy.get() + 1);
    }

    /// An iteration has ended.
    pub fn end(&self) {
        self.busy.set(self.busy.get() - 1);
    }

    /// The arrival that has waited longest.
    pub fn next_waiting(&self) -> Option<Arrival> {
        self.backlog.borrow_mut().pop_front()
    }

    /// The arrival that has waited longest, if it was scheduled before an instant.
    pub fn waiting_since_before(&self, instant: Nanos) -> Option<Arrival> {
        let mut backlog = self.backlog.borrow_mut();
        if backlog.front().is_some_and(|arrival| arrival.at < instant) { backlog.pop_front() } else { None }
    }

    /// A virtual user is free.
    pub fn release(&self, lane: usize) {
        self.free.borrow_mut().push(lane);
    }

    /// How many arrivals wait.
    pub fn backlog(&self) -> usize {
        self.backlog.borrow().len()
    }

    /// How many iterations are going on.
    pub const fn busy(&self) -> u32 {
        self.busy.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arrival(number: u64) -> Arrival {
        Arrival { number, at: Nanos(number) }
    }

    #[test]
    fn arrivals_take_new_places_then_free_ones_then_wait() {
        let pool = Pool::new(2);
        assert_eq!(pool.place(arrival(0)), Place::New(0));
        assert_eq!(pool.place(arrival(1)), Place::New(1));
        assert_eq!(pool.place(arrival(2)), Place::Waiting);
        assert_eq!((pool.busy(), pool.backlog()), (2, 1));
        assert_eq!(pool.next_waiting(), Some(arrival(2)));
        pool.end();
        pool.release(7);
        assert_eq!(pool.place(arrival(3)), Place::Free(7));
    }

    #[test]
    fn the_backlog_is_bounded() {
        let pool = Pool::new(0);
        for number in 0..BACKLOG_MOST as u64 {
            assert_eq!(pool.place(arrival(number)), Place::Waiting);
        }
        assert_eq!(pool.place(arrival(0)), Place::None);
    }

    #[test]
    fn only_those_who_have_waited_too_long_are_given_up() {
        let pool = Pool::new(0);
        pool.place(arrival(5));
        assert_eq!(pool.waiting_since_before(Nanos(5)), None);
        assert_eq!(pool.waiting_since_before(Nanos(6)), Some(arrival(5)));
    }
}
