//! What is sampled from the system under test while the load runs: one thread beside the workers, a task for each probe.
//!
//! In: where to look and how often, as checked by `scenario`. Out: values with names and tags, or why there are none. Each
//! kind of probe is behind one trait ([`Probe`]); when it looks is `beside`'s affair, and what becomes of the values that of
//! `observe`. It knows nothing of workers, rows and the run directory.

mod beside;
mod command;
mod host;
mod increase;
mod json;
mod postgres;
mod prometheus;

use runlog::tags::Tags;
use runlog::text::printable;

pub use self::beside::{Beside, Told, What};
pub use self::host::METRICS as HOST_METRICS;
pub use self::postgres::Preset;
pub use self::prometheus::{Selection, SeriesType};
use crate::clock::Clock;

/// The most bytes of what a program prints that are read.
const LONGEST_OUTPUT: usize = 4 << 20;
/// The most values of one look: who selects more cannot have meant it.
const MOST_VALUES: usize = 1_000;
/// The longest name, tag or message that is kept, in bytes.
const LONGEST_TEXT: usize = 200;

/// A value that was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// What it is a value of.
    pub metric: String,
    /// What tells it from others of the same metric.
    pub tags: Tags,
    /// The value.
    pub value: f64,
}

impl Sample {
    /// A value without tags.
    fn plain(metric: &str, value: f64) -> Self {
        Self { metric: metric.to_owned(), tags: Tags::new(), value }
    }
}

/// Something that can be looked at again and again.
trait Probe {
    /// Looks once. A metric that is counted between two looks has no value at the first.
    ///
    /// # Errors
    /// Why nothing was seen, in words that help.
    async fn look(&mut self, clock: &Clock) -> Result<Vec<Sample>, String>;
}

/// A text from outside as it may be kept: short, and without what would command a terminal.
fn bounded(text: &str) -> String {
    let safe = printable(text.trim());
    match safe.floor_char_boundary(LONGEST_TEXT) {
        end if end < safe.len() => format!("{}…", &safe[..end]),
        _ => safe,
    }
}
