//! `[flows]`: requests and think times, one after another.

use runlog::units::Nanos;

use super::document::{Entry, Node, Table};
use super::error::{Problem, Problems};
use super::{Flow, Step, keys, limits, suggest};

const STEPS: &str = "an array of steps such as `[{ request = \"login\" }, { think = \"1s..5s\" }]`";
const STEP: &str = "a step such as `{ request = \"login\" }` or `{ think = \"1s..5s\" }`";
const THINK: &str = "a think time such as \"2s\" or \"1s..5s\"";

pub(super) fn flow(entry: &Entry, requests: &[&str], problems: &mut Problems) -> Option<Flow> {
    let nodes = problems.keep(entry.node.array(STEPS))?;
    let place = format!("a step of flow `{}`", entry.key);
    let steps: Vec<Option<Step>> = nodes
        .iter()
        .map(|node| {
            let table = problems.keep(node.table(STEP))?;
            table.know(&place, keys::any_step(), problems);
            problems.keep(step(table, node, requests))
        })
        .collect();
    if matches!(steps.first(), Some(Some(Step::Think { .. }))) {
        let problem = nodes[0].problem(format!("flow `{}` begins with a think time", entry.key));
        problems.add(problem.expected("a request comes first").help("put the think time behind the request"));
    }
    if steps.iter().all(|step| matches!(step, Some(Step::Think { .. }))) {
        let problem = Problem::new(entry.key_span, format!("flow `{}` has no request", entry.key));
        problems.add(problem.expected("nothing would be sent").help(format!("write {STEPS}")));
    }
    Some(Flow { name: entry.key.clone(), steps: steps.into_iter().collect::<Option<_>>()? })
}

fn step(table: &Table, node: &Node, requests: &[&str]) -> Result<Step, Problem> {
    match (table.get("request"), table.get("think")) {
        (Some(name), None) => request(name, requests).map(Step::Request),
        (None, Some(think)) => think_time(think),
        (Some(_), Some(_)) => Err(node
            .problem("a step is either a request or a think time")
            .expected("two steps in one")
            .help("write them as two: `{ request = \"…\" }, { think = \"…\" }`")),
        (None, None) => Err(node
            .problem("a step is either a request or a think time")
            .expected("neither")
            .help(format!("write {STEP}"))),
    }
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

fn think_time(node: &Node) -> Result<Step, Problem> {
    let text = node.str(THINK)?;
    let span = |text: &str| {
        text.parse::<Nanos>()
            .map_err(|error| error.to_string())
            .and_then(|span| {
                if span > limits::LONGEST_TIME { Err(format!("`{text}` is longer than a year")) } else { Ok(span) }
            })
            .map_err(|error| node.problem(error).expected(format!("expected {THINK}")))
    };
    let (from, to) = match text.split_once("..") {
        Some((from, to)) => (span(from.trim())?, span(to.trim())?),
        None => (span(text)?, span(text)?),
    };
    if from > to {
        return Err(node
            .problem(format!("`{text}` is empty: the shorter time comes first"))
            .expected("the wrong way round"));
    }
    Ok(Step::Think { from, to })
}
