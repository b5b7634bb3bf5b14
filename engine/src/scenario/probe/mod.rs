//! `[[probes]]`: what is sampled from the system under test beside the load, and where.

mod read;

use std::net::SocketAddr;

use runlog::tags::Tags;
use runlog::units::Nanos;

pub(super) use self::read::probes;
use super::http::Url;
use super::interpolate::Text;
use super::target::Tls;
use crate::json::Pointer;
use crate::probe::{HOST_METRICS, Preset, Selection};

/// Something that is sampled beside the load.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Its name, unique and without a `.`.
    pub name: String,
    /// What it looks at.
    pub sampling: Sampling,
    /// How often it looks.
    pub interval: Nanos,
    /// How long one look may take.
    pub timeout: Nanos,
    /// Tags of its rows.
    pub tags: Tags,
}

/// What a probe looks at; over HTTP at an endpoint as it is written, or as it is fetched from.
#[derive(Debug, Clone)]
pub enum Sampling<E = Endpoint> {
    /// A JSON document.
    Json {
        /// Where it is.
        endpoint: E,
        /// Names of metrics, and where in the document their values are.
        metrics: Vec<(String, Pointer)>,
    },
    /// Prometheus' text format.
    Prometheus {
        /// Where it is.
        endpoint: E,
        /// Names of metrics, and which series they are made of.
        metrics: Vec<(String, Selection)>,
    },
    /// A database.
    Postgres {
        /// Where it is.
        database: Box<Database>,
        /// What it is asked.
        question: Question,
    },
    /// A machine: this one, or that of a node_exporter.
    Host {
        /// The node_exporter.
        endpoint: Option<E>,
    },
    /// What a program prints.
    Command {
        /// The program and its arguments.
        words: Vec<Text>,
    },
}

impl<E> Sampling<E> {
    /// The names of the metrics, where they are known before the first look.
    pub fn metrics(&self) -> Option<Vec<&str>> {
        match self {
            Self::Json { metrics, .. } => Some(metrics.iter().map(|(name, _)| name.as_str()).collect()),
            Self::Prometheus { metrics, .. } => Some(metrics.iter().map(|(name, _)| name.as_str()).collect()),
            Self::Postgres { question: Question::Preset(preset), .. } => Some(preset.metrics().collect()),
            Self::Host { .. } => Some(HOST_METRICS.to_vec()),
            Self::Postgres { .. } | Self::Command { .. } => None,
        }
    }
}

impl Sampling {
    /// The same, of an endpoint that something is made of.
    ///
    /// # Errors
    /// What `make` says.
    pub fn fetched<F, X>(&self, make: impl Fn(&Endpoint) -> Result<F, X>) -> Result<Sampling<F>, X> {
        Ok(match self {
            Self::Json { endpoint, metrics } => Sampling::Json { endpoint: make(endpoint)?, metrics: metrics.clone() },
            Self::Prometheus { endpoint, metrics } => {
                Sampling::Prometheus { endpoint: make(endpoint)?, metrics: metrics.clone() }
            }
            Self::Postgres { database, question } => {
                Sampling::Postgres { database: database.clone(), question: question.clone() }
            }
            Self::Host { endpoint } => Sampling::Host { endpoint: endpoint.as_ref().map(make).transpose()? },
            Self::Command { words } => Sampling::Command { words: words.clone() },
        })
    }
}

/// Where something is fetched over HTTP.
#[derive(Debug, Clone)]
pub struct Endpoint {
    /// The URL.
    pub url: Url,
    /// As people may see it.
    pub shown: String,
    /// The address that `[target]` gives for its host.
    pub address: Option<SocketAddr>,
    /// Names of headers with their values; those of secrets are shown without.
    pub headers: Vec<(String, Text)>,
    /// How the connection is secured, where the URL is `https`: as the target's, where it is the same host.
    pub tls: Option<Tls>,
}

/// Where a database is.
#[derive(Debug, Clone)]
pub struct Database {
    /// How to connect to it.
    pub config: tokio_postgres::Config,
    /// As people may see it.
    pub shown: String,
}

/// What a database is asked.
#[derive(Debug, Clone)]
pub enum Question {
    /// A statement of the person's own.
    Sql {
        /// The statement.
        text: String,
        /// The columns that only grow.
        counters: Vec<String>,
    },
    /// One that is ready-made.
    Preset(Preset),
}
