//! Reads rows, the mirror of how they were written: only the columns asked for, in batches, on all processors.
//!
//! Files are read in pieces at line boundaries, so that memory is bounded whatever their size. In a block, all commas and
//! line ends are found first (`index`); the fields between them are then read where they stand (`row`).

mod error;
mod file;
mod index;
mod piece;
mod source;

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::ScopedJoinHandle;

pub use self::error::ReadError;
pub use self::file::RowFile;
pub use self::source::{RowSource, Rows};
use crate::row::{Batch, Columns};

/// What a fold over rows gave.
#[derive(Debug)]
pub struct Folded<S> {
    /// A state per thread, and which rows went into which is left to chance; or one per piece, in the order of the rows.
    pub states: Vec<S>,
    /// Last lines without an end, which a killed engine leaves: passed over.
    pub torn_lines: u64,
}

/// What is to be read.
#[derive(Debug, Clone, Copy)]
pub struct Reading<'a> {
    /// The files.
    pub files: &'a [Rows],
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
    files: &[Rows],
    wanted: Columns,
    new: impl Fn() -> S + Sync,
    each: impl Fn(&mut S, &Batch) + Sync,
) -> Result<Folded<S>, ReadError> {
    Reading { files, wanted, progress: None }.fold(new, each)
}

impl<'a> Reading<'a> {
    /// All pieces of all files, in the order of their rows.
    fn pieces(&self) -> Vec<(&'a Rows, usize)> {
        let of_file = |file: &'a Rows| (0..file.pieces()).map(move |piece| (file, piece));
        self.files.iter().flat_map(of_file).collect()
    }

    /// Hands every row in batches to `each`, on all processors, each thread with a state of its own made by `new`.
    ///
    /// # Errors
    /// The first line that is no row, or what the system says.
    pub fn fold<S: Send>(
        &self,
        new: impl Fn() -> S + Sync,
        each: impl Fn(&mut S, &Batch) + Sync,
    ) -> Result<Folded<S>, ReadError> {
        let pieces = self.pieces();
        let next = AtomicUsize::new(0);
        let results = on_threads(pieces.len(), || {
            let mut state = new();
            let mut torn_lines = 0;
            let mut each = |batch: &Batch| {
                each(&mut state, batch);
                ControlFlow::Continue(())
            };
            while let Some(&(file, piece)) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
                torn_lines += file.read(piece, self.wanted, self.progress, &mut each)?;
            }
            Ok((state, torn_lines))
        });
        let mut folded = Folded { states: Vec::with_capacity(results.len()), torn_lines: 0 };
        for result in results {
            let (state, torn_lines) = result?;
            folded.states.push(state);
            folded.torn_lines += torn_lines;
        }
        Ok(folded)
    }

    /// Makes something of each piece of the files, on all processors: `new` begins with its number and the file it is of,
    /// `each` takes its batches until it breaks, `done` ends it, and no further piece is begun once that breaks.
    ///
    /// Pieces are begun in the order of their rows, and what came of them is in that order, without a gap: whoever needs
    /// the first rows breaks as soon as there are enough of them.
    ///
    /// # Errors
    /// The first line that is no row, or what the system says.
    pub fn map_pieces<S, T: Send>(
        &self,
        new: impl Fn(usize, &Rows) -> S + Sync,
        each: impl Fn(&mut S, &Batch) -> ControlFlow<()> + Sync,
        done: impl Fn(S) -> ControlFlow<T, T> + Sync,
    ) -> Result<Folded<T>, ReadError> {
        let pieces = self.pieces();
        let (next, is_enough) = (AtomicUsize::new(0), AtomicBool::new(false));
        let results = on_threads(pieces.len(), || {
            let mut made = Vec::new();
            while !is_enough.load(Ordering::Relaxed) {
                let place = next.fetch_add(1, Ordering::Relaxed);
                let Some(&(file, piece)) = pieces.get(place) else { break };
                let mut state = new(place, file);
                let torn_lines = file.read(piece, self.wanted, self.progress, &mut |batch| each(&mut state, batch))?;
                let of_piece = match done(state) {
                    ControlFlow::Continue(of_piece) => of_piece,
                    ControlFlow::Break(of_piece) => {
                        is_enough.store(true, Ordering::Relaxed);
                        of_piece
                    }
                };
                made.push((place, of_piece, torn_lines));
            }
            Ok(made)
        });
        let mut made = Vec::with_capacity(pieces.len());
        for result in results {
            made.extend(result?);
        }
        made.sort_by_key(|(place, ..)| *place);
        let torn_lines = made.iter().map(|(.., torn_lines)| torn_lines).sum();
        Ok(Folded { states: made.into_iter().map(|(_, of_piece, _)| of_piece).collect(), torn_lines })
    }

    /// Hands every row in batches to `each`, file by file from its beginning to its end. Returns how many last lines have
    /// no end and were passed over. After an error of `each` it is not called again.
    ///
    /// # Errors
    /// The first line that is no row, what the system says, or the error of `each`.
    pub fn each<E: From<ReadError>>(&self, mut each: impl FnMut(&Batch) -> Result<(), E>) -> Result<u64, E> {
        let mut torn_lines = 0;
        for (file, piece) in self.pieces() {
            let mut done = Ok(());
            torn_lines += file.read(piece, self.wanted, self.progress, &mut |batch| {
                done = each(batch);
                if done.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            done?;
        }
        Ok(torn_lines)
    }
}

/// Does the same work on as many threads as there are processors, and at most one for each piece.
fn on_threads<R: Send>(pieces: usize, work: impl Fn() -> R + Sync) -> Vec<R> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(pieces).max(1);
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(&work)).collect();
        let joined = handles.into_iter().map(ScopedJoinHandle::join);
        joined.map(|result| result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{self, Names, Row};
    use std::fs::File;
    use std::io::Write;
    use std::sync::Arc;

    fn file_with(rows: usize, tail: &str) -> (tempfile::TempDir, Rows) {
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
        (directory, Arc::new(RowFile::open(path, names).expect("our file")))
    }

    fn sum_of(file: Rows) -> Result<(u64, u64, u64), ReadError> {
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
        assert!(file.pieces() > 2);
        let n = rows as u64;
        assert_eq!(sum_of(file).expect("readable"), (n, n * (n - 1) / 2, 0));
    }

    /// The `scheduled_ns` of the first rows, and how many bytes were read for them.
    fn first(rows: usize, file: Rows) -> (Vec<u64>, u64) {
        let progress = AtomicU64::new(0);
        let finished = AtomicUsize::new(0);
        let files = [file];
        let reading = Reading { files: &files, wanted: Columns::SCHEDULED_NS, progress: Some(&progress) };
        let flow = |kept: usize| if kept < rows { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
        let folded = reading.map_pieces(
            |_, _| Vec::new(),
            |kept: &mut Vec<u64>, batch| {
                kept.extend(&batch.scheduled_ns);
                flow(kept.len())
            },
            |kept| match flow(finished.fetch_add(kept.len(), Ordering::Relaxed) + kept.len()) {
                ControlFlow::Continue(()) => ControlFlow::Continue(kept),
                ControlFlow::Break(()) => ControlFlow::Break(kept),
            },
        );
        let mut all = folded.expect("readable").states.concat();
        all.truncate(rows);
        (all, progress.into_inner())
    }

    #[test]
    fn pieces_come_in_the_order_of_their_rows_and_no_more_are_read_than_needed() {
        for wanted in [10, 250_000, 600_000] {
            let (_keep, file) = file_with(600_000, "");
            let bytes = file.bytes();
            let (rows, read) = first(wanted, file);
            assert_eq!(rows, (0..wanted as u64).collect::<Vec<_>>());
            assert!(wanted > 10 || read <= bytes / 8, "{read} of {bytes} bytes for {wanted} rows");
        }
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
