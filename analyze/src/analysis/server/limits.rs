//! Are rate limits kept to the request: how many were refused with 429, and from which on?

use std::collections::BTreeSet;

use runlog::row::{Batch, Columns, RequestId};
use runlog::tally::{Tally, gather};
use runlog::units::Nanos;

use crate::analysis::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Finding, Level, Part, Section, Table, Value};

/// Refusals, scenario by scenario.
pub(super) struct Limits;

const TOO_MANY_REQUESTS: u16 = 429;

impl Analysis for Limits {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let refused = |statuses: &std::collections::BTreeMap<u16, u64>| statuses.contains_key(&TOO_MANY_REQUESTS);
        if !refused(&run.summary.total.statuses) || !run.has_rows() {
            return Ok(Vec::new());
        }
        let scenarios = run.log.manifest.scenarios.len();
        let first = gather(&run.log.rows, None, || FirstRefusals::of(scenarios))?.tally;
        let counts = gather(&run.log.rows, None, || Refusals::new(&first))?.tally.counts;
        let mut table =
            Table::new(&["scenario"], &["answered", "refused", "before the first", "at", "served after it"]);
        let mut findings = Vec::new();
        for (scenario, counts) in run.log.manifest.scenarios.iter().zip(&counts) {
            if counts.refused == 0 {
                continue;
            }
            table.push(counts.row(&scenario.name));
            findings.push(counts.finding(&scenario.name));
        }
        Ok(vec![Section::new("Rate limits", vec![Part::Findings(findings), Part::Table(table)])])
    }
}

/// When the first request of each scenario was sent that was refused, and which of its requests ever were: no limit is on others.
struct FirstRefusals {
    first: Vec<Option<u64>>,
    limited: Vec<BTreeSet<RequestId>>,
}

impl FirstRefusals {
    fn of(scenarios: usize) -> Self {
        Self { first: vec![None; scenarios], limited: vec![BTreeSet::new(); scenarios] }
    }
}

impl Tally for FirstRefusals {
    fn columns(&self) -> Columns {
        columns()
    }

    fn add(&mut self, batch: &Batch) {
        for place in 0..batch.len() {
            let Some((scenario, sent_ns, status)) = answer(batch, place) else { continue };
            if status == TOO_MANY_REQUESTS {
                let first = &mut self.first[scenario];
                *first = Some(first.map_or(sent_ns, |first| first.min(sent_ns)));
                self.limited[scenario].insert(batch.request[place]);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.first.iter_mut().zip(other.first) {
            *mine = [*mine, theirs].into_iter().flatten().min();
        }
        for (mine, theirs) in self.limited.iter_mut().zip(other.limited) {
            mine.extend(theirs);
        }
    }
}

/// What was answered before the first refusal, and after it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    first_ns: Option<u64>,
    refused: u64,
    before: u64,
    after: u64,
}

struct Refusals<'a> {
    limited: &'a [BTreeSet<RequestId>],
    counts: Vec<Counts>,
}

impl<'a> Refusals<'a> {
    fn new(FirstRefusals { first, limited }: &'a FirstRefusals) -> Self {
        Self { limited, counts: first.iter().map(|&first_ns| Counts { first_ns, ..Counts::default() }).collect() }
    }
}

impl Tally for Refusals<'_> {
    fn columns(&self) -> Columns {
        columns()
    }

    fn add(&mut self, batch: &Batch) {
        for place in 0..batch.len() {
            let Some((scenario, sent_ns, status)) = answer(batch, place) else { continue };
            if !self.limited[scenario].contains(&batch.request[place]) {
                continue;
            }
            let counts = &mut self.counts[scenario];
            if status == TOO_MANY_REQUESTS {
                counts.refused += 1;
            } else if counts.first_ns.is_some_and(|first_ns| sent_ns < first_ns) {
                counts.before += 1;
            } else {
                counts.after += 1;
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(other.counts) {
            mine.refused += theirs.refused;
            mine.before += theirs.before;
            mine.after += theirs.after;
        }
    }
}

fn columns() -> Columns {
    let when = Columns::SCHEDULED_NS.and(Columns::LAG_NS);
    when.and(Columns::SCENARIO).and(Columns::REQUEST).and(Columns::STATUS).and(Columns::ERROR)
}

/// The scenario, the instant of sending and the status of a row that was answered.
fn answer(batch: &Batch, place: usize) -> Option<(usize, u64, u16)> {
    let sent_ns = batch.scheduled_ns[place].saturating_add(batch.lag_ns[place]?);
    batch.error[place].is_none().then(|| (usize::from(batch.scenario[place].0), sent_ns, batch.status[place]))
}

impl Counts {
    fn row(&self, scenario: &str) -> Vec<Value> {
        vec![
            scenario.to_owned().into(),
            Value::Count(self.refused + self.before + self.after),
            Value::Count(self.refused),
            Value::Count(self.before),
            Value::from(self.first_ns.map(|first_ns| Value::Time(Nanos(first_ns)))),
            Value::Count(self.after),
        ]
    }

    fn finding(&self, scenario: &str) -> Finding {
        let finding = Finding::new(Level::Note, scenario.to_owned())
            .and(": ")
            .count(self.refused)
            .and(" refused (429), the first after ");
        finding.count(self.before).and(" that were served")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made_up::{MadeUp, answered, findings};

    #[test]
    fn refusals_are_counted_and_so_is_what_was_served_before_them() {
        let burst = |count: u64, allowed: u64, scenario: u16| {
            (0..count).map(move |number| {
                let status = if number < allowed { 200 } else { TOO_MANY_REQUESTS };
                answered(Nanos(number), scenario, Nanos::from_millis(1), status)
            })
        };
        // The requests are written in the order in which they were answered, which is another one.
        let mut rows: Vec<_> = burst(70, 20, 0).chain(burst(30, 30, 1)).collect();
        rows.reverse();
        let scenarios = vec![("free", "free", Vec::new()), ("starter", "starter", Vec::new())];
        let sections = MadeUp { scenarios, rows, probes: Vec::new() }.sections(&Limits);
        assert_eq!(
            findings(&sections),
            [(Level::Note, "free: 50 refused (429), the first after 20 that were served".to_owned())]
        );
        let Part::Table(table) = &sections[0].parts[1] else { panic!("a table") };
        assert_eq!(table.rows.len(), 1);
        assert_eq!(table.rows[0].cells[1..3], [Value::Count(70), Value::Count(50)]);
    }

    #[test]
    fn without_refusals_there_is_no_section() {
        let rows = vec![answered(Nanos::ZERO, 0, Nanos::from_millis(1), 200)];
        assert_eq!(MadeUp { rows, ..MadeUp::default() }.sections(&Limits), []);
    }
}
