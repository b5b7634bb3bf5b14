//! A comparison as sections.

use runlog::units::Nanos;

use super::diff::{Compared, Diff, Distribution, Judged, Noise, lacking, size, word};
use crate::baseline::Measure;
use crate::baseline::unit::Unit;
use crate::exactness;
use crate::section::{Fact, Finding, Level, Part, Section, Table, Value};
use crate::statistics::bootstrap::Shortage;
use crate::statistics::comparison::Verdict;

/// The sections of a diff: for a terminal the verdict is wanted last, and for a page first.
pub fn of_diff(diff: &Diff) -> (Section, Vec<Section>) {
    let mut sections = vec![Section::new("Compared", vec![Part::Facts(facts(diff))])];
    let all: Vec<&Compared> = diff.requests.iter().chain([&diff.total]).collect();
    let times = if diff.time == crate::time::Time::Response { "Response time" } else { "Service time" };
    let by_figure = Part::Table(figures(&all, |figure| figure.unit() == Unit::Time));
    sections.push(Section::new(times, vec![by_figure]));
    let rates = Part::Table(figures(&all, |figure| figure.unit() != Unit::Time));
    let note = Finding::new(Level::Note, "the change of an error rate is the difference of the two shares");
    sections.push(Section::new("Errors and throughput", vec![rates, Part::Findings(vec![note])]));
    sections.push(Section::new(format!("How the {} is spread", diff.time.words()), vec![Part::Table(spread(&all))]));
    (verdict(diff, &all), sections)
}

/// A diff as two sections beside those of its run, which have the base's label in their headings.
pub(super) fn beside_the_run(diff: &Diff, base: &str) -> Vec<Section> {
    let all: Vec<&Compared> = diff.requests.iter().chain([&diff.total]).collect();
    let note = Finding::new(Level::Note, "the change of an error rate is the difference of the two shares");
    let mut parts = verdict(diff, &all).parts;
    parts.extend([Part::Facts(facts(diff)), Part::Table(figures(&all, |_| true)), Part::Findings(vec![note])]);
    let spread = Section::new(
        format!("How the {} is spread, against {base}", diff.time.words()),
        vec![Part::Table(spread(&all))],
    );
    vec![Section::new(format!("Against {base}"), parts), spread]
}

fn facts(diff: &Diff) -> Vec<Fact> {
    vec![
        Fact::new("base", diff.base.join(", ")),
        Fact::new("run", diff.run.join(", ")),
        Fact::new("confidence", Value::Share(diff.confidence))
            .and(" that not one of the verdicts below is wrong by chance"),
    ]
}

/// A number of a figure, in its unit.
pub(super) fn number(figure: Measure, value: Option<f64>) -> Value {
    let Some(value) = value else { return Value::Absent };
    match figure.unit() {
        Unit::Time => Value::Time(Nanos(value.round().max(0.0) as u64)),
        Unit::Share => Value::Share(value),
        _ => Value::per_second(value),
    }
}

fn figures(all: &[&Compared], wanted: impl Fn(Measure) -> bool) -> Table {
    let mut table = Table::new(&["request", "figure"], &["base", "run", "change", "lies between", "and"]);
    table.columns.push(crate::section::Column::new("", crate::section::Kind::Name));
    for compared in all {
        // What neither side has is not missed.
        let has_any =
            |judged: &&Judged| !matches!(judged.verdict, Verdict::NotEnoughData(Shortage::Samples { have: 0, .. }));
        for judged in compared.figures.iter().filter(|judged| wanted(judged.figure)).filter(has_any) {
            table.push(row(&compared.request, judged));
        }
    }
    table
}

fn row(request: &str, judged: &Judged) -> Vec<Value> {
    let change = |value: Option<f64>| value.map(Value::Change).into();
    let verdict = match judged.verdict {
        Verdict::NotEnoughData(shortage) => format!("{}: {}", word(judged.verdict), lacking(shortage)),
        verdict => word(verdict).to_owned(),
    };
    vec![
        request.to_owned().into(),
        judged.figure.name().into(),
        number(judged.figure, judged.base),
        number(judged.figure, judged.run),
        change(judged.difference),
        change(judged.interval.map(|[low, _]| low)),
        change(judged.interval.map(|[_, high]| high)),
        verdict.into(),
    ]
}

fn spread(all: &[&Compared]) -> Table {
    let numbers = ["longer than in base", "Cliff's delta", "KS distance", "typical factor", "p-value"];
    let mut table = Table::new(&["request", "", "effect"], &numbers);
    for compared in all {
        let Some(found) = compared.distribution else { continue };
        let Distribution { superiority, cliffs_delta, magnitude, kolmogorov_smirnov, typical_factor, .. } = found;
        table.push(vec![
            compared.request.clone().into(),
            match (found.p_value, found.differs) {
                (None, _) => "not enough data".into(),
                (_, true) => "differs".into(),
                (_, false) => "same".into(),
            },
            size(magnitude).into(),
            Value::Share(superiority),
            Value::Number(cliffs_delta),
            Value::Number(kolmogorov_smirnov),
            Value::Number(typical_factor),
            found.p_value.map(Value::Number).into(),
        ]);
    }
    table
}

fn verdict(diff: &Diff, all: &[&Compared]) -> Section {
    let judged = || all.iter().flat_map(|compared| compared.figures.iter().map(move |judged| (*compared, judged)));
    let count = |wanted: fn(&Verdict) -> bool| judged().filter(|(_, judged)| wanted(&judged.verdict)).count() as u64;
    let worse = count(|verdict| *verdict == Verdict::Worse);
    let better = count(|verdict| *verdict == Verdict::Better);
    let unknown = count(|verdict| matches!(verdict, Verdict::NotEnoughData(_)));
    let figures = judged().count() as u64;
    let headline = match (worse, better) {
        (0, 0) if unknown == figures => {
            Finding::new(Level::Warning, "Not enough data: nothing can be said of any figure")
        }
        (0, 0) => Finding::new(Level::Good, "The same: no figure differs by more than chance"),
        (0, _) => Finding::new(Level::Good, "Better in ").count(better).and(" of ").count(figures).and(" figures"),
        (_, 0) => Finding::new(Level::Bad, "Worse in ").count(worse).and(" of ").count(figures).and(" figures"),
        (_, _) => Finding::new(Level::Bad, "Worse in ").count(worse).and(", better in ").count(better).and(" figures"),
    };
    let mut findings = Vec::new();
    for (compared, judged) in judged().filter(|(_, judged)| matches!(judged.verdict, Verdict::Worse | Verdict::Better))
    {
        let level = if judged.verdict == Verdict::Worse { Level::Bad } else { Level::Good };
        let finding = Finding::new(level, format!("{} of ", judged.figure.name())).and(compared.request.clone());
        findings.push(
            finding.and(": ").and(number(judged.figure, judged.base)).and(" → ").and(number(judged.figure, judged.run)),
        );
    }
    for compared in all.iter().filter(|compared| compared.distribution.is_some_and(|found| found.differs)) {
        if compared.figures.iter().all(|judged| judged.verdict == Verdict::Same) {
            let finding = Finding::new(Level::Warning, "the times of ").and(compared.request.clone());
            findings.push(finding.and(" are spread differently, though none of their figures differs"));
        }
    }
    if !diff.is_same_scenario {
        let note = "the scenarios are not the same, and a difference may come from that";
        findings.push(Finding::new(Level::Warning, note));
    }
    if !diff.exact {
        let is_one_run_each = diff.base.len() == 1 && diff.run.len() == 1;
        findings.push(if is_one_run_each { exactness::from_summary_files() } else { exactness::from_windows() });
    }
    if !diff.unmatched.is_empty() {
        findings.push(Finding::new(Level::Note, "only one side has: ").and(diff.unmatched.join(", ")));
    }
    Section::new("Verdict", vec![Part::Headline(headline), Part::Findings(findings)])
}

/// The noise floor as a section.
pub fn of_noise(noise: &Noise) -> Section {
    let measures: Vec<Measure> =
        noise.requests.first().map_or(&[][..], |floors| &floors.figures).iter().map(|floor| floor.figure).collect();
    let names: Vec<&'static str> = measures.iter().map(|figure| figure.name()).collect();
    let mut table = Table::new(&["request"], &names);
    for floors in &noise.requests {
        let cells = floors.figures.iter().map(|floor| floor.floor.map(Value::Share).into());
        table.push(std::iter::once(floors.request.clone().into()).chain(cells).collect());
    }
    let how = match noise.runs.len() {
        1 => {
            "from halves of the run, block by block, as if each were a whole one; several runs of the same thing tell more"
        }
        _ => "from every pair of runs, and from halves of each",
    };
    let sentence = Finding::new(Level::Note, "what 95 of 100 runs of the same thing differ by at the most, ").and(how);
    let parts = vec![Part::Table(table), Part::Findings(vec![sentence])];
    Section::new(format!("Noise floor of the {}", noise.time.words()), parts)
}
