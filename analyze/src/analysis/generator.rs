//! How the generator itself was doing: was it, and not the target, the limit?

use std::collections::BTreeMap;

use polars::prelude::*;
use runlog::samples::EngineSample;
use runlog::units::Nanos;

use super::Analysis;
use super::buckets::{self, Buckets};
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Axis, Chart, Line, Part, Section, Table, Unit, Value};

/// The engine samples itself once a second.
const SAMPLED: Nanos = Nanos::from_secs(1);

/// The generator's health, per core and over time.
pub struct Generator;

impl Analysis for Generator {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let samples = &run.log.engine;
        let Some(last) = samples.iter().map(|sample| sample.time_ns).max() else { return Ok(Vec::new()) };
        let buckets = Buckets::covering(Nanos(last).since(SAMPLED), SAMPLED, buckets::OF_PAGE);
        let grouped = grouped(samples, &buckets)?;
        let parts = vec![
            Part::Chart(load_chart(&grouped, &buckets)?),
            Part::Chart(busy_chart(&grouped, &buckets)?),
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

const TIME: &str = "time";
const CORE: &str = "core";
const IN_FLIGHT: &str = "in_flight";
const BACKLOG: &str = "backlog";
const CONNECTIONS: &str = "connections";
const BUSY: &str = "busy";
const WALL: &str = "wall";
const BUSIEST: &str = "busiest";

/// Per bucket: what is at work on all cores together, and how busy the mean core and the busiest are.
fn grouped(samples: &[EngineSample], buckets: &Buckets) -> Result<DataFrame, Failure> {
    let column = |name: &str, value: fn(&EngineSample) -> u64| {
        Column::new(name.into(), samples.iter().map(value).collect::<Vec<u64>>())
    };
    // A sample is of the second before it, and may come a little early or late: half a second back is well inside.
    let half = Nanos(SAMPLED.0 / 2);
    let places: Vec<u32> = samples.iter().map(|sample| buckets.place(Nanos(sample.time_ns).since(half))).collect();
    let frame = DataFrame::new_infer_height(vec![
        Column::new(TIME.into(), places),
        column(CORE, |sample| sample.core as u64),
        column(IN_FLIGHT, |sample| sample.in_flight),
        column(BACKLOG, |sample| sample.backlog),
        column(CONNECTIONS, |sample| sample.connections),
        column(BUSY, |sample| sample.busy_ns),
        column(WALL, |sample| sample.wall_ns),
    ])?;
    let gauges = [IN_FLIGHT, BACKLOG, CONNECTIONS];
    let per_core = frame.lazy().group_by([col(TIME), col(CORE)]).agg(
        gauges
            .map(|gauge| col(gauge).mean())
            .into_iter()
            .chain([(col(BUSY).sum().cast(DataType::Float64) / col(WALL).sum().cast(DataType::Float64)).alias(BUSY)])
            .collect::<Vec<_>>(),
    );
    let together = gauges
        .map(|gauge| col(gauge).sum())
        .into_iter()
        .chain([col(BUSY).mean(), col(BUSY).max().alias(BUSIEST)])
        .collect::<Vec<_>>();
    Ok(per_core.group_by([col(TIME)]).agg(together).collect()?)
}

/// A grouped column as a line, with gaps where there was no sample.
fn line(name: &'static str, grouped: &DataFrame, column: &str, buckets: &Buckets) -> Result<Line, Failure> {
    let mut values = vec![None; buckets.count];
    let places = grouped.column(TIME)?.u32()?.iter().flatten();
    for (place, value) in places.zip(grouped.column(column)?.f64()?.iter()) {
        values[place as usize] = value.filter(|value| value.is_finite());
    }
    Ok(Line::new(name, values))
}

fn load_chart(grouped: &DataFrame, buckets: &Buckets) -> Result<Chart, Failure> {
    Ok(Chart {
        title: "In flight and waiting".into(),
        note:
            "Requests on their way, arrivals that wait for a free connection, and open connections, all cores together."
                .into(),
        axis: Axis::Time(buckets.middles()),
        unit: Unit::Count,
        stacked: false,
        lines: vec![
            line("in flight", grouped, IN_FLIGHT, buckets)?,
            line("backlog", grouped, BACKLOG, buckets)?,
            line("connections", grouped, CONNECTIONS, buckets)?,
        ],
    })
}

fn busy_chart(grouped: &DataFrame, buckets: &Buckets) -> Result<Chart, Failure> {
    Ok(Chart {
        title: "How busy the generator was".into(),
        note: "The share of the time that its cores were at work. Near 100 %, the generator may be the limit.".into(),
        axis: Axis::Time(buckets.middles()),
        unit: Unit::Share,
        stacked: false,
        lines: vec![line("mean core", grouped, BUSY, buckets)?, line("busiest core", grouped, BUSIEST, buckets)?],
    })
}
