//! Reads rows, the mirror of how they were written: only the columns asked for, in batches, on all processors.
//!
//! Files are read in pieces at line boundaries, so that memory is bounded whatever their size. In a block, all commas and
//! line ends are found first (`index`); the fields between them are then read where they stand (`row`).

mod error;
mod file;
mod index;
mod piece;

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

pub use self::error::ReadError;
pub use self::file::RowFile;
use self::piece::{Piece, PieceReader, pieces_of};
use crate::row::{Batch, Columns};

/// What a fold over rows gave.
#[derive(Debug)]
pub struct Folded<S> {
    /// A state per thread; which rows went into which is left to chance.
    pub states: Vec<S>,
    /// Last lines without an end, which a killed engine leaves: passed over.
    pub torn_lines: u64,
}

/// What is to be read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The files.
    pub files: &'a [RowFile],
    /// Which columns.
    pub wanted: Columns,
    /// Where it is told how many bytes of the disk were read, for whoever waits.
    pub progress: Option<&'a AtomicU64>,
}

/// Hands every row of `files` in batches of the `wanted` columns to `each`, on all processors, each thread with a state
/// of its own made by `new`.
///
/// # Errors
/// The first line that is no row, or what the system says.
pub fn fold<S: Send>(
    files: &[RowFile],
    wanted: Columns,
    new: impl Fn() -> S + Sync,
    each: impl Fn(&mut S, &Batch) + Sync,
) -> Result<Folded<S>, ReadError> {
    Reading { files, wanted, progress: None }.fold(new, each)
}

impl Reading<'_> {
    /// Hands every row in batches to `each`, on all processors, each thread with a state of its own made by `new`.
    ///
    /// # Errors
    /// The first line that is no row, or what the system says.
    pub fn fold<S: Send>(
        &self,
        new: impl Fn() -> S + Sync,
        each: impl Fn(&mut S, &Batch) + Sync,
    ) -> Result<Folded<S>, ReadError> {
        let pieces: Vec<Piece<'_>> = self.files.iter().flat_map(pieces_of).collect();
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(pieces.len()).max(1);
        let next = AtomicUsize::new(0);
        let work = || {
            let mut state = new();
            let mut torn_lines = 0;
            let mut reader = PieceReader::new(self.wanted, self.progress);
            while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
                torn_lines += reader.read(piece, &mut |batch| each(&mut state, batch))?;
            }
            Ok((state, torn_lines))
        };
        let results: Vec<Result<(S, u64), ReadError>> = std::thread::scope(|scope| {
            let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
            handles
                .into_iter()
                .map(|handle| handle.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
                .collect()
        });
        let mut folded = Folded { states: Vec::with_capacity(threads), torn_lines: 0 };
        for result in results {
            let (state, torn_lines) = result?;
            folded.states.push(state);
            folded.torn_lines += torn_lines;
        }
        Ok(folded)
    }

    /// Hands every row in batches to `each`, file by file from its beginning to its end. Returns how many last lines have
    /// no end and were passed over. After an error of `each` it is not called again.
    ///
    /// # Errors
    /// The first line that is no row, what the system says, or the error of `each`.
    pub fn each<E: From<ReadError>>(&self, mut each: impl FnMut(&Batch) -> Result<(), E>) -> Result<u64, E> {
        let mut reader = PieceReader::new(self.wanted, self.progress);
        let mut torn_lines = 0;
        for piece in self.files.iter().flat_map(pieces_of) {
            let mut done = Ok(());
            torn_lines += reader.read(&piece, &mut |batch| {
                if done.is_ok() {
                    done = each(batch);
                }
            })?;
            done?;
        }
        Ok(torn_lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{self, Names, Row};
    use std::fs::File;
    use std::io::Write;

    fn file_with(rows: usize, tail: &str) -> (tempfile::TempDir, RowFile) {
        let names = Names::new(["s"], ["r"]);
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("requests-00.csv");
        let mut text = row::header().into_bytes();
        for i in 0..rows {
            let row = Row { scheduled_ns: i as u64, duration_ns: Some(i as u64 * 7), status: 200, ..Row::default() };
            text.extend_from_slice(&row.line(&names));
        }
        let mut file = File::create(&path).expect("writable");
        file.write_all(&text).and_then(|()| file.write_all(tail.as_bytes())).expect("writable");
        (directory, RowFile::open(path, names).expect("our file"))
    }

    fn sum_of(file: RowFile) -> Result<(u64, u64, u64), ReadError> {
        let folded = fold(
            &[file],
            Columns::SCHEDULED_NS,
            || (0, 0),
            |(rows, sum): &mut (u64, u64), batch| {
                *rows += batch.len() as u64;
                *sum += batch.scheduled_ns.iter().sum::<u64>();
            },
        )?;
        let rows = folded.states.iter().map(|s| s.0).sum();
        let sum = folded.states.iter().map(|s| s.1).sum();
        Ok((rows, sum, folded.torn_lines))
    }

    #[test]
    fn every_row_is_read_once_across_pieces_and_threads() {
        let rows = 600_000; // some 20 MB: several pieces
        let (_keep, file) = file_with(rows, "");
        assert!(pieces_of(&file).len() > 2);
        let n = rows as u64;
        assert_eq!(sum_of(file).expect("readable"), (n, n * (n - 1) / 2, 0));
    }

    #[test]
    fn a_torn_last_line_is_passed_over_and_counted() {
        let (_keep, file) = file_with(10, "11,5,0,0");
        assert_eq!(sum_of(file).expect("readable"), (10, 45, 1));
    }

    #[test]
    fn rows_come_in_their_order_until_somebody_has_had_enough() {
        let rows = 300_000; // more than one piece
        let (_keep, file) = file_with(rows, "9,9");
        let files = [file];
        let reading = Reading { files: &files, wanted: Columns::SCHEDULED_NS, progress: None };
        let mut next = 0;
        let torn_lines = reading.each(|batch| {
            assert!(batch.scheduled_ns.iter().copied().eq(next..next + batch.len() as u64));
            next += batch.len() as u64;
            Ok::<(), ReadError>(())
        });
        assert_eq!((torn_lines.expect("readable"), next), (1, rows as u64));

        let mut calls = 0;
        let stopped = reading.each(|_| {
            calls += 1;
            Err(ReadError::NotARun { path: "enough".into() })
        });
        assert!(stopped.is_err() && calls == 1, "{calls}");
    }

    #[test]
    fn a_file_without_rows_has_none() {
        let (_keep, file) = file_with(0, "");
        assert_eq!(sum_of(file).expect("readable"), (0, 0, 0));
    }

    #[test]
    fn a_line_that_is_no_row_is_named() {
        let (_keep, file) = file_with(3, "what,is,this\n");
        let error = sum_of(file).expect_err("not a row").to_string();
        assert!(error.contains("line 5: `scheduled_ns`"), "{error}");
    }

    #[test]
    fn a_file_with_another_header_is_refused() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("requests-00.csv");
        std::fs::write(&path, "time,value\n1,2\n").expect("writable");
        let error = RowFile::open(path, Names::new([], [])).expect_err("not ours").to_string();
        assert!(error.contains("line 1: the header is not"), "{error}");
    }
}
