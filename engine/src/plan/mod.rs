//! What will happen: a scenario compiled once, before the load, and then read by every core and changed by none.
//!
//! In: a checked scenario and the machine's limits. Out: request bytes, flows and schedules, with indices for names,
//! bytes for strings and nanoseconds for text, so that nothing behind this folder can find a mistake of configuration.
//! It knows no clock, no socket and no file: schedules and choices are pure functions.

pub mod choice;
mod compile;
mod request;
pub mod schedule;

use std::net::SocketAddr;

use runlog::manifest::Tags;
use runlog::row::RequestId;
use runlog::threshold::Threshold;
use runlog::units::Nanos;

pub use self::compile::{Error, Options, compile};

use self::choice::Mix;
use self::schedule::{ArrivalSchedule, VuSchedule};

/// Everything that a run needs to know.
#[derive(Debug)]
pub struct Plan {
    /// The name of the run.
    pub name: String,
    /// Whom the load goes to.
    pub target: Target,
    /// How long a request may take from its first byte sent to its last byte received, opening the connection apart.
    pub request_timeout: Nanos,
    /// The requests; `RequestId` is the place here.
    pub requests: Vec<Request>,
    /// The flows that scenarios mix; `FlowId` is the place here.
    pub flows: Vec<Flow>,
    /// The scenarios, all run at once; `ScenarioId` is the place here.
    pub scenarios: Vec<Scenario>,
    /// What must hold for the run to pass.
    pub thresholds: Vec<Threshold>,
    /// Tags of the whole run.
    pub tags: Tags,
    /// Makes the same requests in the same order at the same scheduled times.
    pub seed: u64,
    /// The scenario as resolved, secrets redacted, for `run.json`.
    pub resolved: serde_json::Value,
}

/// Whom the load goes to.
#[derive(Debug, Clone)]
pub struct Target {
    /// The base URL as people read it, without credentials.
    pub base_url: String,
    /// Where it is: resolved once, before the load; never empty.
    pub addresses: Vec<SocketAddr>,
}

/// A request, ready to be sent.
#[derive(Debug)]
pub struct Request {
    /// Its name, as in the rows.
    pub name: String,
    /// The HTTP method.
    pub method: String,
    /// The path as written in the scenario, secrets redacted.
    pub path: String,
    /// The whole request as it goes over the wire, built once.
    pub bytes: Box<[u8]>,
    /// The same as people may see it: secrets redacted. Never sent.
    pub shown: Box<[u8]>,
    /// Whether an answer has no body whatever its headers say: the method is HEAD.
    pub is_head: bool,
    /// The statuses that do not count as failed, as inclusive ranges.
    pub expect_status: Vec<(u16, u16)>,
    /// What is looked at in every answer; at most `FailedChecks::MOST`.
    pub checks: Vec<Check>,
    /// Its tags.
    pub tags: Tags,
}

/// A look at an answer that passes or fails and stops nothing.
#[derive(Debug)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// What has to hold of the status.
    pub condition: StatusCondition,
}

/// A comparison with an answer's status, such as `status == 200`, `status < 500` or `status in 200..299`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusCondition {
    /// Inclusive ranges, one of which the status must lie in.
    pub ranges: Vec<(u16, u16)>,
}

impl StatusCondition {
    /// Whether a status passes.
    pub fn holds(&self, status: u16) -> bool {
        self.ranges.iter().any(|&(from, to)| (from..=to).contains(&status))
    }
}

/// A flow, by its place in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowId(pub u16);

/// A group of steps, by its place in the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GroupId(pub u16);

/// What a virtual user does in one iteration. Has at least one request, and never begins with a think time.
#[derive(Debug)]
pub struct Flow {
    /// Its name.
    pub name: String,
    /// One after another.
    pub steps: Vec<Step>,
}

/// A step of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Send a request and wait for its answer.
    Request(RequestId),
    /// Wait, as a person would: evenly distributed between the two; the same twice for a fixed time.
    Think {
        /// At least.
        from: Nanos,
        /// At the most.
        to: Nanos,
    },
}

/// A scenario: who does what, when.
#[derive(Debug)]
pub struct Scenario {
    /// Its name, as in the rows.
    pub name: String,
    /// The executor's name.
    pub executor: &'static str,
    /// How its arrivals come about.
    pub load: Load,
    /// Which flow an iteration takes.
    pub mix: Mix,
    /// The most connections it may have open, all cores together; in the closed model one for each virtual user, or for
    /// each `pipeline` of them.
    pub max_connections: u32,
    /// How many virtual users share a connection, each with a request of its own on the way; 1 without pipelining.
    pub pipeline: u32,
    /// How long iterations may go on when the schedule has ended, before they are cut off.
    pub graceful_stop: Nanos,
    /// Its tags.
    pub tags: Tags,
}

/// How arrivals come about.
#[derive(Debug)]
pub enum Load {
    /// By a schedule, whatever the answers do.
    Open(ArrivalSchedule),
    /// When a virtual user is ready for the next iteration.
    Closed {
        /// How many there are, when.
        vus: VuSchedule,
        /// After how many iterations, all together, it is over early.
        iterations: Option<u64>,
    },
}

impl Plan {
    /// When the last schedule ends.
    pub fn duration(&self) -> Nanos {
        self.scenarios.iter().map(|scenario| scenario.load.duration()).max().unwrap_or_default()
    }
}

impl Load {
    /// When the schedule ends.
    pub fn duration(&self) -> Nanos {
        match self {
            Self::Open(arrivals) => arrivals.duration(),
            Self::Closed { vus, .. } => vus.duration(),
        }
    }
}
