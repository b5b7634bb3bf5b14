//! Sections as JSON: raw figures, each with the name of its unit.

use serde_json::{Value as Json, json};

use super::value::sentence;
use crate::section::{Chart, Finding, Level, Part, Section, Table, Unit, Value};

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

fn chart_of(chart: &Chart) -> Json {
    let unit = match chart.unit {
        Unit::Time => "ns",
        Unit::PerSecond => "per_s",
        Unit::Count => "count",
        Unit::Share => "share",
    };
    let lines = chart.lines.iter().map(|line| json!({ "name": line.name, "values": line.values }));
    json!({
        "kind": "chart",
        "title": chart.title,
        "note": chart.note,
        "unit": unit,
        "stacked": chart.stacked,
        "at_ns": chart.at,
        "lines": lines.collect::<Vec<_>>(),
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
        Value::Share(share) => with_unit(json!(share), "share"),
        Value::Bytes(bytes) => with_unit(json!(bytes.0), "bytes"),
        Value::Instant(unix_ns) => with_unit(json!(unix_ns), "unix_ns"),
    }
}
