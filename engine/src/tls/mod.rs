//! TLS without sockets: what people want of it becomes a configuration, and bytes become bytes.
//!
//! In: what a scenario says of TLS, and the bytes of a connection. Out: the bytes to be sent, what was said in them, or
//! why there is no secure connection, in words that help. It knows nothing of sockets, clocks or HTTP.

mod config;
mod explain;
mod session;
mod trust;

pub use self::config::{Credentials, Security, TlsError};
pub use self::explain::explain;
pub use self::session::Session;
