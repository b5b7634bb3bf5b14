//! The open model's virtual users of one scenario on one core: who is free, how many there may be, and the arrivals
//! that wait because nobody is.

use std::collections::VecDeque;

use runlog::units::Nanos;

use super::vu::VuPlace;
use crate::plan::schedule::Arrival;

/// How many arrivals may wait; more are dropped. Bounds the memory of a run against a server that does not answer.
pub const BACKLOG_MOST: usize = 65_536;

/// What an arrival finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A virtual user that is free.
    Free(VuPlace),
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
    made: u32,
    /// The last one to be free is the first to be taken: its connection is the least likely to have been closed.
    free: Vec<VuPlace>,
    backlog: VecDeque<Arrival>,
    /// Iterations that are going on.
    busy: u32,
}

impl Pool {
    /// A pool of at most so many virtual users.
    pub const fn new(most: u32) -> Self {
        Self { most, made: 0, free: Vec::new(), backlog: VecDeque::new(), busy: 0 }
    }

    /// Finds a place for an arrival, and gives it to it.
    pub fn place(&mut self, arrival: Arrival) -> Place {
        if let Some(vu) = self.free.pop() {
            self.busy += 1;
            return Place::Free(vu);
        }
        if self.made < self.most {
            let number = self.made;
            self.made += 1;
            self.busy += 1;
            return Place::New(number);
        }
        if self.backlog.len() < BACKLOG_MOST {
            self.backlog.push_back(arrival);
            Place::Waiting
        } else {
            Place::None
        }
    }

    /// Room for another virtual user before there is anything for it to do; nothing where all are there.
    pub fn make(&mut self) -> Option<u32> {
        (self.made < self.most).then(|| {
            self.made += 1;
            self.made - 1
        })
    }

    /// An iteration begins.
    pub const fn begin(&mut self) {
        self.busy += 1;
    }

    /// An iteration has ended.
    pub const fn end(&mut self) {
        self.busy -= 1;
    }

    /// The arrival that has waited longest.
    pub fn next_waiting(&mut self) -> Option<Arrival> {
        self.backlog.pop_front()
    }

    /// The arrival that has waited longest, if it was scheduled before an instant.
    pub fn waiting_since_before(&mut self, instant: Nanos) -> Option<Arrival> {
        self.backlog.pop_front_if(|arrival| arrival.at < instant)
    }

    /// A virtual user is free.
    pub fn release(&mut self, vu: VuPlace) {
        self.free.push(vu);
    }

    /// How many arrivals wait.
    pub fn backlog(&self) -> usize {
        self.backlog.len()
    }

    /// How many iterations are going on.
    pub const fn busy(&self) -> u32 {
        self.busy
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
        let mut pool = Pool::new(2);
        assert_eq!(pool.place(arrival(0)), Place::New(0));
        assert_eq!(pool.place(arrival(1)), Place::New(1));
        assert_eq!(pool.place(arrival(2)), Place::Waiting);
        assert_eq!((pool.busy(), pool.backlog()), (2, 1));
        assert_eq!(pool.next_waiting(), Some(arrival(2)));
        pool.end();
        pool.release(VuPlace(7));
        assert_eq!(pool.place(arrival(3)), Place::Free(VuPlace(7)));
    }

    #[test]
    fn the_backlog_is_bounded() {
        let mut pool = Pool::new(0);
        for number in 0..BACKLOG_MOST as u64 {
            assert_eq!(pool.place(arrival(number)), Place::Waiting);
        }
        assert_eq!(pool.place(arrival(0)), Place::None);
    }

    #[test]
    fn only_those_who_have_waited_too_long_are_given_up() {
        let mut pool = Pool::new(0);
        pool.place(arrival(5));
        assert_eq!(pool.waiting_since_before(Nanos(5)), None);
        assert_eq!(pool.waiting_since_before(Nanos(6)), Some(arrival(5)));
    }
}
