//! What the shop knows about itself, in two forms that are never at odds: JSON for people and scripts, and Prometheus' text
//! format. Whoever has figures (the store, the pool, the cache) enrols them here; nothing in here knows what a product is.

mod latency;
mod process;
mod requests;

use prometheus::core::Collector;
use prometheus::{IntCounter, Registry, TextEncoder};

use crate::clock::Clock;
pub(crate) use latency::{Latencies, Latency, LatencyFigures};
use process::Process;
pub(crate) use process::ProcessFigures;
pub(crate) use requests::Requests;

/// Names that are told apart, and when they were registered first.
pub(crate) type Result<T> = prometheus::Result<T>;

/// All that is measured in this process.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    process: Process,
    pub(crate) requests: Requests,
    /// Orders that were placed through this process.
    pub(crate) orders: IntCounter,
}

impl Metrics {
    pub(crate) fn new(clock: Clock) -> Result<Self> {
        let registry = Registry::new();
        let process = Process::enrolled(&registry, clock)?;
        let requests = Requests::enrolled(&registry)?;
        let orders = IntCounter::new("shop_orders_total", "Orders placed through this process");
        Ok(Self { process, requests, orders: enrol(&registry, orders)?, registry })
    }

    /// Where figures are enrolled.
    pub(crate) fn registry(&self) -> &Registry {
        &self.registry
    }

    /// How the process is doing now; brings its figures in [`Metrics::text`] up to date as well.
    pub(crate) fn process(&self) -> ProcessFigures {
        self.process.look()
    }

    /// All of it in Prometheus' text format.
    pub(crate) fn text(&self) -> Result<String> {
        TextEncoder::new().encode_to_string(&self.registry.gather())
    }
}

/// Makes what was made known to the registry.
pub(crate) fn enrol<T: Collector + Clone + 'static>(registry: &Registry, made: Result<T>) -> Result<T> {
    let metric = made?;
    registry.register(Box::new(metric.clone()))?;
    Ok(metric)
}
