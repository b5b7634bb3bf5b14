//! Tables of runs side by side: all requests together, and request by request.

use std::borrow::Cow;

use runlog::validity;

use super::diff::{Compared, Diff, word};
use super::lineup::{Entrant, Lineup};
use super::sections::number;
use crate::baseline::Measure;
use crate::section::{Column, Finding, Kind, Level, Part, Section, Table, Value};

/// The figures that are shown, each with its change.
const SHOWN: [Measure; 4] = [Measure::P50, Measure::P95, Measure::P99, Measure::ErrorRate];

impl Lineup<'_> {
    /// The runs, a row each.
    pub(super) fn runs(&self) -> Section {
        let names = ["run", "measurement", "against the first"];
        let mut table = Table::new(&names, &["started", "requests", "rate"]);
        let marks = self.marks();
        let differ = marks.iter().any(|marks| !marks.is_empty());
        if differ {
            table.columns.insert(1, Column::new("tags and variables", Kind::Name));
        }
        table.columns.extend(columns_of(&SHOWN));
        for ((entrant, diff), marks) in self.entrants().zip(marks) {
            let summary = &entrant.run.summary;
            let mut cells = vec![entrant.label.clone().into()];
            if differ {
                cells.push(if marks.is_empty() { Value::Absent } else { marks.into() });
            }
            cells.extend([
                measurement(summary.validity.verdict).into(),
                verdict(diff.map(|diff| &diff.total)),
                Value::Instant(summary.run.started_unix_ns),
                Value::Count(summary.total.count),
                Value::per_second(summary.total.rate_per_s),
            ]);
            cells.extend(changes(entrant, diff, None, &SHOWN));
            table.push(cells);
        }
        let note = "percentiles are of the response time, from when the schedule wanted a request sent; each change is to the \
                    first run, that of an error rate the difference of the two shares";
        let note = Finding::new(Level::Note, note);
        Section::new("Runs side by side", vec![Part::Table(table), Part::Findings(vec![note])])
    }

    /// The requests of all runs, a row for each run that has them.
    pub(super) fn requests(&self) -> Section {
        let mut table = Table::new(&["request", "run", "against the first"], &[]);
        table.columns.extend(columns_of(&SHOWN));
        for request in self.names().iter().map(|name| Some(name.as_str())).chain([None]) {
            for (entrant, diff) in self.entrants().filter(|(entrant, _)| entrant.group(request).is_some()) {
                let compared = diff.and_then(|diff| diff.of(request));
                let request_name = request.unwrap_or("total").to_owned();
                let mut cells = vec![request_name.into(), entrant.label.clone().into(), verdict(compared)];
                cells.extend(changes(entrant, diff, request, &SHOWN));
                match request {
                    Some(_) => table.push(cells),
                    None => table.push_total(cells),
                }
            }
        }
        let note = "verdicts are those of `drumfire-analyze diff` on these figures; what it says of others is among the sections \
                    of each run";
        let note = Finding::new(Level::Note, note);
        Section::new("Requests side by side", vec![Part::Table(table), Part::Findings(vec![note])])
    }

    /// The requests that any run has sent, in the order of the first that has.
    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (entrant, _) in self.entrants() {
            for group in entrant.run.summary.requests.iter().filter(|group| group.count > 0) {
                if !names.contains(&group.request) {
                    names.push(group.request.clone());
                }
            }
        }
        names
    }
}

/// A figure, and its change.
fn columns_of(figures: &[Measure]) -> Vec<Column> {
    let pair = |figure: &Measure| [Cow::from(figure.name().replace('_', " ")), Cow::from("change")];
    figures.iter().flat_map(pair).map(|title| Column::new(title, Kind::Number)).collect()
}

fn changes(entrant: &Entrant<'_>, diff: Option<&Diff>, request: Option<&str>, figures: &[Measure]) -> Vec<Value> {
    let group = entrant.group(request);
    let compared = diff.and_then(|diff| diff.of(request));
    let pair = |&figure: &Measure| {
        let value = group.and_then(|group| group.known(figure));
        let change = compared.and_then(|compared| compared.figure(figure)?.difference);
        [number(figure, value), change.map(Value::Change).into()]
    };
    figures.iter().flat_map(pair).collect()
}

/// The verdicts on the figures that are shown, those that matter first: `worse: p95, p99; better: p50`.
fn verdict(compared: Option<&Compared>) -> Value {
    let Some(compared) = compared else { return Value::Absent };
    let judged = || SHOWN.into_iter().filter_map(|figure| compared.figure(figure));
    let of = |word: &str| -> Vec<&str> {
        judged().filter(|judged| self::word(judged.verdict) == word).map(|judged| judged.figure.name()).collect()
    };
    let words = ["worse", "better", "not enough data"];
    let said: Vec<String> = words
        .into_iter()
        .map(|word| (word, of(word)))
        .filter(|(_, figures)| !figures.is_empty())
        .map(|(word, figures)| format!("{word}: {}", figures.join(", ")))
        .collect();
    if said.is_empty() { "same".into() } else { said.join("; ").into() }
}

const fn measurement(verdict: validity::Verdict) -> &'static str {
    match verdict {
        validity::Verdict::Valid => "valid",
        validity::Verdict::Suspect => "suspect",
        validity::Verdict::Invalid => "not valid",
        validity::Verdict::Unknown => "nobody can tell",
    }
}
