//! What happened to one request in one window of time.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Fault;
use crate::metric::Metric;
use crate::outcome::Failure;
use crate::row::Row;
use crate::sketch::Sketch;
use crate::units::Percentile;

/// The metrics whose times are kept.
pub const METRICS: [Metric; 4] =
    [Metric::ResponseTime, Metric::HttpReqDuration, Metric::HttpReqWaiting, Metric::ScheduleLag];

/// The times of a row, in the order of [`METRICS`].
#[inline]
pub(super) fn times(row: &Row) -> [Option<u64>; METRICS.len()] {
    [row.response_ns(), row.service_ns(), row.ttfb_ns, row.lag_ns]
}

/// How an arrival ended that was not answered as wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Mishap {
    /// Without an answer.
    Failure(Failure),
    /// With an unwanted status of this class: 5 for 503.
    Status(u16),
}

impl From<Fault> for Mishap {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Failure(failure) => Self::Failure(failure),
            Fault::Status(status) => Self::Status(status / 100),
        }
    }
}

/// What happened to one request in one window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Arrivals that were scheduled in it.
    pub arrivals: u64,
    /// Of these, without an answer or with a status that was not wanted.
    pub failed: u64,
    /// Arrivals that ended in it with an answer, whenever they were scheduled.
    pub answered: u64,
    /// Arrivals that ended in it otherwise than was wanted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "mishaps")]
    pub mishaps: BTreeMap<Mishap, u64>,
    /// Bytes sent for the arrivals that ended in it. Nothing in files from before it was kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bytes_sent: u64,
    /// Bytes received by the arrivals that ended in it. Nothing in files from before it was kept.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub bytes_received: u64,
    /// The times of the arrivals that were scheduled in it, in the order of [`METRICS`].
    pub times: [Sketch; METRICS.len()],
    /// The longest of each.
    pub longest_ns: [u64; METRICS.len()],
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// A map in JSON has texts for keys; a list of pairs need not.
mod mishaps {
    use super::{BTreeMap, Deserialize, Mishap, Serialize};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(map: &BTreeMap<Mishap, u64>, to: S) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<Mishap, u64>, D::Error> {
        Ok(Vec::<(Mishap, u64)>::deserialize(from)?.into_iter().collect())
    }
}

impl Window {
    /// Adds what happened in another.
    pub fn merge(&mut self, other: &Self) {
        self.merge_counts(other);
        for (mine, theirs) in self.times.iter_mut().zip(&other.times) {
            mine.merge(theirs);
        }
        for (mine, theirs) in self.longest_ns.iter_mut().zip(&other.longest_ns) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// What happened in all of these.
    pub fn together<'a>(windows: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut sum = Self::default();
        for window in windows {
            sum.merge(window);
        }
        sum
    }

    /// Adds all of another but its times.
    pub(super) fn merge_counts(&mut self, other: &Self) {
        self.arrivals += other.arrivals;
        self.failed += other.failed;
        self.answered += other.answered;
        self.bytes_sent = self.bytes_sent.saturating_add(other.bytes_sent);
        self.bytes_received = self.bytes_received.saturating_add(other.bytes_received);
        for (&mishap, count) in &other.mishaps {
            *self.mishaps.entry(mishap).or_default() += count;
        }
    }

    /// The times of a metric, where it is one that is kept.
    pub fn times_of(&self, metric: Metric) -> Option<Times<'_>> {
        let place = METRICS.iter().position(|&kept| kept == metric)?;
        Some(Times { sketch: &self.times[place], longest_ns: self.longest_ns[place] })
    }
}

/// How the times of a window are spread.
#[derive(Debug, Clone, Copy)]
pub struct Times<'a> {
    /// In buckets.
    pub sketch: &'a Sketch,
    longest_ns: u64,
}

impl Times<'_> {
    /// A percentile by nearest rank, to within 1/128 of it: the upper end of its bucket. `None` without times.
    pub fn percentile(&self, percentile: Percentile) -> Option<u64> {
        self.sketch.percentile(percentile).map(|ns| ns.min(self.longest_ns))
    }

    /// The longest, exactly. `None` without times.
    pub fn max(&self) -> Option<u64> {
        (!self.sketch.is_empty()).then_some(self.longest_ns)
    }
}
