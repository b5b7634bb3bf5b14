//! One load at a time: tests that load the machine take turns, whichever process they run in.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::fs::File;

/// The turn of a test that loads the machine; over when dropped.
#[derive(Debug)]
#[must_use = "the turn is over when this is dropped"]
pub struct Alone(#[allow(dead_code, reason = "held for its lock")] File);

/// Waits for the turn of the calling test.
pub fn alone() -> Alone {
    // A file for each user: in a shared temporary folder nobody may open another's.
    let name = format!("drumfire-tests-{}.lock", rustix::process::getuid().as_raw());
    let path = std::env::temp_dir().join(name);
    let file = File::create(path).expect("a lock file can be made in the temporary folder");
    file.lock().expect("a file can be locked");
    Alone(file)
}
