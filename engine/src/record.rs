//! What is kept: rows, from the workers' memory to the run directory's files.
//!
//! Each worker fills a block of memory; a full block is swapped for an empty one and written by a thread of its own,
//! the journal, so that a worker makes no system call for its rows. Blocks are few, all there from the start, and the one
//! that came back last is filled next: as long as the disk follows, the same two or three stay in the processor's caches.
//! Where it cannot follow, the worker waits for it, and the wait is measured and said. Room on the disk is reserved ahead,
//! so that when it fills up the run can be stopped while there is still room for every row that is on its way.

use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use runlog::row::{LINE_BYTES_MOST, Names, Row};
use runlog::units::{Bytes, Nanos};
use rustix::fs::{FallocateFlags, fallocate, ftruncate};
use rustix::io::Errno;

use crate::clock::Clock;
use crate::stop::Stop;

/// The size of a block: it is handed on when there may be no room for another row.
const BLOCK_BYTES: usize = 64 << 10;
/// How many blocks a worker has: what it can produce while the disk stands still, some 100,000 rows.
const BLOCKS: usize = 128;
/// How much room is always reserved on the disk for the rows on their way: twice what blocks, requests in flight and
/// a full backlog can become.
const HEADROOM_BYTES: u64 = 16 << 20;
/// How much room there must be for each worker's rows when a run begins.
pub const ROOM_LEAST: Bytes = Bytes(2 * HEADROOM_BYTES);

/// A block of whole rows on its way to the journal.
struct Block {
    worker: usize,
    rows: u64,
    /// How much of the memory is rows.
    length: usize,
    memory: Vec<u8>,
}

/// A worker's end: takes rows.
pub struct Recorder {
    worker: usize,
    names: Names,
    clock: Clock,
    /// The memory of the block that is being filled; always of the same size.
    block: Vec<u8>,
    /// How much of it is rows.
    filled: usize,
    rows_in_block: u64,
    stall: Nanos,
    /// Blocks that are free, the one used last on top.
    spare: Vec<Vec<u8>>,
    /// `None` once closed.
    full: Option<SyncSender<Block>>,
    empty: Receiver<Vec<u8>>,
}

impl Recorder {
    /// Takes a row.
    pub fn write(&mut self, row: &Row) {
        // There is room: the block was handed on while there was.
        if let Some(place) = self.block[self.filled..].first_chunk_mut() {
            self.filled += row.encode(&self.names, place);
            self.rows_in_block += 1;
        }
        if self.filled + LINE_BYTES_MOST > BLOCK_BYTES {
            self.hand_on();
        }
    }

    /// Hands on what there is, full or not.
    pub fn hand_on(&mut self) {
        if self.rows_in_block == 0 {
            return;
        }
        let memory = std::mem::take(&mut self.block);
        self.block = self.empty_block();
        let block = Block {
            worker: self.worker,
            rows: std::mem::take(&mut self.rows_in_block),
            length: std::mem::take(&mut self.filled),
            memory,
        };
        if let Some(journal) = &self.full {
            let _ = journal.send(block);
        }
    }

    /// A block that is free; where there is none, the journal is waited for.
    fn empty_block(&mut self) -> Vec<u8> {
        self.spare.extend(self.empty.try_iter());
        self.spare.pop().unwrap_or_else(|| {
            let since = self.clock.now();
            // The journal outlives the recorders; were it gone, there would be nobody to tell but its own thread's panic.
            let empty = self.empty.recv().unwrap_or_else(|_| new_block());
            self.stall = self.stall.after(self.clock.now().since(since));
            empty
        })
    }

    /// Hands on what there is, for the last time: the journal ends when every recorder is closed.
    pub fn close(&mut self) {
        self.hand_on();
        self.full = None;
    }

    /// How long this recorder has waited for the disk so far.
    pub const fn stall(&self) -> Nanos {
        self.stall
    }
}

/// Memory for a block. Not of zeros, which the system would promise now and give when it likes: a run needs as much memory
/// at its start as at its end.
fn new_block() -> Vec<u8> {
    vec![b'\n'; BLOCK_BYTES]
}

/// The thread that writes the blocks.
pub struct Journal {
    thread: JoinHandle<Vec<u64>>,
}

impl Journal {
    /// Starts writing to these files, one for each worker, and returns a recorder for each.
    ///
    /// # Errors
    /// Where there is not even room for the rows on their way.
    pub fn start(files: Vec<File>, names: &Names, stop: Arc<Stop>) -> io::Result<(Self, Vec<Recorder>)> {
        // Only differences of it count.
        let clock = Clock::starting_in(Nanos::ZERO);
        // Room for every block there is: a worker that hands on never waits here, only for an empty block.
        let (full, blocks) = sync_channel(files.len() * BLOCKS);
        let mut recorders = Vec::with_capacity(files.len());
        let mut outlets = Vec::with_capacity(files.len());
        for (worker, file) in files.into_iter().enumerate() {
            let (give_back, empty) = sync_channel(BLOCKS);
            outlets.push(Outlet::new(file, give_back)?);
            recorders.push(Recorder {
                worker,
                names: names.clone(),
                clock,
                block: new_block(),
                filled: 0,
                rows_in_block: 0,
                stall: Nanos::ZERO,
                spare: (1..BLOCKS).map(|_| new_block()).collect(),
                full: Some(full.clone()),
                empty,
            });
        }
        let thread =
            std::thread::Builder::new().name("journal".to_owned()).spawn(move || write_all(&blocks, outlets, &stop))?;
        Ok((Self { thread }, recorders))
    }

    /// Waits until every row is written, once all recorders are closed. Returns how many rows each file has.
    pub fn finish(self) -> Vec<u64> {
        self.thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }
}

fn write_all(blocks: &Receiver<Block>, mut outlets: Vec<Outlet>, stop: &Stop) -> Vec<u64> {
    while let Ok(block) = blocks.recv() {
        if let Err(error) = outlets[block.worker].write(block) {
            stop.fail(|| format!("the disk of the output folder does not take any more rows: {error}"));
        }
    }
    outlets.into_iter().map(Outlet::finish).collect()
}

/// A row file that is being written.
struct Outlet {
    file: File,
    /// How long the file is, in whole rows.
    length: u64,
    /// Up to where there is room for sure; `None` where the file system cannot promise any.
    reserved: Option<u64>,
    rows: u64,
    broken: bool,
    give_back: SyncSender<Vec<u8>>,
}

impl Outlet {
    fn new(file: File, give_back: SyncSender<Vec<u8>>) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let mut outlet = Self { file, length, reserved: Some(length), rows: 0, broken: false, give_back };
        outlet.reserve()?;
        Ok(outlet)
    }

    /// Writes a block whole or not at all. An error is for whoever can stop the run; the rows are written even so, into
    /// the room that was reserved, as long as there is any.
    fn write(&mut self, block: Block) -> io::Result<()> {
        let written = if self.broken { Ok(()) } else { self.append(&block) };
        let reserved = self.reserve();
        // A recorder that has finished takes no blocks back.
        let _ = self.give_back.send(block.memory);
        written.and(reserved)
    }

    fn append(&mut self, block: &Block) -> io::Result<()> {
        match self.file.write_all(&block.memory[..block.length]) {
            Ok(()) => {
                self.length += block.length as u64;
                self.rows += block.rows;
                Ok(())
            }
            Err(error) => {
                // Half a block may have been written: no torn line may stand in the middle of the file.
                self.broken = true;
                ftruncate(&self.file, self.length)?;
                Err(error)
            }
        }
    }

    /// Keeps twice the headroom reserved, and at least once.
    fn reserve(&mut self) -> io::Result<()> {
        let Some(reserved) = self.reserved.filter(|&reserved| reserved < self.length + HEADROOM_BYTES) else {
            return Ok(());
        };
        let wanted = self.length + ROOM_LEAST.0;
        match fallocate(&self.file, FallocateFlags::KEEP_SIZE, reserved, wanted - reserved) {
            Ok(()) => {
                self.reserved = Some(wanted);
                Ok(())
            }
            Err(Errno::NOTSUP | Errno::NOSYS) => {
                self.reserved = None;
                Ok(())
            }
            Err(error) => Err(io::Error::new(
                io::Error::from(error).kind(),
                format!("{error} (up to {ROOM_LEAST} a core are kept free for the rows on their way)"),
            )),
        }
    }

    /// Gives back the room that was not needed. Returns how many rows the file has.
    fn finish(self) -> u64 {
        // Only the size on the disk is at stake; the rows are written.
        let _ = ftruncate(&self.file, self.length);
        self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    fn journal(path: &std::path::Path) -> (Journal, Recorder, Arc<Stop>) {
        let stop = Arc::new(Stop::default());
        let file = File::create(path).expect("writable");
        let (journal, mut recorders) =
            Journal::start(vec![file], &Names::new(["s"], ["r"]), Arc::clone(&stop)).expect("room on the disk");
        (journal, recorders.pop().expect("one"), stop)
    }

    #[test]
    fn every_row_arrives_in_order_and_no_reserved_room_is_left() {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let path = directory.path().join("requests-00.csv");
        let (journal, mut recorder, _) = journal(&path);
        for i in 0..50_000 {
            recorder.write(&Row { scheduled_ns: i, ..Row::default() });
        }
        recorder.close();
        assert_eq!(journal.finish(), [50_000]);
        let mut text = String::new();
        File::open(&path).and_then(|mut file| file.read_to_string(&mut text)).expect("readable");
        assert!(text.lines().enumerate().all(|(i, line)| line.starts_with(&format!("{i},"))));
        assert_eq!(text.lines().count(), 50_000);
    }
}
