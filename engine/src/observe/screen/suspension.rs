//! Ctrl-Z: the terminal is given back before the process stops, and taken again when it goes on.

use std::fs;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::process::{Pid, getpgrp, getsid};
use signal_hook::consts::SIGTSTP;
use signal_hook::{flag, low_level};

/// Whether the process is to stop for a while.
#[derive(Debug)]
pub struct Suspension {
    asked: Arc<AtomicBool>,
}

impl Suspension {
    /// From now on the process stops when [`Self::stop`] is called; at once as long as `idle` says that there is nothing
    /// to be given back.
    ///
    /// # Errors
    /// What the system says.
    pub fn watch(idle: &Arc<AtomicBool>) -> io::Result<Self> {
        let asked = Arc::new(AtomicBool::new(false));
        // Where nobody could let it go on again, the kernel does not stop it, and neither do we.
        if has_job_control() {
            flag::register_conditional_default(SIGTSTP, Arc::clone(idle))?;
            flag::register(SIGTSTP, Arc::clone(&asked))?;
        }
        Ok(Self { asked })
    }

    /// Whether somebody has asked for it.
    pub fn is_asked(&self) -> bool {
        self.asked.load(Ordering::Acquire)
    }

    /// Stops until somebody lets it go on.
    pub fn stop(&self) {
        self.asked.store(false, Ordering::Release);
        // Where it cannot be stopped, it goes on.
        let _ = low_level::emulate_default_handler(SIGTSTP);
    }
}

/// Whether a shell waits for our process group, that can let it go on when it was stopped.
fn has_job_control() -> bool {
    let parent = parent_of(getpgrp());
    parent
        .is_some_and(|parent| matches!((getsid(Some(parent)), getsid(None)), (Ok(theirs), Ok(ours)) if theirs == ours))
}

fn parent_of(process: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", process.as_raw_nonzero())).ok()?;
    // `pid (name) state parent …`; the name may hold anything.
    let parent = stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()?;
    Pid::from_raw(parent)
}
