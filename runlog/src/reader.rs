//! Reads rows, the mirror of how they were written: only the columns asked for, in batches, on all processors.
//!
//! Files are read in pieces at line boundaries, so that memory is bounded whatever their size.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::row::{self, Batch, Columns, Names};

/// Why a run directory could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// There is no manifest.
    #[error("`{}` is not a run directory: it has no run.json", .path.display())]
    NotARun {
        /// What was named.
        path: PathBuf,
    },
    /// The manifest is not one of ours.
    #[error("`{}` is not a manifest of ours: {what}", .path.display())]
    Manifest {
        /// The manifest.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// The directory is from the future.
    #[error("`{}` has format {theirs}, this program reads up to {ours}: use the version that wrote it", .path.display())]
    Newer {
        /// The manifest.
        path: PathBuf,
        /// Its major version.
        theirs: u64,
        /// Ours.
        ours: u32,
    },
    /// A line that is not what it should be.
    #[error("`{}`, line {line}: {what}", .path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What does not fit.
        what: String,
    },
    /// The system said no.
    #[error("cannot read `{}`: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What it said.
        source: io::Error,
    },
}

/// A `requests-CC.csv` that was found to have our header.
#[derive(Debug)]
pub struct RowFile {
    path: PathBuf,
    file: File,
    bytes: u64,
    names: Names,
}

impl RowFile {
    /// Opens a row file and checks its header.
    ///
    /// # Errors
    /// Where it cannot be read or its header is not ours.
    pub fn open(path: PathBuf, names: Names) -> Result<Self, ReadError> {
        let header = row::header();
        let mut start = vec![0; header.len()];
        let opened = File::open(&path).and_then(|file| {
            let bytes = file.metadata()?.len();
            let read = read_up_to(&file, &mut start, 0)?;
            start.truncate(read);
            Ok((file, bytes))
        });
        let (file, bytes) = opened.map_err(|source| ReadError::Io { path: path.clone(), source })?;
        if start != header.as_bytes() {
            let what = format!("the header is not `{}`", header.trim_end());
            return Err(ReadError::Row { path, line: 1, what });
        }
        Ok(Self { path, file, bytes, names })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How long it is, in bytes.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

/// What a fold over rows gave.
#[derive(Debug)]
pub struct Folded<S> {
    /// A state per thread; which rows went into which is left to chance.
    pub states: Vec<S>,
    /// Last lines without an end, which a killed engine leaves: passed over.
    pub torn_lines: u64,
}

/// How many bytes one piece of a file has: large enough to be cheap to hand out, small enough to share out evenly.
const PIECE_BYTES: u64 = 8 << 20;
/// How much is read at once.
const BLOCK_BYTES: usize = 1 << 20;
/// How many rows one batch has at the most.
const BATCH_ROWS: usize = 8192;
/// No row of ours is longer: four names of a sane length and a dozen integers.
const LONGEST_LINE_BYTES: usize = 64 << 10;

struct Piece<'a> {
    file: &'a RowFile,
    start: u64,
    end: u64,
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
    let pieces: Vec<Piece<'_>> = files.iter().flat_map(pieces_of).collect();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(pieces.len()).max(1);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut state = new();
        let mut torn_lines = 0;
        let mut reader = PieceReader { block: Vec::new(), batch: Batch::default(), wanted };
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

fn pieces_of(file: &RowFile) -> impl Iterator<Item = Piece<'_>> {
    let first = row::header().len() as u64;
    (first..file.bytes).step_by(PIECE_BYTES as usize).map(move |start| Piece {
        file,
        start,
        end: (start + PIECE_BYTES).min(file.bytes),
    })
}

struct PieceReader {
    block: Vec<u8>,
    batch: Batch,
    wanted: Columns,
}

impl PieceReader {
    /// Reads the lines that begin within the piece; returns how many of them have no end.
    fn read(&mut self, piece: &Piece<'_>, each: &mut impl FnMut(&Batch)) -> Result<u64, ReadError> {
        let RowFile { path, file, names, .. } = piece.file;
        let io = |source| ReadError::Io { path: path.clone(), source };
        self.batch.clear();
        // The byte before the piece tells whether a line begins at its first: the header's line end, for the first piece.
        let mut offset = piece.start - 1;
        let mut skipping = true;
        let mut kept = 0;
        loop {
            self.block.resize(kept + BLOCK_BYTES, 0);
            let read = read_up_to(file, &mut self.block[kept..], offset + kept as u64).map_err(io)?;
            self.block.truncate(kept + read);
            let mut at = 0;
            while let Some(length) = memchr::memchr(b'\n', &self.block[at..]) {
                let begin = offset + at as u64;
                let line = &self.block[at..at + length];
                at += length + 1;
                if skipping {
                    skipping = false;
                    continue;
                }
                if begin >= piece.end {
                    self.hand_out(each);
                    return Ok(0);
                }
                self.batch
                    .push_line(line, self.wanted, names)
                    .map_err(|column| not_a_row(piece.file, begin, &format!("`{column}` is not what it should be")))?;
                if self.batch.len() == BATCH_ROWS {
                    self.hand_out(each);
                }
            }
            let begin = offset + at as u64;
            kept = self.block.len() - at;
            if read == 0 {
                self.hand_out(each);
                return Ok(u64::from(kept > 0 && !skipping && begin < piece.end));
            }
            if kept > LONGEST_LINE_BYTES {
                return Err(not_a_row(piece.file, begin, "the line is far too long for a row"));
            }
            self.block.drain(..at);
            offset = begin;
        }
    }

    fn hand_out(&mut self, each: &mut impl FnMut(&Batch)) {
        if !self.batch.is_empty() {
            each(&self.batch);
            self.batch.clear();
        }
    }
}

/// Reads until the buffer is full or the file ends.
fn read_up_to(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read_at(&mut buffer[read..], offset + read as u64) {
            Ok(0) => break,
            Ok(n) => read += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// Names the line at this offset, which only now has to be counted.
fn not_a_row(file: &RowFile, offset: u64, what: &str) -> ReadError {
    let mut line = 1;
    let mut at = 0;
    let mut block = vec![0; BLOCK_BYTES];
    while at < offset {
        let most = block.len().min((offset - at) as usize);
        match read_up_to(&file.file, &mut block[..most], at) {
            Ok(0) | Err(_) => break,
            Ok(read) => {
                line += memchr::memchr_iter(b'\n', &block[..read]).count() as u64;
                at += read as u64;
            }
        }
    }
    ReadError::Row { path: file.path.clone(), line, what: what.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Row;
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
        assert!(file.bytes > 2 * PIECE_BYTES);
        let n = rows as u64;
        assert_eq!(sum_of(file).expect("readable"), (n, n * (n - 1) / 2, 0));
    }

    #[test]
    fn a_torn_last_line_is_passed_over_and_counted() {
        let (_keep, file) = file_with(10, "11,5,0,0");
        assert_eq!(sum_of(file).expect("readable"), (10, 45, 1));
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
