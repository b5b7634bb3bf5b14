//! Reads a run back from the Parquet file that it was exported to: only the columns asked for, row group by row group.

mod column;
mod error;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, KeyValue, RowGroupMetaData};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::SchemaDescriptor;
use runlog::directory::{self, ENGINE, EVENTS, PROBES};
use runlog::manifest::Manifest;
use runlog::row::{Batch, COLUMNS, Columns};
use runlog::samples::{self, EngineSample, Event, ProbeSample, Sample};

use self::column::ColumnReader;
pub use self::error::ParquetReadError;
use super::schema::{MANIFEST_KEY, SAMPLES_KEY_PREFIX, physical};

/// How many rows one batch has at the most: what is looked at several times should stay near the processor.
const BATCH_ROWS: usize = 2048;
/// The most that samples may be when they are unpacked: a thousand cores for a day, and a bound for what is not ours.
const SAMPLES_BYTES_MOST: u64 = 16 << 30;

/// A run that was exported to a Parquet file, opened: manifest and samples are read, the rows are to be folded.
#[derive(Debug)]
pub struct ParquetRun {
    /// Where it is.
    pub path: PathBuf,
    /// What was run.
    pub manifest: Manifest,
    /// Its `engine.csv`.
    pub engine: Vec<EngineSample>,
    /// Its `probes.csv`.
    pub probes: Vec<ProbeSample>,
    /// Its `events.csv`.
    pub events: Vec<Event>,
    pub(super) rows: u64,
    pub(super) row_groups: usize,
    /// Where in the file the columns of a row are, in their order.
    pub(super) places: Vec<usize>,
}

impl ParquetRun {
    /// Opens a Parquet file that `drumfire-analyze export` wrote.
    ///
    /// # Errors
    /// Where it is none, is not whole, was written by a newer major version, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, ParquetReadError> {
        let reader = reader_of(path)?;
        let metadata = reader.metadata().file_metadata();
        let entries = metadata.key_value_metadata().map_or(&[][..], Vec::as_slice);
        let not_ours = |what: String| ParquetReadError::NotOurs { path: path.to_owned(), what };
        let text = value(entries, MANIFEST_KEY).ok_or_else(|| not_ours(format!("it has no `{MANIFEST_KEY}`")))?;
        let places = places_of_columns(metadata.schema_descr()).map_err(not_ours)?;
        Ok(Self {
            manifest: directory::parse_manifest(text.as_bytes(), path)?,
            engine: samples_of(entries, ENGINE, path)?,
            probes: samples_of(entries, PROBES, path)?,
            events: samples_of(entries, EVENTS, path)?,
            rows: u64::try_from(metadata.num_rows()).unwrap_or(0),
            row_groups: reader.num_row_groups(),
            places,
            path: path.to_owned(),
        })
    }

    /// How many rows there are.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Hands every row in batches of the `wanted` columns to `each`, in the order of the file.
    ///
    /// # Errors
    /// Where the file cannot be read, or holds what no row has.
    pub fn batches(&self, wanted: Columns, mut each: impl FnMut(&Batch)) -> Result<(), ParquetReadError> {
        let reader = reader_of(&self.path)?;
        let mut batch = Batch::default();
        (0..self.row_groups).try_for_each(|group| self.read_group(&reader, group, wanted, &mut batch, &mut each))
    }

    /// Hands every row in batches of the `wanted` columns to `each`, on all processors, each thread with a state of its own
    /// made by `new`. Returns the states.
    ///
    /// # Errors
    /// Where the file cannot be read, or holds what no row has.
    pub fn fold<S: Send>(
        &self,
        wanted: Columns,
        new: impl Fn() -> S + Sync,
        each: impl Fn(&mut S, &Batch) + Sync,
    ) -> Result<Vec<S>, ParquetReadError> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(self.row_groups).max(1);
        let next = AtomicUsize::new(0);
        let states = Mutex::new(Vec::with_capacity(threads));
        let work = || {
            let mut state = new();
            let reader = reader_of(&self.path)?;
            let mut batch = Batch::default();
            loop {
                let group = next.fetch_add(1, Ordering::Relaxed);
                if group >= self.row_groups {
                    break;
                }
                self.read_group(&reader, group, wanted, &mut batch, &mut |batch| each(&mut state, batch))?;
            }
            states.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(state);
            Ok(())
        };
        let results: Vec<Result<(), ParquetReadError>> = std::thread::scope(|scope| {
            let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            let join = |handle: std::thread::ScopedJoinHandle<'_, _>| {
                handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            };
            handles.into_iter().map(join).collect()
        });
        results.into_iter().collect::<Result<(), _>>()?;
        Ok(states.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
    }

    fn read_group(
        &self,
        reader: &SerializedFileReader<File>,
        group: usize,
        wanted: Columns,
        batch: &mut Batch,
        each: &mut impl FnMut(&Batch),
    ) -> Result<(), ParquetReadError> {
        let broken = |source| ParquetReadError::Broken { path: self.path.clone(), source };
        let group = reader.get_row_group(group).map_err(broken)?;
        let mut columns = Vec::new();
        for (place, column) in COLUMNS.iter().enumerate().filter(|(_, column)| wanted.contains(column.set)) {
            let reader = group.get_column_reader(self.places[place]).map_err(broken)?;
            columns.push((place, ColumnReader::new(column, reader, &self.manifest)));
        }
        let mut left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        while left > 0 {
            let rows = left.min(BATCH_ROWS);
            batch.restart(rows);
            for (place, column) in &mut columns {
                column.read(rows).map_err(broken)?;
                let wrong = |what| ParquetReadError::Value { path: self.path.clone(), column: what };
                batch.set_numbers(*place, column.numbers()).map_err(wrong)?;
            }
            each(batch);
            left -= rows;
        }
        Ok(())
    }
}

/// A reader with a place in the file of its own.
fn reader_of(path: &Path) -> Result<SerializedFileReader<File>, ParquetReadError> {
    let io = |source| ParquetReadError::Io { path: path.to_owned(), source };
    let broken = |source| ParquetReadError::Broken { path: path.to_owned(), source };
    let file = File::open(path).map_err(io)?;
    let bytes = file.metadata().map_err(io)?.len();
    let reader = SerializedFileReader::new(file).map_err(broken)?;
    let chunks = reader.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns);
    if let Some(chunk) = chunks.into_iter().find(|chunk| !lies_within(chunk, bytes)) {
        let what = format!("its column `{}` is said to lie outside of it", chunk.column_path());
        return Err(broken(ParquetError::General(what)));
    }
    Ok(reader)
}

/// Whether a column of a row group is where it can be: the parquet crate takes that for granted.
fn lies_within(chunk: &ColumnChunkMetaData, file_bytes: u64) -> bool {
    let start = chunk.dictionary_page_offset().unwrap_or_else(|| chunk.data_page_offset());
    let (start, length) = (u64::try_from(start), u64::try_from(chunk.compressed_size()));
    let end = start.ok().zip(length.ok()).and_then(|(start, length)| start.checked_add(length));
    end.is_some_and(|end| end <= file_bytes)
}

/// Where the columns of a row are in the file.
fn places_of_columns(schema: &SchemaDescriptor) -> Result<Vec<usize>, String> {
    let place = |name: &str| schema.columns().iter().position(|column| column.path().parts() == [name]);
    let find = |wanted: &runlog::row::Column| {
        let name = wanted.name;
        let place = place(name).ok_or_else(|| format!("it has no column `{name}`"))?;
        let column = schema.column(place);
        let deepest = i16::from(wanted.may_be_absent);
        let fits = column.physical_type() == physical(wanted.kind) && column.max_rep_level() == 0;
        if fits && column.max_def_level() <= deepest {
            Ok(place)
        } else {
            Err(format!("its `{name}` is of another type"))
        }
    };
    COLUMNS.iter().map(find).collect()
}

fn value<'a>(entries: &'a [KeyValue], key: &str) -> Option<&'a str> {
    entries.iter().find(|entry| entry.key == key)?.value.as_deref()
}

fn samples_of<T: Sample>(entries: &[KeyValue], name: &str, path: &Path) -> Result<Vec<T>, ParquetReadError> {
    let Some(text) = value(entries, &format!("{SAMPLES_KEY_PREFIX}{name}")) else { return Ok(Vec::new()) };
    let broken = |what: &dyn std::fmt::Display| ParquetReadError::Broken {
        path: path.to_owned(),
        source: ParquetError::General(format!("`{name}` in its metadata: {what}")),
    };
    let packed = STANDARD.decode(text).map_err(|error| broken(&error))?;
    let unpacked = zstd::stream::read::Decoder::new(packed.as_slice()).map_err(|error| broken(&error))?;
    Ok(samples::parse(std::io::BufReader::new(unpacked.take(SAMPLES_BYTES_MOST)), path)?)
}
