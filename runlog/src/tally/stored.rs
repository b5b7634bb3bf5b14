//! Groups as they are kept without the rows they were gathered of: small, and to be added up.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::groups::{Cells, Counts, Group, Groups, Times};
use super::{Grouping, Tally};
use crate::histogram::SparseHistogram;
use crate::manifest::Request;
use crate::metric::Metric;
use crate::outcome::Failure;
use crate::units::{Bytes, Nanos};

/// The most memory that groups may take when they are read again: far more than any run has, and a bound for what is not ours.
const MOST_BYTES: usize = 1 << 30;
/// The most rows: with more, sums could overflow.
const MOST_ROWS: u64 = 1 << 48;

/// Why stored groups are none of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// They contradict themselves or the manifest.
    #[error("{0}")]
    Contradiction(&'static str),
    /// No run is so large.
    #[error("its histograms would take more than {} of memory", Bytes(MOST_BYTES as u64))]
    TooLarge,
}

/// Groups in the form of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredGroups {
    /// How many rows there were.
    pub rows: u64,
    /// From t=0 to the end of the last arrival.
    pub elapsed_ns: Nanos,
    /// By their numbers.
    groups: Vec<StoredGroup>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredGroup {
    counts: StoredCounts,
    /// Of the metrics that have any times.
    times: BTreeMap<Metric, SparseHistogram>,
}

/// [`Counts`], with what is counted by a status or a word as pairs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredCounts {
    arrivals: u64,
    failed: u64,
    checks_made: u64,
    checks_passed: u64,
    checked: u64,
    failed_checks: Vec<u64>,
    bytes_sent: u64,
    bytes_received: u64,
    statuses: Vec<(u16, u64)>,
    failures: Vec<(Failure, u64)>,
}

impl StoredGroups {
    /// Groups that were gathered of a whole run.
    pub fn of(groups: &Groups<'_, Cells>) -> Self {
        let stored = |group: &Group| {
            let sparse = |(&metric, times): (&Metric, &Times)| Some((metric, times.histogram.sparse()?));
            let times = groups.metrics.iter().zip(&group.times).filter_map(sparse).collect();
            StoredGroup { counts: StoredCounts::of(&group.counts), times }
        };
        Self { rows: groups.rows, elapsed_ns: groups.elapsed, groups: groups.groups().iter().map(stored).collect() }
    }
}

impl<G: Grouping> Groups<'_, G> {
    /// Adds groups that were stored, of which there can be so many.
    pub(crate) fn add_stored(&mut self, stored: &StoredGroups, most_groups: usize) -> Result<(), StoreError> {
        if stored.groups.len() > most_groups {
            return Err(StoreError::Contradiction("it has figures of more requests than its manifest"));
        }
        if stored.memory_bytes()? > MOST_BYTES {
            return Err(StoreError::TooLarge);
        }
        let mut all = Vec::with_capacity(stored.groups.len());
        let mut rows = 0_u64;
        for (group, request) in stored.groups.iter().zip(self.requests.iter().cycle()) {
            rows = rows.saturating_add(group.counts.arrivals);
            all.push(Group { counts: group.counts.restored(request)?, times: group.restored_times(self.metrics)? });
        }
        if rows != stored.rows || rows > MOST_ROWS {
            return Err(StoreError::Contradiction("the rows of its requests are not as many as it says there were"));
        }
        let mut other = Self::new(self.grouping, self.requests, self.metrics, self.recall());
        (other.all, other.rows, other.elapsed) = (all, rows, stored.elapsed_ns);
        self.merge(other);
        Ok(())
    }
}

impl StoredGroups {
    fn memory_bytes(&self) -> Result<usize, StoreError> {
        let mut bytes = 0_usize;
        for group in &self.groups {
            let last_status = group.counts.statuses.iter().map(|&(status, _)| usize::from(status)).max();
            bytes += last_status.map_or(0, |last| (last + 1) * size_of::<u64>());
            for histogram in group.times.values() {
                bytes += histogram.memory_bytes().ok_or(BROKEN_HISTOGRAM)?;
            }
        }
        Ok(bytes)
    }
}

const BROKEN_HISTOGRAM: StoreError = StoreError::Contradiction("the buckets and figures of a histogram do not agree");

impl StoredGroup {
    fn restored_times(&self, metrics: &[Metric]) -> Result<Vec<Times>, StoreError> {
        let mut all = Vec::with_capacity(metrics.len());
        for metric in metrics {
            let Some(sparse) = self.times.get(metric) else {
                all.push(Times::default());
                continue;
            };
            let histogram = sparse.restored().ok_or(BROKEN_HISTOGRAM)?;
            if histogram.count() > self.counts.arrivals {
                return Err(StoreError::Contradiction("a request has more times than arrivals"));
            }
            all.push(Times { histogram, kept: None });
        }
        Ok(all)
    }
}

impl StoredCounts {
    fn of(counts: &Counts) -> Self {
        let failures = Failure::ALL.iter().copied().zip(counts.failures);
        Self {
            arrivals: counts.arrivals,
            failed: counts.failed,
            checks_made: counts.checks_made,
            checks_passed: counts.checks_passed,
            checked: counts.checked,
            failed_checks: counts.failed_checks.clone(),
            bytes_sent: counts.bytes_sent,
            bytes_received: counts.bytes_received,
            statuses: counts.statuses().into_iter().collect(),
            failures: failures.filter(|&(_, count)| count > 0).collect(),
        }
    }

    fn restored(&self, request: &Request) -> Result<Counts, StoreError> {
        let mut counts = Counts {
            arrivals: self.arrivals,
            failed: self.failed,
            checks_made: self.checks_made,
            checks_passed: self.checks_passed,
            checked: self.checked,
            failed_checks: self.failed_checks.clone(),
            bytes_sent: self.bytes_sent,
            bytes_received: self.bytes_received,
            ..Counts::default()
        };
        let mut outcomes = 0_u64;
        for &(status, count) in &self.statuses {
            let status = usize::from(status);
            counts.statuses.resize(counts.statuses.len().max(status + 1), 0);
            counts.statuses[status] = counts.statuses[status].saturating_add(count);
            outcomes = outcomes.saturating_add(count);
        }
        for &(failure, count) in &self.failures {
            let failures = &mut counts.failures[failure as usize];
            *failures = failures.saturating_add(count);
            outcomes = outcomes.saturating_add(count);
        }
        let checks = request.checks.len();
        let adds_up = outcomes == self.arrivals
            && self.failed <= self.arrivals
            && self.checked <= self.arrivals
            && Some(self.checks_made) == self.checked.checked_mul(checks as u64)
            && self.checks_passed <= self.checks_made
            && self.failed_checks.len() <= checks
            && self.failed_checks.iter().all(|&fails| fails <= self.checked);
        if adds_up { Ok(counts) } else { Err(StoreError::Contradiction("the counts of a request do not add up")) }
    }
}
