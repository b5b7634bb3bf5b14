//! What can be changed of a load by hand while it runs.

use std::fmt;
use std::str::FromStr;

/// A change.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change {
    /// The schedule stands still: nothing new arrives.
    Pause,
    /// It goes on where it stood.
    Resume,
    /// The open model's arrivals come at so many times the planned rate.
    Rate(f64),
    /// The run ends, as after an interrupt.
    Stop,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pause => f.pad("pause"),
            Self::Resume => f.pad("resume"),
            Self::Rate(factor) => write!(f, "rate factor={factor}"),
            Self::Stop => f.pad("stop"),
        }
    }
}

impl FromStr for Change {
    type Err = UnknownChange;

    fn from_str(text: &str) -> Result<Self, UnknownChange> {
        match text {
            "pause" => Ok(Self::Pause),
            "resume" => Ok(Self::Resume),
            "stop" => Ok(Self::Stop),
            _ => text
                .strip_prefix("rate factor=")
                .and_then(|factor| factor.parse::<f64>().ok())
                .filter(|factor| factor.is_finite() && *factor > 0.0)
                .map(Self::Rate)
                .ok_or(UnknownChange),
        }
    }
}

/// It is no change that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is none of pause, resume, rate factor=X and stop")]
pub struct UnknownChange;
