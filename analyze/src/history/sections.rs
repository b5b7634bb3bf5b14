//! What came of a history, for people: which runs there were, a line for each change, and what came with it.

use super::{ChangeOfSeries, Direction, LeftOut, RunOfHistory, Trend, Verdict, Why};
use crate::exactness;
use crate::gate::sentence::value;
use crate::section::{Fact, Finding, Level, Part, Section, Table, Value};

/// So many runs that are left out are told one by one: JSON has all of them.
const TOLD: usize = 10;
/// With fewer runs, a single step does not come to a p-value of 0.01 even where it stands out from all noise: of 8 runs, 4 and
/// 4, every 35th order has it, too; of 10, 5 and 5, every 126th.
const ENOUGH_FOR_A_STEP: usize = 10;

impl Trend {
    /// The runs, then what changed: the verdict comes last, where the eye is when the text has scrolled by.
    pub fn with_verdict_last(&self) -> Vec<Section> {
        vec![self.history(), self.verdict_section()]
    }

    /// For a page: the verdict comes first.
    pub fn with_verdict_first(&self) -> Vec<Section> {
        vec![self.verdict_section(), self.history()]
    }

    fn history(&self) -> Section {
        let scenario = Fact::new("scenario", self.scenario.shown());
        let mut runs = Fact::new("runs", Value::Count(self.runs.len() as u64));
        if let (Some(first), Some(last)) = (self.runs.first(), self.runs.last()) {
            let since = |fact: Fact, run: &RunOfHistory| {
                fact.and(run.directory.clone()).and(" (").and(Value::Instant(run.started_unix_ns)).and(")")
            };
            runs = since(since(runs.and(", "), first).and(" to "), last);
        }
        let time = Fact::new("time", "response time (from when the schedule wanted it sent)");
        let mut parts = vec![Part::Facts(vec![scenario, runs, time])];
        if !self.left_out.is_empty() {
            parts.push(Part::Findings(self.said_of_left_out()));
        }
        Section::new("History", parts)
    }

    /// The newest of those that are left out, as it is them that somebody may be waiting for.
    fn said_of_left_out(&self) -> Vec<Finding> {
        let more = self.left_out.len().saturating_sub(TOLD);
        let mut findings = Vec::new();
        if more > 0 {
            let note =
                Finding::new(Level::Warning, "left out: ").count(more as u64).and(" older runs, which --json lists");
            findings.push(note);
        }
        findings.extend(self.left_out.iter().skip(more).map(LeftOut::finding));
        findings
    }

    fn verdict_section(&self) -> Section {
        let mut parts = vec![Part::Headline(self.headline())];
        if !self.changes.is_empty() {
            parts.push(Part::Table(table(&self.changes)));
        }
        let mut findings = self.beginnings();
        findings.extend(self.limits());
        if !findings.is_empty() {
            parts.push(Part::Findings(findings));
        }
        Section::new("Changes", parts)
    }

    /// The one sentence to read if only one is read.
    pub fn headline(&self) -> Finding {
        let (runs, series) = (self.runs.len() as u64, self.looked.series as u64);
        let least = 2 * self.looked.shortest as u64;
        match self.verdict {
            Verdict::NotEnoughData if runs < least => Finding::new(Level::Warning, "Too few runs: ")
                .count(runs)
                .and(" can be looked at, and it takes ")
                .count(least)
                .and(", as there have to be ")
                .count(self.looked.shortest as u64)
                .and(" on either side of a change."),
            Verdict::NotEnoughData => {
                Finding::new(Level::Warning, "Nothing is known: no figure has samples enough in ")
                    .count(least)
                    .and(" of ")
                    .count(runs)
                    .and(" runs.")
            }
            Verdict::Unchanged => Finding::new(Level::Good, "Nothing changed that could be seen: ")
                .count(series)
                .and(" figures over ")
                .count(runs)
                .and(" runs."),
            Verdict::Changed => self.what_changed(),
        }
    }

    fn what_changed(&self) -> Finding {
        let of = |is_wanted: &dyn Fn(&ChangeOfSeries) -> bool| {
            self.changes.iter().filter(|change| is_wanted(change)).count() as u64
        };
        let worse = of(&|change| change.direction == Direction::Worse);
        let (better, news) = (self.changes.len() as u64 - worse, of(&ChangeOfSeries::is_bad_news));
        let level = match (news, worse) {
            (0, 0) => Level::Good,
            (0, _) => Level::Note,
            _ => Level::Bad,
        };
        let counts = Finding::new(level, "Changed: ").count(worse).and(" for the worse, ").count(better);
        let counts = counts.and(" for the better, in ").count(self.looked.series as u64).and(" figures over ");
        let counts = counts.count(self.runs.len() as u64).and(" runs; ");
        match news {
            0 => counts.and("none for the worse is among the latest."),
            1 => counts.and("1 for the worse is among the latest."),
            news => counts.count(news).and(" for the worse are among the latest."),
        }
    }

    /// A line for each run at which something changed: when it was, and what else is not as in the run before.
    fn beginnings(&self) -> Vec<Finding> {
        let beginnings = self.changes.chunk_by(|a, b| a.first_run == b.first_run);
        beginnings.filter_map(|changes| self.beginning(changes)).collect()
    }

    fn beginning(&self, changes: &[ChangeOfSeries]) -> Option<Finding> {
        let first = changes.first()?;
        let is_worse = |change: &&ChangeOfSeries| change.direction == Direction::Worse;
        let level = if changes.iter().any(ChangeOfSeries::is_bad_news) {
            Level::Bad
        } else if changes.iter().any(|change| is_worse(&change)) {
            Level::Note
        } else {
            Level::Good
        };
        let finding = Finding::new(level, "since ").and(first.run.directory.clone()).and(" (");
        let mut finding = finding.and(Value::Instant(first.run.started_unix_ns));
        let before = first.first_run.checked_sub(1).and_then(|place| self.runs.get(place));
        for difference in before.map_or_else(Vec::new, |before| differences(before, &first.run)) {
            finding = finding.and(", ").and(difference);
        }
        let worse = changes.iter().filter(is_worse).count();
        let better = changes.len() - worse;
        Some(match (worse, better) {
            (worse, 0) => finding.and("): ").count(worse as u64).and(" worse"),
            (0, better) => finding.and("): ").count(better as u64).and(" better"),
            (worse, better) => {
                finding.and("): ").count(worse as u64).and(" worse, ").count(better as u64).and(" better")
            }
        })
    }

    /// What cannot be seen, and what is not shown.
    fn limits(&self) -> Vec<Finding> {
        let mut findings = Vec::new();
        if self.verdict == Verdict::NotEnoughData {
            return findings;
        }
        let runs = self.runs.len() as u64;
        let noise = Finding::new(Level::Note, "changes smaller than the noise of ").count(runs);
        let noise = noise.and(" runs cannot be seen, nor those that began less than ");
        findings.push(noise.count(self.looked.shortest as u64).and(" runs ago"));
        findings.extend((!self.exact).then(exactness::from_summary_files));
        if self.runs.len() < ENOUGH_FOR_A_STEP {
            let few = Finding::new(Level::Warning, "so few runs cannot show a single step, however large: that takes ");
            findings.push(few.count(ENOUGH_FOR_A_STEP as u64));
        }
        let too_short = (self.series.len() - self.looked.series) as u64;
        if too_short > 0 {
            let finding = Finding::new(Level::Note, "not looked at: ").count(too_short);
            let finding = finding.and(" figures that fewer than ").count(2 * self.looked.shortest as u64);
            findings.push(finding.and(" runs have, or have samples enough for"));
        }
        if self.looked.small_changes > 0 {
            let finding = Finding::new(Level::Note, "not shown: changes of less than ");
            let finding = finding.and(Value::Share(self.looked.min_change)).and(", of which there are ");
            findings.push(finding.count(self.looked.small_changes as u64));
        }
        findings
    }
}

impl LeftOut {
    fn finding(&self) -> Finding {
        let finding = Finding::new(Level::Warning, "left out: ").and(self.run.directory.clone());
        match &self.why {
            Why::OtherScenario { scenario } => finding.and(" is of another scenario: ").and(scenario.shown()),
            Why::NoEnding => finding.and(" has no ending: it runs still, or was killed"),
            Why::NotToJudgeBy { reasons } => finding.and(" is not one to judge by: ").and(reasons.join("; ")),
        }
    }
}

/// What of a run is not as in the one before: its tags, such as a commit, and its machine.
fn differences(before: &RunOfHistory, run: &RunOfHistory) -> Vec<String> {
    let mut differences: Vec<String> = Vec::new();
    for (tag, value) in &run.tags {
        match before.tags.get(tag) {
            Some(same) if same == value => {}
            Some(other) => differences.push(format!("{tag} {value}, was {other}")),
            None => differences.push(format!("{tag} {value}, was none")),
        }
    }
    let gone = before.tags.iter().filter(|(tag, _)| !run.tags.contains_key(*tag));
    differences.extend(gone.map(|(tag, other)| format!("no {tag}, was {other}")));
    if run.host != before.host {
        differences.push(format!("on {}, was on {}", run.host, before.host));
    }
    differences
}

fn table(changes: &[ChangeOfSeries]) -> Table {
    let mut table = Table::new(&["", "since", "request", "figure"], &["before", "after", "change", "p"]);
    for change in changes {
        table.push(vec![
            Value::Passed(change.direction == Direction::Better),
            change.run.directory.clone().into(),
            change.subject.name().into(),
            change.figure.name().into(),
            value(change.unit, change.before),
            value(change.unit, change.after),
            change.change.map(Value::Change).into(),
            Value::Number(change.p_value),
        ]);
    }
    table
}
