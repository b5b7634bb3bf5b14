//! The gate's result for people: a table, a verdict, and a sentence for whatever did not simply pass.

use super::sentence::value;
use super::{Check, GateResult, Outcome, Subject, Verdict};
use crate::baseline::Time;
use crate::exactness;
use crate::section::{Fact, Finding, Level, Part, Section, Table, Value};

impl GateResult {
    /// For a terminal: the verdict comes last, where the eye is when the text has scrolled by.
    pub fn with_verdict_last(&self) -> Vec<Section> {
        vec![self.comparison(), self.verdict_section()]
    }

    /// For a page: the verdict comes first.
    pub fn with_verdict_first(&self) -> Vec<Section> {
        vec![self.verdict_section(), self.comparison()]
    }

    fn comparison(&self) -> Section {
        let baseline = Fact::new("baseline", self.baseline.file.clone());
        let baseline = match self.baseline.saved_from_runs {
            0 => baseline.and(" (hand-written)"),
            1 => baseline.and(" (saved from 1 run)"),
            runs => baseline.and(" (saved from ").and(Value::Count(runs as u64)).and(" runs)"),
        };
        let run = Fact::new("run", self.run.directory.clone()).and(", ").and(Value::Instant(self.run.started_unix_ns));
        let scenario = Fact::new("scenario", self.run.name.clone());
        let time = Fact::new(
            "time",
            match self.baseline.time {
                Time::Response => "response time (from when the schedule wanted it sent)",
                Time::Service => "service time (from when it was sent)",
            },
        );
        let mut parts = vec![Part::Facts(vec![baseline, run, scenario, time])];
        if !self.checks.is_empty() {
            parts.push(Part::Table(table(&self.checks)));
            parts.extend((!self.run.exact).then(|| Part::Findings(vec![exactness::from_summary_files()])));
        }
        Section::new("Held against the baseline", parts)
    }

    fn verdict_section(&self) -> Section {
        let mut findings: Vec<Finding> =
            self.refusals.iter().map(|reason| Finding::new(Level::Bad, reason.clone())).collect();
        findings.extend(self.warnings.iter().map(|warning| Finding::new(Level::Warning, warning.clone())));
        findings.extend(self.unanswered());
        let unremarkable = |outcome| matches!(outcome, Outcome::Passed | Outcome::Better);
        findings.extend(self.checks.iter().filter(|check| !unremarkable(check.outcome)).map(Check::finding));
        if self.count(|outcome| outcome == Outcome::Better) > 0 {
            let advice = "what is better can become the new baseline: `drumfire-analyze baseline RUN -o FILE --update`";
            findings.push(Finding::new(Level::Note, advice));
        }
        let mut parts = vec![Part::Headline(self.headline())];
        if !findings.is_empty() {
            parts.push(Part::Findings(findings));
        }
        Section::new("Gate", parts)
    }

    /// The one sentence to read if only one is read.
    pub fn headline(&self) -> Finding {
        let all = self.checks.len() as u64;
        let failed = self.count(Outcome::is_failure) as u64;
        let unknown = self.count(|outcome| outcome == Outcome::NotEnoughData) as u64;
        match (self.verdict, unknown) {
            (Verdict::Refused, _) => Finding::new(Level::Bad, "Refused: the measurement is not one to judge by."),
            (Verdict::Failed, _) => Finding::new(Level::Bad, "Failed: ")
                .count(failed)
                .and(" of ")
                .count(all)
                .and(" figures worse than the baseline allows, or missing."),
            (Verdict::Passed, 0) => {
                Finding::new(Level::Good, "Passed: no figure of ").count(all).and(" is worse than the baseline allows.")
            }
            (Verdict::Passed, unknown) if unknown == all => Finding::new(
                Level::Warning,
                "Passed, but nothing is known: there are too few samples for every figure of ",
            )
            .count(all)
            .and("."),
            (Verdict::Passed, unknown) => Finding::new(Level::Good, "Passed: no figure of ")
                .count(all - unknown)
                .and(" is worse than the baseline allows; for ")
                .count(unknown)
                .and(" there are too few samples."),
        }
    }

    /// Whom the times leave out: those who got no answer have none, and would have waited the longest.
    fn unanswered(&self) -> Option<Finding> {
        let (unanswered, all) = (self.run.unanswered, self.run.arrivals);
        (unanswered > 0 && !self.checks.is_empty()).then(|| {
            Finding::new(Level::Warning, "times are those of the answered arrivals; ")
                .count(unanswered)
                .and(" of ")
                .count(all)
                .and(" got no answer and are left out: hold `error_rate` against a limit, too")
        })
    }
}

fn table(checks: &[Check]) -> Table {
    let mut table = Table::new(&["", "request", "figure", "outcome"], &["baseline", "limit", "was", "change"]);
    for check in checks {
        let mark = match check.outcome {
            Outcome::NotEnoughData => Value::Absent,
            outcome => Value::Passed(!outcome.is_failure()),
        };
        let baseline = match check.subject {
            Subject::Probe { .. } => Value::Absent,
            _ => value(check.unit, check.baseline),
        };
        table.push(vec![
            mark,
            check.subject.name().into(),
            check.figure().into(),
            check.outcome.word().into(),
            baseline,
            value(check.unit, check.limit),
            check.value.map(|number| value(check.unit, number)).into(),
            check.change.map(Value::Change).into(),
        ]);
    }
    table
}
