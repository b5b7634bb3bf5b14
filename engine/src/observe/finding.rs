//! What comes to light while a run lasts.

use runlog::units::Nanos;

/// Something that a person should know of a threshold.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    /// When it came to light, since t=0.
    pub at: Nanos,
    /// Which threshold does not hold, and what it was held against.
    pub what: String,
    /// Whether the run is to end because of it.
    pub aborts: bool,
}
