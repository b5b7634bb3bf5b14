//! The demo shop: the API that load scenarios are written against, small enough to read at a sitting.
//!
//! `options` says what to run, `server` runs it, `api` speaks HTTP and JSON, `store` keeps products and orders, in memory or in
//! PostgreSQL, and knows nothing of HTTP. `seed` makes what there is to begin with, the same for the same seed. `metrics` is what
//! the shop tells of itself, and `faults` what can be wrong with it on purpose.

mod api;
mod clock;
mod faults;
mod metrics;
mod options;
mod rate_limit;
mod seed;
mod server;
mod store;
mod tier;

pub use api::router;
pub use options::{Arguments, Command, Options};
pub use seed::{SeedOptions, seed};
pub use server::{Failure, announce, bind, runtime, serve, stop_requested};
pub use store::DatabaseFailure;
