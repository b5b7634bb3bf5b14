//! What people write: a scenario file, or the flags of `drumfire hit`, checked once and for all.
//!
//! In: TOML and the variables it uses. Out: a [`Scenario`] that cannot be wrong, with names resolved to places, units
//! parsed and secrets marked; or every mistake with its place in the file and what would be right. It opens the file that
//! it is given and those that this one names, and knows nothing of plans, cores, clocks or sockets.

pub mod destination;
mod document;
mod error;
mod escape;
mod feeder;
mod flow;
pub mod hit;
pub mod http;
mod include;
mod interpolate;
pub mod keys;
mod known;
pub mod limits;
mod placeholder;
pub mod probe;
mod reach;
mod request;
pub mod secrets;
pub mod status;
pub mod steps;
mod suggest;
pub mod target;
mod template;
mod threshold;
mod validate;
mod vars;
mod workload;

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use runlog::tags::Tags;
use runlog::text::printable;
use runlog::threshold::{ProbeThreshold, Threshold};
use runlog::units::{Nanos, Rate};

use self::error::Problems;
pub use self::error::{Error, Invalid, Problem, Source, Span};
pub use self::escape::Escape;
pub use self::feeder::Feeder;
pub use self::interpolate::{Text, Variables};
pub use self::placeholder::{Moment, Value};
pub use self::probe::Probe;
pub use self::request::DEFAULT_EXPECT_STATUS;
use self::status::Statuses;
use self::target::Connections;
pub use self::target::Target;
pub use self::template::{Fill, Piece, Template};
pub use self::vars::Vars;
use crate::answer;
use crate::data::{BodyFile, Trace};

/// A whole scenario, checked.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name: the file's where it does not say.
    pub name: String,
    /// Tags of the whole run.
    pub tags: Tags,
    /// Whom the load goes to.
    pub target: Target,
    /// The variables of all scenarios.
    pub vars: Vars,
    /// What happens once before the load.
    pub setup: Vec<Step>,
    /// What happens once after the load.
    pub teardown: Vec<Step>,
    /// Files that requests take values from.
    pub feeders: Vec<Feeder>,
    /// At least one.
    pub requests: Vec<Request>,
    /// At least one.
    pub flows: Vec<Flow>,
    /// At least one.
    pub workloads: Vec<Workload>,
    /// What must hold for the run to pass.
    pub thresholds: Vec<Threshold>,
    /// What is sampled beside the load.
    pub probes: Vec<Probe>,
    /// What must hold of what is sampled.
    pub probe_thresholds: Vec<ProbeThreshold>,
    /// The whole with its variables in place and its secrets taken out.
    pub resolved: serde_json::Value,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its name, unique.
    pub name: String,
    /// The HTTP method.
    pub method: String,
    /// From the first `/` on, query included.
    pub path: Template,
    /// In the order of the file; no name twice.
    pub headers: Vec<Header>,
    /// The body, where there is one.
    pub body: Option<Template>,
    /// A file that is the body, in place of it.
    pub body_file: Option<Arc<BodyFile>>,
    /// The statuses that do not count as failed.
    pub expect_status: Statuses,
    /// How many redirects are followed, one after another.
    pub follow_redirects: u32,
    /// What is looked at in every answer.
    pub checks: Vec<Check>,
    /// Its tags.
    pub tags: Tags,
}

/// A header of a request.
#[derive(Debug, Clone)]
pub struct Header {
    /// Its name as written.
    pub name: String,
    /// Its value.
    pub value: Template,
}

/// A check of a request.
#[derive(Debug, Clone)]
pub struct Check {
    /// Its name, unique in its request.
    pub name: String,
    /// What has to hold.
    pub check: answer::Check,
}

/// What a virtual user does in one iteration: begins with a request that is sent under all circumstances.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Its name, unique.
    pub name: String,
    /// One after another.
    pub steps: Vec<Step>,
}

/// A step of a flow.
#[derive(Debug, Clone)]
pub enum Step {
    /// Send a request, and wait for its answer.
    Request(Call),
    /// Wait, as a person would.
    Think(Think),
    /// The same several times: as often as chance says, from the one number to the other.
    Repeat {
        /// At least and at the most.
        times: (u32, u32),
        /// What is repeated.
        steps: Vec<Self>,
    },
    /// Steps that belong together.
    Group {
        /// Its name.
        name: String,
        /// What belongs to it.
        steps: Vec<Self>,
    },
    /// Steps that are made only if something holds.
    If {
        /// What has to hold.
        condition: answer::Condition<String>,
        /// If it does.
        steps: Vec<Self>,
        /// If it does not.
        otherwise: Vec<Self>,
    },
}

/// A request as a step sends it.
#[derive(Debug, Clone)]
pub struct Call {
    /// Its place in `Scenario::requests`.
    pub request: usize,
    /// Variables for this one time; they come before all others.
    pub vars: Vars,
    /// What is kept of the answer, under which name.
    pub captures: Vec<(String, answer::Source)>,
    /// Where it stands in the file.
    pub span: Span,
}

/// How long a think time is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Think {
    /// Evenly distributed between the two; the same twice for a fixed time.
    Uniform {
        /// At least.
        from: Nanos,
        /// At the most.
        to: Nanos,
    },
    /// Exponentially distributed.
    Exponential {
        /// Its mean.
        mean: Nanos,
    },
    /// Log-normally distributed: most are short, a few are very long.
    LogNormal {
        /// Half of them are shorter.
        median: Nanos,
        /// The standard deviation of its logarithm.
        sigma: f64,
    },
}

/// An entry of `[[scenarios]]`: who does what, when.
#[derive(Debug, Clone)]
pub struct Workload {
    /// Its name, unique.
    pub name: String,
    /// The executor's name.
    pub executor: &'static str,
    /// How its arrivals come about.
    pub load: Load,
    /// Places in `Scenario::flows` with their weights, not all of them zero. Empty for a replay, which has no flow.
    pub mix: Vec<(usize, f64)>,
    /// Variables; they come before those of the file.
    pub vars: Vars,
    /// What becomes of the cookies that answers set.
    pub cookies: Cookies,
    /// When its schedule begins.
    pub start_time: Nanos,
    /// How long a virtual user may go on with its iteration when there are to be fewer of them.
    pub graceful_ramp_down: Nanos,
    /// How long iterations may go on when the schedule has ended.
    pub graceful_stop: Nanos,
    /// How many virtual users share a connection, each with a request of its own on the way; 1 without pipelining.
    pub pipeline: u32,
    /// What becomes of its connections between requests.
    pub connections: Connections,
    /// Its tags.
    pub tags: Tags,
    /// Where it stands in the file.
    pub span: Span,
}

/// How the arrivals of a workload come about.
#[derive(Debug, Clone)]
pub enum Load {
    /// By a schedule, whatever the answers do.
    Arrivals {
        /// How many per second.
        rate: Stages<Rate>,
        /// How they are spaced.
        arrival: Arrival,
        /// At the most so many.
        most: Option<u64>,
        /// The most connections at once.
        max_connections: u32,
    },
    /// When a virtual user is ready for the next.
    Vus {
        /// How many virtual users.
        users: Stages<u32>,
        /// How many iterations they make.
        iterations: Iterations,
    },
    /// When they came before.
    Replay {
        /// What came before.
        trace: Arc<Trace>,
        /// So many times as fast.
        speed: f64,
        /// The most connections at once.
        max_connections: u32,
    },
}

/// How many iterations virtual users make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Iterations {
    /// As many as there is time for.
    Unbounded,
    /// So many each, and then they are done.
    Each(u64),
    /// So many all together.
    Shared(u64),
}

/// What becomes of the cookies that answers set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Cookies {
    /// They are sent back within the iteration.
    #[default]
    Iteration,
    /// They are sent back by the same virtual user.
    Vu,
    /// Nothing.
    Off,
}

/// Targets reached one after another; together they take time, and one of them is not zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Stages<T> {
    /// The target at t=0.
    pub start: T,
    /// How long each stage takes, and the target at its end.
    pub stages: Vec<(Nanos, T)>,
}

impl<T: Copy> Stages<T> {
    /// The same target all the time.
    pub fn constant(target: T, duration: Nanos) -> Self {
        Self { start: target, stages: vec![(duration, target)] }
    }

    /// Every target, that of t=0 first.
    pub fn targets(&self) -> impl Iterator<Item = T> {
        std::iter::once(self.start).chain(self.stages.iter().map(|&(_, target)| target))
    }
}

/// How the arrivals of a schedule are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub enum Arrival {
    /// As evenly as the rate allows.
    #[default]
    Even,
    /// As if each knew nothing of the others.
    Poisson,
}

/// Reads and checks a scenario file. Tags of the run are added to those of the file and come first.
///
/// # Errors
/// Where the file cannot be read as text, or says something that cannot be: then with every mistake found.
pub fn load(path: &Path, variables: &Variables<'_>, tags: &Tags) -> Result<Scenario, Error> {
    let unreadable = |reason: String| Error::Unreadable { path: path.to_owned(), reason };
    let text = read(path).map_err(unreadable)?;
    let stem = path.file_stem().map_or_else(|| "scenario".into(), |stem| stem.to_string_lossy());
    check(&path.display().to_string(), &stem, text, variables, tags)
}

fn read(path: &Path) -> Result<String, String> {
    let file = File::open(path).map_err(|error| reason(&error))?;
    let mut bytes = Vec::new();
    file.take(limits::LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(|error| reason(&error))?;
    if bytes.len() as u64 > limits::LARGEST_FILE {
        return Err(format!("it is larger than {} MiB", limits::LARGEST_FILE >> 20));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = valid.split(|&byte| byte == b'\n').count();
        format!("it is not UTF-8 text (line {line})")
    })
}

/// What the system says, in words that help.
fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such file".to_owned(),
        std::io::ErrorKind::IsADirectory => "it is a directory".to_owned(),
        std::io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

/// Checks the text of a scenario file; `file` is its name in messages, and other files are found from where it is; `stem`
/// is the scenario's name where it has none.
///
/// # Errors
/// With every mistake found.
pub fn check(file: &str, stem: &str, text: String, variables: &Variables<'_>, tags: &Tags) -> Result<Scenario, Error> {
    let folder = Path::new(file).parent().unwrap_or_else(|| Path::new(""));
    let mut problems = Problems::default();
    let parsed = document::parse(&text, 0, variables, &mut problems);
    let mut sources = vec![Source { file: printable(file), text, base: 0 }];
    let scenario = problems.keep(parsed).and_then(|mut root| {
        let all_read = include::include(&mut root, folder, &mut sources, variables, &mut problems);
        let given = validate::Given { stem, folder, tags, variables };
        if all_read { validate::scenario(&root, &given, &mut problems) } else { None }
    });
    let problems = problems.into_sorted();
    match scenario {
        Some(scenario) if problems.is_empty() => Ok(scenario),
        _ => Err(Error::Invalid(Box::new(Invalid { sources, problems }))),
    }
}
