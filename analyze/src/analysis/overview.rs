//! What was run, against whom, from where.

use runlog::manifest::{How, Manifest};
use runlog::tags::Tags;
use runlog::tally::Stretch;
use runlog::units::Bytes;

use super::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Fact, Part, Section, Table, Value};

/// The facts of a run.
pub struct Overview;

impl Analysis for Overview {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let facts = facts(run);
        let scenarios = scenarios(&run.log.manifest);
        Ok(vec![Section::new("Run", vec![Part::Facts(facts)]), Section::new("Scenarios", vec![Part::Table(scenarios)])])
    }
}

/// The facts that every view of a run opens with.
pub(super) fn facts(of: &Run) -> Vec<Fact> {
    let (run, manifest) = (&of.summary.run, &of.log.manifest);
    let host = &manifest.host;
    let ended = match run.ended {
        Some(How::Completed) => " (completed)",
        Some(How::Interrupted) => " (interrupted)",
        Some(How::Aborted) => " (aborted by a threshold)",
        Some(How::Failed) => " (broken off)",
        None => " (no ending)",
    };
    let mut facts = vec![
        Fact::new("name", run.name.clone()),
        Fact::new("target", run.target.clone()),
        Fact::new("started", Value::Instant(run.started_unix_ns)),
        Fact::new("lasted", run.elapsed_ns).and(" of ").and(run.planned_ns).and(" planned").and(ended),
        Fact::new("seed", run.seed.to_string()),
        Fact::new("generator", host.name.clone())
            .and(", ")
            .and(host.cpu.clone())
            .and(", ")
            .and(Value::Count(host.cpus as u64))
            .and(" CPUs, ")
            .and(Bytes(host.memory_bytes))
            .and(", Linux ")
            .and(host.kernel.clone()),
        Fact::new("engine", format!("Drumfire {}, ", manifest.drumfire_version))
            .and(run.driver.clone())
            .and(", cores ")
            .and(run.cores.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
        Fact::new("command", manifest.command.join(" ")),
        Fact::new("directory", run.directory.clone()),
    ];
    if !run.tags.is_empty() {
        facts.insert(5, Fact::new("tags", shown(&run.tags)));
    }
    if of.within != Stretch::WHOLE {
        let fact = Fact::new("looked at", "what was scheduled from ").and(of.within.from).and(" to ");
        facts.insert(4, fact.and(of.within.to.min(run.elapsed_ns)));
    }
    facts
}

/// Tags as people write them, one after another.
pub(super) fn shown(tags: &Tags) -> String {
    let tags: Vec<String> = tags.iter().map(|(key, value)| format!("{key}={value}")).collect();
    tags.join(", ")
}

fn scenarios(manifest: &Manifest) -> Table {
    let mut table = Table::new(&["scenario", "executor", "model"], &["peak rate", "connections"]);
    for scenario in &manifest.scenarios {
        table.push(vec![
            scenario.name.clone().into(),
            scenario.executor.clone().into(),
            scenario.model.name().into(),
            scenario.peak_rate.map(Value::Rate).into(),
            Value::Count(scenario.max_connections.into()),
        ]);
    }
    table
}
