//! What people write: a scenario file, or the flags of `drumfire hit`, checked once and for all.
//!
//! In: TOML and the variables it uses. Out: a [`Scenario`] that cannot be wrong, with names resolved to places, units
//! parsed and secrets marked; or every mistake with its place in the file and what would be right. It opens the one file
//! it is given and knows nothing of plans, cores, clocks or sockets.

mod document;
mod error;
mod flow;
pub mod hit;
pub mod http;
mod interpolate;
pub mod keys;
pub mod limits;
mod request;
pub mod secrets;
pub mod status;
mod suggest;
mod threshold;
mod validate;
mod workload;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use runlog::manifest::Tags;
use runlog::threshold::Threshold;
use runlog::units::{Nanos, Rate};

use self::error::Problems;
pub use self::error::{Error, Invalid, Problem, Span};
use self::http::Url;
pub use self::interpolate::{Text, Variables};
use self::status::Statuses;

/// A whole scenario, checked.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name: the file's where it does not say.
    pub name: String,
    /// Tags of the whole run.
    pub tags: Tags,
    /// Whom the load goes to.
    pub target: Target,
    /// How long a request may take.
    pub request_timeout: Nanos,
    /// At least one.
    pub requests: Vec<Request>,
    /// At least one.
    pub flows: Vec<Flow>,
    /// At least one.
    pub workloads: Vec<Workload>,
    /// What must hold for the run to pass.
    pub thresholds: Vec<Threshold>,
    /// The whole with its variables in place and its secrets taken out.
    pub resolved: serde_json::Value,
}

/// Whom the load goes to.
#[derive(Debug, Clone)]
pub struct Target {
    /// Where; its path goes before the paths of the requests.
    pub url: Url,
    /// As people may see it.
    pub shown: String,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request {
    /// Its name, unique.
    pub name: String,
    /// The HTTP method.
    pub method: String,
    /// From the first `/` on, query included.
    pub path: Text,
    /// In the order of the file; no name twice.
    pub headers: Vec<Header>,
    /// The body, where there is one.
    pub body: Option<Text>,
    /// The statuses that do not count as failed.
    pub expect_status: Statuses,
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
    pub value: Text,
}

/// A check of a request.
#[derive(Debug, Clone)]
pub struct Check {
    /// Its name, unique in its request.
    pub name: String,
    /// The statuses that pass.
    pub statuses: Statuses,
}

/// What a virtual user does in one iteration: has at least one request and does not begin with a think time.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Its name, unique.
    pub name: String,
    /// One after another.
    pub steps: Vec<Step>,
}

/// A step of a flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Send the request at this place in `Scenario::requests`.
    Request(usize),
    /// Wait, evenly distributed between the two.
    Think {
        /// At least.
        from: Nanos,
        /// At the most.
        to: Nanos,
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
    /// Places in `Scenario::flows` with their weights, not all of them zero.
    pub mix: Vec<(usize, f64)>,
    /// How long iterations may go on when the schedule has ended.
    pub graceful_stop: Nanos,
    /// How many virtual users share a connection, each with a request of its own on the way; 1 without pipelining.
    pub pipeline: u32,
    /// Its tags.
    pub tags: Tags,
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
        /// After so many iterations, all together, it is over early.
        iterations: Option<u64>,
    },
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

/// Checks the text of a scenario file; `file` is its name in messages, `stem` the scenario's name where it has none.
///
/// # Errors
/// With every mistake found.
pub fn check(file: &str, stem: &str, text: String, variables: &Variables<'_>, tags: &Tags) -> Result<Scenario, Error> {
    let mut problems = Problems::default();
    let scenario = document::parse(&text, variables, &mut problems)
        .map_err(|problem| problems.add(problem))
        .ok()
        .and_then(|root| validate::scenario(&root, stem, tags, &mut problems));
    let problems = problems.into_sorted();
    match scenario {
        Some(scenario) if problems.is_empty() => Ok(scenario),
        _ => Err(Error::Invalid(Box::new(Invalid { file: file.to_owned(), text, problems }))),
    }
}
