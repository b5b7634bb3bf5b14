//! The clock of a run, and the only place that asks the time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use runlog::units::Nanos;

/// How long before t=0 a worker stops sleeping: it would be woken late.
const AWAKE: Duration = Duration::from_millis(1);

/// A deadline that does not come.
pub const NEVER: Nanos = Nanos(u64::MAX);

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

    /// The time since t=0 in nanoseconds; negative before.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn signed_ns(&self) -> i64 {
        let now = Instant::now();
        let passed = |span: Duration| i64::try_from(span.as_nanos()).unwrap_or(i64::MAX);
        passed(now.saturating_duration_since(self.start)) - passed(self.start.saturating_duration_since(now))
    }

    /// Waits for t=0: asleep, and for the last moment awake.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn wait_for_start(&self) {
        loop {
            let left = self.start.saturating_duration_since(Instant::now());
            match left.checked_sub(AWAKE) {
                _ if left.is_zero() => return,
                Some(asleep) if !asleep.is_zero() => std::thread::park_timeout(asleep),
                _ => std::hint::spin_loop(),
            }
        }
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
