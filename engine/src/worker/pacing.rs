//! How punctual a worker is, and at what price: whether it sleeps or stays awake until the next arrival is due.
//!
//! A sleeper is woken late, by tens to hundreds of microseconds, the more the deeper the processor slept and the busier
//! its host is. So a worker that is to be punctual stops sleeping a while before an arrival is due, and stays awake.

use std::fmt;

use clap::ValueEnum;
use runlog::units::Nanos;

use crate::wire::Wait;

/// How much of a processor punctuality is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Pacing {
    /// Awake whenever an arrival is due within 2 ms: to the microsecond, for a processor that has nothing else to do.
    Precise,
    /// Awake for the last 200 µs before an arrival.
    #[default]
    Balanced,
    /// Asleep until an arrival is due, and then woken late.
    Frugal,
}

impl fmt::Display for Pacing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Precise => "precise",
            Self::Balanced => "balanced",
            Self::Frugal => "frugal",
        })
    }
}

impl Pacing {
    /// How long before an arrival is due the worker stays awake.
    pub const fn awake(self) -> Nanos {
        match self {
            Self::Precise => Nanos::from_millis(2),
            Self::Balanced => Nanos::from_micros(200),
            Self::Frugal => Nanos::ZERO,
        }
    }

    /// How to wait at `now` for what is due at `due` and must be punctual, and for `look`, which may be late.
    pub fn wait(self, now: Nanos, due: Nanos, look: Nanos) -> Wait {
        let asleep = due.since(self.awake()).min(look).since(now);
        if asleep > Nanos::ZERO { Wait::Asleep(asleep) } else { Wait::Awake(due.min(look)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn us(micros: u64) -> Nanos {
        Nanos::from_micros(micros)
    }

    #[test]
    fn near_an_arrival_the_worker_is_awake_and_far_from_it_asleep() {
        let wait = |pacing: Pacing, due| pacing.wait(us(1_000), us(due), us(11_000));
        assert_eq!(wait(Pacing::Balanced, 1_150), Wait::Awake(us(1_150)));
        assert_eq!(wait(Pacing::Balanced, 2_000), Wait::Asleep(us(800)));
        assert_eq!(wait(Pacing::Precise, 2_000), Wait::Awake(us(2_000)));
        assert_eq!(wait(Pacing::Frugal, 1_150), Wait::Asleep(us(150)));
        assert_eq!(wait(Pacing::Balanced, 900), Wait::Awake(us(900)), "overdue: no wait at all");
    }

    #[test]
    fn no_wait_is_longer_than_until_the_next_look() {
        assert_eq!(Pacing::Balanced.wait(us(0), Nanos(u64::MAX), us(10_000)), Wait::Asleep(us(10_000)));
        assert_eq!(Pacing::Precise.wait(us(0), us(1_500), us(1_000)), Wait::Awake(us(1_000)));
    }
}
