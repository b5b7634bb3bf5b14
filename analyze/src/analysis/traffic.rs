//! How much of what was asked for: arrivals, rates, errors, and how late they were sent.

use runlog::summary::Group;
use runlog::units::Nanos;

use super::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Part, Section, Table, Value};

/// Arrivals, errors and lag per request.
pub struct Traffic;

impl Analysis for Traffic {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let summary = &run.summary;
        let mut table = Table::new(&["request"], &["count", "rate", "errors", "error rate", "lag p99"]);
        for group in &summary.requests {
            table.push(cells(group));
        }
        table.push_total(cells(&summary.total));
        Ok(vec![Section::new("Requests", vec![Part::Table(table)])])
    }
}

fn cells(group: &Group) -> Vec<Value> {
    vec![
        group.request.clone().into(),
        Value::Count(group.count),
        Value::per_second(group.rate_per_s),
        Value::Count(group.errors),
        Value::share(group.errors, group.count),
        group.lag_ns.map(|lag| Value::Time(Nanos(lag.p99))).into(),
    ]
}
