//! Which wire it is to be: the best that the kernel grants.

use std::fmt;

use rustix::io::Errno;

use super::{Ring, Runtime};
use crate::host;

/// The kernel's setting that switches io_uring off.
pub const DISABLED: &str = "/proc/sys/kernel/io_uring_disabled";

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

    /// Why it is not the best there is; nothing where it is. `refused` is how this machine refuses every io_uring, where it
    /// does.
    pub fn shortcoming(self, refused: Option<Refused>) -> Option<Shortcoming> {
        match (self, refused) {
            (Self::Ring, _) => None,
            (Self::Epoll, Some(refused)) => Some(refused.explained()),
            (Self::CoopRing | Self::PlainRing | Self::Epoll, _) => {
                Some(Shortcoming::new("this kernel's io_uring lacks what the engine uses: Linux 6.1 has it", None))
            }
        }
    }

    /// Whether the kernel grants it, now and for one connection.
    fn is_granted(self) -> bool {
        match self {
            Self::Ring => Ring::new(1).is_ok(),
            Self::CoopRing | Self::PlainRing | Self::Epoll => Runtime::new(self, 1).is_ok(),
        }
    }
}

/// Why a driver is not the best there is, and what can be done about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortcoming {
    /// Why.
    pub reason: String,
    /// The command that mends it, where there is one.
    pub mend: Option<String>,
}

impl Shortcoming {
    fn new(reason: impl Into<String>, mend: Option<&str>) -> Self {
        Self { reason: reason.into(), mend: mend.map(str::to_owned) }
    }
}

impl fmt::Display for Shortcoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.mend {
            Some(mend) => write!(f, "{} (`{mend}`)", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

/// How a machine refuses every io_uring.
#[derive(Debug, Clone, Copy)]
pub struct Refused {
    /// What the kernel said.
    pub errno: Errno,
    /// `kernel.io_uring_disabled`, where the kernel has it.
    pub disabled: Option<u64>,
    /// The kernel's version.
    pub kernel: Option<(u32, u32)>,
}

impl Refused {
    /// The first Linux with any io_uring.
    const FIRST: (u32, u32) = (5, 1);

    /// How this machine does; nothing where it grants one.
    pub fn here() -> Option<Self> {
        let error = io_uring::IoUring::new(1).err()?;
        Some(Self {
            errno: Errno::from_io_error(&error).unwrap_or(Errno::NOSYS),
            disabled: host::number(DISABLED),
            kernel: host::kernel(),
        })
    }

    fn explained(self) -> Shortcoming {
        let container = || {
            let reason = "io_uring is refused, as containers do: allow it in the seccomp profile";
            Shortcoming::new(reason, Some("docker run --security-opt seccomp=unconfined …"))
        };
        match (self.errno, self.disabled) {
            (Errno::PERM, Some(disabled @ 1..)) => Shortcoming::new(
                format!("io_uring is switched off by kernel.io_uring_disabled = {disabled}"),
                Some("sysctl -w kernel.io_uring_disabled=0"),
            ),
            (Errno::PERM | Errno::ACCESS, _) => container(),
            // Some profiles say that there is no such call.
            (Errno::NOSYS, _) if self.kernel >= Some(Self::FIRST) => container(),
            (Errno::NOSYS, _) => Shortcoming::new("this kernel has no io_uring: Linux 6.1 has", None),
            (Errno::NOMEM, _) => Shortcoming::new("too little memory may be locked", Some("ulimit -l unlimited")),
            (errno, _) => Shortcoming::new(format!("io_uring is refused: {errno}"), None),
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
