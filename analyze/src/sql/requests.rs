//! The table `requests`: rows are read when a query runs, and only what it needs of them becomes values.
//!
//! Threads of the reader put values together, a chunk at a time; the thread that asked makes frames of the chunks, keeps
//! what the condition holds for, and counts the memory.

use std::any::Any;
use std::ops::{ControlFlow, Range};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use polars::prelude::{
    AnonymousScan, AnonymousScanArgs, DataFrame, Expr, IntoLazy, PlSmallStr, PolarsResult, Schema, SchemaRef,
};
use runlog::reader::{ReadError, Reading, Rows};
use runlog::row::{Batch, Columns};

use super::SqlError;
use super::column::{self, RequestColumn, Values, worker_of};
use super::error::Told;
use super::filter::{Filter, as_asked, is_by_row};
use super::memory::Memory;
use super::source::Source;

/// A chunk has at least so many rows before it is handed over, unless its piece ends.
const CHUNK_ROWS: usize = 1 << 17;
/// So many chunks may wait to be taken.
const CHUNKS_WAITING: usize = 4;
/// polars counts rows with 32 bits.
const MOST_ROWS: u64 = u32::MAX as u64 - 1;

/// The rows of runs as a table.
pub(super) struct Requests {
    sources: Arc<[Source]>,
    columns: Vec<RequestColumn>,
    window: Range<u64>,
    memory: Memory,
    told: Told,
}

/// What a query needs of the rows.
struct Needed<'a> {
    columns: Vec<&'a RequestColumn>,
    /// Only so many rows, before the condition.
    first: Option<usize>,
    condition: Option<Expr>,
}

impl Needed<'_> {
    fn row_bytes(&self) -> u64 {
        self.columns.iter().map(|column| column.value_bytes()).sum()
    }

    /// The condition, where it can be decided a chunk at a time.
    fn condition_by_row(&self) -> Option<&Expr> {
        self.condition.as_ref().filter(|condition| self.first.is_none() && is_by_row(condition))
    }
}

impl Requests {
    pub fn new(sources: Arc<[Source]>, window: Range<u64>, memory: Memory, told: Told) -> Self {
        let columns = column::all(&sources);
        Self { sources, columns, window, memory, told }
    }

    /// The names of all columns.
    pub fn names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// Names and types of all columns.
    pub fn schema(&self) -> SchemaRef {
        let fields = self.columns.iter().map(|column| (PlSmallStr::from(column.name.as_str()), column.data_type()));
        Arc::new(fields.collect::<Schema>())
    }

    fn read(&self, needed: &Needed<'_>) -> Result<DataFrame, SqlError> {
        let most = self.memory.for_rows();
        if needed.condition.is_none() && needed.first.is_none() && self.window == (0..u64::MAX) {
            let rows = self.sources.iter().map(|source| source.run.rows_expected()).sum();
            refuse_beyond(rows, needed.row_bytes(), most)?;
        }
        let mut kept = Kept::new(needed, most);
        for source in self.sources.iter() {
            let missing = needed.first.map(|first| first.saturating_sub(kept.rows));
            if missing != Some(0) {
                self.read_source(source, needed, missing, &mut kept)?;
            }
        }
        kept.finish()
    }

    fn read_source(
        &self,
        source: &Source,
        needed: &Needed<'_>,
        missing: Option<usize>,
        kept: &mut Kept<'_>,
    ) -> Result<(), SqlError> {
        let filter = Filter::new(&self.window, needed.condition_by_row(), source);
        let needs = needed.columns.iter().map(|column| column.needs).chain(filter.needs()).reduce(Columns::and);
        let reading = Reading {
            files: &source.run.rows,
            wanted: needs.unwrap_or(Columns::STATUS),
            progress: Some(&source.bytes_read),
        };
        let (sender, receiver) = sync_channel(CHUNKS_WAITING);
        let gatherer = Gatherer { source, columns: &needed.columns, filter, missing, gathered: AtomicUsize::new(0) };
        std::thread::scope(|scope| {
            let reader = scope.spawn(|| gatherer.read(&reading, sender));
            let taken = kept.take(source, receiver);
            let read = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
            taken?;
            source.torn_lines.fetch_add(read?, Ordering::Relaxed);
            Ok(())
        })
    }
}

impl AnonymousScan for Requests {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn scan(&self, args: AnonymousScanArgs) -> PolarsResult<DataFrame> {
        let columns = match &args.with_columns {
            Some(names) => {
                let named = |name: &PlSmallStr| self.columns.iter().find(|column| column.name == name.as_str());
                names.iter().filter_map(named).collect()
            }
            None => self.columns.iter().collect(),
        };
        let needed = Needed { columns, first: args.n_rows, condition: args.predicate.and_then(as_asked) };
        self.read(&needed).map_err(|error| self.told.tell(error))
    }

    fn schema(&self, _: Option<usize>) -> PolarsResult<SchemaRef> {
        Ok(Self::schema(self))
    }

    fn allows_predicate_pushdown(&self) -> bool {
        true
    }

    fn allows_projection_pushdown(&self) -> bool {
        true
    }
}

fn refuse_beyond(rows: u64, row_bytes: u64, most: u64) -> Result<(), SqlError> {
    let bytes = rows.saturating_mul(row_bytes);
    if bytes > most || rows > MOST_ROWS { Err(SqlError::TooLarge { rows, bytes, most }) } else { Ok(()) }
}

/// Values of some rows of a piece.
struct Chunk {
    /// The number of the piece, and of the chunk within it: chunks of several pieces come as they are done.
    place: (usize, usize),
    values: Vec<Values>,
    rows: usize,
}

/// What puts values together while a run is read.
struct Gatherer<'a> {
    source: &'a Source,
    columns: &'a [&'a RequestColumn],
    filter: Filter,
    /// No more rows than these are needed.
    missing: Option<usize>,
    /// How many there are in pieces that are done.
    gathered: AtomicUsize,
}

/// A piece that is being read.
struct Piece {
    chunk: Chunk,
    worker: u64,
    rows: usize,
    places: Vec<usize>,
}

impl Gatherer<'_> {
    /// Reads until there is enough, or nobody takes any more. Returns how many torn lines there were.
    fn read(&self, reading: &Reading<'_>, sender: SyncSender<Chunk>) -> Result<u64, ReadError> {
        // Each thread sends by itself; the lock is for the moment of sending.
        let sender = Mutex::new(sender);
        let hand_over = |chunk| {
            let sender = sender.lock().unwrap_or_else(PoisonError::into_inner).clone();
            if sender.send(chunk).is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let folded = reading.map_pieces(
            |number, file| self.piece(number, file),
            |piece, batch| {
                self.add(piece, batch);
                if piece.chunk.rows >= CHUNK_ROWS {
                    hand_over(self.next_chunk(piece))?;
                }
                self.flow(piece.rows)
            },
            |mut piece| {
                let flow = hand_over(self.next_chunk(&mut piece));
                let gathered = self.gathered.fetch_add(piece.rows, Ordering::Relaxed) + piece.rows;
                match (flow, self.flow(gathered)) {
                    (ControlFlow::Continue(()), ControlFlow::Continue(())) => ControlFlow::Continue(()),
                    _ => ControlFlow::Break(()),
                }
            },
        )?;
        Ok(folded.torn_lines)
    }

    fn piece(&self, number: usize, file: &Rows) -> Piece {
        Piece { chunk: self.chunk((number, 0)), worker: worker_of(file), rows: 0, places: Vec::new() }
    }

    fn chunk(&self, place: (usize, usize)) -> Chunk {
        Chunk { place, values: self.columns.iter().map(|column| Values::new(column)).collect(), rows: 0 }
    }

    fn add(&self, piece: &mut Piece, batch: &Batch) {
        self.filter.places(batch, &mut piece.places);
        for (values, column) in piece.chunk.values.iter_mut().zip(self.columns) {
            values.add(column, batch, &piece.places, self.source, piece.worker);
        }
        piece.chunk.rows += piece.places.len();
        piece.rows += piece.places.len();
    }

    fn next_chunk(&self, piece: &mut Piece) -> Chunk {
        let (number, part) = piece.chunk.place;
        std::mem::replace(&mut piece.chunk, self.chunk((number, part + 1)))
    }

    fn flow(&self, rows: usize) -> ControlFlow<()> {
        if self.missing.is_some_and(|missing| rows >= missing) {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    }
}

/// The rows that the query is about, as frames.
struct Kept<'a> {
    needed: &'a Needed<'a>,
    frames: Vec<DataFrame>,
    rows: usize,
    most_bytes: u64,
}

impl<'a> Kept<'a> {
    const fn new(needed: &'a Needed<'a>, most_bytes: u64) -> Self {
        Self { needed, frames: Vec::new(), rows: 0, most_bytes }
    }

    /// Takes the chunks of a run, and puts them into the order of its rows.
    fn take(&mut self, source: &Source, chunks: Receiver<Chunk>) -> Result<(), SqlError> {
        let mut frames = Vec::new();
        for chunk in chunks {
            let columns = self.needed.columns.iter().zip(chunk.values);
            let columns = columns.map(|(column, values)| values.finish(column, source)).collect::<PolarsResult<_>>()?;
            let frame = DataFrame::new(chunk.rows, columns)?;
            let frame = match self.needed.condition_by_row() {
                Some(condition) => frame.lazy().filter(condition.clone()).collect()?,
                None => frame,
            };
            self.rows += frame.height();
            refuse_beyond(self.rows as u64, self.needed.row_bytes(), self.most_bytes)?;
            frames.push((chunk.place, frame));
        }
        frames.sort_by_key(|(place, _)| *place);
        self.frames.extend(frames.into_iter().map(|(_, frame)| frame));
        Ok(())
    }

    fn finish(self) -> Result<DataFrame, SqlError> {
        if self.needed.columns.is_empty() {
            let rows = self.needed.first.map_or(self.rows, |first| first.min(self.rows));
            return Ok(DataFrame::new(rows, Vec::new())?);
        }
        let empty = self
            .needed
            .columns
            .iter()
            .map(|column| polars::prelude::Column::new_empty(column.name.as_str().into(), &column.data_type()));
        let mut all = DataFrame::new(0, empty.collect())?;
        for frame in self.frames {
            all.vstack_mut_owned(frame)?;
        }
        let all = self.needed.first.map_or_else(|| all.clone(), |first| all.head(Some(first)));
        let is_decided = self.needed.condition_by_row().is_some();
        Ok(match &self.needed.condition {
            Some(condition) if !is_decided => all.lazy().filter(condition.clone()).collect()?,
            _ => all,
        })
    }
}
