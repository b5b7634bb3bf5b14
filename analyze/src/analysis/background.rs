//! What was run, where and on what, in full; and how much came of it.

use runlog::manifest::{Manifest, Model, Scenario, StageEnd};
use runlog::summary::Summary;
use runlog::units::{Bytes, Nanos, Rate};

use super::{Analysis, overview};
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Fact, Part, Section, Table, Value};

/// The background of a run, and its totals.
pub struct Background;

impl Analysis for Background {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let manifest = &run.log.manifest;
        let background = vec![Part::Facts(facts(run)), Part::Table(scenarios(manifest))];
        let totals = vec![Part::Facts(totals(&run.summary))];
        Ok(vec![Section::new("What was run", background), Section::new("Totals", totals)])
    }
}

fn facts(run: &Run) -> Vec<Fact> {
    let manifest = &run.log.manifest;
    let mut facts = overview::facts(run);
    if !manifest.engine.pacing.is_empty() {
        facts.push(Fact::new("pacing", manifest.engine.pacing.clone()));
    }
    facts.push(Fact::new("open files", "at most ").and(Value::Count(manifest.host.open_files_limit)));
    if !run.summary.run.lookups.is_none() {
        facts.push(Fact::new("names", run.summary.run.lookups.to_string()));
    }
    facts
}

fn scenarios(manifest: &Manifest) -> Table {
    let mut table = Table::new(&["scenario", "executor", "model", "schedule", "tags"], &["peak rate", "connections"]);
    for scenario in &manifest.scenarios {
        table.push(vec![
            scenario.name.clone().into(),
            scenario.executor.clone().into(),
            scenario.model.name().into(),
            schedule(scenario).into(),
            overview::shown(&scenario.tags).into(),
            scenario.peak_rate.map(Value::Rate).into(),
            Value::Count(scenario.max_connections.into()),
        ]);
    }
    table
}

/// The most stages that are put into words.
const MOST_STAGES: usize = 12;

/// The stages of a scenario in words: `to 100 VUs by 2m 00s, 100 VUs until 7m 00s, to 0 VUs by 9m 00s`.
fn schedule(scenario: &Scenario) -> String {
    let is_constant = !scenario.executor.starts_with("ramping-");
    let first = scenario.stages.first().map(|stage| stage.target).filter(|_| is_constant);
    let start = StageEnd { at_ns: Nanos::ZERO, target: first.unwrap_or(f64::NAN) };
    let before = std::iter::once(&start).chain(&scenario.stages);
    let stages = before.zip(&scenario.stages).map(|(before, stage)| {
        let (target, at) = (target(stage.target, scenario.model), stage.at_ns);
        if before.at_ns == at {
            format!("at {at} at once to {target}")
        } else if before.target.to_bits() == stage.target.to_bits() {
            format!("{target} until {at}")
        } else {
            format!("to {target} by {at}")
        }
    });
    let mut words: Vec<String> = stages.take(MOST_STAGES).collect();
    let others = scenario.stages.len() - words.len();
    if others > 0 {
        words.push(format!("and {others} further stages"));
    }
    words.join(", ")
}

fn target(target: f64, model: Model) -> String {
    match model {
        Model::Open => Rate::per_second(target).map_or_else(|| target.to_string(), |rate| rate.to_string()),
        Model::Closed => format!("{target:.0} VUs"),
    }
}

fn totals(summary: &Summary) -> Vec<Fact> {
    let total = &summary.total;
    let unanswered = total.error_kinds.values().fold(0_u64, |sum, count| sum.saturating_add(*count));
    let (passes, made) = summary
        .checks
        .iter()
        .fold((0, 0), |(passes, made), check| (passes + check.passes, made + check.passes + check.fails));
    let mut facts = vec![
        Fact::new("arrivals", Value::Count(total.count)).and(", ").and(Value::per_second(total.rate_per_s)),
        Fact::new("answered", Value::Count(total.count.saturating_sub(unanswered))),
        Fact::new("errors", Value::Count(total.errors)).and(", ").and(Value::share(total.errors, total.count)),
        Fact::new("sent", Bytes(total.bytes_sent)),
        Fact::new("received", Bytes(total.bytes_received)),
        Fact::new("connections opened", Value::Count(total.connect_ns.map_or(0, |connect| connect.samples))),
    ];
    if made > 0 {
        let fact = Fact::new("checks", Value::Count(passes)).and(" of ").and(Value::Count(made));
        facts.push(fact.and(" passed, ").and(Value::share(passes, made)));
    }
    facts
}

#[cfg(test)]
mod tests {
    use super::*;
    use runlog::tags::Tags;

    fn scenario(executor: &str, model: Model, stages: &[(u64, f64)]) -> Scenario {
        Scenario {
            name: "a".to_owned(),
            executor: executor.to_owned(),
            model,
            peak_rate: None,
            max_connections: 1,
            stages: stages
                .iter()
                .map(|&(second, target)| StageEnd { at_ns: Nanos::from_secs(second), target })
                .collect(),
            tags: Tags::new(),
        }
    }

    #[test]
    fn a_schedule_is_said_in_words() {
        let users = scenario("ramping-vus", Model::Closed, &[(10, 100.0), (40, 100.0), (40, 200.0), (50, 0.0)]);
        let words = "to 100 VUs by 10.0 s, 100 VUs until 40.0 s, at 40.0 s at once to 200 VUs, to 0 VUs by 50.0 s";
        assert_eq!(schedule(&users), words);
        assert_eq!(schedule(&scenario("constant-arrival-rate", Model::Open, &[(10, 2_000.0)])), "2,000/s until 10.0 s");
        assert_eq!(schedule(&scenario("ramping-arrival-rate", Model::Open, &[(10, 0.5)])), "to 0.5/s by 10.0 s");
        let long: Vec<(u64, f64)> = (1..=20).map(|stage| (stage, stage as f64)).collect();
        assert!(schedule(&scenario("replay", Model::Open, &long)).ends_with("12/s by 12.0 s, and 8 further stages"));
    }
}
