//! How a run is stopped before its time: by a signal, or because it cannot go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

/// Asked by every worker now and then, set by whoever stops the run.
#[derive(Debug, Default)]
pub struct Stop {
    interrupted: Arc<AtomicBool>,
    /// Whether another signal ends the process at once.
    impatient: Arc<AtomicBool>,
    failed: AtomicBool,
    reason: OnceLock<String>,
}

impl Stop {
    /// From now on an interrupt or a termination signal stops the run in order.
    ///
    /// # Errors
    /// What the system says.
    pub fn on_signals(&self) -> std::io::Result<()> {
        for signal in [SIGINT, SIGTERM] {
            flag::register_conditional_shutdown(signal, 130, Arc::clone(&self.impatient))?;
            flag::register(signal, Arc::clone(&self.interrupted))?;
        }
        Ok(())
    }

    /// From now on another signal ends the process at once, rows or no rows. Not to be said right after the first one:
    /// `timeout` and terminals may send it twice.
    pub fn let_go(&self) {
        self.impatient.store(true, Ordering::Release);
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
