//! Writes rows as a Parquet file.

use std::fs;
use std::io::{self, Write};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use runlog::directory::{ENGINE, EVENTS, MANIFEST, PROBES, Run};
use runlog::manifest::{Manifest, Request, Scenario};
use runlog::row::{Batch, COLUMNS, Column};
use runlog::samples;

use super::schema::{self, MANIFEST_KEY, SAMPLES_KEY_PREFIX};

/// How many rows a row group has before it is written: some 40 MB of memory, and enough groups for every processor of whoever
/// reads them.
pub(super) const GROUP_ROWS: usize = 1 << 18;
/// How hard samples are packed: they are few.
const SAMPLES_ZSTD_LEVEL: i32 = 9;

/// A Parquet file that rows are written to.
pub struct RowWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    words: Vec<Option<Vec<ByteArray>>>,
    tags: Tags,
    group: Vec<(u32, Batch)>,
    rows: usize,
}

impl<W: Write + Send> RowWriter<W> {
    /// Begins a file with the manifest and the samples of this run.
    ///
    /// # Errors
    /// Where the samples cannot be read or `out` not be written.
    pub fn new(run: &Run, out: W) -> io::Result<Self> {
        let manifest = &run.manifest;
        let schema = schema::schema(manifest).map_err(io_error)?;
        let properties = Arc::new(schema::properties(&schema));
        let mut file = SerializedFileWriter::new(out, schema, properties).map_err(io_error)?;
        for entry in metadata(run)? {
            file.append_key_value_metadata(entry);
        }
        let texts = |words: Vec<&str>| words.into_iter().map(ByteArray::from).collect();
        let words = COLUMNS.iter().map(|column| schema::words(column.kind, manifest).map(texts)).collect();
        Ok(Self { file, words, tags: Tags::new(manifest), group: Vec::new(), rows: 0 })
    }

    /// Adds rows, of which the batch has every column, of the row file at this place.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn push(&mut self, worker: u32, batch: &Batch) -> io::Result<()> {
        self.rows += batch.len();
        self.group.push((worker, batch.clone()));
        if self.rows < GROUP_ROWS { Ok(()) } else { self.write_group().map_err(io_error) }
    }

    /// Writes what is left, and where in the file what is.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn finish(mut self) -> io::Result<()> {
        if self.rows > 0 {
            self.write_group().map_err(io_error)?;
        }
        self.file.close().map(|_| ()).map_err(io_error)
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut out = self.file.next_row_group()?;
        for (place, (column, words)) in COLUMNS.iter().zip(&self.words).enumerate() {
            match words {
                None => write_numbers(&mut out, column, place, &self.group)?,
                Some(words) => write_words(&mut out, column, place, words, &self.group)?,
            }
        }
        write_column::<Int64Type>(&mut out, &self.group, |(worker, batch), values, _| {
            values.extend(std::iter::repeat_n(i64::from(*worker), batch.len()));
        })?;
        for values_of_pairs in &self.tags.columns {
            write_column::<ByteArrayType>(&mut out, &self.group, |(_, batch), values, levels| {
                for (scenario, request) in batch.scenario.iter().zip(&batch.request) {
                    let pair = usize::from(scenario.0) * self.tags.requests + usize::from(request.0);
                    push_optional(values_of_pairs[pair].clone(), values, levels);
                }
            })?;
        }
        out.close()?;
        self.group.clear();
        self.rows = 0;
        Ok(())
    }
}

type Group = [(u32, Batch)];

fn write_numbers<W: Write + Send>(
    out: &mut SerializedRowGroupWriter<'_, W>,
    column: &Column,
    place: usize,
    group: &Group,
) -> Result<(), ParquetError> {
    write_column::<Int64Type>(out, group, |(_, batch), values, levels| {
        batch.numbers(place, |number| match number.map(u64::cast_signed) {
            Some(number) if !column.may_be_absent => values.push(number),
            number => push_optional(number, values, levels),
        });
    })
}

fn write_words<W: Write + Send>(
    out: &mut SerializedRowGroupWriter<'_, W>,
    column: &Column,
    place: usize,
    words: &[ByteArray],
    group: &Group,
) -> Result<(), ParquetError> {
    let word = |number: u64| words.get(number as usize).cloned().unwrap_or_default();
    write_column::<ByteArrayType>(out, group, |(_, batch), values, levels| {
        batch.numbers(place, |number| match number.map(word) {
            Some(word) if !column.may_be_absent => values.push(word),
            word => push_optional(word, values, levels),
        });
    })
}

fn push_optional<T>(value: Option<T>, values: &mut Vec<T>, levels: &mut Vec<i16>) {
    levels.push(i16::from(value.is_some()));
    values.extend(value);
}

/// Writes the next column of a row group, batch by batch: `fill` appends the values that there are, and for a column that may
/// have none, 1 or 0 for each row.
fn write_column<D: DataType>(
    out: &mut SerializedRowGroupWriter<'_, impl Write + Send>,
    group: &Group,
    fill: impl Fn(&(u32, Batch), &mut Vec<D::T>, &mut Vec<i16>),
) -> Result<(), ParquetError> {
    let missing = || ParquetError::General("the schema has fewer columns than are written".to_owned());
    let mut column = out.next_column()?.ok_or_else(missing)?;
    let (mut values, mut levels) = (Vec::new(), Vec::new());
    for part in group {
        values.clear();
        levels.clear();
        fill(part, &mut values, &mut levels);
        let levels = (!levels.is_empty()).then_some(levels.as_slice());
        column.typed::<D>().write_batch(&values, levels, None)?;
    }
    column.close()
}

/// The values of tags, a column each, by scenario and request.
struct Tags {
    requests: usize,
    columns: Vec<Vec<Option<ByteArray>>>,
}

impl Tags {
    fn new(manifest: &Manifest) -> Self {
        let value = |tag: &str, scenario: &Scenario, request: &Request| {
            let value = request.tags.get(tag).or_else(|| scenario.tags.get(tag)).or_else(|| manifest.tags.get(tag));
            value.map(|value| ByteArray::from(value.as_str()))
        };
        let column = |tag: &str| {
            let pairs = manifest
                .scenarios
                .iter()
                .flat_map(|scenario| manifest.requests.iter().map(move |request| (scenario, request)));
            pairs.map(|(scenario, request)| value(tag, scenario, request)).collect()
        };
        let columns = schema::tag_names(manifest).into_iter().map(column).collect();
        Self { requests: manifest.requests.len(), columns }
    }
}

fn metadata(run: &Run) -> io::Result<Vec<KeyValue>> {
    // Text that a newer version wrote says more than this one knows; of shards, there is no such text.
    let is_one = run.rows.iter().all(|file| file.path().parent() == Some(&run.path));
    let manifest = if is_one {
        fs::read_to_string(run.path.join(MANIFEST))?
    } else {
        serde_json::to_string_pretty(&run.manifest)? + "\n"
    };
    let mut entries = vec![KeyValue::new(MANIFEST_KEY.to_owned(), manifest)];
    let samples = [
        (ENGINE, samples::text(&run.engine)?),
        (PROBES, samples::text(&run.probes)?),
        (EVENTS, samples::text(&run.events)?),
    ];
    for (name, text) in samples {
        let packed = zstd::encode_all(text.as_slice(), SAMPLES_ZSTD_LEVEL)?;
        entries.push(KeyValue::new(format!("{SAMPLES_KEY_PREFIX}{name}"), STANDARD.encode(packed)));
    }
    Ok(entries)
}

/// What the file system said, where it was that.
fn io_error(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
