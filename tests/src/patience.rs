//! Waiting for what cannot say that it has happened: asked again and again, for a bounded time.

#![allow(clippy::panic, clippy::disallowed_methods, reason = "the one place of the tests that sleeps")]

use std::time::{Duration, Instant};

/// The longest that anything is waited for; far more than it takes, so that only what never comes fails.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Asks until there is an answer, and returns it.
#[track_caller]
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let since = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(since.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// The fewest attempts at what may fail for no fault of its own.
const ATTEMPTS: u32 = 5;

/// Makes an attempt again until what comes of it is as it should be: a few times, and more often where attempts are short.
/// Returns what came of the last, whatever it is.
pub fn persistently<T>(mut attempt: impl FnMut() -> T, is_so: impl Fn(&T) -> bool) -> T {
    let since = Instant::now();
    let mut attempts = 1;
    loop {
        let outcome = attempt();
        if is_so(&outcome) || (attempts >= ATTEMPTS && since.elapsed() >= PATIENCE) {
            return outcome;
        }
        attempts += 1;
    }
}
