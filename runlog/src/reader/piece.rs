//! A piece of a file, read line by line into batches.

use std::io;
use std::ops::ControlFlow;
use std::sync::atomic::AtomicU64;

use super::file::{RowFile, fill};
use super::{ReadError, index};
use crate::row::{Batch, Columns, FIELDS};

/// How many bytes one piece of a file has: large enough to be cheap to hand out, small enough to share out evenly.
const PIECE_BYTES: u64 = 8 << 20;
/// How much is read at once: what is looked at several times should stay near the processor.
const BLOCK_BYTES: usize = 256 << 10;
/// How many rows one batch has at the most, for the same reason.
const BATCH_ROWS: usize = 2048;
/// No row of ours is longer: four names of a sane length and a dozen integers.
const LONGEST_LINE_BYTES: usize = 64 << 10;

/// The lines of a file that begin from `start` to before `end`.
pub(super) struct Piece<'a> {
    pub(super) file: &'a RowFile,
    start: u64,
    end: u64,
}

/// The pieces of a file; a packed one has only itself.
pub(super) fn pieces_of(file: &RowFile) -> Vec<Piece<'_>> {
    if file.is_packed() {
        return vec![Piece { file, start: 1, end: u64::MAX }];
    }
    let starts = (1..file.bytes).step_by(PIECE_BYTES as usize);
    starts.map(|start| Piece { file, start, end: start + PIECE_BYTES }).collect()
}

/// What a thread reads pieces with.
pub(super) struct PieceReader<'a> {
    pub(super) wanted: Columns,
    pub(super) progress: Option<&'a AtomicU64>,
    block: Vec<u8>,
    places: Vec<u32>,
    batch: Batch,
}

impl<'a> PieceReader<'a> {
    pub(super) fn new(wanted: Columns, progress: Option<&'a AtomicU64>) -> Self {
        Self { wanted, progress, block: Vec::new(), places: Vec::new(), batch: Batch::default() }
    }

    /// Reads the lines that begin within the piece, or until `each` breaks; returns how many of them have no end.
    pub(super) fn read(
        &mut self,
        piece: &Piece<'_>,
        each: &mut dyn FnMut(&Batch) -> ControlFlow<()>,
    ) -> Result<u64, ReadError> {
        let io = |source| ReadError::Io { path: piece.file.path.clone(), source };
        self.batch.clear();
        // The byte before the piece tells whether a line begins at its first. The first line of a file is its header.
        let mut offset = piece.start - 1;
        let mut source = piece.file.read_at(offset, self.progress).map_err(io)?;
        let mut is_amid_line = true;
        let mut kept = 0;
        loop {
            self.block.resize(kept + BLOCK_BYTES, 0);
            let read = fill(&mut source, &mut self.block[kept..]).map_err(io)?;
            let filled = kept + read;
            let whole = memchr::memrchr(b'\n', &self.block[..filled]).map_or(0, |end| end + 1);
            let mut is_done = self.lines(whole, offset, &mut is_amid_line, piece, each)?;
            kept = filled - whole;
            offset += whole as u64;
            if is_done || read == 0 {
                is_done |= self.hand_out(each).is_break();
                return Ok(u64::from(!is_done && kept > 0 && !is_amid_line && offset < piece.end));
            }
            if kept > LONGEST_LINE_BYTES {
                return Err(not_a_row(piece.file, offset, "the line is far too long for a row"));
            }
            self.block.copy_within(whole..filled, 0);
        }
    }

    /// Takes the lines of the block up to `whole`, where one ends. Returns whether the piece is over, or enough of it read.
    fn lines(
        &mut self,
        whole: usize,
        offset: u64,
        is_amid_line: &mut bool,
        piece: &Piece<'_>,
        each: &mut dyn FnMut(&Batch) -> ControlFlow<()>,
    ) -> Result<bool, ReadError> {
        index::separators(&self.block[..whole], &mut self.places);
        let (mut begin, mut next) = (0, 0);
        if *is_amid_line && whole > 0 {
            (begin, next) = self.behind_line(next);
            *is_amid_line = false;
        }
        while next < self.places.len() {
            let place = offset + begin as u64;
            if place >= piece.end {
                return Ok(true);
            }
            let plain = self.plain_lines(begin, next, piece.end - offset);
            if plain > 0 {
                let behind = next + plain * FIELDS;
                let (lines, _) = self.places[next..behind].as_chunks();
                let pushed = self.batch.push_lines(&self.block, begin, lines, self.wanted, &piece.file.names);
                pushed.map_err(|none| {
                    let line = none.line.checked_sub(1).map_or(begin, |before| behind_field(lines[before][FIELDS - 1]));
                    not_a_row(piece.file, offset + line as u64, &not_as_it_should_be(none.column))
                })?;
                (begin, next) = (behind_field(self.places[behind - 1]), behind);
            } else {
                let line = begin;
                (begin, next) = self.behind_line(next);
                let pushed = self.batch.push_line(&self.block[line..begin - 1], self.wanted, &piece.file.names);
                pushed.map_err(|column| not_a_row(piece.file, place, &not_as_it_should_be(column)))?;
            }
            if self.batch.len() == BATCH_ROWS && self.hand_out(each).is_break() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// How many lines have as many fields as they should and no comma within quotes: of those that begin from `begin` to
    /// before `end`, as far as the batch has room for them. The marks of their ends are taken away.
    fn plain_lines(&mut self, mut begin: usize, next: usize, end: u64) -> usize {
        let room = BATCH_ROWS - self.batch.len();
        let (lines, _) = self.places[next..].as_chunks_mut::<FIELDS>();
        for (number, line) in lines.iter_mut().enumerate() {
            let [commas @ .., last] = line;
            let is_amid = commas.iter().fold(0, |all, place| all | *place) & index::LINE_END == 0;
            if number == room || begin as u64 >= end || !is_amid || *last & index::LINE_END == 0 {
                return number;
            }
            *last &= !index::LINE_END;
            begin = behind_field(*last);
        }
        lines.len()
    }

    /// Where the next line begins, in the block and among the places.
    fn behind_line(&self, next: usize) -> (usize, usize) {
        let end = self.places[next..].iter().position(|place| place & index::LINE_END != 0);
        let end = next + end.unwrap_or(self.places.len() - 1 - next);
        ((self.places[end] & !index::LINE_END) as usize + 1, end + 1)
    }

    fn hand_out(&mut self, each: &mut dyn FnMut(&Batch) -> ControlFlow<()>) -> ControlFlow<()> {
        if self.batch.is_empty() {
            return ControlFlow::Continue(());
        }
        let flow = each(&self.batch);
        self.batch.clear();
        flow
    }
}

/// Where the field behind the one that ends at this place begins.
const fn behind_field(end: u32) -> usize {
    end as usize + 1
}

fn not_as_it_should_be(column: &str) -> String {
    format!("`{column}` is not what it should be")
}

/// Names the line at this offset, which only now has to be counted.
fn not_a_row(file: &RowFile, offset: u64, what: &str) -> ReadError {
    let line = line_at(file, offset).unwrap_or(0);
    ReadError::Row { path: file.path.clone(), line, what: what.to_owned() }
}

fn line_at(file: &RowFile, offset: u64) -> io::Result<u64> {
    let mut source = file.read_at(0, None)?;
    let mut block = vec![0; BLOCK_BYTES];
    let (mut line, mut at) = (1, 0);
    while at < offset {
        let most = block.len().min((offset - at) as usize);
        let read = fill(&mut source, &mut block[..most])?;
        if read == 0 {
            break;
        }
        line += memchr::memchr_iter(b'\n', &block[..read]).count() as u64;
        at += read as u64;
    }
    Ok(line)
}
