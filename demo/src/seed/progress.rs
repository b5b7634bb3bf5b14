//! How far the seeding is, for whoever waits: a line on standard error for each step, and one a second within it.

use std::io::{self, Write as _};
use std::time::Duration;

use crate::clock::Clock;

/// How often a step is told of; the clock is looked at every so many rows.
const EVERY: Duration = Duration::from_secs(1);
const ROWS: u64 = 1024;

/// How far one step is.
#[derive(Debug)]
pub(super) struct Progress {
    what: &'static str,
    total: u64,
    clock: Clock,
}

impl Progress {
    pub(super) fn of(what: &'static str, total: u64, clock: Clock) -> Self {
        Self { what, total, clock }
    }

    /// The same rows, told of while they go by.
    pub(super) fn told<T>(self, rows: impl Iterator<Item = T>) -> impl Iterator<Item = T> {
        let Self { what, total, clock } = self;
        let mut told = Duration::ZERO;
        (1_u64..).zip(rows).map(move |(number, row)| {
            if number == total || number.is_multiple_of(ROWS) && clock.now() >= told + EVERY {
                told = clock.now();
                say(told, format_args!("{what}: {number} of {total}"));
            }
            row
        })
    }

    /// A step that cannot be counted.
    pub(super) fn step(what: &str, clock: Clock) {
        say(clock.now(), format_args!("{what}"));
    }
}

/// A standard error that is closed has nobody who waits.
fn say(since_start: Duration, what: std::fmt::Arguments<'_>) {
    let _ = writeln!(io::stderr(), "{:>7.1} s  {what}", since_start.as_secs_f64());
}
