//! What is sampled beside the load: probes with their schedules scaled and their certificates read.

use std::net::SocketAddr;

use runlog::manifest::Tags;
use runlog::units::Nanos;

use crate::json::Pointer;
use crate::probe::Selection;
use crate::scenario::http::Url;
use crate::scenario::probe::{Database, Question};
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
#[derive(Debug)]
pub enum Sampling {
    /// A JSON document: names of metrics, and where in it their values are.
    Json {
        /// Where it is.
        endpoint: Endpoint,
        /// What is taken out of it.
        metrics: Vec<(String, Pointer)>,
    },
    /// Prometheus' text format: names of metrics, and which series they are made of.
    Prometheus {
        /// Where it is.
        endpoint: Endpoint,
        /// What is made of it.
        metrics: Vec<(String, Selection)>,
    },
    /// A database.
    Postgres {
        /// Where it is.
        database: Database,
        /// What it is asked.
        question: Question,
    },
    /// A machine: this one, or that of a node_exporter.
    Host {
        /// The node_exporter.
        endpoint: Option<Endpoint>,
    },
    /// What a program prints.
    Command {
        /// The program and its arguments.
        words: Vec<Text>,
    },
}

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
            sampling: Sampling::new(&probe.sampling)?,
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

impl Sampling {
    fn new(sampling: &scenario::probe::Sampling) -> Result<Self, TlsError> {
        use scenario::probe::Sampling as Written;
        Ok(match sampling {
            Written::Json { endpoint, metrics } => {
                Self::Json { endpoint: Endpoint::new(endpoint)?, metrics: metrics.clone() }
            }
            Written::Prometheus { endpoint, metrics } => {
                Self::Prometheus { endpoint: Endpoint::new(endpoint)?, metrics: metrics.clone() }
            }
            Written::Postgres { database, question } => {
                Self::Postgres { database: database.clone(), question: question.clone() }
            }
            Written::Host { endpoint } => Self::Host { endpoint: endpoint.as_ref().map(Endpoint::new).transpose()? },
            Written::Command { words } => Self::Command { words: words.clone() },
        })
    }
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
