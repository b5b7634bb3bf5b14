//! How a run is stopped before its time: by a signal, by a key, by hand, or because it cannot go on.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;

/// Asked by every worker now and then, set by whoever stops the run.
#[derive(Debug, Default)]
pub struct Stop {
    interrupted: Arc<AtomicBool>,
    /// Who has interrupted it, where no signal did.
    interruption: OnceLock<String>,
    /// Whether another signal ends the process at once.
    impatient: Arc<AtomicBool>,
    failed: AtomicBool,
    reason: OnceLock<String>,
    abortion: OnceLock<String>,
}

impl Stop {
    /// From now on an interrupt, a termination signal or the loss of the terminal stops the run in order. Who has said
    /// (with `nohup`) that the loss of the terminal is to change nothing is heard.
    ///
    /// # Errors
    /// What the system says.
    pub fn on_signals(&self) -> std::io::Result<()> {
        let lost = (!ignores_hangup()).then_some(SIGHUP);
        for signal in [SIGINT, SIGTERM].into_iter().chain(lost) {
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

    /// Stops the run in order, as a signal does: somebody wants that who can say so otherwise. The first counts.
    pub fn interrupt(&self, by_whom: impl FnOnce() -> String) {
        if !self.interrupted() {
            self.interruption.get_or_init(by_whom);
        }
        self.interrupted.store(true, Ordering::Release);
    }

    /// Stops the run because it cannot go on. The first reason counts.
    pub fn fail(&self, reason: impl FnOnce() -> String) {
        self.reason.get_or_init(reason);
        self.failed.store(true, Ordering::Release);
    }

    /// Stops the run in order because it need not go on. Says nothing where it is to stop already.
    pub fn abort(&self, reason: impl FnOnce() -> String) {
        if !self.requested() {
            self.abortion.get_or_init(reason);
        }
    }

    /// Whether the run is to stop.
    pub fn requested(&self) -> bool {
        self.interrupted() || self.failed.load(Ordering::Acquire) || self.abortion.get().is_some()
    }

    /// Whether somebody stopped it: by a signal, by a key, or by asking for it.
    pub fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Acquire)
    }

    /// What interrupted it; `None` where nothing did.
    pub fn interruption(&self) -> Option<&str> {
        let by_whom = self.interruption.get().map_or("stopped by a signal", String::as_str);
        self.interrupted().then_some(by_whom)
    }

    /// Why it cannot go on.
    pub fn failure(&self) -> Option<&str> {
        self.reason.get().map(String::as_str)
    }

    /// Why it need not go on.
    pub fn abortion(&self) -> Option<&str> {
        self.abortion.get().map(String::as_str)
    }
}

/// Whether this process was started so that the loss of its terminal changes nothing.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    ignored.is_some_and(|mask| mask & (1 << (SIGHUP - 1)) != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_reason_to_abort_counts() {
        let stop = Stop::default();
        stop.abort(|| "the first".to_owned());
        stop.abort(|| "the second".to_owned());
        assert!(stop.requested());
        assert_eq!((stop.abortion(), stop.failure()), (Some("the first"), None));
    }

    #[test]
    fn what_stops_already_is_not_aborted() {
        let stop = Stop::default();
        stop.fail(|| "no target".to_owned());
        stop.abort(|| "too slow".to_owned());
        assert_eq!((stop.abortion(), stop.failure()), (None, Some("no target")));
    }

    #[test]
    fn who_interrupts_first_is_the_one() {
        let stop = Stop::default();
        assert_eq!(stop.interruption(), None);
        stop.interrupt(|| "stopped by a key".to_owned());
        stop.interrupt(|| "stopped by hand".to_owned());
        assert_eq!((stop.interrupted(), stop.interruption()), (true, Some("stopped by a key")));
    }
}
