//! The tables `engine`, `probes` and `events`: what was sampled beside the load, of all runs.

use polars::prelude::{Column, DataFrame, PolarsResult};
use runlog::samples::{EngineSample, Event, ProbeSample};
use runlog::units::Nanos;

use super::source::Source;

/// The tables by their names.
pub(super) fn tables(sources: &[Source]) -> PolarsResult<Vec<(&'static str, DataFrame)>> {
    Ok(vec![("engine", engine(sources)?), ("probes", probes(sources)?), ("events", events(sources)?)])
}

/// Columns of samples of one kind, each with the run that it is of.
struct Samples<'a, T> {
    samples: Vec<(&'a Source, &'a T)>,
    columns: Vec<Column>,
}

impl<'a, T> Samples<'a, T> {
    fn new(sources: &'a [Source], of: fn(&Source) -> &Vec<T>) -> Self {
        let samples = sources.iter().flat_map(|source| of(source).iter().map(move |sample| (source, sample)));
        Self { samples: samples.collect(), columns: Vec::new() }
    }

    fn numbers(&mut self, name: &str, value: fn(&T) -> u64) {
        let values = self.samples.iter().map(|(_, sample)| i64::try_from(value(sample)).unwrap_or(i64::MAX));
        self.columns.push(Column::new(name.into(), values.collect::<Vec<i64>>()));
    }

    fn decimals(&mut self, name: &str, value: fn(&T) -> f64) {
        let values = self.samples.iter().map(|(_, sample)| value(sample));
        self.columns.push(Column::new(name.into(), values.collect::<Vec<f64>>()));
    }

    fn texts(&mut self, name: &str, value: fn(&T) -> &String) {
        let values = self.samples.iter().map(|(_, sample)| value(sample).as_str());
        self.columns.push(Column::new(name.into(), values.collect::<Vec<&str>>()));
    }

    fn finish(mut self) -> PolarsResult<DataFrame> {
        let runs = self.samples.iter().map(|(source, _)| source.name.as_str());
        self.columns.push(Column::new("run".into(), runs.collect::<Vec<&str>>()));
        DataFrame::new_infer_height(self.columns)
    }
}

fn engine(sources: &[Source]) -> PolarsResult<DataFrame> {
    let mut table: Samples<'_, EngineSample> = Samples::new(sources, |source| &source.run.engine);
    table.numbers("time_ns", |sample| sample.time_ns);
    table.numbers("core", |sample| sample.core as u64);
    table.numbers("scheduled", |sample| sample.scheduled);
    table.numbers("done", |sample| sample.done);
    table.numbers("failed", |sample| sample.failed);
    table.numbers("dropped", |sample| sample.dropped);
    table.numbers("in_flight", |sample| sample.in_flight);
    table.numbers("backlog", |sample| sample.backlog);
    table.numbers("connections", |sample| sample.connections);
    table.numbers("vus", |sample| sample.vus);
    table.numbers("pacer_lag_p50_ns", |sample| sample.pacer_lag_p50_ns);
    table.numbers("pacer_lag_p99_ns", |sample| sample.pacer_lag_p99_ns);
    table.numbers("pacer_lag_max_ns", |sample| sample.pacer_lag_max_ns);
    table.numbers("busy_ns", |sample| sample.busy_ns);
    table.numbers("wall_ns", |sample| sample.wall_ns);
    table.numbers("record_stall_ns", |sample| sample.record_stall_ns);
    table.decimals("time_s", |sample| Nanos(sample.time_ns).as_secs_f64());
    table.finish()
}

fn probes(sources: &[Source]) -> PolarsResult<DataFrame> {
    let mut table: Samples<'_, ProbeSample> = Samples::new(sources, |source| &source.run.probes);
    table.numbers("time_ns", |sample| sample.time_ns);
    table.texts("probe", |sample| &sample.probe);
    table.texts("metric", |sample| &sample.metric);
    table.texts("tags", |sample| &sample.tags);
    table.decimals("value", |sample| sample.value);
    table.decimals("time_s", |sample| Nanos(sample.time_ns).as_secs_f64());
    table.finish()
}

fn events(sources: &[Source]) -> PolarsResult<DataFrame> {
    let mut table: Samples<'_, Event> = Samples::new(sources, |source| &source.run.events);
    table.numbers("time_ns", |sample| sample.time_ns);
    table.texts("kind", |sample| &sample.kind);
    table.texts("detail", |sample| &sample.detail);
    table.decimals("time_s", |sample| Nanos(sample.time_ns).as_secs_f64());
    table.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use polars::prelude::PlSmallStr;
    use runlog::samples::Sample;

    fn columns_of<T: Sample>(table: PolarsResult<DataFrame>, more: &[&str]) {
        let names = table.expect("a table").get_column_names_owned();
        let expected: Vec<&str> = T::NAMES.iter().chain(more).copied().collect();
        assert_eq!(names.iter().map(PlSmallStr::as_str).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_table_has_every_column_of_its_file_in_its_order() {
        columns_of::<EngineSample>(engine(&[]), &["time_s", "run"]);
        columns_of::<ProbeSample>(probes(&[]), &["time_s", "run"]);
        columns_of::<Event>(events(&[]), &["time_s", "run"]);
    }
}
