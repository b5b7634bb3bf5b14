//! Where a connection leads to, and where it starts from.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;

use rustix::io::Errno;
use rustix::net::{SocketAddrAny, SocketAddrUnix};

/// Where a server listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Address {
    /// An address and a port.
    Tcp(SocketAddr),
    /// A Unix socket; its path lives as long as the process.
    Unix(&'static Path),
}

/// From where to where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    /// The address of this machine that it starts from, where that is said.
    pub from: Option<IpAddr>,
    /// Where it leads to.
    pub to: Address,
}

impl Address {
    /// The address as the kernel reads it.
    ///
    /// # Errors
    /// Where the path of a Unix socket is too long.
    pub fn for_kernel(self) -> Result<SocketAddrAny, Errno> {
        match self {
            Self::Tcp(address) => Ok(address.into()),
            Self::Unix(path) => SocketAddrUnix::new(path).map(Into::into),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => path.display().fmt(f),
        }
    }
}
