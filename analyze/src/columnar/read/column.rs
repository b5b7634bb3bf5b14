//! One column of a row group, as numbers.

use std::collections::HashMap;

use parquet::column::reader::{ColumnReader as AnyReader, ColumnReaderImpl, get_typed_column_reader};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, Int64Type};
use parquet::errors::ParquetError;
use runlog::manifest::Manifest;
use runlog::row::Column;

use super::super::schema;

/// Reads a column of a row group, some rows at a time.
pub(super) struct ColumnReader<'a> {
    source: Source<'a>,
    /// Of each row 1 or 0, whether it has a value; empty where every row has one.
    levels: Vec<i16>,
    /// The values there are. Those of a text are the places of what is known.
    values: Vec<u64>,
}

enum Source<'a> {
    Numbers(ColumnReaderImpl<Int64Type>, Vec<i64>),
    Words(ColumnReaderImpl<ByteArrayType>, Vec<ByteArray>, Dictionary<'a>),
}

impl<'a> ColumnReader<'a> {
    /// A reader for this column, of which the physical type has been found to be ours.
    pub(super) fn new(column: &Column, reader: AnyReader, manifest: &'a Manifest) -> Self {
        let source = match schema::words(column.kind, manifest) {
            None => Source::Numbers(get_typed_column_reader(reader), Vec::new()),
            Some(words) => Source::Words(get_typed_column_reader(reader), Vec::new(), Dictionary::new(words)),
        };
        Self { source, levels: Vec::new(), values: Vec::new() }
    }

    /// Reads so many rows.
    pub(super) fn read(&mut self, rows: usize) -> Result<(), ParquetError> {
        self.values.clear();
        match &mut self.source {
            Source::Numbers(reader, numbers) => {
                fill(reader, rows, numbers, &mut self.levels)?;
                self.values.extend(numbers.iter().map(|number| number.cast_unsigned()));
            }
            Source::Words(reader, words, dictionary) => {
                fill(reader, rows, words, &mut self.levels)?;
                self.values.extend(words.iter().map(|word| dictionary.place(word)));
            }
        }
        Ok(())
    }

    /// What was read: a number for each row that has one.
    pub(super) fn numbers(&self) -> impl Iterator<Item = Option<u64>> + '_ {
        let mut values = self.values.iter().copied();
        let rows = if self.levels.is_empty() { self.values.len() } else { self.levels.len() };
        (0..rows).map(move |row| match self.levels.get(row) {
            Some(0) => None,
            _ => values.next(),
        })
    }
}

fn fill<D: DataType>(
    reader: &mut ColumnReaderImpl<D>,
    rows: usize,
    values: &mut Vec<D::T>,
    levels: &mut Vec<i16>,
) -> Result<(), ParquetError> {
    values.clear();
    levels.clear();
    let (read, _, _) = reader.read_records(rows, Some(levels), None, values)?;
    if read == rows {
        return Ok(());
    }
    Err(ParquetError::EOF(format!("a column ends {} rows before the others", rows - read)))
}

/// The places of texts in their list. Which text comes next is mostly one of those that came last.
struct Dictionary<'a> {
    places: HashMap<&'a [u8], u64>,
    last: (ByteArray, u64),
}

/// The place of a text that is not in the list: no row has it.
const UNKNOWN: u64 = u64::MAX;

impl<'a> Dictionary<'a> {
    fn new(words: Vec<&'a str>) -> Self {
        let mut places = HashMap::new();
        for (place, word) in (0..).zip(words) {
            places.entry(word.as_bytes()).or_insert(place);
        }
        let last = (ByteArray::from(""), *places.get(&b""[..]).unwrap_or(&UNKNOWN));
        Self { places, last }
    }

    fn place(&mut self, word: &ByteArray) -> u64 {
        if self.last.0.data() != word.data() {
            let place = self.places.get(word.data()).copied().unwrap_or(UNKNOWN);
            self.last = (word.clone(), place);
        }
        self.last.1
    }
}
