//! What each row adds to each metric: said in this one place for both programs.

use crate::manifest::Request;
use crate::metric::Metric;
use crate::outcome::Failure;
use crate::row::{Batch, Columns, Row};

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

/// How long something of an arrival took; nothing where it has none of this kind.
type Time = fn(&Row) -> Option<u64>;

macro_rules! times {
    ($($metric:ident from $($column:ident)*: $time:expr,)*) => {
        impl Metric {
            /// The time that an arrival has of this metric, where it is one of times.
            const fn time(self) -> Option<Time> {
                match self {
                    $(Self::$metric => Some($time),)*
                    _ => None,
                }
            }

            /// What the times of this metric are read from.
            pub const fn columns(self) -> Columns {
                match self {
                    $(Self::$metric => Columns::NONE$(.and(Columns::$column))*,)*
                    _ => Columns::NONE,
                }
            }

            /// Hands every time of this metric at these places of a batch to `take`.
            #[inline]
            pub fn each_time(self, batch: &Batch, places: &[u32], mut take: impl FnMut(u64)) {
                match self {
                    // One loop for each, so that a row is no more than the columns that its time is made of.
                    $(Self::$metric => for &place in places {
                        let time: Option<u64> = $time(&batch.row(place as usize));
                        if let Some(ns) = time {
                            take(ns);
                        }
                    },)*
                    _ => {}
                }
            }
        }
    };
}

times! {
    HttpReqDuration from DURATION_NS ERROR: Row::service_ns,
    HttpReqWaiting from TTFB_NS: |row: &Row| row.ttfb_ns,
    HttpReqReceiving from DURATION_NS ERROR TTFB_NS: Row::receiving_ns,
    HttpReqConnecting from CONNECT_NS: Row::connecting_ns,
    HttpReqTlsHandshaking from TLS_NS: Row::handshaking_ns,
    HttpReqBlocked from LAG_NS CONNECT_NS TLS_NS: Row::blocked_ns,
    HttpReqSending from LAG_NS: Row::sending_ns,
    ResponseTime from LAG_NS DURATION_NS ERROR: Row::response_ns,
    ScheduleLag from LAG_NS: |row: &Row| row.lag_ns,
}

impl Metric {
    /// What an arrival of this request adds: nothing to a metric that is not of rows.
    pub fn contribution(self, row: &Row, request: &Request) -> Contribution {
        if let Some(time) = self.time() {
            return Contribution::Time(time(row));
        }
        match self {
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
            _ => Contribution::Time(None),
        }
    }
}
