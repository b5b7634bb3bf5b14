//! The rows of `engine.csv`, `probes.csv` and `events.csv`: what happened beside the load, a few a second at most.

use std::io::{self, Read};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::reader::ReadError;

/// How one core of the generator did in one second: a row of `engine.csv`. Counts are of that second, not totals.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EngineSample {
    /// The end of the second, since t=0.
    pub time_ns: u64,
    /// The processor.
    pub core: usize,
    /// Arrivals that the schedule brought.
    pub scheduled: u64,
    /// Arrivals that are done: their rows.
    pub done: u64,
    /// Of these, without an answer or with a status that was not wanted.
    pub failed: u64,
    /// Of these, never sent.
    pub dropped: u64,
    /// Requests on their way at the end of the second.
    pub in_flight: u64,
    /// Arrivals that wait for a connection at the end of the second.
    pub backlog: u64,
    /// Open connections at the end of the second.
    pub connections: u64,
    /// Virtual users at work at the end of the second.
    pub vus: u64,
    /// How late the pacer was: scheduled → handed to a connection or to the backlog. The generator's own lateness.
    pub pacer_lag_p50_ns: u64,
    /// The same, 99th percentile.
    pub pacer_lag_p99_ns: u64,
    /// The same, the latest.
    pub pacer_lag_max_ns: u64,
    /// How long the core was at work or would have been: the time its thread had a processor or waited for one that
    /// others had, without the waiting for instants that burns it.
    pub busy_ns: u64,
    /// The length of the "second", for `busy_ns`.
    pub wall_ns: u64,
    /// How long the core had to wait for the disk to take rows.
    pub record_stall_ns: u64,
}

/// Something sampled from the system under test: a row of `probes.csv`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProbeSample {
    /// When, since t=0.
    pub time_ns: u64,
    /// The probe's name.
    pub probe: String,
    /// The metric's name.
    pub metric: String,
    /// Tags as `k=v` pairs, `;` between them: see [`crate::probe::tags_to_text`].
    pub tags: String,
    /// The value.
    pub value: f64,
}

/// Something that happened: a row of `events.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// When, since t=0.
    pub time_ns: u64,
    /// What kind: `started`, `stage`, `threshold`, `abort`, `interrupted`, `failed`, `ended`, `warning`,
    /// `warmed_up`, `probe_failed`, `probe_recovered`, `control` (see [`crate::control`]).
    pub kind: String,
    /// What exactly.
    pub detail: String,
}

/// The columns of each kind, for files that may stay without a row.
pub trait Sample: Serialize + DeserializeOwned {
    /// The header line's names, in the order of the fields.
    const NAMES: &'static [&'static str];
}

impl Sample for EngineSample {
    const NAMES: &'static [&'static str] = &[
        "time_ns",
        "core",
        "scheduled",
        "done",
        "failed",
        "dropped",
        "in_flight",
        "backlog",
        "connections",
        "vus",
        "pacer_lag_p50_ns",
        "pacer_lag_p99_ns",
        "pacer_lag_max_ns",
        "busy_ns",
        "wall_ns",
        "record_stall_ns",
    ];
}

impl Sample for ProbeSample {
    const NAMES: &'static [&'static str] = &["time_ns", "probe", "metric", "tags", "value"];
}

impl Sample for Event {
    const NAMES: &'static [&'static str] = &["time_ns", "kind", "detail"];
}

/// Reads all rows of a sample file. A torn last line is passed over.
///
/// # Errors
/// Where the file cannot be read, or another line than the last is not of this kind.
pub fn read<T: Sample>(path: &Path) -> Result<Vec<T>, ReadError> {
    let file = std::fs::File::open(path).map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
    parse(std::io::BufReader::new(file), path)
}

/// Reads all rows of the text of a sample file; `path` is what messages call it. A torn last line is passed over.
///
/// # Errors
/// Where it cannot be read, or another line than the last is not of this kind.
pub fn parse<T: Sample>(text: impl Read, path: &Path) -> Result<Vec<T>, ReadError> {
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text);
    let mut samples = Vec::new();
    let mut records = reader.deserialize::<T>().peekable();
    while let Some(record) = records.next() {
        match record {
            Ok(sample) => samples.push(sample),
            Err(_) if records.peek().is_none() => break,
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                return Err(ReadError::Row { path: path.to_owned(), line, what: error.to_string() });
            }
        }
    }
    Ok(samples)
}

/// The text of a sample file with these rows: what [`parse`] reads.
///
/// # Errors
/// None that is known: texts and numbers can be written.
pub fn text<T: Sample>(samples: &[T]) -> io::Result<Vec<u8>> {
    let header = T::NAMES.join(",") + "\n";
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(header.into_bytes());
    for sample in samples {
        writer.serialize(sample).map_err(io::Error::other)?;
    }
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header_of(sample: &impl Serialize) -> Vec<String> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.serialize(sample).expect("a flat struct");
        let text = writer.into_inner().expect("in memory");
        let line = text.split(|&b| b == b'\n').next().expect("a header");
        String::from_utf8_lossy(line).split(',').map(str::to_owned).collect()
    }

    #[test]
    fn the_header_names_the_fields() {
        assert_eq!(header_of(&EngineSample::default()), EngineSample::NAMES);
        let event = Event { time_ns: 0, kind: String::new(), detail: String::new() };
        assert_eq!(header_of(&event), Event::NAMES);
        let probe =
            ProbeSample { time_ns: 0, probe: String::new(), metric: String::new(), tags: String::new(), value: 0.0 };
        assert_eq!(header_of(&probe), ProbeSample::NAMES);
    }

    #[test]
    fn a_torn_last_line_is_passed_over() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("events.csv");
        std::fs::write(&path, "time_ns,kind,detail\n1,stage,\"a, b\"\n2,sta").expect("writable");
        let events: Vec<Event> = read(&path).expect("readable");
        assert_eq!(events, [Event { time_ns: 1, kind: "stage".into(), detail: "a, b".into() }]);
        assert_eq!(text(&events).expect("in memory"), b"time_ns,kind,detail\n1,stage,\"a, b\"\n");
    }
}
