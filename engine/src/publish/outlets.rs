//! Where figures of a run go: what was asked for, taken and checked before there is any load.

use super::address::{BindError, Endpoint};
use super::push::{Destination, DestinationError};
use crate::cli;

/// Headers for the receiver of remote write are in this variable of the environment.
const REMOTE_WRITE_HEADERS: &str = "DRUMFIRE_REMOTE_WRITE_HEADERS";
/// Headers for the receiver of OTLP are in this one, as for every other program that sends it.
const OTLP_HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
/// Where receivers of OTLP take metrics unless told otherwise.
const OTLP_PATH: &str = "/v1/metrics";

/// Where figures go.
#[derive(Debug, Default)]
pub struct Outlets {
    /// Where they can be had.
    pub endpoint: Option<Endpoint>,
    /// Where they are sent by Prometheus' remote write.
    pub remote_write: Option<Destination>,
    /// Where they are sent by OTLP.
    pub otlp: Option<Destination>,
}

/// Figures cannot go where they were to.
#[derive(Debug, thiserror::Error)]
pub enum OutletError {
    /// They cannot be served there.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// They cannot be sent there.
    #[error("{flag}: {source}")]
    Destination {
        /// The flag that says where to.
        flag: &'static str,
        /// Why not.
        source: DestinationError,
    },
}

impl Outlets {
    /// Those that a command line asks for; `environment` tells what is needed to be let in.
    ///
    /// # Errors
    /// Where one of them cannot be had.
    pub fn new(
        publishing: &cli::Publishing,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, OutletError> {
        let destination = |flag, url: &Option<String>, path, variable| {
            let read = |url: &String| Destination::new(url, path, variable, environment(variable).as_deref());
            url.as_ref().map(read).transpose().map_err(|source| OutletError::Destination { flag, source })
        };
        let remote_write = destination("--remote-write", &publishing.remote_write, "", REMOTE_WRITE_HEADERS)?;
        let otlp = destination("--otlp", &publishing.otlp, OTLP_PATH, OTLP_HEADERS)?;
        let linger = publishing.metrics_linger.unwrap_or_default();
        let endpoint = publishing.metrics.map(|address| Endpoint::bind(address, linger)).transpose()?;
        Ok(Self { endpoint, remote_write, otlp })
    }

    /// Whether nobody asked for figures.
    pub const fn are_none(&self) -> bool {
        self.endpoint.is_none() && self.remote_write.is_none() && self.otlp.is_none()
    }

    /// Where figures go, for people: each with how.
    pub fn shown(&self) -> impl Iterator<Item = String> {
        let served = self.endpoint.iter().map(Endpoint::shown);
        let sent = [&self.remote_write, &self.otlp].into_iter().flatten().map(|to| format!("sent to {}", to.shown()));
        served.chain(sent)
    }
}
