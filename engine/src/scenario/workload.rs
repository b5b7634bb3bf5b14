//! `[[scenarios]]`: who does what, when.

use runlog::manifest::Tags;
use runlog::units::{Nanos, Rate};

use super::document::{Node, Table};
use super::error::{Problem, Problems};
use super::request::tags;
use super::{Arrival, Load, Stages, keys, limits, suggest};

const DURATION: &str = "a duration such as \"30s\" or \"5m\"";
const RATE: &str = "a rate such as \"2000/s\"";

/// How many connections a scenario of the open model may have where it does not say.
pub(super) const DEFAULT_MAX_CONNECTIONS: u32 = 512;
/// How long iterations may go on where a scenario does not say: as in k6.
pub(super) const DEFAULT_GRACEFUL_STOP: Nanos = Nanos::from_secs(30);

/// An entry of `[[scenarios]]` without its name and its flows, which take a look at the others.
pub(super) struct Draft {
    pub(super) executor: &'static str,
    pub(super) load: Load,
    pub(super) graceful_stop: Nanos,
    pub(super) pipeline: u32,
    pub(super) tags: Tags,
}

/// An executor: its name and the load it makes.
struct Executor {
    name: &'static str,
    load: fn(&str, &Table, &mut Problems) -> Option<Load>,
}

const EXECUTORS: [Executor; 4] = [
    Executor { name: "constant-arrival-rate", load: constant_arrival_rate },
    Executor { name: "ramping-arrival-rate", load: ramping_arrival_rate },
    Executor { name: "constant-vus", load: constant_vus },
    Executor { name: "ramping-vus", load: ramping_vus },
];

pub(super) fn draft(place: &str, table: &Table, problems: &mut Problems) -> Option<Draft> {
    let expected = format!("one of {}", EXECUTORS.map(|executor| executor.name).join(", "));
    let executor = problems.keep(table.require(place, "executor", &expected, executor));
    let graceful_stop = problems.keep(table.read("graceful_stop", span));
    let pipeline = problems.keep(table.read("pipeline", |node| node.count(1, limits::DEEPEST_PIPELINE)));
    let tags = tags(table, problems);
    let executor = executor?;
    let place = format!("{place} ({})", executor.name);
    let listed = keys::EXECUTORS.iter().filter(|listed| listed.name == executor.name);
    table.know(&place, listed.flat_map(keys::ExecutorKeys::all), problems);
    let load = (executor.load)(&place, table, problems);
    Some(Draft {
        executor: executor.name,
        load: load?,
        graceful_stop: graceful_stop?.unwrap_or(DEFAULT_GRACEFUL_STOP),
        pipeline: pipeline?.unwrap_or(1),
        tags: tags?,
    })
}

fn executor(node: &Node) -> Result<&'static Executor, Problem> {
    let name = node.str("the name of an executor")?;
    EXECUTORS.iter().find(|executor| executor.name == name).ok_or_else(|| {
        let known = EXECUTORS.iter().map(|executor| executor.name);
        node.problem(format!("there is no executor `{name}`"))
            .expected("unknown executor")
            .help(suggest::names(name, known, ""))
    })
}

fn constant_arrival_rate(place: &str, table: &Table, problems: &mut Problems) -> Option<Load> {
    let rate = problems.keep(table.require(place, "rate", "such as `rate = \"2000/s\"`", positive_rate));
    let duration = problems.keep(table.require(place, "duration", "such as `duration = \"5m\"`", positive_span));
    arrivals(table, problems, rate.zip(duration).map(|(rate, duration)| Stages::constant(rate, duration)))
}

fn ramping_arrival_rate(place: &str, table: &Table, problems: &mut Problems) -> Option<Load> {
    let start = problems.keep(table.read("start_rate", rate));
    let stages = stages(place, table, "`{ duration = \"1m\", target = \"2000/s\" }`", rate, problems);
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

fn constant_vus(place: &str, table: &Table, problems: &mut Problems) -> Option<Load> {
    let count = |node: &Node| node.count(1, limits::MOST_CONNECTIONS);
    let vus = problems.keep(table.require(place, "vus", "such as `vus = 100`", count));
    let duration = problems.keep(table.require(place, "duration", "such as `duration = \"5m\"`", positive_span));
    Some(Load::Vus { users: Stages::constant(vus?, duration?), iterations: None })
}

fn ramping_vus(place: &str, table: &Table, problems: &mut Problems) -> Option<Load> {
    let count = |node: &Node| node.count(0, limits::MOST_CONNECTIONS);
    let start = problems.keep(table.read("start_vus", count));
    let stages = stages(place, table, "`{ duration = \"2m\", target = 100 }`", count, problems);
    let users = Stages { start: start?.unwrap_or_default(), stages: stages? };
    if users.targets().all(|target| target == 0) {
        problems.add(nothing_happens(table, "no request would ever be sent: every target is 0"));
    }
    Some(Load::Vus { users, iterations: None })
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
