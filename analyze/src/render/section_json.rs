//! Sections as JSON: raw figures, each with the name of its unit.

use serde_json::{Value as Json, json};

use super::value::sentence;
use crate::section::{Axis, Bars, Chart, Finding, HeatMap, Level, Line, Part, Section, Table, Unit, Value};

/// A section as `{"title", "parts": […]}`; each part has a `kind`.
pub fn section(section: &Section) -> Json {
    json!({ "title": section.title, "parts": section.parts.iter().map(part).collect::<Vec<_>>() })
}

fn part(part: &Part) -> Json {
    match part {
        Part::Headline(found) => json!({ "kind": "headline", "finding": finding(found) }),
        Part::Findings(all) => json!({ "kind": "findings", "findings": all.iter().map(finding).collect::<Vec<_>>() }),
        Part::Facts(facts) => {
            let fact = |fact: &crate::section::Fact| json!({ "name": fact.name, "value": values(&fact.value) });
            json!({ "kind": "facts", "facts": facts.iter().map(fact).collect::<Vec<_>>() })
        }
        Part::Table(table) => table_of(table),
        Part::Chart(chart) => chart_of(chart),
        Part::HeatMap(map) => heat_map_of(map),
        Part::Bars(bars) => bars_of(bars),
        Part::Command(command) => json!({ "kind": "command", "command": command }),
    }
}

fn finding(finding: &Finding) -> Json {
    let level = match finding.level {
        Level::Good => "good",
        Level::Note => "note",
        Level::Warning => "warning",
        Level::Bad => "bad",
    };
    json!({ "level": level, "text": sentence(&finding.sentence) })
}

fn table_of(table: &Table) -> Json {
    let columns: Vec<_> = table.columns.iter().map(|column| &column.title).collect();
    let rows: Vec<_> = table.rows.iter().map(|row| values(&row.cells)).collect();
    json!({ "kind": "table", "columns": columns, "rows": rows })
}

const fn name_of(unit: Unit) -> &'static str {
    match unit {
        Unit::Time => "ns",
        Unit::PerSecond => "per_s",
        Unit::Count => "count",
        Unit::Share => "share",
        Unit::Bytes => "bytes",
        Unit::BytesPerSecond => "bytes_per_s",
        Unit::Number => "number",
    }
}

fn chart_of(chart: &Chart) -> Json {
    let (over, at) = match &chart.axis {
        Axis::Time(at) => ("at_ns", json!(at)),
        Axis::Percentile(shares) => ("percentile_share", json!(shares)),
        Axis::Rate(rates) => ("rate_per_s", json!(rates)),
        Axis::Amount { of, values } => ("over", json!({ "of": of, "values": values })),
    };
    let mut object = json!({
        "kind": "chart",
        "title": chart.title,
        "note": chart.note,
        "unit": name_of(chart.unit),
        "stacked": chart.stacked,
        "lines": lines(&chart.lines),
    });
    object[over] = at;
    object
}

fn lines(lines: &[Line]) -> Vec<Json> {
    lines.iter().map(|line| json!({ "name": line.name, "values": line.values })).collect()
}

fn heat_map_of(map: &HeatMap) -> Json {
    json!({
        "kind": "heat_map",
        "title": map.title,
        "note": map.note,
        "at_ns": map.at,
        "bands_ns": map.bands,
        "highest_ns": map.highest,
        "counts": map.counts,
    })
}

fn bars_of(bars: &Bars) -> Json {
    json!({
        "kind": "bars",
        "title": bars.title,
        "note": bars.note,
        "unit": name_of(bars.unit),
        "names": bars.names,
        "parts": lines(&bars.parts),
    })
}

fn values(values: &[Value]) -> Vec<Json> {
    values.iter().map(value).collect()
}

/// Text, counts, numbers and flags as they are; what has a unit as `{"value", "unit"}`.
fn value(value: &Value) -> Json {
    let with_unit = |value: Json, unit: &str| json!({ "value": value, "unit": unit });
    match value {
        Value::Absent => Json::Null,
        Value::Text(text) => json!(text),
        Value::Count(count) => json!(count),
        Value::Number(number) => json!(number),
        Value::Passed(passed) => json!(passed),
        Value::Time(span) => with_unit(json!(span), "ns"),
        Value::Between(from, to) => with_unit(json!([from, to]), "ns"),
        Value::Rate(rate) => with_unit(json!(rate), "per_s"),
        Value::BetweenRates(from, to) => with_unit(json!([from, to]), "per_s"),
        Value::Share(share) => with_unit(json!(share), "share"),
        Value::BetweenShares(from, to) => with_unit(json!([from, to]), "share"),
        Value::Change(change) => with_unit(json!(change), "change"),
        Value::Bytes(bytes) => with_unit(json!(bytes.0), "bytes"),
        Value::Instant(unix_ns) => with_unit(json!(unix_ns), "unix_ns"),
    }
}
