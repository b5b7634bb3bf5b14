//! Files that a load is made from: feeders, whose rows requests take values from, and traces, which are played again.
//!
//! In: paths. Out: values by row and name. Files are mapped and not loaded, whatever their size. It knows nothing of
//! scenarios, plans, workers or clocks.

mod body;
mod combined;
mod error;
mod feeder;
mod order;
mod records;
mod table;
mod trace;

pub use self::body::BodyFile;
pub use self::error::DataError;
pub use self::feeder::{Column, Feeder, Format};
pub use self::order::{AtEnd, Order, row_for};
pub use self::trace::{Entry, Trace, TraceFormat, TraceName};
