//! `[flows]`, `[setup]` and `[teardown]`: steps, one after another, and steps within steps.

use std::collections::BTreeMap;

use runlog::units::Nanos;

use super::document::{Entry, Node, Table};
use super::error::{Problem, Problems, Span};
use super::keys::{self, StepKeys};
use super::template::Names;
use super::{Call, Flow, Step, Think, limits, suggest, vars};
use crate::answer::{Condition, Source};

const STEPS: &str = "an array of steps such as `[{ request = \"login\" }, { think = \"1s..5s\" }]`";
const STEP: &str = "a step such as `{ request = \"login\" }` or `{ think = \"1s..5s\" }`";
const THINK: &str = "a think time such as \"2s\", \"1s..5s\", \"exponential(2s)\" or \"lognormal(2s, 0.5)\"";

/// Reads a step of some kind.
type Read = fn(&Reader<'_>, &Table, &mut Problems) -> Option<Step>;

/// How the kinds of steps are read, by the key that tells them.
const KINDS: [(&str, Read); 5] =
    [("request", call), ("think", think), ("repeat", repeat), ("group", group), ("if", branch)];

/// The deepest that steps may stand within steps.
const DEEPEST: usize = 16;

/// What steps are read with.
struct Reader<'a> {
    /// The names of the requests, in their order.
    requests: &'a [&'a str],
    names: &'a Names<'a>,
    /// Where the steps stand, for messages.
    place: String,
    depth: usize,
}

pub(super) fn flow(entry: &Entry, requests: &[&str], names: &Names<'_>, problems: &mut Problems) -> Option<Flow> {
    let place = format!("flow `{}`", entry.key);
    let steps = steps(&entry.node, &place, requests, names, problems)?;
    if let Some(problem) = begins_wrongly(&steps, &place, &entry.node, entry.key_span) {
        problems.add(problem);
    }
    Some(Flow { name: entry.key.clone(), steps })
}

/// Reads steps that stand at this place.
pub(super) fn steps(
    node: &Node,
    place: &str,
    requests: &[&str],
    names: &Names<'_>,
    problems: &mut Problems,
) -> Option<Vec<Step>> {
    Reader { requests, names, place: place.to_owned(), depth: 0 }.steps(node, problems)
}

/// The arrival of an open scenario is a request: so every flow begins with one, whatever happens.
fn begins_wrongly(steps: &[Step], place: &str, node: &Node, key: Span) -> Option<Problem> {
    let first = || node.array("").ok().and_then(|nodes| nodes.first()).map_or(key, |node| node.span);
    match first_of(steps) {
        Some(Step::Request(_)) => None,
        None => {
            let problem = Problem::new(key, format!("{place} has no request")).expected("nothing would be sent");
            Some(problem.help(format!("write {STEPS}")))
        }
        Some(Step::Think(_)) => {
            let problem = Problem::new(first(), format!("{place} begins with a think time"));
            Some(problem.expected("a request comes first").help("put the think time behind the request"))
        }
        Some(_) => {
            let problem = Problem::new(first(), format!("{place} begins with what may or may not happen"));
            Some(
                problem
                    .expected("a request comes first")
                    .help("a flow begins with a request that is sent under all circumstances"),
            )
        }
    }
}

/// The step that comes first when groups and repetitions are looked into.
fn first_of(steps: &[Step]) -> Option<&Step> {
    match steps.first()? {
        Step::Group { steps, .. } | Step::Repeat { times: (1.., _), steps } => first_of(steps),
        step => Some(step),
    }
}

impl Reader<'_> {
    fn steps(&self, node: &Node, problems: &mut Problems) -> Option<Vec<Step>> {
        let nodes = problems.keep(node.array(STEPS))?;
        let read: Vec<Option<Step>> = nodes.iter().map(|node| self.step(node, problems)).collect();
        read.into_iter().collect()
    }

    fn step(&self, node: &Node, problems: &mut Problems) -> Option<Step> {
        let table = problems.keep(node.table(STEP))?;
        let kind = problems.keep(kind(node, table))?;
        table.know(&format!("a step of {}", self.place), kind.keys, problems);
        if self.depth == DEEPEST {
            problems
                .add(node.problem(format!("steps stand more than {DEEPEST} deep within steps")).expected("too deep"));
            return None;
        }
        let (_, read) = KINDS.iter().find(|(key, _)| *key == kind.name)?;
        read(self, table, problems)
    }

    fn inner(&self, table: &Table, key: &str, problems: &mut Problems) -> Option<Vec<Step>> {
        let node = problems.keep(table.require(&format!("a step of {}", self.place), key, STEPS, Ok))?;
        let inner = Reader { place: self.place.clone(), depth: self.depth + 1, ..*self };
        inner.steps(node, problems)
    }
}

/// The kind of a step: the first of whose keys it has the one that tells it.
fn kind(node: &Node, table: &Table) -> Result<&'static StepKeys, Problem> {
    let mut kinds = keys::STEPS.iter().filter(|kind| table.get(kind.name).is_some());
    let Some(kind) = kinds.next() else {
        let message = "a step is a request, a think time, a repetition, a group or a condition";
        return Err(node.problem(message).expected("none of them").help(format!("write {STEP}")));
    };
    // A condition may stand beside the others.
    if let Some(other) = kinds.find(|other| !kind.keys.iter().any(|key| key.name == other.name)) {
        let problem = node.problem(format!("a step is either a `{}` or a `{}`", kind.name, other.name));
        let help = format!("write them as two: `{{ {} = … }}, {{ {} = … }}`", kind.name, other.name);
        return Err(problem.expected("two steps in one").help(help));
    }
    Ok(kind)
}

/// The step, made only if the table's `if` holds, where it has one.
fn if_it_holds(table: &Table, step: Step, problems: &mut Problems) -> Option<Step> {
    let Some(node) = table.get("if") else { return Some(step) };
    let condition = problems.keep(condition(node))?;
    Some(Step::If { condition, steps: vec![step], otherwise: Vec::new() })
}

fn call(reader: &Reader<'_>, table: &Table, problems: &mut Problems) -> Option<Step> {
    let node = table.get("request")?;
    let request = problems.keep(request(node, reader.requests));
    let vars = table.get("vars").map_or(Some(BTreeMap::new()), |node| vars::vars(node, reader.names, problems));
    let captures = table.get("capture").map_or(Some(Vec::new()), |node| captures(node, problems));
    let call = Call { request: request?, vars: vars?, captures: captures?, span: node.span };
    if_it_holds(table, Step::Request(call), problems)
}

fn think(_: &Reader<'_>, table: &Table, problems: &mut Problems) -> Option<Step> {
    let think = problems.keep(think_time(table.get("think")?))?;
    if_it_holds(table, Step::Think(think), problems)
}

fn repeat(reader: &Reader<'_>, table: &Table, problems: &mut Problems) -> Option<Step> {
    let times = problems.keep(times(table.get("repeat")?));
    let steps = reader.inner(table, "steps", problems);
    Some(Step::Repeat { times: times?, steps: steps? })
}

fn group(reader: &Reader<'_>, table: &Table, problems: &mut Problems) -> Option<Step> {
    let node = table.get("group")?;
    let name = problems.keep(node.str("the name of a group").and_then(|name| {
        limits::check_name(name).map_err(|error| node.problem(error).expected("the name of a group"))?;
        if name.contains("::") {
            return Err(node.problem("`::` stands between groups and requests").expected("not part of a name"));
        }
        Ok(name.to_owned())
    }));
    let steps = reader.inner(table, "steps", problems);
    Some(Step::Group { name: name?, steps: steps? })
}

/// Steps behind an `if`.
fn branch(reader: &Reader<'_>, table: &Table, problems: &mut Problems) -> Option<Step> {
    let steps = reader.inner(table, "steps", problems);
    let otherwise = if table.get("else").is_some() { reader.inner(table, "else", problems) } else { Some(Vec::new()) };
    let condition = problems.keep(condition(table.get("if")?));
    Some(Step::If { condition: condition?, steps: steps?, otherwise: otherwise? })
}

/// The place of a request, by its name.
fn request(node: &Node, requests: &[&str]) -> Result<usize, Problem> {
    let name = node.str("the name of a request")?;
    requests.iter().position(|request| *request == name).ok_or_else(|| {
        node.problem(format!("there is no request `{name}`")).expected("unknown request").help(suggest::names(
            name,
            requests.iter().copied(),
            "there are no requests: add `[requests.NAME]`",
        ))
    })
}

fn captures(node: &Node, problems: &mut Problems) -> Option<Vec<(String, Source)>> {
    let table = problems.keep(node.table("a table such as `{ token = \"json:/token\" }`"))?;
    let mut captures = Vec::with_capacity(table.entries.len());
    let mut is_wrong = false;
    for entry in &table.entries {
        is_wrong |= problems.keep(vars::check_name(entry)).is_none();
        let text = entry.node.str("a source such as \"json:/token\", \"header:Location\" or \"regex:id=(\\\\d+)\"");
        let source = text.and_then(|text| {
            Source::parse(text).map_err(|error| entry.node.problem(error).expected("nothing to capture from"))
        });
        match problems.keep(source) {
            Some(source) => captures.push((entry.key.clone(), source)),
            None => is_wrong = true,
        }
    }
    (!is_wrong).then_some(captures)
}

fn condition(node: &Node) -> Result<Condition<String>, Problem> {
    let text = node.str("a condition such as \"status == 200\" or \"vars.id exists\"")?;
    Condition::parse(text).map_err(|error| node.problem(error).expected("not a condition"))
}

/// `10`, or `"1..5"`.
fn times(node: &Node) -> Result<(u32, u32), Problem> {
    const MOST: u32 = 1_000_000;
    let Ok(text) = node.str("") else { return node.count(0, MOST).map(|times| (times, times)) };
    let Some((from, to)) = text.split_once("..") else { return node.count(0, MOST).map(|times| (times, times)) };
    let number = |text: &str| text.trim().parse::<u32>().ok().filter(|number| *number <= MOST);
    match (number(from), number(to)) {
        (Some(from), Some(to)) if from <= to => Ok((from, to)),
        _ => Err(node.problem(format!("`{text}` is no number of times")).expected("such as 10 or \"1..5\"")),
    }
}

fn think_time(node: &Node) -> Result<Think, Problem> {
    let text = node.str(THINK)?;
    let wrong = |error: String| node.problem(error).expected(format!("expected {THINK}"));
    let span = |text: &str| {
        let span: Nanos = text.trim().parse().map_err(|error: runlog::units::UnitError| wrong(error.to_string()))?;
        if span > limits::LONGEST_TIME { Err(wrong(format!("`{text}` is longer than a year"))) } else { Ok(span) }
    };
    if let Some((name, arguments)) = text.strip_suffix(')').and_then(|text| text.split_once('(')) {
        return match (name.trim(), arguments.split_once(',')) {
            ("exponential", None) => Ok(Think::Exponential { mean: span(arguments)? }),
            ("uniform", Some((from, to))) => uniform(node, text, span(from)?, span(to)?),
            ("lognormal", Some((median, sigma))) => {
                let sigma = sigma.trim().parse::<f64>().ok().filter(|sigma| (0.0..=5.0).contains(sigma));
                let sigma = sigma.ok_or_else(|| {
                    wrong("the sigma of a log-normal distribution is a number from 0 to 5".to_owned())
                })?;
                Ok(Think::LogNormal { median: span(median)?, sigma })
            }
            _ => Err(wrong(format!("`{text}` is no think time"))),
        };
    }
    match text.split_once("..") {
        Some((from, to)) => uniform(node, text, span(from)?, span(to)?),
        None => uniform(node, text, span(text)?, span(text)?),
    }
}

fn uniform(node: &Node, text: &str, from: Nanos, to: Nanos) -> Result<Think, Problem> {
    if from > to {
        let problem = node.problem(format!("`{text}` is empty: the shorter time comes first"));
        return Err(problem.expected("the wrong way round"));
    }
    Ok(Think::Uniform { from, to })
}
