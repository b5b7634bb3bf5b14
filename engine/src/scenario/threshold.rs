//! `[[thresholds]]`: what must hold for the run to pass.

use std::collections::{BTreeMap, BTreeSet};

use runlog::manifest::Tags;
use runlog::metric::{Metric, MetricKind};
use runlog::threshold::{Condition, Threshold};
use runlog::units::Nanos;

use super::document::{Entry, Node, Table};
use super::error::{Problem, Problems};
use super::{keys, suggest};

/// How often a window is judged.
const SECOND: Nanos = Nanos::from_secs(1);

/// What a filter can name.
pub(super) struct Filterable<'a> {
    pub(super) requests: Vec<&'a str>,
    pub(super) scenarios: Vec<&'a str>,
    /// Of the run, of every request and of every scenario.
    pub(super) tags: Vec<&'a Tags>,
    /// Of the run and of every scenario: those that whole iterations have.
    pub(super) iteration_tags: Vec<&'a Tags>,
}

pub(super) fn threshold(node: &Node, filterable: &Filterable<'_>, problems: &mut Problems) -> Option<Threshold> {
    let table = problems.keep(node.table("a threshold as a table"))?;
    table.know("a threshold", keys::THRESHOLD, problems);
    let metric = problems.keep(table.require("a threshold", "metric", "such as `\"http_req_duration\"`", metric));
    let condition = problems.keep(table.require("a threshold", "condition", "such as `\"p(95) < 500ms\"`", condition));
    let filter = table.get("filter").map_or(Some(BTreeMap::new()), |node| filter(node, filterable, problems));
    let abort_on_fail = problems.keep(table.read("abort_on_fail", Node::boolean));
    let delay = problems.keep(table.read("delay_abort_eval", |node| node.quantity::<Nanos>("a duration", "s")));
    let window_ns = problems.keep(table.read("window", window));
    let (metric, condition) = (metric?, condition?);
    tellable(metric, table, filterable, problems);
    if let (Err(error), Some(node)) = (condition.fits(metric), table.get("condition")) {
        problems.add(node.problem(error).expected("does not fit the metric"));
    }
    Some(Threshold {
        metric,
        filter: filter?,
        condition,
        abort_on_fail: abort_on_fail?.unwrap_or_default(),
        delay_abort_eval_ns: delay?.unwrap_or_default(),
        window_ns: window_ns?,
    })
}

fn window(node: &Node) -> Result<Nanos, Problem> {
    let window: Nanos = node.quantity("a duration", "s")?;
    if window < SECOND || !window.0.is_multiple_of(SECOND.0) {
        let problem = node.problem(format!("a window of {window} cannot be judged: it is looked at once a second"));
        return Err(problem.expected("expected whole seconds, at least one").help("write it such as `\"30s\"`"));
    }
    Ok(window)
}

/// Whether each pair of the filter is one that values of this metric can be told by.
fn tellable(metric: Metric, table: &Table, filterable: &Filterable<'_>, problems: &mut Problems) {
    let Some(Ok(filter)) = table.get("filter").map(|node| node.table("")) else { return };
    for entry in &filter.entries {
        let problem = match entry.key.as_str() {
            _ if metric.kind() == MetricKind::Gauge => {
                Problem::new(entry.key_span, format!("{metric} takes no filter: it is of the whole run"))
                    .help("leave the filter out")
            }
            "request" if !metric.is_of_rows() => {
                Problem::new(entry.key_span, format!("{metric} cannot be told by the request: it is of iterations"))
                    .help("filter by `scenario`, by a tag of a scenario, or group_duration by `group`")
            }
            "scenario" => continue,
            "group" if metric == Metric::GroupDuration => continue,
            key if !metric.is_of_rows() && is_of_requests_only(key, &entry.node, filterable) => Problem::new(
                entry.key_span,
                format!("{metric} cannot be told by the tag `{key}`: only requests have it with this value"),
            )
            .help("filter by `scenario`, by a tag of a scenario, or group_duration by `group`"),
            _ => continue,
        };
        problems.add(problem.expected("nothing would be looked at"));
    }
}

/// Whether there is such a tag with such a value, but no iteration has it.
fn is_of_requests_only(key: &str, value: &Node, filterable: &Filterable<'_>) -> bool {
    let has = |tags: &[&Tags]| tags.iter().any(|tags| tags.get(key).is_some_and(|tag| value.str("") == Ok(tag)));
    has(&filterable.tags) && !has(&filterable.iteration_tags)
}

fn metric(node: &Node) -> Result<Metric, Problem> {
    let name = node.str("the name of a metric")?;
    name.parse::<Metric>().map_err(|error| {
        let known = Metric::ALL.iter().map(|metric| metric.name());
        node.problem(error).expected("unknown metric").help(suggest::names(name, known, ""))
    })
}

fn condition(node: &Node) -> Result<Condition, Problem> {
    let text = node.str("a condition such as \"p(95) < 500ms\"")?;
    text.parse().map_err(|error: String| node.problem(error).expected("not a condition"))
}

fn filter(node: &Node, filterable: &Filterable<'_>, problems: &mut Problems) -> Option<BTreeMap<String, String>> {
    let table = problems.keep(node.table("a table such as `{ request = \"login\" }`"))?;
    let pairs = table.entries.iter().map(|entry| problems.keep(pair(entry, filterable)));
    pairs.collect::<Vec<_>>().into_iter().collect()
}

fn pair(entry: &Entry, filterable: &Filterable<'_>) -> Result<(String, String), Problem> {
    let key = entry.key.as_str();
    let value = entry.node.str("a name or a tag's value as a string")?;
    let (what, known): (String, Vec<&str>) = match key {
        "request" => ("request".to_owned(), filterable.requests.clone()),
        "scenario" => ("scenario".to_owned(), filterable.scenarios.clone()),
        _ => {
            let mut values: Vec<&str> =
                filterable.tags.iter().filter_map(|tags| tags.get(key)).map(String::as_str).collect();
            if values.is_empty() {
                let tags = tag_names(filterable);
                let keys = ["request", "scenario"].into_iter().chain(tags.iter().copied());
                return Err(Problem::new(entry.key_span, format!("nothing has a tag `{key}`"))
                    .expected("unknown tag")
                    .help(suggest::names(key, keys, "")));
            }
            values.sort_unstable();
            values.dedup();
            (format!("tag `{key}` with the value"), values)
        }
    };
    if known.contains(&value) {
        return Ok((key.to_owned(), value.to_owned()));
    }
    Err(entry
        .node
        .problem(format!("there is no {what} `{value}`"))
        .expected("nothing would be looked at")
        .help(suggest::names(value, known.iter().copied(), "there is none")))
}

/// Every name of a tag, once.
fn tag_names<'a>(filterable: &Filterable<'a>) -> BTreeSet<&'a str> {
    filterable.tags.iter().flat_map(|tags| tags.keys()).map(String::as_str).collect()
}
