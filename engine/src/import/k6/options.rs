//! `options` of k6: who comes when.

use runlog::units::{Nanos, Rate};

use super::super::javascript::Node;
use super::super::{Draft, Table, Value, names};
use super::connection;
use super::fields::{Fields, span};
use crate::scenario::limits;

/// A scenario without its flow.
pub(super) struct Scenario {
    pub(super) name: String,
    /// The function that it calls.
    pub(super) exec: String,
    /// The executor and its keys.
    pub(super) load: Table,
    /// What every executor has.
    pub(super) common: Table,
}

/// The scenarios of a script: those of `options.scenarios`, or the one that its short forms stand for.
pub(super) fn scenarios(options: Option<&Node>, draft: &mut Draft) -> Vec<Scenario> {
    let entries = options.and_then(Node::object).unwrap_or_default();
    let mut fields = Fields::new("`options`", entries);
    fields.get("thresholds");
    draft.tags = fields.texts("tags", limits::check_tag, draft);
    let policy = connection::policy(&mut fields, draft);
    connection::target(&mut fields, draft);
    let mut scenarios = match fields.get("scenarios") {
        Some(node) => {
            node.object().unwrap_or_default().iter().filter_map(|(name, node)| one(name, node, draft)).collect()
        }
        None => short(&mut fields, draft).into_iter().map(alone).collect::<Vec<_>>(),
    };
    fields.note_others(draft);
    if scenarios.is_empty() {
        draft.note(None, "no scenario is left: as it is, one virtual user goes through it once");
        scenarios.push(alone(once()));
    }
    for scenario in &mut scenarios {
        scenario.common.extend(policy.clone());
    }
    scenarios
}

fn alone(load: Table) -> Scenario {
    Scenario { name: "default".to_owned(), exec: "default".to_owned(), load, common: Table::new() }
}

/// What k6 does without options: one virtual user, one iteration.
fn once() -> Table {
    executor("per-vu-iterations", [("vus", Value::Integer(1)), ("iterations", Value::Integer(1))])
}

fn executor<const N: usize>(name: &str, keys: [(&str, Value); N]) -> Table {
    let mut table = vec![("executor".to_owned(), Value::literal(name))];
    table.extend(keys.into_iter().map(|(key, value)| (key.to_owned(), value)));
    table
}

/// `vus`, `duration`, `iterations` and `stages` without `scenarios`.
fn short(fields: &mut Fields<'_>, draft: &mut Draft) -> Option<Table> {
    let (stages_node, has_iterations) = (fields.get("stages"), fields.get("iterations").is_some());
    let has_duration = fields.get("duration").is_some();
    let has_vus = fields.get("vus").is_some();
    if let Some(node) = stages_node {
        return ramping_vus(fields, "vus", node, draft);
    }
    let vus = fields.count("vus", 1, draft).unwrap_or(1);
    if has_iterations {
        return Some(iterations("shared-iterations", vus, fields, "duration", draft));
    }
    if has_duration {
        return constant_vus(vus, fields, draft);
    }
    if has_vus && vus > 1 {
        draft.note(
            None,
            format!("`vus: {vus}` without a duration, iterations or stages means nothing to k6: one it is"),
        );
    }
    Some(once())
}

/// An entry of `options.scenarios`.
fn one(name: &str, node: &Node, draft: &mut Draft) -> Option<Scenario> {
    let place = format!("scenario `{name}`");
    let left_out = |reason: &str, draft: &mut Draft| {
        draft.note(node.line, format!("{place} is left out: {reason}"));
        None
    };
    if let Err(reason) = limits::check_name(name) {
        return left_out(&reason, draft);
    }
    let Some(entries) = node.object() else { return left_out("it is no literal", draft) };
    let mut fields = Fields::new(place.clone(), entries);
    let executor = fields.text("executor", draft).unwrap_or_default();
    let load = match executor {
        "constant-vus" => {
            let vus = fields.count("vus", 1, draft).unwrap_or(1);
            constant_vus(vus, &mut fields, draft)
        }
        "ramping-vus" => fields.get("stages").and_then(|node| ramping_vus(&mut fields, "startVUs", node, draft)),
        "constant-arrival-rate" => constant_arrival_rate(&mut fields, draft),
        "ramping-arrival-rate" => ramping_arrival_rate(&mut fields, draft),
        "per-vu-iterations" | "shared-iterations" => {
            let vus = fields.count("vus", 1, draft).unwrap_or(1);
            Some(iterations(executor, vus, &mut fields, "maxDuration", draft))
        }
        other => return left_out(&format!("there is no executor `{other}` here"), draft),
    };
    let common = common(&mut fields, draft);
    let exec = names::plain(fields.text("exec", draft).unwrap_or("default"), "default");
    fields.note_others(draft);
    match load {
        Some(load) => Some(Scenario { name: name.to_owned(), exec, load, common }),
        None => left_out("it does not say what its executor needs to know, or nothing would happen", draft),
    }
}

fn common(fields: &mut Fields<'_>, draft: &mut Draft) -> Table {
    let mut common = Table::new();
    for (key, wanted) in [("startTime", "start_time"), ("gracefulStop", "graceful_stop")] {
        if let Some(text) = fields.span(key, draft) {
            common.push((wanted.to_owned(), Value::literal(&text)));
        }
    }
    let vars = fields.texts("env", |name, _| limits::check_variable_name(name), draft);
    let tags = fields.texts("tags", limits::check_tag, draft);
    for (key, table) in [("vars", vars), ("tags", tags)] {
        if !table.is_empty() {
            common.push((key.to_owned(), Value::Table(table)));
        }
    }
    common
}

fn constant_vus(vus: u32, fields: &mut Fields<'_>, draft: &mut Draft) -> Option<Table> {
    let duration = fields.positive_span("duration", draft)?;
    Some(executor("constant-vus", [("vus", Value::Integer(vus.into())), ("duration", Value::literal(&duration))]))
}

/// `start` is the key that says with how many it begins.
fn ramping_vus(fields: &mut Fields<'_>, start: &'static str, node: &Node, draft: &mut Draft) -> Option<Table> {
    // As in k6, it begins with one.
    let start = fields.count(start, 0, draft).unwrap_or(1);
    let most = f64::from(limits::MOST_CONNECTIONS);
    let stages =
        stages(node, draft, |target| (target.fract() == 0.0 && target <= most).then(|| Value::number(target)))?;
    if start == 0 && stages.iter().all(|stage| stage.target == 0.0) {
        return None;
    }
    let stages = Value::Array(stages.into_iter().map(Stage::written).collect());
    let mut table = executor("ramping-vus", [("start_vus", Value::Integer(start.into())), ("stages", stages)]);
    if let Some(text) = fields.span("gracefulRampDown", draft) {
        table.push(("graceful_ramp_down".to_owned(), Value::literal(&text)));
    }
    Some(table)
}

fn iterations(name: &str, vus: u32, fields: &mut Fields<'_>, longest: &'static str, draft: &mut Draft) -> Table {
    let iterations = fields.count("iterations", 1, draft).unwrap_or(1);
    let counts = [("vus", Value::Integer(vus.into())), ("iterations", Value::Integer(iterations.into()))];
    let mut table = executor(name, counts);
    if let Some(text) = fields.positive_span(longest, draft) {
        table.push(("max_duration".to_owned(), Value::literal(&text)));
    }
    table
}

fn constant_arrival_rate(fields: &mut Fields<'_>, draft: &mut Draft) -> Option<Table> {
    let unit = time_unit(fields, draft);
    let connections = connections(fields, draft);
    let rate = fields.number("rate", draft).filter(|rate| *rate > 0.0);
    let duration = fields.positive_span("duration", draft);
    let keys = [("rate", Value::literal(&rate_text(rate?, unit)?)), ("duration", Value::literal(&duration?))];
    let mut table = executor("constant-arrival-rate", keys);
    table.extend(connections);
    Some(table)
}

fn ramping_arrival_rate(fields: &mut Fields<'_>, draft: &mut Draft) -> Option<Table> {
    let unit = time_unit(fields, draft);
    let connections = connections(fields, draft);
    let start = fields.number("startRate", draft).unwrap_or_default();
    let rate = |target: f64| Some(Value::literal(&rate_text(target, unit)?));
    let stages = stages(fields.get("stages")?, draft, rate)?;
    if start == 0.0 && stages.iter().all(|stage| stage.target == 0.0) {
        return None;
    }
    let stages = Value::Array(stages.into_iter().map(Stage::written).collect());
    let mut table = executor("ramping-arrival-rate", [("start_rate", rate(start)?), ("stages", stages)]);
    table.extend(connections);
    Some(table)
}

fn time_unit(fields: &mut Fields<'_>, draft: &mut Draft) -> Nanos {
    let text = fields.positive_span("timeUnit", draft);
    text.and_then(|text| text.parse().ok()).unwrap_or(Nanos::from_secs(1))
}

/// k6's virtual users of an open model are connections here.
fn connections(fields: &mut Fields<'_>, draft: &mut Draft) -> Option<(String, Value)> {
    let at_first = fields.count("preAllocatedVUs", 1, draft);
    let most = fields.count("maxVUs", 1, draft).or(at_first)?;
    Some(("max_connections".to_owned(), Value::Integer(most.into())))
}

/// A rate as a scenario writes it; `None` where it is beyond what one can ask for.
fn rate_text(number: f64, unit: Nanos) -> Option<String> {
    let text = match unit.0 / 1_000_000_000 {
        1 => format!("{number}/s"),
        60 => format!("{number}/m"),
        3600 => format!("{number}/h"),
        86_400 => format!("{number}/d"),
        _ => format!("{}/s", number / unit.as_secs_f64()),
    };
    let rate: Rate = text.parse().ok()?;
    let is_lost = number > 0.0 && rate.as_per_second() <= 0.0;
    (rate.as_per_second() <= limits::HIGHEST_RATE && !is_lost).then_some(text)
}

struct Stage {
    duration: String,
    target: f64,
    shown: Value,
}

impl Stage {
    fn written(self) -> Value {
        Value::Table(vec![("duration".to_owned(), Value::literal(&self.duration)), ("target".to_owned(), self.shown)])
    }
}

/// Stages that take some time together; `target` writes a target, where it can be one. One that cannot be read is noted,
/// and then there are none at all: a schedule with a hole in it is another one.
fn stages(node: &Node, draft: &mut Draft, target: impl Fn(f64) -> Option<Value>) -> Option<Vec<Stage>> {
    let super::super::javascript::Literal::Array(nodes) = &node.value else { return None };
    let mut total = Nanos::ZERO;
    let mut stages = Vec::with_capacity(nodes.len());
    for node in nodes {
        let mut fields = Fields::new("a stage", node.object().unwrap_or_default());
        let length = fields.get("duration").and_then(span);
        let number = fields.number("target", draft);
        let shown = number.and_then(&target);
        fields.note_others(draft);
        let (Some((length, duration)), Some(target), Some(shown)) = (length, number, shown) else {
            draft.note(node.line, format!("`{}` is no stage that can be carried over", node.shown()));
            return None;
        };
        total = total.after(length);
        stages.push(Stage { duration, target, shown });
    }
    (total > Nanos::ZERO && total <= limits::LONGEST_TIME).then_some(stages)
}
