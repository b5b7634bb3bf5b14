//! Control of a running load: a Unix socket in the run directory at which it can be asked how it is doing, paused, resumed,
//! scaled and stopped.
//!
//! In: lines of JSON from whoever may open the socket, none of which is trusted. Out: a line for each, and changes on a dial
//! (`dial`) that every core reads without a lock. `protocol` says what lines there are, `desk` what is done about them,
//! `socket` where they come from, `server` hears them and `client` sends them. It knows nothing of workers.

mod client;
mod desk;
mod dial;
mod protocol;
mod server;
mod socket;
mod vitals;

pub use self::client::{ClientError, ask};
pub use self::desk::Desk;
pub use self::dial::{Dial, Reading};
pub use self::protocol::{Answer, Request, factor};
pub use self::server::Server;
pub use self::vitals::Vitals;
