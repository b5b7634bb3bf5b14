//! The metrics that thresholds name: k6's, and ours.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What kind of values a metric has, which decides its aggregations and its unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricKind {
    /// Spans of time; `avg min max med p(N) count`, bounds with a unit (`500ms`).
    Time,
    /// Yes or no; `rate`, a share of one (`0.01` or `1%`).
    Share,
    /// A running total; `count`, or per second as `rate` (`100/s`).
    Counter,
    /// A level, looked at once a second; `value` (the last), `min max avg`, bounds without a unit.
    Gauge,
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $variant:ident = $name:literal: $kind:ident,)*) => {
        /// What thresholds look at: k6's names, and ours.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Metric { $($(#[$doc])* #[serde(rename = $name)] $variant,)* }

        impl Metric {
            /// Every metric there is.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What kind of values it has.
            pub const fn kind(self) -> MetricKind {
                match self { $(Self::$variant => MetricKind::$kind,)* }
            }
        }
    };
}

metrics! {
    /// Service time: sent → last byte, of arrivals that got an answer.
    HttpReqDuration = "http_req_duration": Time,
    /// Sent → first byte, where one came.
    HttpReqWaiting = "http_req_waiting": Time,
    /// First → last byte, of arrivals that got an answer.
    HttpReqReceiving = "http_req_receiving": Time,
    /// Opening a connection, where one was opened.
    HttpReqConnecting = "http_req_connecting": Time,
    /// The TLS handshake, where there was one.
    HttpReqTlsHandshaking = "http_req_tls_handshaking": Time,
    /// Opening a connection with its TLS handshake, of arrivals that were sent: nothing where one was open already.
    HttpReqBlocked = "http_req_blocked": Time,
    /// Handing the request to the kernel, of arrivals that were sent: always nothing, for it is taken at once.
    HttpReqSending = "http_req_sending": Time,
    /// Lag + service time, of arrivals that got an answer: what a user would have felt.
    ResponseTime = "response_time": Time,
    /// Scheduled → sent, of arrivals that were sent.
    ScheduleLag = "schedule_lag": Time,
    /// Arrivals without an answer or with a status that was not wanted.
    HttpReqFailed = "http_req_failed": Share,
    /// Checks that passed, of those that were made.
    Checks = "checks": Share,
    /// Arrivals.
    HttpReqs = "http_reqs": Counter,
    /// Arrivals that were never sent.
    DroppedIterations = "dropped_iterations": Counter,
    /// Bytes sent.
    DataSent = "data_sent": Counter,
    /// Bytes received.
    DataReceived = "data_received": Counter,
    /// Iterations that came to their end.
    Iterations = "iterations": Counter,
    /// From the start to the end of an iteration, think times included.
    IterationDuration = "iteration_duration": Time,
    /// From the start to the end of a group, think times included.
    GroupDuration = "group_duration": Time,
    /// Virtual users at work.
    Vus = "vus": Gauge,
    /// The most virtual users that have been at work so far.
    VusMax = "vus_max": Gauge,
}

impl Metric {
    /// Whether the rows of a run tell it. The others are known while the run lasts, and what came of them is in its ending.
    pub const fn is_of_rows(self) -> bool {
        !matches!(self, Self::Iterations | Self::IterationDuration | Self::GroupDuration | Self::Vus | Self::VusMax)
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Metric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .iter()
            .copied()
            .find(|metric| metric.name() == text)
            .ok_or_else(|| format!("there is no metric `{text}`"))
    }
}
