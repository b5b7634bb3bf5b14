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
            let pushed = if let Some(ends) = self.plain_line(next) {
                let pushed = self.batch.push_fields(&self.block, begin, &ends, self.wanted, &piece.file.names);
                (begin, next) = (ends[FIELDS - 1] as usize + 1, next + FIELDS);
                pushed
            } else {
                let line = begin;
                (begin, next) = self.behind_line(next);
                self.batch.push_line(&self.block[line..begin - 1], self.wanted, &piece.file.names)
            };
            pushed.map_err(|column| not_a_row(piece.file, place, &format!("`{column}` is not what it should be")))?;
            if self.batch.len() == BATCH_ROWS && self.hand_out(each).is_break() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Where the fields of a line end that has as many as it should and no comma within quotes.
    #[inline]
    fn plain_line(&self, next: usize) -> Option<[u32; FIELDS]> {
        let mut ends: [u32; FIELDS] = *self.places.get(next..)?.first_chunk()?;
        let (last, commas) = ends.split_last_mut()?;
        let is_amid = commas.iter().fold(0, |all, place| all | place) & index::LINE_END == 0;
        let is_whole = is_amid && *last & index::LINE_END != 0;
        *last &= !index::LINE_END;
        is_whole.then_some(ends)
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
