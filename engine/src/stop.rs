//! How a run is stopped before its time: by a signal, or because it cannot go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Asked by every worker now and then, set by whoever stops the run.
#[derive(Debug, Default)]
pub struct Stop {
    interrupted: Arc<AtomicBool>,
    failed: AtomicBool,
    reason: OnceLock<String>,
}

impl Stop {
    /// From now on an interrupt or a termination signal stops the run in order, and a second one at once.
    ///
    /// # Errors
    /// What the system says.
    pub fn on_signals(&self) -> std::io::Result<()> {
        for signal in [SIGINT, SIGTERM] {
            // The order matters: the second signal finds the flag set.
            flag::register_conditional_shutdown(signal, 130, Arc::clone(&self.interrupted))?;
            flag::register(signal, Arc::clone(&self.interrupted))?;
        }
        Ok(())
    }

    /// Stops the run because it cannot go on. The first reason counts.
    pub fn fail(&self, reason: impl FnOnce() -> String) {
        self.reason.get_or_init(reason);
        self.failed.store(true, Ordering::Release);
    }

    /// Whether the run is to stop.
    pub fn requested(&self) -> bool {
        self.interrupted() || self.failed.load(Ordering::Acquire)
    }

    /// Whether a signal stopped it.
    pub fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Acquire)
    }

    /// Why it cannot go on.
    pub fn failure(&self) -> Option<&str> {
        self.reason.get().map(String::as_str)
    }
}
