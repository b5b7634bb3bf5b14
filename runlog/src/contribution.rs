//! What each row adds to each metric: said in this one place for both programs.

use crate::manifest::Request;
use crate::metric::Metric;
use crate::outcome::Failure;
use crate::row::Row;

/// What one arrival adds to a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contribution {
    /// A span of time in nanoseconds; nothing where the arrival has none of this kind.
    Time(Option<u64>),
    /// So many of so many.
    Share {
        /// Of these.
        part: u64,
        /// Out of these.
        whole: u64,
    },
    /// So many.
    Count(u64),
}

impl Metric {
    /// What an arrival of this request adds: nothing to a metric that is not of rows.
    pub fn contribution(self, row: &Row, request: &Request) -> Contribution {
        match self {
            Self::HttpReqDuration => Contribution::Time(row.service_ns()),
            Self::HttpReqWaiting => Contribution::Time(row.ttfb_ns),
            Self::HttpReqReceiving => Contribution::Time(row.receiving_ns()),
            Self::HttpReqConnecting => Contribution::Time(Some(row.connect_ns).filter(|&ns| ns > 0)),
            Self::HttpReqTlsHandshaking => Contribution::Time(Some(row.tls_ns).filter(|&ns| ns > 0)),
            Self::HttpReqBlocked => Contribution::Time(row.lag_ns.map(|_| row.connect_ns + row.tls_ns)),
            Self::HttpReqSending => Contribution::Time(row.lag_ns.map(|_| 0)),
            Self::ResponseTime => Contribution::Time(row.response_ns()),
            Self::ScheduleLag => Contribution::Time(row.lag_ns),
            Self::HttpReqFailed => Contribution::Share { part: u64::from(request.has_failed(row)), whole: 1 },
            Self::Checks => {
                let made = if row.is_checked() { request.checks.len() as u64 } else { 0 };
                let failed = u64::from(row.failed_checks.0.count_ones()).min(made);
                Contribution::Share { part: made - failed, whole: made }
            }
            Self::HttpReqs => Contribution::Count(1),
            Self::DroppedIterations => Contribution::Count(u64::from(row.error == Some(Failure::Dropped))),
            Self::DataSent => Contribution::Count(row.bytes_sent),
            Self::DataReceived => Contribution::Count(row.bytes_received),
            Self::Iterations => Contribution::Count(0),
            Self::IterationDuration | Self::GroupDuration | Self::Vus | Self::VusMax => Contribution::Time(None),
        }
    }
}
