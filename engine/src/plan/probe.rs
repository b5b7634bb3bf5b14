//! What is sampled beside the load: probes with their schedules scaled and their certificates read.

use std::net::SocketAddr;

use runlog::tags::Tags;
use runlog::units::Nanos;

use crate::scenario::http::Url;
use crate::scenario::{self, Text};
use crate::tls::{Security, TlsError};

/// Scaling does not make probes look more often than this.
const SHORTEST_SCALED: Nanos = Nanos::from_millis(100);

/// Something that is sampled beside the load.
#[derive(Debug)]
pub struct Probe {
    /// Its name.
    pub name: String,
    /// What it looks at.
    pub sampling: Sampling,
    /// How often it looks.
    pub interval: Nanos,
    /// How long one look may take.
    pub timeout: Nanos,
    /// Tags of its rows.
    pub tags: Tags,
    /// The names of its metrics, where they are known before the first look.
    pub metrics: Vec<String>,
}

/// What a probe looks at.
pub type Sampling = scenario::probe::Sampling<Endpoint>;

/// Where something is fetched over HTTP.
#[derive(Debug)]
pub struct Endpoint {
    /// The URL.
    pub url: Url,
    /// As people may see it.
    pub shown: String,
    /// The address of its host, where it is not to be looked up.
    pub address: Option<SocketAddr>,
    /// Headers of the request.
    pub headers: Vec<(String, Text)>,
    /// How the connection is secured, where it is.
    pub security: Option<Security>,
}

impl Probe {
    /// A probe of a run whose time is scaled so.
    ///
    /// # Errors
    /// Where TLS cannot be set up as it is wanted.
    pub fn new(probe: &scenario::Probe, time_scale: f64) -> Result<Self, TlsError> {
        let metrics = probe.sampling.metrics().unwrap_or_default();
        Ok(Self {
            name: probe.name.clone(),
            sampling: probe.sampling.fetched(Endpoint::new)?,
            interval: scaled(probe.interval, time_scale),
            timeout: probe.timeout,
            tags: probe.tags.clone(),
            metrics: metrics.into_iter().map(str::to_owned).collect(),
        })
    }
}

/// An interval in a run whose time is scaled: what is looked at more often than is good stays as it is written.
fn scaled(interval: Nanos, time_scale: f64) -> Nanos {
    Nanos((interval.0 as f64 * time_scale) as u64).max(SHORTEST_SCALED.min(interval))
}

impl Endpoint {
    fn new(endpoint: &scenario::probe::Endpoint) -> Result<Self, TlsError> {
        let secured = |tls| Security::new(tls, endpoint.url.host_name());
        Ok(Self {
            url: endpoint.url.clone(),
            shown: endpoint.shown.clone(),
            address: endpoint.address,
            headers: endpoint.headers.clone(),
            security: endpoint.tls.as_ref().map(secured).transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scaling_makes_nobody_look_too_often() {
        let of = |ms, scale| scaled(Nanos::from_millis(ms), scale);
        assert_eq!(of(10_000, 0.1), Nanos::from_secs(1));
        assert_eq!(of(10_000, 0.001), Nanos::from_millis(100));
        assert_eq!(of(50, 0.1), Nanos::from_millis(50), "as it is written");
        assert_eq!(of(1_000, 3.0), Nanos::from_secs(3));
    }
}
