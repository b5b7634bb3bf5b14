//! Where the rows of a mapped file are: the place of every 32nd, so that any of them is near, and a file of a hundred
//! million rows takes 25 MB.

use super::records::{end_of_record, start_of_record};

/// Between two rows whose places are kept.
const STRIDE: u64 = 32;

/// How a file is made of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rows {
    /// As records of CSV.
    Records,
    /// A row on each line.
    Lines,
}

impl Rows {
    /// The bytes of the row at or behind a place; `None` at the end.
    pub(super) fn at(self, text: &[u8], from: usize) -> Option<std::ops::Range<usize>> {
        let start = start_of_record(text, from)?;
        let end = match self {
            Self::Records => end_of_record(text, start),
            Self::Lines => memchr::memchr(b'\n', &text[start..]).map_or(text.len(), |end| start + end + 1),
        };
        Some(start..end)
    }
}

/// The places of rows.
#[derive(Debug)]
pub(super) struct Index {
    kind: Rows,
    /// Of every 32nd row.
    places: Vec<u64>,
    /// How many rows there are.
    pub(super) rows: u64,
}

impl Index {
    /// Finds the rows behind a place.
    pub(super) fn new(kind: Rows, text: &[u8], from: usize) -> Self {
        let mut index = Self { kind, places: Vec::new(), rows: 0 };
        let mut at = from;
        while let Some(row) = kind.at(text, at) {
            if index.rows.is_multiple_of(STRIDE) {
                index.places.push(row.start as u64);
            }
            index.rows += 1;
            at = row.end;
        }
        index
    }

    /// The bytes of a row.
    pub(super) fn row<'a>(&self, text: &'a [u8], row: u64) -> Option<&'a [u8]> {
        let mut at = *self.places.get((row / STRIDE) as usize)? as usize;
        for _ in 0..row % STRIDE {
            at = self.kind.at(text, at)?.end;
        }
        text.get(self.kind.at(text, at)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_is_found() {
        let rows: Vec<String> = (0..1000).map(|row| format!("{row},\"a\nb\"\n\n")).collect();
        let text = rows.concat();
        let index = Index::new(Rows::Records, text.as_bytes(), 0);
        assert_eq!(index.rows, 1000);
        for row in [0, 1, 31, 32, 33, 500, 999] {
            let wanted = format!("{row},\"a\nb\"\n");
            assert_eq!(index.row(text.as_bytes(), row), Some(wanted.as_bytes()));
        }
        assert_eq!(index.row(text.as_bytes(), 1000), None);
    }
}
