//! `[[scenarios]]`: who does what, when.

use std::path::Path;
use std::sync::Arc;

use runlog::tags::Tags;
use runlog::units::{Nanos, Rate};

use super::document::{Node, Table};
use super::error::{Problem, Problems};
use super::feeder::word;
use super::request::tags;
use super::target::Connections;
use super::{Arrival, Cookies, Iterations, Load, Stages, keys, limits, suggest};
use crate::data::{Trace, TraceFormat};

const DURATION: &str = "a duration such as \"30s\" or \"5m\"";
const RATE: &str = "a rate such as \"2000/s\"";

/// How many connections a scenario of the open model may have where it does not say.
pub(super) const DEFAULT_MAX_CONNECTIONS: u32 = 512;
/// How long iterations may go on where a scenario does not say: as in k6.
pub(super) const DEFAULT_GRACEFUL_STOP: Nanos = Nanos::from_secs(30);

/// How long virtual users with a number of iterations may take for them where nobody says: as in k6.
const DEFAULT_MAX_DURATION: Nanos = Nanos::from_secs(600);

/// An entry of `[[scenarios]]` without its name, its variables and its flows, which take a look at the others.
pub(super) struct Draft {
    pub(super) executor: &'static str,
    pub(super) load: Load,
    pub(super) start_time: Nanos,
    pub(super) graceful_stop: Nanos,
    pub(super) graceful_ramp_down: Nanos,
    pub(super) cookies: Cookies,
    pub(super) pipeline: u32,
    pub(super) connections: Connections,
    pub(super) tags: Tags,
}

/// An executor: its name and the load it makes.
struct Executor {
    name: &'static str,
    load: fn(&Place<'_>, &Table, &mut Problems) -> Option<Load>,
}

/// Where an entry stands: in words, and the folder that its files are found from.
struct Place<'a> {
    words: String,
    folder: &'a Path,
}

const EXECUTORS: [Executor; 7] = [
    Executor { name: "constant-arrival-rate", load: constant_arrival_rate },
    Executor { name: "ramping-arrival-rate", load: ramping_arrival_rate },
    Executor { name: "constant-vus", load: constant_vus },
    Executor { name: "ramping-vus", load: ramping_vus },
    Executor { name: "per-vu-iterations", load: per_vu_iterations },
    Executor { name: "shared-iterations", load: shared_iterations },
    Executor { name: REPLAY, load: replay },
];

/// The executor that takes its requests from a trace, and so has no flow.
pub(super) const REPLAY: &str = "replay";

pub(super) fn draft(words: &str, folder: &Path, table: &Table, problems: &mut Problems) -> Option<Draft> {
    let expected = format!("one of {}", EXECUTORS.map(|executor| executor.name).join(", "));
    let executor = problems.keep(table.require(words, "executor", &expected, executor));
    let start_time = problems.keep(table.read("start_time", span));
    let graceful_stop = problems.keep(table.read("graceful_stop", span));
    let ramp_down = problems.keep(table.read("graceful_ramp_down", span));
    let cookies = problems.keep(table.read("cookies", |node| word(node, &COOKIES)));
    let pipeline = problems.keep(table.read("pipeline", |node| node.count(1, limits::DEEPEST_PIPELINE)));
    let connections = connections(table, pipeline.flatten().unwrap_or(1), problems);
    let tags = tags(table, problems);
    let executor = executor?;
    let place = Place { words: format!("{words} ({})", executor.name), folder };
    let listed = keys::EXECUTORS.iter().filter(|listed| listed.name == executor.name);
    table.know(&place.words, listed.flat_map(keys::ExecutorKeys::all), problems);
    let load = (executor.load)(&place, table, problems);
    if let (Some(node), Some(Some(2..))) = (table.get("graceful_ramp_down"), pipeline) {
        let problem = node.problem("virtual users that share a connection cannot be cut off one by one");
        problems.add(problem.expected("not with `pipeline`").help("leave out `graceful_ramp_down`, or `pipeline`"));
    }
    Some(Draft {
        executor: executor.name,
        load: load?,
        start_time: start_time?.unwrap_or_default(),
        graceful_stop: graceful_stop?.unwrap_or(DEFAULT_GRACEFUL_STOP),
        graceful_ramp_down: ramp_down?.unwrap_or(DEFAULT_GRACEFUL_STOP),
        cookies: cookies?.unwrap_or_default(),
        pipeline: pipeline?.unwrap_or(1),
        connections: connections?,
        tags: tags?,
    })
}

/// What becomes of a scenario's connections between requests.
fn connections(table: &Table, pipeline: u32, problems: &mut Problems) -> Option<Connections> {
    let per_iteration = problems.keep(table.read("connections", |node| word(node, &CONNECTIONS)));
    let requests_most = problems.keep(table.read("requests_per_connection", |node| node.count(1, u32::MAX)));
    let churn = problems.keep(table.read("churn", positive_rate));
    let warm_up = problems.keep(table.read("warm_up", Node::boolean));
    let (per_iteration, requests_most) = (per_iteration?.unwrap_or(false), requests_most?);
    if let (Some(node), true, 2..) = (table.get("connections"), per_iteration, pipeline) {
        let problem = node.problem("virtual users that share a connection have no connection of their own");
        problems.add(problem.expected("not with `pipeline`").help("leave out `connections`, or `pipeline`"));
    }
    if let (Some(node), Some(most)) =
        (table.get("requests_per_connection"), requests_most.filter(|most| *most < pipeline))
    {
        let problem = node.problem(format!("{pipeline} requests at once do not fit into a connection's {most}"));
        problems.add(problem.expected("less than `pipeline`").help("raise it, or lower `pipeline`"));
    }
    Some(Connections { per_iteration, requests_most, churn: churn?, warm_up: warm_up?.unwrap_or(false) })
}

const CONNECTIONS: [(&str, bool); 2] = [("kept", false), ("per-iteration", true)];

const COOKIES: [(&str, Cookies); 3] = [("iteration", Cookies::Iteration), ("vu", Cookies::Vu), ("off", Cookies::Off)];

fn executor(node: &Node) -> Result<&'static Executor, Problem> {
    let name = node.str("the name of an executor")?;
    EXECUTORS.iter().find(|executor| executor.name == name).ok_or_else(|| {
        let known = EXECUTORS.iter().map(|executor| executor.name);
        node.problem(format!("there is no executor `{name}`"))
            .expected("unknown executor")
            .help(suggest::names(name, known, ""))
    })
}

fn constant_arrival_rate(place: &Place<'_>, table: &Table, problems: &mut Problems) -> Option<Load> {
    let rate = problems.keep(table.require(&place.words, "rate", "such as `rate = \"2000/s\"`", positive_rate));
    let duration = problems.keep(table.require(&place.words, "duration", "such as `duration = \"5m\"`", positive_span));
    arrivals(table, problems, rate.zip(duration).map(|(rate, duration)| Stages::constant(rate, duration)))
}

fn ramping_arrival_rate(place: &Place<'_>, table: &Table, problems: &mut Problems) -> Option<Load> {
    let start = problems.keep(table.read("start_rate", rate));
    let stages = stages(&place.words, table, "`{ duration = \"1m\", target = \"2000/s\" }`", rate, problems);
    let rate = start.zip(stages).map(|(start, stages)| Stages { start: start.unwrap_or_default(), stages });
    if rate.as_ref().is_some_and(|rate| rate.targets().all(|target| target.as_per_second() == 0.0)) {
        problems.add(nothing_happens(table, "no request would ever be sent: every target is 0/s"));
    }
    arrivals(table, problems, rate)
}

fn arrivals(table: &Table, problems: &mut Problems, rate: Option<Stages<Rate>>) -> Option<Load> {
    let arrival = problems.keep(table.read("arrival", arrival));
    let connections = problems.keep(table.read("max_connections", |node| node.count(1, limits::MOST_CONNECTIONS)));
    Some(Load::Arrivals {
        rate: rate?,
        arrival: arrival?.unwrap_or_default(),
        most: None,
        max_connections: connections?.unwrap_or(DEFAULT_MAX_CONNECTIONS),
    })
}

fn constant_vus(place: &Place<'_>, table: &Table, problems: &mut Problems) -> Option<Load> {
    let count = |node: &Node| node.count(1, limits::MOST_CONNECTIONS);
    let vus = problems.keep(table.require(&place.words, "vus", "such as `vus = 100`", count));
    let duration = problems.keep(table.require(&place.words, "duration", "such as `duration = \"5m\"`", positive_span));
    Some(Load::Vus { users: Stages::constant(vus?, duration?), iterations: Iterations::Unbounded })
}

fn ramping_vus(place: &Place<'_>, table: &Table, problems: &mut Problems) -> Option<Load> {
    let count = |node: &Node| node.count(0, limits::MOST_CONNECTIONS);
    let start = problems.keep(table.read("start_vus", count));
    let stages = stages(&place.words, table, "`{ duration = \"2m\", target = 100 }`", count, problems);
    let users = Stages { start: start?.unwrap_or_default(), stages: stages? };
    if users.targets().all(|target| target == 0) {
        problems.add(nothing_happens(table, "no request would ever be sent: every target is 0"));
    }
    Some(Load::Vus { users, iterations: Iterations::Unbounded })
}

fn per_vu_iterations(_: &Place<'_>, table: &Table, problems: &mut Problems) -> Option<Load> {
    let (users, iterations) = iterations(table, problems)?;
    Some(Load::Vus { users, iterations: Iterations::Each(iterations) })
}

fn shared_iterations(_: &Place<'_>, table: &Table, problems: &mut Problems) -> Option<Load> {
    let (users, iterations) = iterations(table, problems)?;
    Some(Load::Vus { users, iterations: Iterations::Shared(iterations) })
}

/// Virtual users for as long as they may take at the most, and their number of iterations.
fn iterations(table: &Table, problems: &mut Problems) -> Option<(Stages<u32>, u64)> {
    let vus = problems.keep(table.read("vus", |node| node.count(1, limits::MOST_CONNECTIONS)));
    let iterations = problems.keep(table.read("iterations", |node| node.count(1, u32::MAX)));
    let duration = problems.keep(table.read("max_duration", positive_span));
    let users = Stages::constant(vus?.unwrap_or(1), duration?.unwrap_or(DEFAULT_MAX_DURATION));
    Some((users, iterations?.unwrap_or(1).into()))
}

fn replay(place: &Place<'_>, table: &Table, problems: &mut Problems) -> Option<Load> {
    let format = problems.keep(table.read("format", |node| word(node, &TRACES)));
    let speed = problems.keep(table.read("speed", speed));
    let connections = problems.keep(table.read("max_connections", |node| node.count(1, limits::MOST_CONNECTIONS)));
    let format = format?;
    let open = |node: &Node| {
        let path = place.folder.join(node.str("the path of a trace as a string")?);
        Trace::open(&path, format).map_err(|error| node.problem(error.to_string()).expected("this trace"))
    };
    let trace = problems.keep(table.require(&place.words, "trace", "such as `trace = \"access.log\"`", open));
    Some(Load::Replay {
        trace: Arc::new(trace?),
        speed: speed?.unwrap_or(1.0),
        max_connections: connections?.unwrap_or(DEFAULT_MAX_CONNECTIONS),
    })
}

const TRACES: [(&str, TraceFormat); 3] =
    [("csv", TraceFormat::Csv), ("combined", TraceFormat::Combined), ("run", TraceFormat::Run)];

fn speed(node: &Node) -> Result<f64, Problem> {
    let speed = node.weight()?;
    if (1e-6..=1e6).contains(&speed) {
        return Ok(speed);
    }
    Err(node.problem("the speed is a factor above zero").expected("1 is the trace's own pace, 2 twice as fast"))
}

/// The key `stages`: at least one, and together they take time.
fn stages<T>(
    place: &str,
    table: &Table,
    example: &str,
    target: impl Fn(&Node) -> Result<T, Problem>,
    problems: &mut Problems,
) -> Option<Vec<(Nanos, T)>> {
    let expected = format!("an array of stages such as {example}");
    let nodes = problems.keep(table.require(place, "stages", &expected, |node| node.array(&expected)))?;
    let read: Vec<Option<(Nanos, T)>> = nodes
        .iter()
        .map(|node| {
            let stage = problems.keep(node.table(&format!("a stage such as {example}")))?;
            stage.know("a stage", keys::VU_STAGE, problems);
            let duration = problems.keep(stage.require("a stage", "duration", "such as `\"2m\"`", span));
            let target = problems.keep(stage.require("a stage", "target", &format!("as in {example}"), &target));
            Some((duration?, target?))
        })
        .collect();
    let stages: Vec<(Nanos, T)> = read.into_iter().collect::<Option<_>>()?;
    let total = stages.iter().fold(Nanos::ZERO, |total, (duration, _)| total.after(*duration));
    let wrong = if total == Nanos::ZERO {
        "the stages take no time"
    } else if total > limits::LONGEST_TIME {
        "the stages take longer than a year"
    } else {
        return Some(stages);
    };
    problems.keep(table.read("stages", |node| Err(node.problem(wrong).expected("all stages together"))))?
}

fn nothing_happens(table: &Table, message: &str) -> Problem {
    let span = table.get("stages").map_or(table.span, |node| node.span);
    Problem::new(span, message).expected("nothing but zero").help("give a stage a target above zero")
}

fn arrival(node: &Node) -> Result<Arrival, Problem> {
    match node.str("\"even\" or \"poisson\"")? {
        "even" => Ok(Arrival::Even),
        "poisson" => Ok(Arrival::Poisson),
        other => Err(node
            .problem(format!("`{other}` is no way for arrivals to be spaced"))
            .expected("expected \"even\" or \"poisson\"")
            .help("`even` is as regular as the rate allows, `poisson` as independent as many people are")),
    }
}

fn rate(node: &Node) -> Result<Rate, Problem> {
    let rate: Rate = node.quantity(RATE, "/s")?;
    if rate.as_per_second() > limits::HIGHEST_RATE {
        return Err(node
            .problem(format!("{rate} is more than a scenario can ask for"))
            .expected("10,000,000/s at the most"));
    }
    Ok(rate)
}

fn positive_rate(node: &Node) -> Result<Rate, Problem> {
    let rate = rate(node)?;
    if rate.as_per_second() > 0.0 {
        Ok(rate)
    } else {
        Err(node.problem("the rate must be above zero").expected("no arrivals"))
    }
}

/// A duration that may be zero.
pub(super) fn span(node: &Node) -> Result<Nanos, Problem> {
    let span: Nanos = node.quantity(DURATION, "s")?;
    if span > limits::LONGEST_TIME {
        Err(node.problem("this is longer than a year").expected("too long"))
    } else {
        Ok(span)
    }
}

/// A duration above zero.
pub(super) fn positive_span(node: &Node) -> Result<Nanos, Problem> {
    let span = span(node)?;
    if span > Nanos::ZERO { Ok(span) } else { Err(node.problem("the duration must be above zero").expected("no time")) }
}
