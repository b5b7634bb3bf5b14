//! What of a query's condition is cheap to decide before a row becomes values: when it was scheduled, and its names.
//!
//! It may let pass what the whole condition does not, and never the other way round: polars has the last word.

use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use polars::prelude::{BooleanFunction, Expr, FunctionExpr, LiteralValue, Operator};
use runlog::row::{Batch, Columns};

use super::source::Source;

/// No instant at all.
const NEVER: RangeInclusive<u64> = RangeInclusive::new(1, 0);

/// Rows that may be wanted.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Filter {
    scheduled: Option<RangeInclusive<u64>>,
    /// Whether the scenario at this place is wanted; without it, all are.
    scenarios: Option<Vec<bool>>,
    requests: Option<Vec<bool>>,
}

impl Filter {
    /// Rows of a run within a window for which a condition may hold.
    pub fn new(window: &Range<u64>, condition: Option<&Expr>, source: &Source) -> Self {
        let is_all = *window == (0..u64::MAX);
        // An empty window has no last instant.
        let scheduled = (!is_all).then(|| match window.end.checked_sub(1) {
            Some(last) => window.start..=last,
            None => NEVER,
        });
        let mut filter = Self { scheduled, scenarios: None, requests: None };
        if let Some(condition) = condition {
            filter.narrow(condition, source);
        }
        filter
    }

    /// The columns that it looks at.
    pub fn needs(&self) -> Option<Columns> {
        let needs = [
            self.scheduled.as_ref().map(|_| Columns::SCHEDULED_NS),
            self.scenarios.as_ref().map(|_| Columns::SCENARIO),
            self.requests.as_ref().map(|_| Columns::REQUEST),
        ];
        needs.into_iter().flatten().reduce(Columns::and)
    }

    /// The places of a batch's rows that may be wanted.
    pub fn places(&self, batch: &Batch, places: &mut Vec<usize>) {
        places.clear();
        let is_scheduled =
            |at: usize| self.scheduled.as_ref().is_none_or(|range| range.contains(&batch.scheduled_ns[at]));
        let is_among = |wanted: &Option<Vec<bool>>, id: &dyn Fn() -> u16| {
            wanted.as_ref().is_none_or(|wanted| wanted.get(usize::from(id())).copied().unwrap_or(false))
        };
        places.extend((0..batch.len()).filter(|&at| {
            is_scheduled(at)
                && is_among(&self.scenarios, &|| batch.scenario[at].0)
                && is_among(&self.requests, &|| batch.request[at].0)
        }));
    }

    fn narrow(&mut self, condition: &Expr, source: &Source) {
        let Expr::BinaryExpr { left, op, right } = condition else { return };
        if matches!(op, Operator::And | Operator::LogicalAnd) {
            self.narrow(left, source);
            self.narrow(right, source);
            return;
        }
        let compared = match (&**left, &**right) {
            (Expr::Column(name), Expr::Literal(value)) => Some((name.as_str(), *op, value)),
            (Expr::Literal(value), Expr::Column(name)) => mirrored(*op).map(|op| (name.as_str(), op, value)),
            _ => None,
        };
        let Some((name, op, value)) = compared else { return };
        let manifest = &source.run.manifest;
        match name {
            "scheduled_ns" => self.narrow_time(op, value, 1.0),
            "time_s" => self.narrow_time(op, value, 1e9),
            "scenario" => {
                let names = manifest.scenarios.iter().map(|scenario| scenario.name.as_str());
                narrow_names(&mut self.scenarios, op, value, names);
            }
            "request" => {
                let names = manifest.requests.iter().map(|request| request.name.as_str());
                narrow_names(&mut self.requests, op, value, names);
            }
            _ => {}
        }
    }

    /// A little is let through on either side, so that what rounding does is left to polars.
    fn narrow_time(&mut self, op: Operator, value: &LiteralValue, unit_ns: f64) {
        let Some(value) = value.to_any_value().and_then(|value| value.extract::<f64>()) else { return };
        if !value.is_finite() {
            return;
        }
        let at = value * unit_ns;
        let margin = 1_000.0 + at.abs() * 1e-9;
        let (least, most) = match op {
            Operator::Gt | Operator::GtEq => (at - margin, f64::INFINITY),
            Operator::Lt | Operator::LtEq => (f64::NEG_INFINITY, at + margin),
            Operator::Eq => (at - margin, at + margin),
            _ => return,
        };
        let now = self.scheduled.clone().unwrap_or(0..=u64::MAX);
        // `as` keeps within what a u64 can be.
        let narrower = *now.start().max(&(least as u64))..=*now.end().min(&(most as u64));
        self.scheduled = Some(if most < 0.0 { NEVER } else { narrower });
    }
}

const fn mirrored(op: Operator) -> Option<Operator> {
    Some(match op {
        Operator::Eq => Operator::Eq,
        Operator::Lt => Operator::Gt,
        Operator::LtEq => Operator::GtEq,
        Operator::Gt => Operator::Lt,
        Operator::GtEq => Operator::LtEq,
        _ => return None,
    })
}

fn narrow_names<'a>(
    wanted: &mut Option<Vec<bool>>,
    op: Operator,
    value: &LiteralValue,
    names: impl Iterator<Item = &'a str>,
) {
    let Some(value) = value.extract_str().filter(|_| op == Operator::Eq) else { return };
    let now: Vec<bool> = names.map(|name| name == value).collect();
    *wanted = Some(match wanted.take() {
        Some(before) => before.iter().zip(&now).map(|(before, now)| *before && *now).collect(),
        None => now,
    });
}

/// A condition without what polars adds for itself: of `ORDER BY … LIMIT`, what it has learnt meanwhile of rows that will not
/// be among the first. That cannot be evaluated here, and changes no answer.
pub(super) fn as_asked(condition: Expr) -> Option<Expr> {
    match condition {
        Expr::BinaryExpr { left, op: op @ (Operator::And | Operator::LogicalAnd), right } => {
            match (as_asked((*left).clone()), as_asked((*right).clone())) {
                (Some(left), Some(right)) => {
                    Some(Expr::BinaryExpr { left: Arc::new(left), op, right: Arc::new(right) })
                }
                (one, other) => one.or(other),
            }
        }
        Expr::Display { ref fmt_str, .. } if fmt_str.starts_with("dynamic_pred") => None,
        other => Some(other),
    }
}

/// Whether a condition looks at each row by itself, so that rows may be decided on a chunk at a time.
pub(super) fn is_by_row(condition: &Expr) -> bool {
    condition.into_iter().all(|part| match part {
        Expr::Column(_) | Expr::BinaryExpr { .. } | Expr::Cast { .. } | Expr::Alias(..) | Expr::Ternary { .. } => true,
        Expr::Literal(value) => matches!(value, LiteralValue::Dyn(_) | LiteralValue::Scalar(_)),
        Expr::Function { function: FunctionExpr::Boolean(function), .. } => {
            matches!(function, BooleanFunction::IsNull | BooleanFunction::IsNotNull | BooleanFunction::Not)
        }
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sql::source;
    use polars::prelude::{col, lit, when};
    use runlog::directory::Run;
    use std::path::Path;

    fn filter(condition: &Expr) -> Filter {
        let fixture = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../runlog/fixtures/fifty-rows"));
        let sources = source::named(vec![Run::open(fixture).expect("our own run")]);
        Filter::new(&(0..u64::MAX), Some(condition), &sources[0])
    }

    #[test]
    fn names_and_times_are_decided_before_a_row_becomes_values() {
        let all = filter(&col("status").eq(lit(200)).or(col("request").eq(lit("list"))));
        assert_eq!(all, Filter { scheduled: None, scenarios: None, requests: None });
        assert_eq!(all.needs(), None);
        let some = filter(&col("request").eq(lit("order")).and(lit("steady").eq(col("scenario"))));
        assert_eq!(some.requests, Some(vec![false, false, true]));
        assert_eq!(some.scenarios, Some(vec![true, false]));
        assert_eq!(filter(&col("request").neq(lit("order"))).requests, None);
        let early = filter(&col("time_s").lt(lit(1.0)).and(lit(500_000_000).lt_eq(col("scheduled_ns"))));
        let range = early.scheduled.expect("a range");
        assert!((499_990_000..500_000_000).contains(range.start()), "{range:?}");
        assert!((1_000_000_000..1_000_010_000).contains(range.end()), "{range:?}");
        assert!(filter(&col("time_s").lt(lit(-1.0))).scheduled.expect("a range").is_empty());
    }

    #[test]
    fn what_looks_at_other_rows_is_not_decided_a_chunk_at_a_time() {
        assert!(is_by_row(&col("status").eq(lit(200)).and(col("error").is_null().not())));
        assert!(is_by_row(&when(col("failed")).then(lit(1)).otherwise(lit(0)).eq(lit(1))));
        assert!(!is_by_row(&col("duration_ns").gt(col("duration_ns").mean())));
        let of_request = col("duration_ns").max().over([col("request")]).expect("a window");
        assert!(!is_by_row(&col("duration_ns").gt(of_request)));
    }
}
