//! Figures that are sent to others, every few seconds and once more at the end. What cannot be delivered is counted and told
//! of once, and never disturbs the run.

mod destination;
mod otlp;
mod remote_write;

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hyper::body::Bytes;
use prometheus::proto::MetricFamily;
use runlog::units::{Nanos, Thousands};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

pub use self::destination::{Destination, DestinationError, redacted};
use self::otlp::Otlp;
use self::remote_write::RemoteWrite;
use super::Shared;
use crate::client::Client;
use crate::plan::Endpoint;

/// How often figures are sent.
const INTERVAL: Duration = Duration::from_secs(5);
/// How long a delivery may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How figures are put into bytes for somebody.
pub trait Format {
    /// Headers that say what the bytes are.
    fn headers(&self) -> &'static [(&'static str, &'static str)];

    /// The figures as they are `now` (since 1970), as bodies that each go alone.
    fn bodies(&self, families: &[MetricFamily], now: Nanos) -> Vec<Vec<u8>>;
}

/// Who sends figures to one destination.
pub struct Push {
    endpoint: &'static Endpoint,
    format: Box<dyn Format + Send + Sync>,
    deliveries: Mutex<Deliveries>,
}

/// What came of it so far.
#[derive(Debug, Default)]
struct Deliveries {
    made: u64,
    failed: u64,
    last_error: String,
    /// The first failure, until a person is told of it.
    warning: Option<String>,
}

impl Push {
    /// Sends by Prometheus' remote write, as a target that is called like this machine.
    pub fn by_remote_write(destination: Destination, instance: &str) -> Self {
        Self::new(destination, Box::new(RemoteWrite::new(instance)))
    }

    /// Sends by OTLP, from a load that began then (since 1970).
    pub fn by_otlp(destination: Destination, instance: &str, began: Nanos) -> Self {
        Self::new(destination, Box::new(Otlp::new(instance, began)))
    }

    fn new(destination: Destination, format: Box<dyn Format + Send + Sync>) -> Self {
        // One of each kind, for the life of the process.
        let endpoint = Box::leak(Box::new(destination.into_endpoint()));
        Self { endpoint, format, deliveries: Mutex::default() }
    }

    /// Sends every few seconds, and once more when it is told to end.
    pub async fn attend(&self, shared: &Shared, mut end: watch::Receiver<bool>) {
        let mut client = Client::new(self.endpoint);
        loop {
            let is_end = tokio::select! {
                () = sleep(INTERVAL) => false,
                // Whoever would tell may have gone: then it is over, too.
                _ = end.wait_for(|is_end| *is_end) => true,
            };
            let outcome = timeout(PATIENCE, self.deliver(&mut client, shared)).await;
            self.note(outcome.unwrap_or_else(|_| Err(format!("no answer within {}", Nanos::from(PATIENCE)))));
            if is_end {
                return;
            }
        }
    }

    async fn deliver(&self, client: &mut Client, shared: &Shared) -> Result<(), String> {
        let (families, now) = (shared.families(), shared.now());
        for body in self.format.bodies(&families, now) {
            client.post(self.format.headers(), &Bytes::from(body)).await?;
        }
        Ok(())
    }

    fn note(&self, outcome: Result<(), String>) {
        let mut deliveries = self.deliveries.lock().unwrap_or_else(PoisonError::into_inner);
        deliveries.made += 1;
        if let Err(why) = outcome {
            if deliveries.failed == 0 {
                deliveries.warning = Some(format!("metrics cannot be delivered to {}: {why}", self.endpoint.shown));
            }
            deliveries.failed += 1;
            deliveries.last_error = why;
        }
    }

    /// What a person should know while the run lasts: the first failure, once.
    pub fn warning(&self) -> Option<String> {
        self.deliveries.lock().unwrap_or_else(PoisonError::into_inner).warning.take()
    }

    /// What a person should know at the end: that not everything was delivered.
    pub fn account(&self) -> Option<String> {
        let deliveries = self.deliveries.lock().unwrap_or_else(PoisonError::into_inner);
        let Deliveries { made, failed, last_error, .. } = &*deliveries;
        (*failed > 0).then(|| {
            let (failed, made, to) = (Thousands(*failed), Thousands(*made), &self.endpoint.shown);
            format!("{failed} of {made} deliveries of metrics to {to} failed, the last of them: {last_error}")
        })
    }
}
