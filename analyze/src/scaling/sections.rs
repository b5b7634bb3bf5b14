//! What was found, for people: the verdict, a row for each number of instances, charts, the law.

use runlog::units::Nanos;

use super::configuration::{Configuration, Estimate};
use super::steady::Limit;
use super::verdict::{Unclear, Verdict};
use super::{LeftOut, Scaling};
use crate::section::{Fact, Finding, Level, Part, Section, Table, Value};
use crate::statistics::distribution::Interval;
use crate::statistics::scalability::{Fit, LEAST_MEASUREMENTS};

/// With so many numbers of instances, whether measurements lie by the law can be seen.
const ENOUGH: usize = LEAST_MEASUREMENTS + 1;

impl Scaling {
    /// For a page: the verdict comes first.
    pub fn with_verdict_first(&self) -> Vec<Section> {
        vec![self.section(vec![self.verdict_part(), self.findings()], Vec::new())]
    }

    /// For a terminal: the verdict comes last, where the eye is when the text has scrolled by.
    pub fn with_verdict_last(&self) -> Vec<Section> {
        vec![self.section(Vec::new(), vec![self.findings(), self.verdict_part()])]
    }

    fn section(&self, first: Vec<Part>, last: Vec<Part>) -> Section {
        let mut parts = first;
        parts.extend([Part::Table(self.throughputs()), Part::Table(self.times())]);
        parts.extend([self.throughput_chart(), self.times_chart()].map(Part::Chart));
        parts.extend(self.law.map(|fit| Part::Facts(law(&fit))));
        parts.extend(last);
        Section::new("Scaling", parts)
    }

    fn verdict_part(&self) -> Part {
        Part::Headline(self.headline())
    }

    /// The one sentence to read if only one is read.
    fn headline(&self) -> Finding {
        let fewest = self.configurations.first().map_or(1.0, |first| first.instances);
        let efficiency = |finding: Finding, [low, high]: [f64; 2]| {
            finding
                .and(" each does ")
                .and(Value::BetweenShares(low, high))
                .and(" of what each of ")
                .and(Value::Number(fewest))
                .and(" does")
        };
        match self.verdict {
            Verdict::Linear { instances, efficiency: ends } => {
                let finding = Finding::new(Level::Good, "Linear: of ").and(Value::Number(instances));
                efficiency(finding.and(" instances"), ends)
            }
            Verdict::Sublinear { instances, efficiency: ends } => {
                let finding = Finding::new(Level::Warning, "Sublinear: of ").and(Value::Number(instances));
                efficiency(finding.and(" instances"), ends)
            }
            Verdict::Retrograde { instances, fewer, ratio: [low, high] } => Finding::new(Level::Bad, "Retrograde: ")
                .and(Value::Number(instances))
                .and(" instances do ")
                .and(Value::BetweenShares(low, high))
                .and(" of what ")
                .and(Value::Number(fewer))
                .and(" do"),
            Verdict::Unclear { because } => {
                Finding::new(Level::Warning, "Nobody can tell how throughput grows: ").and(reason(because))
            }
        }
    }

    fn findings(&self) -> Part {
        let mut findings: Vec<Finding> = self.configurations.iter().filter_map(at_least).collect();
        findings.extend(self.what_the_law_says());
        let superlinear = |one: &&Configuration| {
            one.efficiency.and_then(|efficiency| efficiency.interval).is_some_and(|[low, _]| low > 1.0)
        };
        if let Some(one) = self.configurations.iter().find(superlinear) {
            let finding = Finding::new(Level::Note, "").and(Value::Number(one.instances));
            findings.push(finding.and(
                " instances do more than so many times what the fewest do: these were not at their limit, or more of what is asked \
                 for fits into caches",
            ));
        }
        if self.configurations.iter().any(|one| one.virtual_users.is_some() && one.limited_by == Limit::Target) {
            let note = "virtual users wait for answers: with more of them the target may do more; give every number of instances \
                        users enough, or a schedule (docs/capacity.md)";
            findings.push(Finding::new(Level::Note, note));
        }
        if self.configurations.iter().any(|one| one.runs.len() == 1) {
            let note = "intervals of a single run do not know how much runs differ from each other; three for each number of \
                        instances do";
            findings.push(Finding::new(Level::Note, note));
        }
        findings.extend(self.warnings.iter().map(|run| said(Level::Warning, "", run)));
        findings.extend(self.left_out.iter().map(|run| said(Level::Bad, "left out: ", run)));
        Part::Findings(findings)
    }

    /// What follows from the law, or what is missing for one.
    fn what_the_law_says(&self) -> Vec<Finding> {
        let at_limit = self.configurations.iter().filter(|one| one.limited_by == Limit::Target).count();
        let Some(fit) = self.law else {
            let finding =
                Finding::new(Level::Note, "no Universal Scalability Law: it takes ").count(LEAST_MEASUREMENTS as u64);
            return vec![
                finding
                    .and(" numbers of instances with which the target was at its limit, and there are ")
                    .count(at_limit as u64),
            ];
        };
        let mut findings = Vec::new();
        if at_limit < ENOUGH {
            let finding = Finding::new(Level::Note, "the law goes through all of ").count(at_limit as u64);
            findings.push(finding.and(" measurements: whether they follow it would take ").count(ENOUGH as u64));
        }
        if let Some(scatter) = fit.scatter.filter(|scatter| *scatter > 2.0) {
            let finding = Finding::new(Level::Note, "measurements lie ").and(Value::Number(scatter));
            findings.push(
                finding.and(" times as far from the law as their own noise explains: intervals are wider by that"),
            );
        }
        findings.push(match (fit.peak, fit.coherency.low > 0.0) {
            (Some(peak), _) => {
                let finding = Finding::new(Level::Note, "by the law throughput is highest with ")
                    .and(Value::Number(peak.instances));
                let finding = between(finding.and(" instances ("), peak.interval);
                finding.and("), at ").and(Value::per_second(peak.per_second))
            }
            (None, true) => Finding::new(Level::Note, "the law's peak is far beyond what was measured, and not told"),
            (None, false) => {
                Finding::new(Level::Note, "no peak is told: κ may be 0. More runs, or more instances, would tell")
            }
        });
        findings
    }

    fn throughputs(&self) -> Table {
        let numbers = ["scheduled", "users", "throughput", "95 % interval", "speed-up", "efficiency", "95 % interval"];
        let mut table = Table::new(&["", "runs", "limited by"], &numbers);
        table.columns[0].title = self.by.clone().into();
        for one in &self.configurations {
            let throughput = one.throughput_per_s;
            let efficiency = one.efficiency;
            table.push(vec![
                Value::Number(one.instances),
                Value::Count(one.runs.len() as u64),
                match one.limited_by {
                    Limit::Target => "target".into(),
                    Limit::Load => "load: at least".into(),
                },
                one.scheduled_per_s.map(Value::per_second).into(),
                one.virtual_users.map(|users| Value::Number(users.round())).into(),
                Value::per_second(throughput.value),
                throughput.interval.map(|[low, high]| Value::between_rates(low, high)).into(),
                one.speed_up.map(|speed_up| Value::Number(speed_up.value)).into(),
                efficiency.map(|efficiency| Value::Share(efficiency.value)).into(),
                efficiency
                    .and_then(|efficiency| efficiency.interval)
                    .map(|[low, high]| Value::BetweenShares(low, high))
                    .into(),
            ]);
        }
        table.without_empty_columns()
    }

    fn times(&self) -> Table {
        let numbers =
            ["p50", "95 % interval", "p95", "95 % interval", "p99", "95 % interval", "errors", "CPU of the target"];
        let mut table = Table::new(&[""], &numbers);
        table.columns[0].title = self.by.clone().into();
        for one in &self.configurations {
            let mut cells = vec![Value::Number(one.instances)];
            cells.extend(one.response_time_ns.into_iter().flat_map(time));
            cells.extend([Value::Share(one.error_rate), one.processors.map(Value::Share).into()]);
            table.push(cells);
        }
        table.without_empty_columns()
    }
}

/// A time with its interval.
fn time(estimate: Option<Estimate>) -> [Value; 2] {
    let span = |ns: f64| Nanos(ns.round() as u64);
    let interval = estimate.and_then(|estimate| estimate.interval);
    [
        estimate.map(|estimate| Value::Time(span(estimate.value))).into(),
        interval.map(|[low, high]| Value::Between(span(low), span(high))).into(),
    ]
}

/// What is known where the load was the limit.
fn at_least(one: &Configuration) -> Option<Finding> {
    let Configuration { instances, throughput_per_s, limited_by: Limit::Load, .. } = one else { return None };
    let finding = Finding::new(Level::Warning, "").and(Value::Number(*instances)).and(" instances do at least ");
    let finding = finding.and(Value::per_second(throughput_per_s.value));
    Some(finding.and(": they did all that the load asked of them, and what they can do takes more load to see"))
}

const fn reason(because: Unclear) -> &'static str {
    match because {
        Unclear::OneNumber => "what can be looked at is of one number of instances only",
        Unclear::LoadWasTheLimit => {
            "the load was the limit, not the target, so that throughput is what was asked for and no more"
        }
        Unclear::TooLittleData => "the runs are too short, or have too few answers",
        Unclear::TooNoisy => "what is missing to linear growth may be chance; more or longer runs would tell",
    }
}

fn said(level: Level, before: &'static str, LeftOut { run, reasons }: &LeftOut) -> Finding {
    Finding::new(level, before).and(run.clone()).and(": ").and(reasons.join("; "))
}

fn law(fit: &Fit) -> Vec<Fact> {
    let fact = |name: &'static str, value: Value, ends: [Value; 2]| {
        let [low, high] = ends;
        Fact::new(name, value).and(" (").and(low).and(" – ").and(high).and(")")
    };
    let in_unit = |name, unit: fn(f64) -> Value, value, Interval { low, high }: Interval| {
        fact(name, unit(value), [low, high].map(unit))
    };
    let Interval { low, high } = fit.rate;
    vec![
        Fact::new("Universal Scalability Law", "X(N) = λN / (1 + σ(N − 1) + κN(N − 1))"),
        fact("λ, throughput of one", Value::per_second(fit.law.rate), [low, high].map(Value::per_second)),
        in_unit("σ, contention", Value::Share, fit.law.contention, fit.contention),
        in_unit("κ, coherency", Value::Number, fit.law.coherency, fit.coherency),
    ]
}

/// Goes on with an interval, which may have no end.
fn between(finding: Finding, Interval { low, high }: Interval) -> Finding {
    let finding = finding.and(Value::Number(low));
    if high.is_finite() { finding.and(" – ").and(Value::Number(high)) } else { finding.and(" or more") }
}
