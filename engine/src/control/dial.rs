//! The dial that all cores read: changes of the load, each with the instant at which it takes effect on all of them.
//!
//! It is written by one, ahead of time, and read without a lock: a reader compares a number with the one it knows, which is
//! all that it costs as long as nothing changes.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use runlog::control::Control;
use runlog::course::Course;
use runlog::units::Nanos;

/// How often a load may be changed: a bound for the memory, far beyond what a person does.
const MOST: usize = 4_096;

/// The changes so far, in the order in which they take effect.
#[derive(Debug)]
pub struct Dial {
    changes: Box<[OnceLock<Control>]>,
    count: AtomicUsize,
}

impl Default for Dial {
    fn default() -> Self {
        Self { changes: (0..MOST).map(|_| OnceLock::new()).collect(), count: AtomicUsize::new(0) }
    }
}

impl Dial {
    /// Whether there is room for another change, and for one that undoes it.
    pub fn has_room(&self) -> bool {
        self.count() + 2 <= MOST
    }

    /// Adds a change, which takes effect after all others. To be called by one at a time. Says whether there was room.
    pub fn turn(&self, control: Control) -> bool {
        let count = self.count();
        let is_added = self.changes.get(count).is_some_and(|free| free.set(control).is_ok());
        if is_added {
            self.count.store(count + 1, Ordering::SeqCst);
        }
        is_added
    }

    /// How many changes there are.
    pub fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// The change of this number, from 0.
    pub fn change(&self, number: usize) -> Option<&Control> {
        self.changes.get(number)?.get()
    }
}

/// What one reader has read of the dial, and the course that follows from it.
#[derive(Debug, Default)]
pub struct Reading {
    course: Course,
    read: usize,
}

impl Reading {
    /// The next change that was not read yet.
    pub fn next<'d>(&mut self, dial: &'d Dial) -> Option<&'d Control> {
        if dial.count() == self.read {
            return None;
        }
        let control = dial.change(self.read)?;
        self.read += 1;
        self.course.turn(control.at, control.change);
        Some(control)
    }

    /// Reads everything that is new.
    pub fn catch_up(&mut self, dial: &Dial) {
        while self.next(dial).is_some() {}
    }

    /// The course, as far as it was read.
    pub const fn course(&self) -> &Course {
        &self.course
    }

    /// How many times the planned rate is followed from the last change on.
    pub fn factor(&self) -> f64 {
        self.course.rates().last().map_or(1.0, |&(_, factor)| factor)
    }

    /// Whether the load is to stand still from the last change on.
    pub fn is_paused(&self) -> bool {
        self.course.pause_at(Nanos(u64::MAX)).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runlog::change::Change;

    fn control(at: u64, change: Change) -> Control {
        Control { at: Nanos(at), change, by: None }
    }

    #[test]
    fn a_reader_reads_every_change_once_and_in_order() {
        let dial = Dial::default();
        let mut reading = Reading::default();
        assert_eq!(reading.next(&dial), None);
        assert!(dial.turn(control(5, Change::Pause)) && dial.turn(control(9, Change::Resume)));
        assert_eq!(reading.next(&dial), Some(&control(5, Change::Pause)));
        assert!(reading.is_paused());
        assert_eq!(reading.next(&dial), Some(&control(9, Change::Resume)));
        assert_eq!(reading.next(&dial), None);
        assert!(!reading.is_paused() && reading.course().run_time(Nanos(7)) == Some(Nanos(11)));
    }

    #[test]
    fn a_pause_always_leaves_room_to_resume() {
        let dial = Dial::default();
        let mut at = 0;
        while dial.has_room() {
            at += 1;
            assert!(dial.turn(control(at, Change::Pause)));
        }
        assert!(dial.turn(control(at + 1, Change::Resume)));
        assert!(!dial.turn(control(at + 2, Change::Pause)));
        assert_eq!(dial.count(), MOST);
    }
}
