//! What somebody changes of the load by hand, as whoever watches sees it: the course it makes, and an event for each change.

use std::sync::Arc;

use runlog::control::Control;
use runlog::course::Course;
use runlog::units::Nanos;

use crate::control::{Desk, Dial, Reading, Vitals};

/// The changes of a load by hand.
#[derive(Debug)]
pub struct Hand {
    dial: &'static Dial,
    desk: Arc<Desk>,
    reading: Reading,
    /// How many changes were told.
    told: usize,
}

impl Hand {
    /// Those that come to this dial by way of this desk.
    pub fn new(dial: &'static Dial, desk: Arc<Desk>) -> Self {
        Self { dial, desk, reading: Reading::default(), told: 0 }
    }

    /// The next change that has taken effect by an instant and was not told yet. All there are are part of the course.
    pub fn next(&mut self, by: Nanos) -> Option<Control> {
        self.reading.catch_up(self.dial);
        let control = *self.dial.change(self.told).filter(|control| control.at <= by)?;
        self.told += 1;
        Some(control)
    }

    /// How the schedule is followed, as far as was seen.
    pub const fn course(&self) -> &Course {
        self.reading.course()
    }

    /// The load is doing so now, for whoever asks.
    pub fn tell(&self, vitals: Vitals) {
        self.desk.tell(vitals);
    }

    /// Whether a change came to the cores after the instant at which it was to take effect.
    pub fn was_late(&self) -> bool {
        self.desk.was_late()
    }
}
