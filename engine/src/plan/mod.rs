//! What will happen: a scenario compiled once, before the load, and then read by every core and changed by none.
//!
//! In: a checked scenario and the machine's limits. Out: request bytes, flows and schedules, with indices for names,
//! bytes for strings and nanoseconds for text, so that nothing behind this folder can find a mistake of configuration.
//! It knows no clock, no socket and no file: schedules and choices are pure functions.

mod bytes;
pub mod choice;
mod compile;
mod feeds;
pub mod flow;
mod message;
mod naming;
pub mod parts;
mod probe;
mod program;
mod resolve;
pub mod schedule;
pub mod target;
pub mod template;

use std::sync::Arc;

use runlog::tags::Tags;
use runlog::threshold::{ProbeThreshold, Threshold};
use runlog::units::Nanos;

pub use self::compile::{Error, Options, compile, errand};
pub use self::flow::{Flow, FlowId, GroupId, MessageId, Step};
pub use self::message::Message;
pub use self::probe::{Endpoint, Probe, Sampling};
pub use self::program::{Errand, Part};
pub use self::resolve::{Captured, unknown_captures};
pub use self::target::{Target, TargetError};

use self::choice::Mix;
use self::schedule::{ArrivalSchedule, VuSchedule};
use crate::answer;
use crate::data::Trace;
pub use crate::scenario::target::Connections;
pub use crate::scenario::{Cookies, Iterations};

/// Everything that a run needs to know.
#[derive(Debug)]
pub struct Plan {
    /// The name of the run.
    pub name: String,
    /// Whom the load goes to.
    pub target: Target,
    /// The requests as they are in the rows; `RequestId` is the place here.
    pub requests: Vec<Request>,
    /// What is sent; `MessageId` is the place here.
    pub messages: Vec<Message>,
    /// The flows that scenarios mix, each as one of them follows it; `FlowId` is the place here.
    pub flows: Vec<Flow>,
    /// The names of the groups; `GroupId` is the place here.
    pub groups: Vec<String>,
    /// What is sent again as it was sent before.
    pub replays: Vec<Replay>,
    /// The scenarios, all run at once; `ScenarioId` is the place here.
    pub scenarios: Vec<Scenario>,
    /// What must hold for the run to pass.
    pub thresholds: Vec<Threshold>,
    /// What is sampled beside the load.
    pub probes: Vec<Probe>,
    /// What must hold of what is sampled.
    pub probe_thresholds: Vec<ProbeThreshold>,
    /// Tags of the whole run.
    pub tags: Tags,
    /// Makes the same requests in the same order at the same scheduled times.
    pub seed: u64,
    /// The scenario as resolved, secrets redacted, for `run.json`.
    pub resolved: serde_json::Value,
}

/// A request, as it is told apart in the rows.
#[derive(Debug)]
pub struct Request {
    /// Its name, as in the rows.
    pub name: String,
    /// The HTTP method.
    pub method: String,
    /// The path as written in the scenario, secrets redacted.
    pub path: String,
    /// The whole of it as people may see it: secrets redacted, placeholders as they are written. Never sent.
    pub shown: Box<[u8]>,
    /// The statuses that do not count as failed, as inclusive ranges.
    pub expect_status: Vec<(u16, u16)>,
    /// What is looked at in every answer; at most `FailedChecks::MOST`.
    pub checks: Vec<Check>,
    /// Its tags.
    pub tags: Tags,
    /// The flows that it is part of.
    pub flows: Vec<String>,
}

/// A look at an answer that passes or fails and stops nothing.
#[derive(Debug)]
pub struct Check {
    /// Its name.
    pub name: String,
    /// What has to hold; nothing where it is a capture, which is found or not.
    pub check: Option<answer::Check>,
}

/// What is sent again as it was sent before.
#[derive(Debug)]
pub struct Replay {
    /// What was sent.
    pub trace: Arc<Trace>,
    /// For each name of the trace, what is sent by it.
    pub messages: Vec<MessageId>,
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
    /// What becomes of the cookies that answers set.
    pub cookies: Cookies,
    /// What becomes of its connections between requests.
    pub connections: Connections,
    /// Its place in `Plan::replays`, where it is one.
    pub replay: Option<usize>,
    /// How long a virtual user may go on with its iteration when there are to be fewer of them.
    pub graceful_ramp_down: Nanos,
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
        /// How many iterations they make.
        iterations: Iterations,
        /// Iterations of this number and above are not made: there is no data for them.
        ends_after: Option<u64>,
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
