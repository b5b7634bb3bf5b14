//! `options.thresholds` of k6: what must hold.

use runlog::metric::{Metric, MetricKind};

use super::super::javascript::{Literal, Node};
use super::super::{Draft, Table, Value};
use super::fields::span;

/// What a filter can name.
pub(super) struct Known<'a> {
    pub(super) scenarios: Vec<&'a str>,
    /// Names of tags with their values.
    pub(super) tags: Vec<(&'a str, &'a str)>,
}

/// Adds the thresholds of a script to a draft; the others are noted.
pub(super) fn add(node: &Node, known: &Known<'_>, draft: &mut Draft) {
    let Some(entries) = node.object() else {
        draft.note(node.line, "`thresholds` is no literal and not carried over");
        return;
    };
    for (name, node) in entries {
        let conditions = match &node.value {
            Literal::Array(nodes) => nodes.as_slice(),
            _ => std::slice::from_ref(node),
        };
        for condition in conditions {
            match threshold(name, condition, known, draft) {
                Ok(table) => draft.thresholds.push(table),
                Err(reason) => {
                    let shown = condition.text().map_or_else(|| condition.shown(), str::to_owned);
                    draft.note(condition.line, format!("the threshold {name} `{shown}` is left out: {reason}"));
                }
            }
        }
    }
}

fn threshold(name: &str, node: &Node, known: &Known<'_>, draft: &mut Draft) -> Result<Table, String> {
    let (metric, tags) = match name.split_once('{') {
        Some((metric, tags)) => (metric.trim(), tags.trim_end().strip_suffix('}').unwrap_or(tags)),
        None => (name.trim(), ""),
    };
    // What k6 has no such name for is a metric of the script itself, whatever it is called.
    let known_to_k6 =
        metric.parse().ok().filter(|metric| !matches!(metric, Metric::ResponseTime | Metric::ScheduleLag));
    let kind = known_to_k6.map(Metric::kind).ok_or_else(|| format!("`{metric}` is a metric of the script itself"))?;
    let filter = filter(tags, known, draft)?;
    let (text, rest) = match (&node.value, node.text()) {
        (_, Some(text)) => (text, Table::new()),
        (Literal::Object(entries), _) => abortive(entries, draft)?,
        _ => return Err("it is no literal".to_owned()),
    };
    let mut table = vec![("metric".to_owned(), Value::literal(metric))];
    if !filter.is_empty() {
        table.push(("filter".to_owned(), Value::Table(filter)));
    }
    table.push(("condition".to_owned(), Value::literal(&condition(text, kind)?)));
    table.extend(rest);
    Ok(table)
}

/// `{ threshold, abortOnFail, delayAbortEval }`.
fn abortive<'a>(entries: &'a [(String, Node)], draft: &mut Draft) -> Result<(&'a str, Table), String> {
    let get = |key: &str| entries.iter().find(|(known, _)| known == key).map(|(_, node)| node);
    let text = get("threshold").and_then(Node::text).ok_or_else(|| "it has no `threshold`".to_owned())?;
    let mut table = Table::new();
    if let Some(Literal::Boolean(abort)) = get("abortOnFail").map(|node| &node.value) {
        table.push(("abort_on_fail".to_owned(), Value::Boolean(*abort)));
    }
    if let Some((_, delay)) = get("delayAbortEval").and_then(span) {
        table.push(("delay_abort_eval".to_owned(), Value::literal(&delay)));
    }
    for (key, node) in entries.iter().filter(|(key, _)| key != "threshold") {
        let is_carried = match key.as_str() {
            "abortOnFail" => matches!(node.value, Literal::Boolean(_)),
            "delayAbortEval" => span(node).is_some(),
            _ => false,
        };
        if !is_carried {
            draft.note(node.line, format!("`{key}: {}` of a threshold is not carried over", node.shown()));
        }
    }
    Ok((text, table))
}

/// `scenario:free,name:x` → a filter. What nothing here has would never let anything through.
fn filter(tags: &str, known: &Known<'_>, draft: &Draft) -> Result<Table, String> {
    let mut filter = Table::new();
    for pair in tags.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (key, value) = pair.split_once(':').ok_or_else(|| format!("`{pair}` is no tag with a value"))?;
        let (key, value) = (key.trim(), value.trim().trim_matches(['"', '\'']));
        let (key, is_known) = match key {
            "scenario" => ("scenario", known.scenarios.contains(&value)),
            "name" => ("request", draft.requests.iter().any(|request| request.name == value)),
            _ => (key, known.tags.contains(&(key, value))),
        };
        if !is_known {
            return Err(format!("nothing here has the tag `{key}: {value}`"));
        }
        if filter.iter().all(|(known, _)| known != key) {
            filter.push((key.to_owned(), Value::literal(value)));
        }
    }
    Ok(filter)
}

/// `p(95)<500` → `p(95) < 500ms`: the bounds get their units.
fn condition(text: &str, kind: MetricKind) -> Result<String, String> {
    let compact: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let at = compact.find(['<', '>', '=', '!']).ok_or_else(|| "it compares nothing".to_owned())?;
    let (aggregation, rest) = compact.split_at(at);
    let signs = [("===", "=="), ("<=", "<="), (">=", ">="), ("==", "=="), ("!=", "!="), ("<", "<"), (">", ">")];
    let (bound, sign) = signs
        .into_iter()
        .find_map(|(written, sign)| Some((rest.strip_prefix(written)?, sign)))
        .ok_or_else(|| "it compares nothing".to_owned())?;
    let number = bound.parse::<f64>().ok().filter(|number| number.is_finite() && (0.0..=1e15).contains(number));
    let number = number.ok_or_else(|| format!("`{bound}` is no number"))?;
    let percentile = aggregation.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')'));
    let is_percentile = percentile.is_some_and(|number| number.parse::<runlog::units::Percentile>().is_ok());
    let unit = match (kind, aggregation) {
        (MetricKind::Time, "avg" | "min" | "max" | "med") => "ms",
        (MetricKind::Time, _) if is_percentile => "ms",
        (MetricKind::Time | MetricKind::Counter, "count")
        | (MetricKind::Share, "rate")
        | (MetricKind::Gauge, "value") => "",
        (MetricKind::Counter, "rate") => "/s",
        _ => return Err(format!("`{aggregation}` is not what such a metric is asked for")),
    };
    Ok(format!("{aggregation} {sign} {number}{unit}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_get_the_units_that_k6_means() {
        for (text, kind, wanted) in [
            ("p(95)<500", MetricKind::Time, "p(95) < 500ms"),
            (" p(99.9) <= 1500.5 ", MetricKind::Time, "p(99.9) <= 1500.5ms"),
            ("rate<0.01", MetricKind::Share, "rate < 0.01"),
            ("rate>100", MetricKind::Counter, "rate > 100/s"),
            ("count===3", MetricKind::Counter, "count == 3"),
            ("value>=5", MetricKind::Gauge, "value >= 5"),
        ] {
            assert_eq!(condition(text, kind).as_deref(), Ok(wanted));
        }
        for (text, kind) in [
            ("p(95)", MetricKind::Time),
            ("p(101)<5", MetricKind::Time),
            ("avg<1", MetricKind::Share),
            ("rate<x", MetricKind::Share),
        ] {
            assert!(condition(text, kind).is_err(), "{text}");
        }
    }
}
