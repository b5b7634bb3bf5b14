//! Starting a program on one processor.

use std::io;
use std::process::{Child, Command};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Starts a program that may use this processor only, with all the threads it will ever have.
///
/// # Errors
/// Where the processor does not exist or is not ours to use, or the program cannot be started.
pub fn spawn_on(cpu: usize, command: &mut Command) -> io::Result<Child> {
    let before = sched_getaffinity(None)?;
    let mut only = CpuSet::new();
    only.set(cpu);
    // A program inherits the processors of the thread that starts it.
    sched_setaffinity(None, &only)?;
    let child = command.spawn();
    sched_setaffinity(None, &before)?;
    child
}
