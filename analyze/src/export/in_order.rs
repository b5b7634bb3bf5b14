//! The rows of all files in the order of an instant that each has, in bounded memory.
//!
//! Every file is in the order in which its requests ended, nearly. A first pass finds how far each is from the order wanted;
//! in a second one, all files are merged through a heap, out of which a row comes as soon as no earlier one can follow. So
//! memory holds the rows of as long as the longest request took, whatever the size of the run.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use runlog::reader::{ReadError, Rows};
use runlog::row::{Batch, Columns, Row};

use super::{ExportError, Source, Time};

/// How many batches of each file are read ahead.
const READ_AHEAD: usize = 2;

/// Hands every row to `each`, with its file's place, in the order in which their times begin; those that begin
/// together in the order of their files. Returns how many torn last lines were passed over.
///
/// # Errors
/// A line that is no row, or the error of `each`.
pub(super) fn in_order(
    source: &Source<'_>,
    time: Time,
    mut each: impl FnMut(u32, &Row) -> Result<(), ExportError>,
) -> Result<u64, ExportError> {
    let mut disorders = Vec::new();
    for file in &source.run.rows {
        disorders.push(disorder(source, file, time)?);
    }
    std::thread::scope(|scope| {
        let mut files = Vec::new();
        let mut readers = Vec::new();
        for ((worker, file), disorder) in (0..).zip(&source.run.rows).zip(disorders) {
            let (sender, batches) = sync_channel(READ_AHEAD);
            readers.push(scope.spawn(move || send(source, file, &sender)));
            files.push(Stream { worker, batches, disorder, latest: 0 });
        }
        let merged = merge(files, time, &mut each);
        let mut torn_lines = 0;
        for reader in readers {
            match reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)) {
                Ok(torn) => torn_lines += torn,
                Err(Stopped::NobodyListens) => {}
                Err(Stopped::Read(error)) => return Err(error.into()),
            }
        }
        merged.map(|()| torn_lines)
    })
}

/// How much earlier a row of the file can begin than one before it.
fn disorder(source: &Source<'_>, file: &Rows, time: Time) -> Result<u64, ReadError> {
    let (mut latest, mut most) = (0, 0);
    source.reading(file, Columns::SCHEDULED_NS.and(Columns::LAG_NS)).each(|batch| {
        for (&scheduled_ns, &lag_ns) in batch.scheduled_ns.iter().zip(&batch.lag_ns) {
            let start = time.start_ns(&Row { scheduled_ns, lag_ns, ..Row::default() });
            latest = latest.max(start);
            most = most.max(latest - start);
        }
        Ok::<(), ReadError>(())
    })?;
    Ok(most)
}

/// Why a file is read no further.
enum Stopped {
    NobodyListens,
    Read(ReadError),
}

impl From<ReadError> for Stopped {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

fn send(source: &Source<'_>, file: &Rows, to: &SyncSender<Batch>) -> Result<u64, Stopped> {
    source.reading(file, Columns::ALL).each(|batch| to.send(batch.clone()).map_err(|_| Stopped::NobodyListens))
}

/// A file whose rows come.
struct Stream {
    worker: u32,
    batches: Receiver<Batch>,
    disorder: u64,
    /// When the latest row so far begins.
    latest: u64,
}

impl Stream {
    /// No row that is still to come begins earlier.
    const fn horizon(&self) -> u64 {
        self.latest.saturating_sub(self.disorder)
    }
}

/// A row that waits for those that may come before it.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Waiting {
    start: u64,
    worker: u32,
    /// Its place among all rows that came.
    number: u64,
    row: Unordered,
}

/// A row, which has no say in the order.
struct Unordered(Row);

impl PartialEq for Unordered {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Unordered {}

impl PartialOrd for Unordered {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Unordered {
    fn cmp(&self, _: &Self) -> std::cmp::Ordering {
        std::cmp::Ordering::Equal
    }
}

fn merge(
    mut files: Vec<Stream>,
    time: Time,
    each: &mut impl FnMut(u32, &Row) -> Result<(), ExportError>,
) -> Result<(), ExportError> {
    let mut heap = BinaryHeap::new();
    let mut number = 0;
    loop {
        // The next batch is one of the file that all wait for.
        let slowest = (0..files.len()).min_by_key(|&file| files[file].horizon());
        let horizon = slowest.map(|file| files[file].horizon());
        while heap.peek().is_some_and(|Reverse(next): &Reverse<Waiting>| horizon.is_none_or(|end| next.start < end)) {
            if let Some(Reverse(next)) = heap.pop() {
                each(next.worker, &next.row.0)?;
            }
        }
        let Some(slowest) = slowest else { return Ok(()) };
        let file = &mut files[slowest];
        let Ok(batch) = file.batches.recv() else {
            files.swap_remove(slowest);
            continue;
        };
        for place in 0..batch.len() {
            let row = batch.row(place);
            let start = time.start_ns(&row);
            file.latest = file.latest.max(start);
            heap.push(Reverse(Waiting { start, worker: file.worker, number, row: Unordered(row) }));
            number += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use proptest::prelude::*;
    use runlog::directory::{Run, rows_file_name};
    use runlog::row;
    use tempfile::TempDir;

    use super::*;

    /// Row files of a run, each with rows that begin and end at any time.
    fn any_files() -> impl Strategy<Value = Vec<Vec<Row>>> {
        let times = (0_u64..5_000, proptest::option::of(0_u64..500), proptest::option::of(0_u64..900));
        let row = times.prop_map(|(scheduled_ns, lag_ns, duration_ns)| Row {
            scheduled_ns,
            lag_ns,
            duration_ns,
            ..Row::default()
        });
        proptest::collection::vec(proptest::collection::vec(row, 0..60), 0..5)
    }

    fn run_of(files: &[Vec<Row>]) -> (TempDir, Run) {
        let home = tempfile::tempdir().expect("a temporary directory");
        let fixture = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../runlog/fixtures/fifty-rows/run.json"));
        std::fs::copy(fixture, home.path().join("run.json")).expect("writable");
        let names = Run::open(home.path()).expect("a run").manifest.names();
        for (worker, rows) in files.iter().enumerate() {
            let mut text = row::header().into_bytes();
            text.extend(rows.iter().flat_map(|row| row.line(&names)));
            std::fs::write(home.path().join(rows_file_name(worker)), text).expect("writable");
        }
        let run = Run::open(home.path()).expect("a run");
        (home, run)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn every_row_comes_once_and_none_before_its_time(files in any_files(), time in prop_oneof![Just(Time::Response), Just(Time::Service)]) {
            let (_keep, run) = run_of(&files);
            let mut came = Vec::new();
            let source = Source { run: &run, progress: None };
            let torn_lines = in_order(&source, time, |worker, row| {
                came.push((worker, *row));
                Ok(())
            });
            prop_assert_eq!(torn_lines.expect("readable"), 0);
            let mut expected: Vec<(u32, Row)> = Vec::new();
            for (worker, rows) in (0..).zip(&files) {
                expected.extend(rows.iter().map(|row| (worker, *row)));
            }
            expected.sort_by_key(|(worker, row)| (time.start_ns(row), *worker));
            prop_assert_eq!(came, expected);
        }
    }

    #[test]
    fn files_are_read_no_further_when_nobody_wants_more() {
        let row = |scheduled_ns| Row { scheduled_ns, ..Row::default() };
        let (_keep, run) = run_of(&[(0..30_000).map(row).collect(), (0..30_000).map(row).collect()]);
        let mut calls = 0;
        let stopped = in_order(&Source { run: &run, progress: None }, Time::Response, |_, _| {
            calls += 1;
            Err(std::io::Error::other("enough").into())
        });
        assert!(matches!(stopped, Err(ExportError::Write(_))));
        assert_eq!(calls, 1);
    }
}
