//! Where figures are served: an address, taken before there is any load.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use runlog::units::Nanos;

/// An address that is ours: who connects from now on is answered when the load begins.
#[derive(Debug)]
pub struct Endpoint {
    listener: TcpListener,
    address: SocketAddr,
    linger: Nanos,
}

/// An address cannot be had.
#[derive(Debug, thiserror::Error)]
#[error(
    "metrics cannot be served at {address} (--metrics): {source}; write another address, or port 0 for one that is free"
)]
pub struct BindError {
    /// The address.
    address: SocketAddr,
    /// What the system said.
    source: io::Error,
}

impl Endpoint {
    /// Takes an address. When the load is over, its last figures can be had there for so long, or until they were.
    ///
    /// # Errors
    /// Where somebody else has it, or nobody may.
    pub fn bind(address: SocketAddr, linger: Nanos) -> Result<Self, BindError> {
        let bind = || {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address, linger })
        };
        bind().map_err(|source| BindError { address, source })
    }

    /// Where figures can be had, and until when.
    pub fn shown(&self) -> String {
        let url = format!("http://{}/metrics", self.address);
        if self.linger == Nanos::ZERO {
            return url;
        }
        format!("{url}, at the end for {} more unless scraped before", self.linger)
    }

    pub(super) fn into_parts(self) -> (TcpListener, Nanos) {
        (self.listener, self.linger)
    }
}

/// Reads an address: a port (`9464` or `:9464`), on loopback then, or an address with a port.
///
/// # Errors
/// Where it is neither.
pub fn parse_address(text: &str) -> Result<SocketAddr, String> {
    let port = text.strip_prefix(':').or_else(|| text.strip_prefix("localhost:")).unwrap_or(text);
    let on_loopback = port.parse().map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)).ok();
    on_loopback.or_else(|| text.parse().ok()).ok_or_else(|| {
        format!("`{text}` is no address: write a port of this machine, such as `9464`, or `0.0.0.0:9464` for others to reach it")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_on_loopback_unless_told_otherwise() {
        for (text, address) in [
            ("9464", "127.0.0.1:9464"),
            (":9464", "127.0.0.1:9464"),
            ("localhost:0", "127.0.0.1:0"),
            ("0.0.0.0:80", "0.0.0.0:80"),
            ("[::1]:9464", "[::1]:9464"),
        ] {
            assert_eq!(parse_address(text).map(|address| address.to_string()), Ok(address.to_owned()));
        }
        for text in ["", "99999", "shop.example:9464", "127.0.0.1", "::1", "-1", "http://127.0.0.1:9464"] {
            assert!(parse_address(text).is_err(), "{text}");
        }
    }

    #[test]
    fn who_lingers_says_so() {
        let shown = |linger| Endpoint::bind(parse_address("0").unwrap(), linger).unwrap().shown();
        assert!(shown(Nanos::ZERO).ends_with("/metrics"));
        assert!(shown(Nanos::from_secs(5)).ends_with("/metrics, at the end for 5.00 s more unless scraped before"));
    }

    #[test]
    fn an_address_that_is_taken_is_named() {
        let first = Endpoint::bind(parse_address("0").unwrap(), Nanos::ZERO).unwrap();
        let error = Endpoint::bind(first.address, Nanos::ZERO).unwrap_err().to_string();
        assert!(error.contains(&first.address.to_string()) && error.contains("--metrics"), "{error}");
    }
}
