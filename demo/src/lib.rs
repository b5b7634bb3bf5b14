//! The demo shop: the API that load scenarios are written against, small enough to read at a sitting.
//!
//! `options` says what to run, `server` runs it, `api` speaks HTTP and JSON, `store` keeps products and orders and knows
//! nothing of HTTP. Everything is in memory, bounded, and the same at every start: products come from a fixed seed.

mod api;
mod clock;
mod metrics;
mod options;
mod rate_limit;
mod server;
mod store;
mod tier;

pub use api::router;
pub use options::Options;
pub use server::{Failure, announce, bind, runtime, serve, stop_requested};
