//! How response times and throughput go with the load, where a run had more than one: the capacity of its target, if it went
//! beyond.

use runlog::metric::Metric;
use runlog::units::{Nanos, Percentile};

use super::Analysis;
use super::capacity::{Capacity, Found, PERCENTILES, StepOfLoad};
use super::steps::{Load, is_varied};
use crate::failure::Failure;
use crate::load::{Detail, Run};
use crate::section::{Axis, Chart, Finding, Level, Line, Mark, Part, Section, Table, Unit, Value};

/// The load against what came of it, held against what the scenario itself wants.
pub struct LoadAndLatency;

impl Analysis for LoadAndLatency {
    fn detail(&self) -> Detail {
        Detail::OverTime
    }

    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        if run.windows.is_empty() || !is_varied(run) {
            return Ok(Vec::new());
        }
        let capacity = Capacity::of(run, &[]);
        Ok(capacity
            .filter(|capacity| capacity.steps.len() >= LEAST_STEPS)
            .map(|capacity| section(&capacity))
            .into_iter()
            .collect())
    }
}

/// Fewer make no curve.
const LEAST_STEPS: usize = 4;

/// What was found, the sentence to read if only one is read first.
pub fn section(capacity: &Capacity) -> Section {
    let mut parts = vec![Part::Findings(findings(capacity)), Part::Table(table(capacity))];
    if capacity.steps.len() >= LEAST_STEPS {
        parts.extend([latency(capacity), completed(capacity)].map(Part::Chart));
    }
    Section::new("Load and latency", parts)
}

/// A load as people read it.
fn shown(load: Load, value: f64) -> Value {
    match load {
        Load::Rate => Value::per_second(value),
        Load::Users => Value::Number(value.round()),
    }
}

impl Capacity {
    /// A sentence that goes on with a load.
    fn and_load(&self, finding: Finding, value: f64) -> Finding {
        let finding = finding.and(shown(self.load, value));
        match self.load {
            Load::Rate => finding,
            Load::Users => finding.and(" users"),
        }
    }

    /// What was held against, and whose that is.
    fn wanted(&self) -> String {
        let all = self.objective.join(", ");
        match self.assumed {
            0 => all,
            assumed if assumed == self.objective.len() => format!("{all}; assumed, as nobody has set any"),
            assumed => format!("{all}; the last {} assumed", if assumed == 1 { "is" } else { "are" }),
        }
    }
}

fn findings(capacity: &Capacity) -> Vec<Finding> {
    let mut findings = vec![headline(capacity)];
    findings.extend(why(capacity));
    findings.push(Finding::new(Level::Note, "objective: ").and(capacity.wanted()));
    findings.extend(knees(capacity));
    findings
}

fn headline(capacity: &Capacity) -> Finding {
    let completed = |finding: Finding, rate: f64| finding.and(", with ").and(Value::per_second(rate)).and(" completed");
    match capacity.found {
        Found::Between { holds_up_to, fails_from, completed_per_s } => {
            let finding = capacity.and_load(Finding::new(Level::Note, "the objective holds up to "), holds_up_to);
            capacity.and_load(completed(finding, completed_per_s).and(", and no longer at "), fails_from)
        }
        Found::AtLeast { holds_up_to, completed_per_s } => {
            let finding = Finding::new(Level::Note, "the target copes with at least ");
            let finding = completed(capacity.and_load(finding, holds_up_to), completed_per_s);
            finding.and(": that was the highest load there was, and the objective held; where its limit is, this run does not say")
        }
        Found::Below { fails_from } => {
            let finding =
                Finding::new(Level::Bad, "the objective does not hold even at the lowest load that there was, ");
            capacity.and_load(finding, fails_from)
        }
        Found::Unknown => {
            Finding::new(Level::Warning, "too few answers at any load to say whether the objective holds")
        }
    }
}

/// Which conditions do not hold where the objective ceases to.
fn why(capacity: &Capacity) -> Option<Finding> {
    let (step, failed) = capacity.failing()?;
    let of = |place: &usize| Some((capacity.objective.get(*place)?, (*step.values.get(*place)?)?));
    let mut finding = capacity.and_load(Finding::new(Level::Note, "at "), step.load);
    for (number, (condition, value)) in failed.iter().filter_map(of).enumerate() {
        let was =
            if condition.contains(" rate ") { Value::Share(value) } else { Value::Time(Nanos(value.round() as u64)) };
        finding = finding.and(if number == 0 { ": " } else { ", " }).and(condition.clone()).and(" was ").and(was);
    }
    Some(finding)
}

/// Where throughput and response times turn.
fn knees(capacity: &Capacity) -> Vec<Finding> {
    let note = |text: &'static str| Finding::new(Level::Note, text);
    let follows = match (capacity.load, capacity.throughput_follows_up_to) {
        (Load::Rate, Some(load)) => {
            capacity.and_load(note("throughput follows the schedule up to "), load).and(", and falls behind it beyond")
        }
        (Load::Rate, None) => note("throughput follows the schedule up to the highest load there was"),
        (Load::Users, Some(load)) => capacity.and_load(note("beyond "), load).and(" throughput hardly grows any more"),
        (Load::Users, None) => note("throughput grows up to the highest load there was"),
    };
    let (metric, percentile) = capacity.times;
    let times = if metric == Metric::ResponseTime { "response time".to_owned() } else { metric.to_string() };
    let finding = Finding::new(Level::Note, format!("p{percentile} of {times} "));
    let takes_off = match capacity.response_time_takes_off_from {
        Some(load) => {
            capacity.and_load(finding.and("takes off: from "), load).and(" on it is more than twice that at low load")
        }
        None => finding.and("is nowhere more than twice that at low load"),
    };
    vec![follows, takes_off]
}

fn table(capacity: &Capacity) -> Table {
    let load = match capacity.load {
        Load::Rate => "scheduled",
        Load::Users => "users",
    };
    let mut table = Table::new(&[""], &[load, "lasted", "completed", "errors", "p50", "p95", "p99"]);
    let time = |ns: &Option<f64>| Value::from(ns.map(|ns| Value::Time(Nanos(ns.round() as u64))));
    for step in &capacity.steps {
        let StepOfLoad { load, lasted_ns, completed_per_s, error_rate, response_time_ns, held, .. } = step;
        let mut cells: Vec<Value> = vec![
            held.map(Value::Passed).into(),
            shown(capacity.load, *load),
            Value::Time(*lasted_ns),
            Value::per_second(*completed_per_s),
            error_rate.map(Value::Share).into(),
        ];
        cells.extend(response_time_ns.iter().map(time));
        table.push(cells);
    }
    table
}

fn axis(capacity: &Capacity) -> Axis {
    let loads = capacity.steps.iter().map(|step| step.load).collect();
    match capacity.load {
        Load::Rate => Axis::Rate(loads),
        Load::Users => Axis::Amount { of: "virtual users".into(), values: loads },
    }
}

fn latency(capacity: &Capacity) -> Chart {
    let line = |(place, percentile): (usize, Percentile)| {
        let values = capacity.steps.iter().map(|step| step.response_time_ns[place]).collect();
        Line::new(format!("p{percentile}"), values)
    };
    Chart {
        title: "Response time by load".into(),
        note: "Of all stretches in which the load was about the same, until it came down from its highest; to within 0.8 %, where \
               there are samples enough. Where the line turns up, the target is at its limit."
            .into(),
        axis: axis(capacity),
        unit: Unit::Time,
        stacked: false,
        lines: PERCENTILES.into_iter().enumerate().map(line).collect(),
    }
}

fn completed(capacity: &Capacity) -> Chart {
    let line = |name: &'static str, of: fn(&StepOfLoad) -> f64| {
        Line::new(name, capacity.steps.iter().map(|step| Some(of(step))).collect())
    };
    let mut lines = vec![line("completed", |step| step.completed_per_s)];
    let note = match capacity.load {
        Load::Rate => {
            lines.push(line("as many as scheduled", |step| step.scheduled_per_s).drawn(Mark::Dashed));
            "Answers per second that were as wanted, against arrivals per second. Where they fall behind the dashed line, the \
             target takes no more."
        }
        Load::Users => "Answers per second that were as wanted. Where the line bends, the target is at its limit.",
    };
    Chart {
        title: "Completed by load".into(),
        note: note.into(),
        axis: axis(capacity),
        unit: Unit::PerSecond,
        stacked: false,
        lines,
    }
}
