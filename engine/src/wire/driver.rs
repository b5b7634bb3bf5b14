//! Which wire it is to be: the best that the kernel grants.

use std::fmt;

use rustix::io::Errno;

use super::{Ring, Runtime};
use crate::host;

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

    /// Why it is not the best there is, and what can be done about it; nothing where it is.
    pub fn shortcoming(self) -> Option<String> {
        let reason = match (self, io_uring::IoUring::new(1)) {
            (Self::Ring, _) => return None,
            (Self::CoopRing | Self::PlainRing, _) | (Self::Epoll, Ok(_)) => {
                "this kernel's io_uring lacks what the engine uses: Linux 6.1 has it".to_owned()
            }
            (Self::Epoll, Err(error)) => refusal(&error),
        };
        Some(format!("driven by {self}: {reason}"))
    }

    /// Whether the kernel grants it, now and for one connection.
    fn is_granted(self) -> bool {
        match self {
            Self::Ring => Ring::new(1).is_ok(),
            Self::CoopRing | Self::PlainRing | Self::Epoll => Runtime::new(self, 1).is_ok(),
        }
    }
}

/// Why there is no io_uring.
fn refusal(error: &std::io::Error) -> String {
    match (error.raw_os_error().map(Errno::from_raw_os_error), host::system_setting("kernel/io_uring_disabled")) {
        (Some(Errno::PERM), Some(disabled @ 1..)) => {
            format!(
                "io_uring is switched off by kernel.io_uring_disabled = {disabled} (`sysctl -w kernel.io_uring_disabled=0`)"
            )
        }
        (Some(Errno::PERM | Errno::ACCESS), _) => {
            "io_uring is refused, as containers do: allow it in the seccomp profile (`--security-opt seccomp=…`)"
                .to_owned()
        }
        (Some(Errno::NOMEM), _) => "too little memory may be locked (`ulimit -l unlimited`)".to_owned(),
        (Some(Errno::NOSYS), _) => "this kernel has no io_uring: Linux 6.1 has".to_owned(),
        _ => format!("io_uring is refused: {error}"),
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
