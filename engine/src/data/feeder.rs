//! A file whose rows requests take values from: CSV with a header, or an object of JSON on each line.

use std::path::Path;

use memmap2::Mmap;

use super::error::{DataError, map};
use super::records::{end_of_record, fields, start_of_record};
use super::table::{Index, Rows};
use crate::json::{self, Pointer};

/// What is in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values (RFC 4180) with the names of the columns in front.
    Csv,
    /// An object of JSON on each line.
    JsonLines,
}

impl Format {
    /// What a file's name says of it.
    pub fn of(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "csv" => Some(Self::Csv),
            "jsonl" | "ndjson" => Some(Self::JsonLines),
            _ => None,
        }
    }
}

/// A file whose rows requests take values from. It is mapped: whoever cuts it short while a load runs ends the program.
#[derive(Debug)]
pub struct Feeder {
    text: Mmap,
    index: Index,
    /// The names of the columns; none where each row has its own.
    columns: Option<Vec<String>>,
}

/// A column of a feeder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// Of CSV, by its place.
    Place(usize),
    /// Of JSON, by its pointer.
    Pointer(Pointer),
}

impl Feeder {
    /// Opens a file and finds its rows.
    ///
    /// # Errors
    /// Where it cannot be read, is not text, has no rows, or names a column twice.
    pub fn open(path: &Path, format: Format) -> Result<Self, DataError> {
        let text = map(path)?;
        if let Err(error) = std::str::from_utf8(&text) {
            let line = memchr::memchr_iter(b'\n', &text[..error.valid_up_to()]).count() as u64 + 1;
            return Err(DataError::Line { path: path.to_owned(), line, what: "this is not UTF-8 text".to_owned() });
        }
        let start = if text.starts_with("\u{feff}".as_bytes()) { 3 } else { 0 };
        let (columns, rows, from) = match format {
            Format::Csv => {
                let header = start_of_record(&text, start).unwrap_or(text.len());
                let end = end_of_record(&text, header);
                (Some(columns(path, &text[header..end])?), Rows::Records, end)
            }
            Format::JsonLines => (None, Rows::Lines, start),
        };
        let index = Index::new(rows, &text, from);
        let Some(last) = index.rows.checked_sub(1).and_then(|last| index.row(&text, last)) else {
            return Err(DataError::Empty { path: path.to_owned(), what: "has no rows" });
        };
        if rows == Rows::Records && memchr::memchr_iter(b'"', last).count() % 2 == 1 {
            let before = &text[..text.len() - last.len()];
            let line = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
            return Err(DataError::Line { path: path.to_owned(), line, what: "a quote is never closed".to_owned() });
        }
        Ok(Self { text, index, columns })
    }

    /// How many rows there are: at least one.
    pub const fn rows(&self) -> u64 {
        self.index.rows
    }

    /// A column by its name: of CSV one of the header, of JSON a key of the outermost object or a pointer (`/a/0`).
    ///
    /// # Errors
    /// Where there is none of this name: those there are.
    pub fn column(&self, name: &str) -> Result<Column, String> {
        let Some(columns) = &self.columns else {
            let pointer = if name.starts_with('/') { Pointer::parse(name)? } else { Pointer::key(name) };
            return Ok(Column::Pointer(pointer));
        };
        let place = columns.iter().position(|column| column == name);
        place.map(Column::Place).ok_or_else(|| format!("there is no column `{name}`: there are {}", columns.join(", ")))
    }

    /// Writes a value behind what is there. Returns whether the row has it: a row may be too short, or not JSON.
    pub fn value(&self, row: u64, column: &Column, out: &mut Vec<u8>) -> bool {
        let Some(row) = self.index.row(&self.text, row) else { return false };
        match column {
            Column::Place(place) => {
                let field = fields(row).nth(*place);
                field.map(|field| out.extend_from_slice(&field)).is_some()
            }
            Column::Pointer(pointer) => {
                let text = pointer.find(row).and_then(json::text);
                text.map(|text| out.extend_from_slice(text.as_bytes())).is_some()
            }
        }
    }
}

fn columns(path: &Path, header: &[u8]) -> Result<Vec<String>, DataError> {
    let columns: Vec<String> = fields(header).map(|name| String::from_utf8_lossy(&name).trim().to_owned()).collect();
    for (place, name) in columns.iter().enumerate() {
        if columns[..place].contains(name) {
            let what = format!("the column `{name}` is there twice");
            return Err(DataError::Line { path: path.to_owned(), line: 1, what });
        }
    }
    Ok(columns)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(name: &str, text: &[u8]) -> Result<Feeder, DataError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        Feeder::open(&path, Format::of(&path).expect("a known name"))
    }

    fn value(feeder: &Feeder, row: u64, column: &str) -> Option<String> {
        let mut out = Vec::new();
        let column = feeder.column(column).expect(column);
        feeder.value(row, &column, &mut out).then(|| String::from_utf8(out).expect("text"))
    }

    #[test]
    fn values_of_csv_are_found_by_row_and_column() {
        let feeder = open("a.csv", "\u{feff}id, name\n1,\"Lamp, \"\"small\"\"\"\n\n2\n3,é".as_bytes()).expect("a file");
        assert_eq!(feeder.rows(), 3);
        assert_eq!(value(&feeder, 0, "name").as_deref(), Some("Lamp, \"small\""));
        assert_eq!(value(&feeder, 1, "id").as_deref(), Some("2"));
        assert_eq!(value(&feeder, 1, "name"), None, "the row is too short");
        assert_eq!(value(&feeder, 2, "name").as_deref(), Some("é"));
        assert_eq!(value(&feeder, 3, "id"), None);
        assert_eq!(feeder.column("nam"), Err("there is no column `nam`: there are id, name".to_owned()));
    }

    #[test]
    fn values_of_json_are_found_by_key_or_pointer() {
        let feeder =
            open("a.jsonl", b"{\"a\": {\"b\": [1, 2]}, \"c\": \"x\"}\nnonsense\n{\"c\": null}\n").expect("a file");
        assert_eq!(feeder.rows(), 3);
        assert_eq!(value(&feeder, 0, "c").as_deref(), Some("x"));
        assert_eq!(value(&feeder, 0, "/a/b/1").as_deref(), Some("2"));
        assert_eq!(value(&feeder, 0, "a").as_deref(), Some("{\"b\":[1,2]}"));
        assert_eq!((value(&feeder, 1, "c"), value(&feeder, 2, "c")), (None, None));
    }

    #[test]
    fn a_file_that_cannot_be_used_says_why() {
        for (name, text, wrong) in [
            ("a.csv", b"".as_slice(), "is empty"),
            ("a.csv", b"id,name\n", "has no rows"),
            ("a.csv", b"id,id\n1,2\n", "line 1: the column `id` is there twice"),
            ("a.csv", b"id\n1\n\xff\n", "line 3: this is not UTF-8"),
            ("a.csv", b"id,name\n1,a\n2,\"b\n3,c\n", "line 3: a quote is never closed"),
        ] {
            let error = open(name, text).expect_err(wrong).to_string();
            assert!(error.contains(wrong), "{error}");
        }
        let error = Feeder::open(Path::new("/nowhere/a.csv"), Format::Csv).expect_err("nothing").to_string();
        assert!(error.contains("there is no such file"), "{error}");
    }
}
