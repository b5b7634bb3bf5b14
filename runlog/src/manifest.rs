//! `run.json`: what was run, where, on what, and how it ended. Written at the start, completed at the end.
//!
//! Unknown fields are tolerated, so that an older analysis reads a newer minor version; a newer major version is refused.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::outcome::Failure;
use crate::row::{Names, Row};
use crate::tags::Tags;
use crate::threshold::{ProbeThreshold, Threshold, ThresholdResult};
use crate::units::{Nanos, Rate, Thousands};
use crate::validity::Validity;

/// The version of the run directory's format that this crate writes: major (readers of another one refuse) and minor.
pub const FORMAT: Format = Format { major: 1, minor: 4 };

/// A version of the run directory's format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Format {
    /// Differs where older readers would misunderstand.
    pub major: u32,
    /// Differs where something was added.
    pub minor: u32,
}

/// The whole of `run.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The format of this directory.
    pub format: Format,
    /// The version of Drumfire that wrote it.
    pub drumfire_version: String,
    /// The name of the run: the scenario file's.
    pub name: String,
    /// The command line, secrets redacted.
    pub command: Vec<String>,
    /// The wall time of t=0, nanoseconds since the Unix epoch (UTC): what ties the rows' clock to the world's.
    pub started_unix_ns: u64,
    /// Makes the same requests in the same order at the same scheduled times.
    pub seed: u64,
    /// How long the schedule lasts.
    pub planned_ns: Nanos,
    /// Whom the load went to: the base URL, without credentials.
    pub target: String,
    /// The machine that made the load.
    pub host: Host,
    /// How the engine was set up on it.
    pub engine: Engine,
    /// Tags of the whole run.
    pub tags: Tags,
    /// The scenarios, in the order of their ids.
    pub scenarios: Vec<Scenario>,
    /// The requests, in the order of their ids.
    pub requests: Vec<Request>,
    /// The names of the groups, in the order of their ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<String>,
    /// What must hold for the run to pass.
    pub thresholds: Vec<Threshold>,
    /// What must hold of what probes sample. A list of its own, so that older readers know every metric of the other.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probe_thresholds: Vec<ProbeThreshold>,
    /// The scenario file as resolved, secrets redacted.
    pub scenario: serde_json::Value,
    /// How it ended; absent while it runs and after a crash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
}

impl Manifest {
    /// Whether arrivals of this request in this scenario count for a threshold: whether each of its filter's pairs is so.
    /// A tag of the request comes before one of the scenario, and that before one of the run.
    pub fn counts_for(&self, threshold: &Threshold, scenario: &Scenario, request: &Request) -> bool {
        threshold.filter.iter().all(|(key, wanted)| match key.as_str() {
            "request" => request.is_named(wanted),
            "scenario" => scenario.name == *wanted,
            tag => self.tag(scenario, request, tag) == Some(wanted),
        })
    }

    /// The value of a tag for arrivals of this request in this scenario: the request's comes before the scenario's, and that
    /// before the run's.
    pub fn tag<'a>(&'a self, scenario: &'a Scenario, request: &'a Request, tag: &str) -> Option<&'a str> {
        let value = request.tags.get(tag).or_else(|| scenario.tags.get(tag)).or_else(|| self.tags.get(tag));
        value.map(String::as_str)
    }

    /// Whether iterations of this scenario, or those of one of its groups, count for a threshold: whether each of its
    /// filter's pairs is so. A tag of the scenario comes before one of the run.
    pub fn counts_for_iteration(&self, threshold: &Threshold, scenario: &Scenario, group: Option<&str>) -> bool {
        threshold.filter.iter().all(|(key, wanted)| match (key.as_str(), group) {
            ("scenario", _) => scenario.name == *wanted,
            ("group", Some(group)) => group == wanted,
            (tag, _) => scenario.tags.get(tag).or_else(|| self.tags.get(tag)) == Some(wanted),
        })
    }

    /// Takes in what the manifest of another shard of the same load says of its part: its cores and how it ended. A shard
    /// without an ending leaves the whole without one.
    pub fn add_shard(&mut self, shard: Self) {
        self.started_unix_ns = self.started_unix_ns.min(shard.started_unix_ns);
        self.planned_ns = self.planned_ns.max(shard.planned_ns);
        self.engine.cores.extend(shard.engine.cores);
        self.tags.extend(shard.tags);
        self.ending = match (self.ending.take(), shard.ending) {
            (Some(mine), Some(theirs)) => Some(mine.with_shard(theirs)),
            _ => None,
        };
    }

    /// The names that stand in the rows.
    pub fn names(&self) -> Names {
        Names::new(self.scenarios.iter().map(|s| s.name.as_str()), self.requests.iter().map(|r| r.name.as_str()))
    }
}

/// The machine that made the load.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Host {
    /// Its name.
    pub name: String,
    /// The processor's model.
    pub cpu: String,
    /// How many processors this process may use.
    pub cpus: usize,
    /// Memory of the machine in bytes.
    pub memory_bytes: u64,
    /// The kernel's release.
    pub kernel: String,
    /// The most files this process may have open.
    pub open_files_limit: u64,
}

/// How the engine was set up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// `io_uring` with the flags that the kernel granted, or `epoll`.
    pub driver: String,
    /// How punctual the workers were asked to be: `precise`, `balanced` or `frugal`. Empty in runs from before it could be
    /// asked for.
    #[serde(default)]
    pub pacing: String,
    /// The processors that the workers are pinned to, one worker each.
    pub cores: Vec<usize>,
}

/// How arrivals come about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Model {
    /// By a schedule, whatever the answers do.
    Open,
    /// When a virtual user is ready for the next one.
    Closed,
}

impl Model {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// A scenario of the run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Scenario {
    /// Its name, as in the rows.
    pub name: String,
    /// The executor's name.
    pub executor: String,
    /// How its arrivals come about.
    pub model: Model,
    /// The highest rate of its schedule; absent in the closed model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peak_rate: Option<Rate>,
    /// The most connections it may have open.
    pub max_connections: u32,
    /// The stages of its schedule, for drawing: where each ends (from t=0) and the target it reaches (per second, or virtual users).
    pub stages: Vec<StageEnd>,
    /// Its tags.
    pub tags: Tags,
}

/// Where a stage ends, and where it has led to by then.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct StageEnd {
    /// When, since t=0.
    pub at_ns: Nanos,
    /// Arrivals per second, or virtual users.
    pub target: f64,
}

/// A request of the run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// Its name, as in the rows.
    pub name: String,
    /// The HTTP method.
    pub method: String,
    /// The path as written in the scenario.
    pub path: String,
    /// The statuses that do not count as failed, as inclusive ranges.
    pub expect_status: Vec<(u16, u16)>,
    /// The names of its checks, in the order of the bits in `failed_checks`.
    pub checks: Vec<String>,
    /// Its tags.
    pub tags: Tags,
    /// The flows that it is part of. Empty in runs from before it was kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flows: Vec<String>,
}

impl Request {
    /// Whether it has this name, or is the request of this name within a group: `checkout::order` is `order` as well.
    pub fn is_named(&self, wanted: &str) -> bool {
        self.name.strip_suffix(wanted).is_some_and(|before| before.is_empty() || before.ends_with("::"))
    }

    /// Whether an answer with this status is what was wanted.
    #[inline]
    pub fn expects(&self, status: u16) -> bool {
        self.expect_status.iter().any(|&(from, to)| (from..=to).contains(&status))
    }

    /// Whether an arrival got no answer, or one with a status that was not wanted.
    #[inline]
    pub fn has_failed(&self, row: &Row) -> bool {
        self.is_failure(row.error, row.status)
    }

    /// Whether that is what a failed arrival came to: no answer, or a status that was not wanted.
    #[inline]
    pub fn is_failure(&self, error: Option<Failure>, status: u16) -> bool {
        error.is_some() || !self.expects(status)
    }
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// The manner of it.
    pub how: How,
    /// What a person should know of it; empty where all went as planned.
    pub reason: String,
    /// When the last row was done, since t=0.
    pub elapsed_ns: Nanos,
    /// The books of each core.
    pub cores: Vec<CoreBooks>,
    /// Whether the measurement can be believed.
    pub validity: Validity,
    /// What came of each threshold, in their order. Empty in runs from before it was kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub thresholds: Vec<ThresholdResult>,
    /// What came of each threshold on what probes sample, in their order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probe_thresholds: Vec<ThresholdResult>,
    /// How each probe fared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<ProbeBooks>,
}

/// How a probe fared: what it has sampled is in `probes.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProbeBooks {
    /// Its name.
    pub name: String,
    /// How often it looked and saw something.
    pub looks: u64,
    /// How often it could not: no answer in time, or one that it cannot read.
    pub failures: u64,
    /// Values that it has sampled: its rows.
    pub samples: u64,
    /// Why it failed last; empty where it never did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub last_error: String,
    /// Metrics that it was to sample, and of which it never saw a value.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub never_seen: Vec<String>,
}

impl Ending {
    /// The ending of two shards together: the worse of both, for whatever there is a better and a worse.
    fn with_shard(mut self, shard: Self) -> Self {
        if shard.how > self.how {
            self.how = shard.how;
        }
        if !shard.reason.is_empty() && shard.reason != self.reason {
            let between = if self.reason.is_empty() { "" } else { "; " };
            self.reason = format!("{}{between}{}", self.reason, shard.reason);
        }
        self.elapsed_ns = self.elapsed_ns.max(shard.elapsed_ns);
        self.cores.extend(shard.cores);
        self.validity.verdict = self.validity.verdict.max(shard.validity.verdict);
        self.validity.reasons.extend(shard.validity.reasons);
        // Of what no row tells, each shard saw its part only: what holds for one and not for another does not hold.
        let of_load = self.thresholds.iter_mut().zip(shard.thresholds);
        let of_probes = self.probe_thresholds.iter_mut().zip(shard.probe_thresholds);
        for (mine, theirs) in of_load.chain(of_probes) {
            if mine.passed && !theirs.passed {
                *mine = theirs;
            }
        }
        self.probes.extend(shard.probes);
        self
    }
}

/// The manner of an ending, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// The schedule was run to its end.
    Completed,
    /// Somebody stopped it.
    Interrupted,
    /// A threshold did not hold, and the run was to end then.
    Aborted,
    /// It could not go on: the disk is full, the target does not speak HTTP.
    Failed,
}

/// Names that were looked up while connections were opened; the time is part of their `connect_ns`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Lookups {
    /// How many.
    pub count: u64,
    /// How long that took, all of them together.
    pub total_ns: Nanos,
    /// How long the slowest took.
    pub longest_ns: Nanos,
}

impl Lookups {
    /// Counts one more.
    pub fn add(&mut self, took: Nanos) {
        self.merge(&Self { count: 1, total_ns: took, longest_ns: took });
    }

    /// Counts those of others as well.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.total_ns = self.total_ns.after(other.total_ns);
        self.longest_ns = self.longest_ns.max(other.longest_ns);
    }

    /// Whether there were none.
    pub const fn is_none(&self) -> bool {
        self.count == 0
    }
}

impl fmt::Display for Lookups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mean = Nanos(self.total_ns.0 / self.count.max(1));
        write!(f, "{} look-ups of the name, {mean} in the mean, {} at the most", Thousands(self.count), self.longest_ns)
    }
}

/// What one core did. The invariant of the run directory: `rows == scheduled`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoreBooks {
    /// The processor.
    pub core: usize,
    /// Its file.
    pub file: String,
    /// Arrivals that the schedule (closed model: its virtual users) brought it.
    pub scheduled: u64,
    /// Rows it wrote.
    pub rows: u64,
    /// How long it had to wait for the disk.
    pub record_stall_ns: Nanos,
    /// Names that it looked up.
    #[serde(default, skip_serializing_if = "Lookups::is_none")]
    pub lookups: Lookups,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_in_a_group_is_known_by_both_of_its_names() {
        let name = "checkout::order".to_owned();
        let request = Request {
            name,
            method: "GET".to_owned(),
            path: "/".to_owned(),
            expect_status: Vec::new(),
            checks: Vec::new(),
            tags: Tags::new(),
            flows: Vec::new(),
        };
        assert!(request.is_named("order") && request.is_named("checkout::order"));
        assert!(!request.is_named("rder") && !request.is_named("checkout") && !request.is_named("order::redirect"));
    }
}
