//! `[[thresholds]]`: what must hold for the run to pass.

use std::collections::{BTreeMap, BTreeSet};

use runlog::metric::{Metric, MetricKind};
use runlog::probe::ProbeMetric;
use runlog::tags::Tags;
use runlog::threshold::{Condition, ProbeThreshold, Threshold};
use runlog::units::Nanos;

use super::document::{Entry, Node, Table};
use super::error::{Problem, Problems};
use super::{Probe, keys, suggest};

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

/// A threshold of one kind or the other.
pub(super) enum Read {
    Load(Threshold),
    Probe(ProbeThreshold),
}

/// What a threshold looks at.
enum Subject {
    Load(Metric),
    Probe(ProbeMetric),
}

/// The thresholds on the load, and those on what probes sample.
pub(super) fn sorted(read: Vec<Read>) -> (Vec<Threshold>, Vec<ProbeThreshold>) {
    let (mut of_load, mut of_probes) = (Vec::new(), Vec::new());
    for one in read {
        match one {
            Read::Load(threshold) => of_load.push(threshold),
            Read::Probe(threshold) => of_probes.push(threshold),
        }
    }
    (of_load, of_probes)
}

pub(super) fn threshold(
    node: &Node,
    filterable: &Filterable<'_>,
    probes: &[Probe],
    problems: &mut Problems,
) -> Option<Read> {
    let table = problems.keep(node.table("a threshold as a table"))?;
    table.know("a threshold", keys::THRESHOLD, problems);
    let example = "such as `\"http_req_duration\"`";
    let subject = problems.keep(table.require("a threshold", "metric", example, |node| subject(node, probes)));
    let condition = problems.keep(table.require("a threshold", "condition", "such as `\"p(95) < 500ms\"`", condition));
    let filter = match (table.get("filter"), &subject) {
        (None, _) => Some(BTreeMap::new()),
        (Some(node), Some(Subject::Probe(metric))) => tags_of_samples(node, metric, problems),
        (Some(node), _) => filter(node, filterable, problems),
    };
    let abort_on_fail = problems.keep(table.read("abort_on_fail", Node::boolean));
    let delay = problems.keep(table.read("delay_abort_eval", |node| node.quantity::<Nanos>("a duration", "s")));
    let window = problems.keep(table.read("window", window));
    let (subject, condition) = (subject?, condition?);
    let fits = match &subject {
        Subject::Load(metric) => {
            tellable(*metric, table, filterable, problems);
            condition.fits(*metric)
        }
        Subject::Probe(metric) => condition.sample_of_one(metric).map(drop),
    };
    if let (Err(error), Some(node)) = (fits, table.get("condition")) {
        problems.add(node.problem(error).expected("does not fit the metric"));
    }
    let when = When {
        abort_on_fail: abort_on_fail?.unwrap_or_default(),
        delay_abort_eval: delay?.unwrap_or_default(),
        window: window?,
    };
    Some(match subject {
        Subject::Load(metric) => Read::Load(when.on(Threshold::new(metric, filter?, condition))),
        Subject::Probe(metric) => Read::Probe(when.on(Threshold::new(metric, filter?, condition))),
    })
}

/// When a threshold is judged, and what follows.
struct When {
    abort_on_fail: bool,
    delay_abort_eval: Nanos,
    window: Option<Nanos>,
}

impl When {
    fn on<M>(self, threshold: Threshold<M>) -> Threshold<M> {
        Threshold {
            abort_on_fail: self.abort_on_fail,
            delay_abort_eval_ns: self.delay_abort_eval,
            window_ns: self.window,
            ..threshold
        }
    }
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

fn subject(node: &Node, probes: &[Probe]) -> Result<Subject, Problem> {
    let name = node.str("the name of a metric")?;
    if let Ok(metric) = name.parse::<ProbeMetric>() {
        return of_probe(node, metric, probes).map(Subject::Probe);
    }
    name.parse::<Metric>().map(Subject::Load).map_err(|error| {
        let known = Metric::ALL.iter().map(|metric| metric.name());
        let probes = if probes.is_empty() { "" } else { "; of a probe, write `PROBE.METRIC`" };
        node.problem(error).expected("unknown metric").help(suggest::names(name, known, "") + probes)
    })
}

/// A metric of a probe, which has to sample it where it is known what it samples.
fn of_probe(node: &Node, metric: ProbeMetric, probes: &[Probe]) -> Result<ProbeMetric, Problem> {
    let Some(probe) = probes.iter().find(|probe| probe.name == metric.probe) else {
        let known = probes.iter().map(|probe| probe.name.as_str());
        let help = suggest::names(&metric.probe, known, "add it as `[[probes]]`");
        return Err(node.problem(format!("there is no probe `{}`", metric.probe)).expected("unknown probe").help(help));
    };
    match probe.sampling.metrics() {
        Some(known) if !known.contains(&metric.metric.as_str()) => {
            let help = suggest::names(&metric.metric, known.into_iter(), "");
            let message = format!("probe `{}` samples no `{}`", probe.name, metric.metric);
            Err(node.problem(message).expected("unknown metric").help(help))
        }
        _ => Ok(metric),
    }
}

/// The tags that samples must have. Which there are, only the samples tell.
fn tags_of_samples(node: &Node, metric: &ProbeMetric, problems: &mut Problems) -> Option<BTreeMap<String, String>> {
    let table = problems.keep(node.table("a table of tags such as `{ code = \"200\" }`"))?;
    let pair = |entry: &Entry| {
        if matches!(entry.key.as_str(), "request" | "scenario") {
            let message = format!("{metric} cannot be told by the {}: it is sampled beside the load", entry.key);
            problems.add(Problem::new(entry.key_span, message).expected("nothing would be looked at"));
            return None;
        }
        Some((entry.key.clone(), problems.keep(entry.node.str("a tag's value as a string"))?.to_owned()))
    };
    table.entries.iter().map(pair).collect::<Vec<_>>().into_iter().collect()
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
