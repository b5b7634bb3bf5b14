//! The columns of the table `requests`: how each comes out of the rows.

use std::collections::BTreeSet;

use polars::prelude::{
    BooleanChunkedBuilder, ChunkedBuilder, DataType, Float64Type, IdxCa, Int64Type, IntoColumn, IntoSeries,
    NewChunkedArray, PlSmallStr, PolarsResult, PrimitiveChunkedBuilder, StringChunked,
};
use runlog::outcome::Failure;
use runlog::reader::Rows;
use runlog::row::{Batch, Columns, Row};
use runlog::units::Nanos;

use super::source::Source;

/// A column of the table.
#[derive(Debug, Clone)]
pub(super) struct RequestColumn {
    pub name: String,
    /// The columns of the rows that it is made of.
    pub needs: Columns,
    made: Made,
}

/// How a column is made.
#[derive(Debug, Clone)]
enum Made {
    /// A whole number of the row.
    Whole(fn(&Batch, usize) -> Option<u64>),
    /// A set of bits.
    Bits,
    /// When it was scheduled, in seconds.
    Seconds,
    /// Whether it got no answer, or one that was not wanted.
    Failed,
    /// The number of the worker that wrote it.
    Worker,
    /// A text of which there are few.
    Text(Text),
}

/// A text of which there are few: rows have its place in a list.
#[derive(Debug, Clone)]
enum Text {
    Scenario,
    Request,
    Error,
    Run,
    Tag(String),
}

const SCHEDULED: Columns = Columns::SCHEDULED_NS;
const RESPONSE: Columns = Columns::LAG_NS.and(Columns::DURATION_NS).and(Columns::ERROR);
const OUTCOME: Columns = Columns::REQUEST.and(Columns::STATUS).and(Columns::ERROR);
const NAMES: Columns = Columns::REQUEST.and(Columns::SCENARIO);

/// All columns for these runs: those of the rows in their order, what follows from them, and a column for each tag.
pub(super) fn all(sources: &[Source]) -> Vec<RequestColumn> {
    let whole = |name: &str, needs, value| column(name, needs, Made::Whole(value));
    let text = |name: &str, needs, text| column(name, needs, Made::Text(text));
    let mut columns = vec![
        whole("scheduled_ns", SCHEDULED, |batch, at| Some(batch.scheduled_ns[at])),
        whole("lag_ns", Columns::LAG_NS, |batch, at| batch.lag_ns[at]),
        whole("connect_ns", Columns::CONNECT_NS, |batch, at| Some(batch.connect_ns[at])),
        whole("tls_ns", Columns::TLS_NS, |batch, at| Some(batch.tls_ns[at])),
        whole("ttfb_ns", Columns::TTFB_NS, |batch, at| batch.ttfb_ns[at]),
        whole("duration_ns", Columns::DURATION_NS, |batch, at| batch.duration_ns[at]),
        text("scenario", Columns::SCENARIO, Text::Scenario),
        text("request", Columns::REQUEST, Text::Request),
        whole("status", Columns::STATUS, |batch, at| Some(u64::from(batch.status[at]))),
        text("error", Columns::ERROR, Text::Error),
        column("failed_checks", Columns::FAILED_CHECKS, Made::Bits),
        whole("bytes_sent", Columns::BYTES_SENT, |batch, at| Some(batch.bytes_sent[at])),
        whole("bytes_received", Columns::BYTES_RECEIVED, |batch, at| Some(batch.bytes_received[at])),
        whole("connection", Columns::CONNECTION, |batch, at| batch.connection[at]),
        whole("vu", Columns::VU, |batch, at| batch.vu[at].map(u64::from)),
        whole("response_ns", RESPONSE, |batch, at| timed(batch, at).response_ns()),
        whole("service_ns", Columns::DURATION_NS.and(Columns::ERROR), |batch, at| {
            batch.duration_ns[at].filter(|_| batch.error[at].is_none())
        }),
        column("time_s", SCHEDULED, Made::Seconds),
        column("failed", OUTCOME, Made::Failed),
        // That there is a row is enough.
        column("worker", Columns::STATUS, Made::Worker),
        text("run", Columns::STATUS, Text::Run),
    ];
    columns.extend(tags(sources).into_iter().map(|tag| text(&format!("tag_{tag}"), NAMES, Text::Tag(tag))));
    columns
}

fn column(name: &str, needs: Columns, made: Made) -> RequestColumn {
    RequestColumn { name: name.to_owned(), needs, made }
}

fn tags(sources: &[Source]) -> BTreeSet<String> {
    let mut tags = BTreeSet::new();
    for manifest in sources.iter().map(|source| &source.run.manifest) {
        let of_scenarios = manifest.scenarios.iter().map(|scenario| &scenario.tags);
        let of_requests = manifest.requests.iter().map(|request| &request.tags);
        let all = of_scenarios.chain(of_requests).chain([&manifest.tags]);
        tags.extend(all.flat_map(|tags| tags.keys().cloned()));
    }
    tags
}

/// A row with what its times are worked out from.
fn timed(batch: &Batch, at: usize) -> Row {
    Row { lag_ns: batch.lag_ns[at], duration_ns: batch.duration_ns[at], error: batch.error[at], ..Row::default() }
}

impl RequestColumn {
    /// The type of its values.
    pub fn data_type(&self) -> DataType {
        match self.made {
            Made::Whole(_) | Made::Bits | Made::Worker => DataType::Int64,
            Made::Seconds => DataType::Float64,
            Made::Failed => DataType::Boolean,
            Made::Text(_) => DataType::String,
        }
    }

    /// How many bytes of memory a value takes.
    pub fn value_bytes(&self) -> u64 {
        match self.made {
            Made::Failed => 1,
            Made::Text(_) => 16,
            _ => 8,
        }
    }
}

/// Values of a column that is being put together.
pub(super) enum Values {
    Whole(PrimitiveChunkedBuilder<Int64Type>),
    Seconds(PrimitiveChunkedBuilder<Float64Type>),
    Flags(BooleanChunkedBuilder),
    Places(Vec<Option<u32>>),
}

impl Values {
    pub fn new(column: &RequestColumn) -> Self {
        let name = PlSmallStr::from(column.name.as_str());
        match column.made {
            Made::Whole(_) | Made::Bits | Made::Worker => Self::Whole(PrimitiveChunkedBuilder::new(name, 0)),
            Made::Seconds => Self::Seconds(PrimitiveChunkedBuilder::new(name, 0)),
            Made::Failed => Self::Flags(BooleanChunkedBuilder::new(name, 0)),
            Made::Text(_) => Self::Places(Vec::new()),
        }
    }

    /// Appends the values of the rows at these places of a batch.
    pub fn add(&mut self, column: &RequestColumn, batch: &Batch, places: &[usize], source: &Source, worker: u64) {
        let places = places.iter().copied();
        match (self, &column.made) {
            (Self::Whole(values), Made::Whole(value)) => {
                places.for_each(|at| values.append_option(value(batch, at).map(whole)));
            }
            (Self::Whole(values), Made::Bits) => {
                places.for_each(|at| values.append_value(batch.failed_checks[at].0.cast_signed()));
            }
            (Self::Whole(values), _) => places.for_each(|_| values.append_value(whole(worker))),
            (Self::Seconds(values), _) => {
                places.for_each(|at| values.append_value(Nanos(batch.scheduled_ns[at]).as_secs_f64()));
            }
            (Self::Flags(values), _) => places.for_each(|at| values.append_value(has_failed(batch, at, source))),
            (Self::Places(values), Made::Text(text)) => values.extend(places.map(|at| text.place(batch, at, source))),
            (Self::Places(_), _) => {}
        }
    }

    /// As a column of a frame.
    ///
    /// # Errors
    /// Where polars finds that the values do not fit together, which is a bug.
    pub fn finish(self, column: &RequestColumn, source: &Source) -> PolarsResult<polars::prelude::Column> {
        Ok(match self {
            Self::Whole(values) => values.finish().into_column(),
            Self::Seconds(values) => values.finish().into_column(),
            Self::Flags(values) => values.finish().into_column(),
            Self::Places(places) => {
                let texts = match &column.made {
                    Made::Text(text) => text.all(source),
                    _ => Vec::new(),
                };
                let name = PlSmallStr::from(column.name.as_str());
                let texts = StringChunked::from_slice_options(name.clone(), &texts).into_series();
                let places = IdxCa::from_slice_options(name, &places);
                texts.take(&places)?.into_column()
            }
        })
    }
}

fn whole(value: u64) -> i64 {
    // Three hundred years in nanoseconds.
    i64::try_from(value).unwrap_or(i64::MAX)
}

fn has_failed(batch: &Batch, at: usize, source: &Source) -> bool {
    let row = Row { status: batch.status[at], error: batch.error[at], ..Row::default() };
    source.run.manifest.requests[usize::from(batch.request[at].0)].has_failed(&row)
}

impl Text {
    /// The place of a row's text in the list of all.
    fn place(&self, batch: &Batch, at: usize, source: &Source) -> Option<u32> {
        match self {
            Self::Scenario => Some(u32::from(batch.scenario[at].0)),
            Self::Request => Some(u32::from(batch.request[at].0)),
            Self::Error => {
                let error = batch.error[at]?;
                Failure::ALL.iter().position(|&known| known == error).map(|place| place as u32)
            }
            Self::Run => Some(0),
            Self::Tag(_) => {
                let requests = source.run.manifest.requests.len() as u32;
                Some(u32::from(batch.scenario[at].0) * requests + u32::from(batch.request[at].0))
            }
        }
    }

    /// Every text there is. A tag of the request comes before one of the scenario, and that before one of the run.
    fn all<'a>(&self, source: &'a Source) -> Vec<Option<&'a str>> {
        let manifest = &source.run.manifest;
        match self {
            Self::Scenario => manifest.scenarios.iter().map(|scenario| Some(scenario.name.as_str())).collect(),
            Self::Request => manifest.requests.iter().map(|request| Some(request.name.as_str())).collect(),
            Self::Error => Failure::ALL.iter().map(|failure| Some(failure.word())).collect(),
            Self::Run => vec![Some(source.name.as_str())],
            Self::Tag(tag) => {
                let of_requests = |scenario: &'a runlog::manifest::Scenario| {
                    manifest.requests.iter().map(move |request| {
                        let value = request.tags.get(tag).or_else(|| scenario.tags.get(tag));
                        value.or_else(|| manifest.tags.get(tag)).map(String::as_str)
                    })
                };
                manifest.scenarios.iter().flat_map(of_requests).collect()
            }
        }
    }
}

/// The number in a row file's name, which is its worker's.
pub(super) fn worker_of(file: &Rows) -> u64 {
    let name = file.path().file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    name.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_of_the_rows_come_first_and_in_their_order() {
        let names: Vec<String> = all(&[]).into_iter().map(|column| column.name).collect();
        assert_eq!(names[..runlog::row::NAMES.len()], *runlog::row::NAMES);
    }
}
