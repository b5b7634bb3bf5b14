//! The runtime under a worker: monoio on an io_uring with the flags that make it fast, or on epoll where the kernel
//! refuses.

use std::fmt;
use std::future::Future;
use std::io;

use monoio::{IoUringDriver, LegacyDriver, Runtime, RuntimeBuilder, time::TimeDriver};

/// Submissions that fit into the ring at once; more are submitted early.
const ENTRIES: u32 = 4096;

/// What drives the sockets, the best that the kernel grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// io_uring whose completions are processed only when the worker asks for them (Linux 6.1): without it each request
    /// costs half as much again.
    DeferTaskRun,
    /// io_uring that does not interrupt the worker for completions (Linux 5.19).
    CoopTaskRun,
    /// io_uring without either.
    PlainRing,
    /// No io_uring: switched off, refused by a container, or not known to the kernel.
    Epoll,
}

impl Driver {
    const BEST_FIRST: [Self; 4] = [Self::DeferTaskRun, Self::CoopTaskRun, Self::PlainRing, Self::Epoll];

    /// The best that works here.
    pub fn detect() -> Self {
        Self::BEST_FIRST
            .into_iter()
            .find(|driver| driver.ring().is_none_or(|builder| builder.build(ENTRIES).is_ok()))
            .unwrap_or(Self::Epoll)
    }

    /// The ring's settings; `None` for epoll.
    fn ring(self) -> Option<io_uring::Builder> {
        let mut builder = io_uring::IoUring::builder();
        match self {
            Self::DeferTaskRun => builder.setup_single_issuer().setup_defer_taskrun(),
            Self::CoopTaskRun => builder.setup_coop_taskrun(),
            Self::PlainRing => &mut builder,
            Self::Epoll => return None,
        };
        Some(builder)
    }

    /// Makes a runtime for this thread and runs the future on it to its end.
    ///
    /// # Errors
    /// Where the kernel has changed its mind since `detect`.
    pub fn block_on<F: Future>(self, future: F) -> io::Result<F::Output> {
        if let Some(builder) = self.ring() {
            let builder = RuntimeBuilder::<IoUringDriver>::new().uring_builder(builder).with_entries(ENTRIES);
            return Ok(builder.build()?.block_on(future));
        }
        // Epoll has no timer of its own: monoio's wheel, in milliseconds, stands in.
        let mut runtime: Runtime<TimeDriver<LegacyDriver>> =
            RuntimeBuilder::<LegacyDriver>::new().enable_timer().build()?;
        Ok(runtime.block_on(future))
    }
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::DeferTaskRun => "io_uring (single issuer, deferred task run)",
            Self::CoopTaskRun => "io_uring (cooperative task run)",
            Self::PlainRing => "io_uring",
            Self::Epoll => "epoll (io_uring is not available: timing is in milliseconds)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_driver_that_is_granted_runs_a_future() {
        for driver in [Driver::detect(), Driver::Epoll] {
            assert_eq!(driver.block_on(async { 7 }).expect("granted"), 7, "{driver}");
        }
    }
}
