//! What somebody changes of the load by hand, as whoever watches sees it: the course it makes, and an event for each change.

use std::sync::Arc;

use runlog::control::Control;
use runlog::course::Course;
use runlog::units::Nanos;

use super::standing::Standing;
use crate::control::{Desk, Dial, Reading};
use crate::worker::report::Second;

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

    /// How the schedule is followed.
    pub fn course(&mut self) -> &Course {
        self.reading.catch_up(self.dial);
        self.reading.course()
    }

    /// The next change that has taken effect by an instant and was not told yet.
    pub fn next(&mut self, by: Nanos) -> Option<Control> {
        let control = *self.dial.change(self.told).filter(|control| control.at <= by)?;
        self.told += 1;
        Some(control)
    }

    /// Takes a core's last second, for whoever asks.
    pub fn hear(&self, second: &Second) {
        self.desk.standing().hear(second);
    }

    /// A threshold was seen not to hold.
    pub fn fell(&self, what: &str) {
        self.desk.standing().fell(what);
    }

    /// How many changes came to the cores after the instant at which they were to take effect.
    pub fn late(&self) -> u64 {
        Standing::late(&self.desk.standing())
    }
}
