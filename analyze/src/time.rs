//! The two times that an answer has.

use clap::ValueEnum;
use runlog::metric::Metric;
use serde::Serialize;

/// Which time of an answer is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Time {
    /// From the schedule on: lag + service time, what a user would have felt
    #[default]
    Response,
    /// From sending on, as other tools measure
    Service,
}

impl Time {
    /// Both, by their names in a file.
    pub const NAMES: [(&str, Self); 2] = [("response", Self::Response), ("service", Self::Service)];

    /// The metric of these times.
    pub const fn metric(self) -> Metric {
        match self {
            Self::Response => Metric::ResponseTime,
            Self::Service => Metric::HttpReqDuration,
        }
    }

    /// Its name in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Response => "response time",
            Self::Service => "service time",
        }
    }
}
