//! Whom the load goes to, as connections need it: addresses for names, bytes for proxies, a configuration for TLS.

use std::io;
use std::net::{IpAddr, SocketAddr};

use crate::address::Address;
use crate::scenario;
use crate::scenario::http::{Scheme, Url};
pub use crate::scenario::target::{Family, Lookup, Timeouts};
use crate::scenario::target::{Proxy, Route};
use crate::tls::{Security, TlsError};

/// Whom the load goes to.
#[derive(Debug, Clone)]
pub struct Target {
    /// The base URL as people read it, without credentials.
    pub base_url: String,
    /// Host and port as in the `Host` header.
    pub authority: String,
    /// Where connections lead to, which is the proxy where there is one: looked up once, before the load; never empty.
    pub addresses: Vec<Address>,
    /// The name behind the addresses, where it is looked up again.
    pub name: Option<Name>,
    /// Addresses of this machine that connections start from, in turns; any where there are none.
    pub sources: Vec<IpAddr>,
    /// How long what may take.
    pub timeouts: Timeouts,
    /// What a proxy is asked for a tunnel with.
    pub tunnel: Option<Box<[u8]>>,
    /// How connections are secured, where they are.
    pub security: Option<Security>,
}

/// A name that is looked up while the load runs.
#[derive(Debug, Clone)]
pub struct Name {
    /// The host.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Which of its addresses are used.
    pub family: Family,
    /// Again after so long; for every connection where that is nothing.
    pub every: Option<runlog::units::Nanos>,
}

/// Why a target cannot be reached, whoever listens there.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// Nobody knows the host.
    #[error("cannot find the host `{host}` of {base_url}: {reason}")]
    Unresolved {
        /// The host.
        host: String,
        /// The URL that names it.
        base_url: String,
        /// What the resolver says.
        reason: String,
    },
    /// TLS cannot be set up as it is wanted.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl Target {
    /// Finds out where a target is. `resolve` finds the addresses of a host.
    ///
    /// # Errors
    /// Where the host has no address, or TLS cannot be set up.
    pub fn new(
        target: &scenario::Target,
        resolve: impl FnOnce(&str, u16) -> io::Result<Vec<SocketAddr>>,
    ) -> Result<Self, TargetError> {
        let route = &target.route;
        let nearest = route.proxy.as_ref().map_or(&target.url, |proxy| &proxy.url);
        let security = match &target.tls {
            Some(tls) => Some(Security::new(tls, target.url.host_name())?),
            None => None,
        };
        let (addresses, name) = match &nearest.scheme {
            // For the life of the process, like everything of a plan.
            Scheme::Unix(path) => (vec![Address::Unix(Box::leak(path.clone().into_boxed_path()))], None),
            Scheme::Http | Scheme::Https => found(nearest, route, &target.shown, resolve)?,
        };
        let sources = route.sources.clone();
        Ok(Self {
            base_url: target.shown.clone(),
            authority: target.url.authority(),
            addresses,
            name,
            sources,
            timeouts: target.timeouts,
            tunnel: route.proxy.as_ref().map(|proxy| tunnel(proxy, &target.url)),
            security,
        })
    }
}

/// The addresses of a host, and its name where it is looked up again.
fn found(
    url: &Url,
    route: &Route,
    base_url: &str,
    resolve: impl FnOnce(&str, u16) -> io::Result<Vec<SocketAddr>>,
) -> Result<(Vec<Address>, Option<Name>), TargetError> {
    let host = url.host_name();
    if let Some(address) = route.address_of(host, url.port) {
        return Ok((vec![Address::Tcp(address)], None));
    }
    let unresolved =
        |reason: String| TargetError::Unresolved { host: host.to_owned(), base_url: base_url.to_owned(), reason };
    let all = resolve(host, url.port).map_err(|error| unresolved(error.to_string()))?;
    let addresses = of_family(all, route.family);
    if addresses.is_empty() {
        return Err(unresolved(match route.family {
            Family::V4 => "it has no IPv4 address (`ip = \"v4\"`)".to_owned(),
            Family::V6 => "it has no IPv6 address (`ip = \"v6\"`)".to_owned(),
            _ => "it has no address".to_owned(),
        }));
    }
    let every = match route.lookup {
        Lookup::Once => return Ok((addresses, None)),
        Lookup::PerConnection => None,
        Lookup::Every(span) => Some(span),
    };
    let name = Name { host: host.to_owned(), port: url.port, family: route.family, every };
    Ok((addresses, Some(name)))
}

/// Those of a host's addresses that are to be used.
pub fn of_family(all: Vec<SocketAddr>, family: Family) -> Vec<Address> {
    let has = |wanted: fn(&SocketAddr) -> bool| all.iter().any(wanted);
    let wanted: fn(&SocketAddr) -> bool = match family {
        Family::Any => |_| true,
        Family::V4 => SocketAddr::is_ipv4,
        Family::V6 => SocketAddr::is_ipv6,
        Family::PreferV4 if has(SocketAddr::is_ipv4) => SocketAddr::is_ipv4,
        Family::PreferV6 if has(SocketAddr::is_ipv6) => SocketAddr::is_ipv6,
        Family::PreferV4 | Family::PreferV6 => |_| true,
    };
    all.into_iter().filter(wanted).map(Address::Tcp).collect()
}

/// What a proxy is asked for a tunnel to a host with (RFC 9110, 9.3.6).
fn tunnel(proxy: &Proxy, url: &Url) -> Box<[u8]> {
    let to = format!("{}:{}", url.host, url.port);
    let authorization = proxy
        .authorization
        .as_ref()
        .map_or_else(String::new, |authorization| format!("Proxy-Authorization: {}\r\n", authorization.real));
    format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\n{authorization}\r\n").into_bytes().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preference_is_none_where_there_is_no_choice() {
        let four: SocketAddr = ([127, 0, 0, 1], 1).into();
        let six: SocketAddr = ([0, 0, 0, 0, 0, 0, 0, 1], 1).into();
        let both = || vec![four, six];
        assert_eq!(of_family(both(), Family::Any), [Address::Tcp(four), Address::Tcp(six)]);
        assert_eq!(of_family(both(), Family::V4), [Address::Tcp(four)]);
        assert_eq!(of_family(both(), Family::PreferV6), [Address::Tcp(six)]);
        assert_eq!(of_family(vec![four], Family::PreferV6), [Address::Tcp(four)]);
        assert_eq!(of_family(vec![four], Family::V6), []);
    }
}
