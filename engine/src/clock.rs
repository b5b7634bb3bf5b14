//! The clock of a run, and the only place that asks the time.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use runlog::units::Nanos;

/// Monotonic time since t=0 of the run, the same for every core.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// A clock whose t=0 is so far from now, so that all cores are ready when it comes.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn starting_in(span: Nanos) -> Self {
        Self { start: Instant::now() + span.into() }
    }

    /// The time since t=0; zero before.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn now(&self) -> Nanos {
        Instant::now().saturating_duration_since(self.start).into()
    }

    /// How long until t=0; zero after.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn until_start(&self) -> Nanos {
        self.start.saturating_duration_since(Instant::now()).into()
    }

    /// The wall time of t=0, nanoseconds since the Unix epoch.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn start_unix_ns(&self) -> u64 {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let passed = Instant::now().saturating_duration_since(self.start);
        let until = self.start.saturating_duration_since(Instant::now());
        u64::try_from((now + until).saturating_sub(passed).as_nanos()).unwrap_or(u64::MAX)
    }
}
