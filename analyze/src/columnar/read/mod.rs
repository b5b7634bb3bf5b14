//! Reads a run back from the Parquet file that it was exported to: only the columns asked for, row group by row group.

mod column;
mod error;

use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, KeyValue, RowGroupMetaData};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::SchemaDescriptor;
use runlog::directory::{self, ENGINE, EVENTS, PROBES};
use runlog::manifest::Manifest;
use runlog::reader::{ReadError, RowSource};
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
    pub(super) bytes: u64,
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
            bytes: File::open(path).and_then(|file| file.metadata()).map_or(0, |metadata| metadata.len()),
            row_groups: reader.num_row_groups(),
            places,
            path: path.to_owned(),
        })
    }

    /// How many rows there are.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// As a run like any other.
    pub fn into_run(self) -> directory::Run {
        directory::Run {
            path: self.path.clone(),
            manifest: self.manifest.clone(),
            engine: self.engine.clone(),
            probes: self.probes.clone(),
            events: self.events.clone(),
            rows: vec![Arc::new(self)],
        }
    }

    fn read_group(
        &self,
        reader: &SerializedFileReader<File>,
        group: usize,
        wanted: Columns,
        each: &mut dyn FnMut(&Batch) -> ControlFlow<()>,
    ) -> Result<(), ParquetReadError> {
        let broken = |source| ParquetReadError::Broken { path: self.path.clone(), source };
        let group = reader.get_row_group(group).map_err(broken)?;
        let mut columns = Vec::new();
        for (place, column) in COLUMNS.iter().enumerate().filter(|(_, column)| wanted.contains(column.set)) {
            let reader = group.get_column_reader(self.places[place]).map_err(broken)?;
            columns.push((place, ColumnReader::new(column, reader, &self.manifest)));
        }
        let mut batch = Batch::default();
        let mut left = usize::try_from(group.metadata().num_rows()).unwrap_or(0);
        while left > 0 {
            let rows = left.min(BATCH_ROWS);
            batch.restart(rows);
            for (place, column) in &mut columns {
                column.read(rows).map_err(broken)?;
                let wrong = |what| ParquetReadError::Value { path: self.path.clone(), column: what };
                batch.set_numbers(*place, column.numbers()).map_err(wrong)?;
            }
            if each(&batch).is_break() {
                break;
            }
            left -= rows;
        }
        Ok(())
    }
}

impl RowSource for ParquetRun {
    fn path(&self) -> &Path {
        &self.path
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn rows_at_most(&self) -> u64 {
        self.rows
    }

    fn pieces(&self) -> usize {
        self.row_groups
    }

    fn read(
        &self,
        piece: usize,
        wanted: Columns,
        progress: Option<&AtomicU64>,
        each: &mut dyn FnMut(&Batch) -> ControlFlow<()>,
    ) -> Result<u64, ReadError> {
        let read = reader_of(&self.path).and_then(|reader| self.read_group(&reader, piece, wanted, each));
        read.map_err(|error| ReadError::Foreign { what: error.to_string() })?;
        if let Some(progress) = progress {
            progress.fetch_add(self.bytes / self.row_groups.max(1) as u64, Ordering::Relaxed);
        }
        // Nothing of a file that is there as a whole is torn.
        Ok(0)
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
