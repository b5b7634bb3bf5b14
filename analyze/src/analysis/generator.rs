//! How the generator itself was doing: was it, and not the target, the limit?

use std::collections::BTreeMap;

use runlog::samples::EngineSample;
use runlog::units::Nanos;
use runlog::validity::{Validity, Verdict};

use super::Analysis;
use super::sampled::Sampled;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Chart, Finding, Level, Line, Part, Section, Table, Unit, Value};

/// The generator's health, per core and over time.
pub struct Generator;

impl Analysis for Generator {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let samples = &run.log.engine;
        let Some(sampled) = Sampled::of(samples) else { return Ok(Vec::new()) };
        let parts = vec![
            Part::Findings(verdict(run)),
            Part::Chart(load_chart(&sampled)),
            Part::Chart(busy_chart(&sampled)),
            Part::Chart(pacer_chart(&sampled)),
            Part::Table(cores(samples)),
        ];
        Ok(vec![Section::new("The generator itself", parts)])
    }
}

fn cores(samples: &[EngineSample]) -> Table {
    let mut cores: BTreeMap<usize, EngineSample> = BTreeMap::new();
    for sample in samples {
        let core = cores.entry(sample.core).or_default();
        core.scheduled = core.scheduled.saturating_add(sample.scheduled);
        core.dropped = core.dropped.saturating_add(sample.dropped);
        core.busy_ns = core.busy_ns.saturating_add(sample.busy_ns);
        core.wall_ns = core.wall_ns.saturating_add(sample.wall_ns);
        core.record_stall_ns = core.record_stall_ns.saturating_add(sample.record_stall_ns);
        core.backlog = core.backlog.max(sample.backlog);
        core.pacer_lag_max_ns = core.pacer_lag_max_ns.max(sample.pacer_lag_max_ns);
    }
    let numbers = ["arrivals", "dropped", "longest backlog", "busy", "pacer late by at most", "waited for the disk"];
    let mut table = Table::new(&["core"], &numbers);
    for (core, sum) in cores {
        table.push(vec![
            core.to_string().into(),
            Value::Count(sum.scheduled),
            Value::Count(sum.dropped),
            Value::Count(sum.backlog),
            Value::share(sum.busy_ns, sum.wall_ns),
            Nanos(sum.pacer_lag_max_ns).into(),
            Nanos(sum.record_stall_ns).into(),
        ]);
    }
    table
}

fn load_chart(sampled: &Sampled<'_>) -> Chart {
    Chart {
        title: "In flight and waiting".into(),
        note:
            "Requests on their way, arrivals that wait for a free connection, and open connections, all cores together."
                .into(),
        axis: sampled.axis(),
        unit: Unit::Count,
        stacked: false,
        lines: vec![
            Line::new("in flight", sampled.level(|sample| sample.in_flight)),
            Line::new("backlog", sampled.level(|sample| sample.backlog)),
            Line::new("connections", sampled.level(|sample| sample.connections)),
        ],
    }
}

fn busy_chart(sampled: &Sampled<'_>) -> Chart {
    Chart {
        title: "How busy the generator was".into(),
        note: "The share of the time that its cores were at work. Near 100 %, the generator may be the limit.".into(),
        axis: sampled.axis(),
        unit: Unit::Share,
        stacked: false,
        lines: vec![Line::new("mean core", sampled.busy()), Line::new("busiest core", sampled.busiest())],
    }
}

fn pacer_chart(sampled: &Sampled<'_>) -> Chart {
    Chart {
        title: "How late the pacer was".into(),
        note:
            "From the instant that the schedule says to the one at which the arrival was handed to a connection or put \
               in line for one: the generator's own lateness, second by second, of the core that was latest."
                .into(),
        axis: sampled.axis(),
        unit: Unit::Time,
        stacked: false,
        lines: vec![
            Line::new("p50", sampled.latest(|sample| sample.pacer_lag_p50_ns)),
            Line::new("p99", sampled.latest(|sample| sample.pacer_lag_p99_ns)),
            Line::new("max", sampled.latest(|sample| sample.pacer_lag_max_ns)),
        ],
    }
}

/// Whether the generator did its part, and why not.
fn verdict(run: &Run) -> Vec<Finding> {
    let validity = &run.summary.validity;
    let Validity { verdict, reasons } = validity;
    let (level, sentence) = match verdict {
        Verdict::Valid => (Level::Good, "the generator was not the limit"),
        Verdict::Suspect => (Level::Warning, "the generator may have had a part in the figures"),
        Verdict::Unknown => (Level::Warning, "nobody can tell whether the generator was the limit"),
        Verdict::Invalid => (Level::Bad, validity.fault()),
    };
    let reasons = reasons.iter().map(|reason| Finding::new(level, reason.clone()));
    std::iter::once(Finding::new(level, sentence)).chain(reasons).collect()
}
