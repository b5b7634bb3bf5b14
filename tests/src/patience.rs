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
