//! Sockets as connections want them, not connected yet.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, OwnedFd};

use rustix::io::Errno;
use rustix::net::sockopt::set_tcp_nodelay;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use crate::address::{Address, Way};

/// A socket for a way.
///
/// # Errors
/// What the kernel says: no descriptor is left, or the address that it is to start from is not this machine's.
pub fn socket_for(way: Way) -> Result<OwnedFd, Errno> {
    let family = match way.to {
        Address::Tcp(SocketAddr::V4(_)) => AddressFamily::INET,
        Address::Tcp(SocketAddr::V6(_)) => AddressFamily::INET6,
        Address::Unix(_) => AddressFamily::UNIX,
    };
    let socket = rustix::net::socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    if let Address::Tcp(_) = way.to {
        set_tcp_nodelay(&socket, true)?;
        if let Some(from) = way.from {
            start_from(&socket, from)?;
        }
    }
    Ok(socket)
}

/// The port is chosen when the socket is connected, when both ends are known: one that leads to another place, or whose
/// connection has just been closed, can be used again.
fn start_from(socket: &OwnedFd, from: IpAddr) -> Result<(), Errno> {
    let on: libc::c_int = 1;
    // SAFETY: the descriptor is open, and the option's value is the integer whose address and size are told.
    #[expect(unsafe_code, reason = "rustix does not know this option")]
    let set = unsafe {
        let size = size_of::<libc::c_int>() as libc::socklen_t;
        let value = (&raw const on).cast();
        libc::setsockopt(socket.as_raw_fd(), libc::IPPROTO_IP, libc::IP_BIND_ADDRESS_NO_PORT, value, size)
    };
    // A kernel that does not know it (before 4.2) chooses the port at once.
    let _ = set;
    rustix::net::bind(socket, &SocketAddr::new(from, 0))
}
