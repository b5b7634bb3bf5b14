//! Which wire it is to be: the best that the kernel grants.

use std::fmt;

use super::{Ring, Runtime};

/// What sockets are driven by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Driver {
    /// An io_uring of our own: Linux 6.1 and later.
    Ring,
    /// monoio on an io_uring that does not interrupt the worker for completions: Linux 5.19.
    CoopRing,
    /// monoio on an io_uring: Linux 5.6.
    PlainRing,
    /// monoio on epoll: io_uring is switched off, refused by a container, or not known to the kernel.
    Epoll,
}

impl Driver {
    const BEST_FIRST: [Self; 4] = [Self::Ring, Self::CoopRing, Self::PlainRing, Self::Epoll];

    /// Those that work here, the best first.
    pub fn granted() -> impl Iterator<Item = Self> {
        Self::BEST_FIRST.into_iter().filter(|driver| driver.is_granted())
    }

    /// The best that works here.
    pub fn detect() -> Self {
        Self::granted().next().unwrap_or(Self::Epoll)
    }

    /// Whether the kernel grants it, now and for one connection.
    fn is_granted(self) -> bool {
        match self {
            Self::Ring => Ring::new(1).is_ok(),
            Self::CoopRing | Self::PlainRing | Self::Epoll => Runtime::new(self, 1).is_ok(),
        }
    }
}

impl fmt::Display for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ring => "io_uring (multishot receive, deferred task run)",
            Self::CoopRing => "io_uring by monoio (cooperative task run)",
            Self::PlainRing => "io_uring by monoio",
            Self::Epoll => "epoll by monoio (io_uring is not available: timing is in milliseconds)",
        })
    }
}
