//! The run over time: arrivals, response times, lag and errors, from its rows.
//!
//! The rows are folded into a frame of a few narrow columns (some 30 bytes a row), which polars groups into buckets of
//! time. Percentiles of a bucket are `runlog`'s, picked from the values that polars put together.

use polars::prelude::*;
use runlog::manifest::Manifest;
use runlog::outcome::Failure as Error;
use runlog::reader;
use runlog::row::{Batch, Columns, Row};
use runlog::statistics::Samples;
use runlog::units::{Nanos, Percentile};

use super::Analysis;
use super::buckets::Buckets;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Chart, Line, Part, Section, Unit};

/// The narrowest buckets of rows.
const LEAST_WIDTH: Nanos = Nanos::from_millis(100);

/// Charts of the rows over time.
pub struct Series;

impl Analysis for Series {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        if run.summary.total.count == 0 {
            return Ok(Vec::new());
        }
        let timeline = Timeline::read(run)?;
        let mut parts = vec![timeline.rates()?, timeline.response_times()?, timeline.lag()?];
        parts.extend(timeline.errors()?);
        Ok(vec![Section::new("Over time", parts.into_iter().map(Part::Chart).collect())])
    }
}

/// The places of the buckets, and what was grouped into them.
struct Timeline {
    buckets: Buckets,
    rows: LazyFrame,
}

impl Timeline {
    fn read(run: &Run) -> Result<Self, Failure> {
        let buckets = Buckets::covering(run.summary.run.elapsed_ns, LEAST_WIDTH);
        let manifest = &run.log.manifest;
        let each = |columns: &mut Gathered, batch: &Batch| columns.add(batch, manifest, &buckets);
        let folded = reader::fold(&run.log.rows, Columns::ALL, Gathered::new, each)?;
        let mut frame = Gathered::new().frame()?;
        for columns in folded.states {
            frame.vstack_mut(&columns.frame()?)?;
        }
        Ok(Self { buckets, rows: frame.lazy() })
    }

    fn rates(&self) -> Result<Chart, Failure> {
        let scheduled = self.counts(self.rows.clone(), SCHEDULED)?;
        let completed = self.counts(self.rows.clone().filter(col(RESPONSE).is_not_null()), ENDED)?;
        Ok(Chart {
            title: "Scheduled and completed".into(),
            note: "Arrivals per second that the schedule brought, and answers per second that came back. Where the \
                   lines part, answers are late or missing."
                .into(),
            unit: Unit::PerSecond,
            stacked: false,
            at: self.buckets.middles(),
            lines: vec![
                Line::new("scheduled", self.per_second(&scheduled)),
                Line::new("completed", self.per_second(&completed)),
            ],
        })
    }

    fn response_times(&self) -> Result<Chart, Failure> {
        Ok(Chart {
            title: "Response time".into(),
            note: "Of the answered arrivals that were scheduled at that time.".into(),
            unit: Unit::Time,
            stacked: false,
            at: self.buckets.middles(),
            lines: self.percentiles(RESPONSE)?,
        })
    }

    fn lag(&self) -> Result<Chart, Failure> {
        Ok(Chart {
            title: "Lag".into(),
            note: "How long after its scheduled time an arrival was sent: the generator's own lateness, and the wait \
                   for a free connection."
                .into(),
            unit: Unit::Time,
            stacked: false,
            at: self.buckets.middles(),
            lines: self.percentiles(LAG)?,
        })
    }

    /// A line for each kind of error that there was.
    fn errors(&self) -> Result<Option<Chart>, Failure> {
        let failed = self.rows.clone().filter(col(OUTCOME).neq(lit(AS_WANTED)));
        let kinds = failed.clone().select([col(OUTCOME).unique()]).collect()?;
        let mut kinds: Vec<u32> = kinds.column(OUTCOME)?.u32()?.iter().flatten().collect();
        kinds.sort_unstable();
        let mut lines = Vec::with_capacity(kinds.len());
        for kind in kinds {
            let counts = self.counts(failed.clone().filter(col(OUTCOME).eq(lit(kind))), ENDED)?;
            lines.push(Line::new(name_of(kind), self.per_second(&counts)));
        }
        let chart = Chart {
            title: "Errors".into(),
            note:
                "Arrivals per second that got no answer, by kind, or one with a status that was not wanted, by class."
                    .into(),
            unit: Unit::PerSecond,
            stacked: true,
            at: self.buckets.middles(),
            lines,
        };
        Ok((!chart.lines.is_empty()).then_some(chart))
    }

    /// How many rows fall into each bucket.
    fn counts(&self, rows: LazyFrame, time: &str) -> Result<Vec<u32>, Failure> {
        let grouped = rows.group_by([col(time)]).agg([len().alias(COUNT)]).collect()?;
        let mut counts = vec![0; self.buckets.count];
        let places = grouped.column(time)?.u32()?.iter().flatten();
        for (place, count) in places.zip(grouped.column(COUNT)?.u32()?.iter().flatten()) {
            counts[place as usize] = count;
        }
        Ok(counts)
    }

    fn per_second(&self, counts: &[u32]) -> Vec<Option<f64>> {
        let seconds = self.buckets.width.as_secs_f64();
        counts.iter().map(|&count| Some(f64::from(count) / seconds)).collect()
    }

    /// p50, p90, p99 and the largest of a column in each bucket of scheduled time.
    fn percentiles(&self, column: &str) -> Result<Vec<Line>, Failure> {
        let values = self.rows.clone().filter(col(column).is_not_null());
        let grouped = values.group_by([col(SCHEDULED)]).agg([col(column)]).collect()?;
        let mut lines = [const { Vec::new() }; 4];
        for line in &mut lines {
            line.resize(self.buckets.count, None);
        }
        let places = grouped.column(SCHEDULED)?.u32()?.iter().flatten();
        for (place, values) in places.zip(grouped.column(column)?.list()?.amortized_iter()) {
            let Some(values) = values else { continue };
            let mut samples: Samples = values.as_ref().u64()?.iter().flatten().collect();
            let max = samples.max();
            let ranks = samples.percentiles([Percentile::P50, Percentile::P90, Percentile::P99]);
            let [p50, p90, p99] = ranks.map_or([None; 3], |ranks| ranks.map(Some));
            for (line, value) in lines.iter_mut().zip([p50, p90, p99, max]) {
                line[place as usize] = value.map(|ns| ns as f64);
            }
        }
        Ok(["p50", "p90", "p99", "max"].into_iter().zip(lines).map(|(name, values)| Line::new(name, values)).collect())
    }
}

const SCHEDULED: &str = "scheduled";
const ENDED: &str = "ended";
const OUTCOME: &str = "outcome";
const RESPONSE: &str = "response_ns";
const LAG: &str = "lag_ns";
const COUNT: &str = "count";

/// What is kept of the rows, column by column.
struct Gathered {
    scheduled: PrimitiveChunkedBuilder<UInt32Type>,
    ended: PrimitiveChunkedBuilder<UInt32Type>,
    outcome: PrimitiveChunkedBuilder<UInt32Type>,
    response: PrimitiveChunkedBuilder<UInt64Type>,
    lag: PrimitiveChunkedBuilder<UInt64Type>,
}

impl Gathered {
    fn new() -> Self {
        Self {
            scheduled: PrimitiveChunkedBuilder::new(SCHEDULED.into(), 0),
            ended: PrimitiveChunkedBuilder::new(ENDED.into(), 0),
            outcome: PrimitiveChunkedBuilder::new(OUTCOME.into(), 0),
            response: PrimitiveChunkedBuilder::new(RESPONSE.into(), 0),
            lag: PrimitiveChunkedBuilder::new(LAG.into(), 0),
        }
    }

    fn add(&mut self, batch: &Batch, manifest: &Manifest, buckets: &Buckets) {
        for place in 0..batch.len() {
            let row = batch.row(place);
            self.scheduled.append_value(buckets.place(Nanos(row.scheduled_ns)));
            self.ended.append_value(buckets.place(Nanos(row.end_ns())));
            self.outcome.append_value(outcome(&row, manifest));
            self.response.append_option(row.response_ns());
            self.lag.append_option(row.lag_ns);
        }
    }

    fn frame(self) -> PolarsResult<DataFrame> {
        DataFrame::new_infer_height(vec![
            self.scheduled.finish().into_column(),
            self.ended.finish().into_column(),
            self.outcome.finish().into_column(),
            self.response.finish().into_column(),
            self.lag.finish().into_column(),
        ])
    }
}

/// The outcome of an arrival that was answered as it should be.
const AS_WANTED: u32 = 0;
/// Above it, the outcomes of arrivals that were answered with a status that was not wanted, by class.
const STATUS: u32 = 1_000;

/// The outcome of a row as a number: polars groups numbers without the feature for categories.
fn outcome(row: &Row, manifest: &Manifest) -> u32 {
    match row.error {
        Some(error) => Error::ALL.iter().position(|&known| known == error).map_or(AS_WANTED, |place| place as u32 + 1),
        None if manifest.requests[usize::from(row.request.0)].has_failed(row) => STATUS + u32::from(row.status) / 100,
        None => AS_WANTED,
    }
}

fn name_of(outcome: u32) -> String {
    match Error::ALL.get((outcome as usize).wrapping_sub(1)) {
        Some(error) => error.word().to_owned(),
        None => format!("status {}xx", outcome - STATUS),
    }
}
