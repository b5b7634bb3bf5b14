//! Where a host is: the only place that asks the resolver, once, before the load.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};

/// The addresses of a host, in the resolver's order.
///
/// # Errors
/// Where the resolver knows none, or cannot be asked.
pub fn addresses(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    (host, port).to_socket_addrs().map(Iterator::collect)
}
