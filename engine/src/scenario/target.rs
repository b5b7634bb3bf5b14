//! Whom the load goes to, and how it is reached: names, addresses, proxies, TLS, patience.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

use runlog::units::Nanos;

use super::http::Url;
use super::interpolate::Text;

/// How long a request may take where the file does not say.
pub const DEFAULT_TIMEOUT: Nanos = Nanos::from_secs(10);

/// Whom the load goes to.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where; its path goes before the paths of the requests.
    pub url: Url,
    /// As people may see it.
    pub shown: String,
    /// How long what may take.
    pub timeouts: Timeouts,
    /// The way there.
    pub route: Route,
    /// How the connection is secured, where the URL is `https`.
    pub tls: Option<Tls>,
}

/// How long what may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// Looking up the name, opening a connection, and the tunnel of a proxy.
    pub connect: Nanos,
    /// The TLS handshake.
    pub tls: Nanos,
    /// From the first byte sent to the first byte received, where that is bounded.
    pub first_byte: Option<Nanos>,
    /// From the first byte sent to the last byte received.
    pub request: Nanos,
}

impl Timeouts {
    /// The same for everything that takes time.
    pub const fn all(request: Nanos) -> Self {
        Self { connect: request, tls: request, first_byte: None, request }
    }
}

/// The way to a target.
#[derive(Debug, Clone, Default)]
pub struct Route {
    /// Addresses of hosts and ports, to be taken without a look-up. The port of an address is that of the host where it is 0.
    pub resolve: Vec<((String, u16), SocketAddr)>,
    /// When names are looked up.
    pub lookup: Lookup,
    /// Which of a host's addresses are used.
    pub family: Family,
    /// Addresses of this machine that connections start from, in turns; any where there are none.
    pub sources: Vec<IpAddr>,
    /// What tunnels are asked of.
    pub proxy: Option<Proxy>,
}

impl Route {
    /// The address that is given for a host and port, with its port.
    pub fn address_of(&self, host: &str, port: u16) -> Option<SocketAddr> {
        let given = self.resolve.iter().find(|((name, of), _)| name.eq_ignore_ascii_case(host) && *of == port);
        given
            .map(|&(_, address)| SocketAddr::new(address.ip(), if address.port() == 0 { port } else { address.port() }))
    }
}

/// When names are looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lookup {
    /// Once, before the load.
    #[default]
    Once,
    /// For every connection.
    PerConnection,
    /// Again after so long.
    Every(Nanos),
}

/// Which of a host's addresses are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Family {
    /// All of them.
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
    /// IPv4, and IPv6 where there is none.
    #[value(name = "prefer-v4")]
    PreferV4,
    /// IPv6, and IPv4 where there is none.
    #[value(name = "prefer-v6")]
    PreferV6,
}

/// An HTTP proxy that opens tunnels (CONNECT, RFC 9110, 9.3.6).
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Where it is.
    pub url: Url,
    /// The value of `Proxy-Authorization`: a secret.
    pub authorization: Option<Text>,
}

/// How a connection is secured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tls {
    /// Certificates (PEM) that are trusted in place of the system's.
    pub ca_cert: Option<PathBuf>,
    /// The certificate that this side shows, and its key (PEM).
    pub identity: Option<(PathBuf, PathBuf)>,
    /// The name that is asked for (SNI) and that the certificate must have, where it is not the URL's host.
    pub server_name: Option<String>,
    /// The lowest version that will do.
    pub min_version: TlsVersion,
    /// Whether sessions are resumed.
    pub resumption: bool,
    /// Whether any certificate will do.
    pub insecure: bool,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            ca_cert: None,
            identity: None,
            server_name: None,
            min_version: TlsVersion::V1_2,
            resumption: true,
            insecure: false,
        }
    }
}

/// A version of TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum TlsVersion {
    /// TLS 1.2 (RFC 5246).
    #[default]
    #[value(name = "1.2")]
    V1_2,
    /// TLS 1.3 (RFC 8446).
    #[value(name = "1.3")]
    V1_3,
}

/// What becomes of connections between requests.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Connections {
    /// Whether every iteration begins on a new one.
    pub per_iteration: bool,
    /// After so many requests one is closed, and opened anew when it is needed.
    pub requests_most: Option<u32>,
    /// So many a second are closed between requests, and opened anew when they are needed.
    pub churn: Option<runlog::units::Rate>,
    /// Whether all of them are opened before t=0.
    pub warm_up: bool,
}
