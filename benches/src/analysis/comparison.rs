//! All readers in turns on one run: what each of them cost, and whether they agree.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;

use super::answer::Answer;
use super::readers::{Reader, Readers};
use crate::machine;
use crate::measure::{Cost, measured};
use crate::report::Section;
use crate::table::{Cell, Table};
use crate::turns::{Participant, Turns, in_turns};

/// How long a reader may take; far more than any needs.
const BOUND: Duration = Duration::from_hours(1);

/// What is to be compared.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// The run directory.
    pub run: PathBuf,
    /// How many rows it has.
    pub rows: u64,
    /// How many turns each reader gets.
    pub rounds: u32,
    /// A file that is locked for each turn, by the lock of `flock`.
    pub lock: Option<PathBuf>,
}

impl Comparison {
    /// Has all readers take turns.
    ///
    /// # Errors
    /// Where one of them is not there, or the run cannot be read.
    pub fn section(&self) -> anyhow::Result<Section> {
        // Beside this program, which is on a disk; the system's temporary folder may be memory.
        let own = std::env::current_exe()?;
        let folder = tempfile::tempdir_in(own.parent().unwrap_or(Path::new(".")))?;
        let readers = Readers::of(&self.run, &folder.path().join("report.html"))?;
        let bytes = read_once(&self.run)?;
        let mut agreed = None;
        let turns = in_turns(self.rounds, &readers.all(), |reader| self.turn(reader, &mut agreed).map(Some));
        let mut remarks = turns.failures.clone();
        if let Some((_, answer)) = agreed.filter(|_| remarks.is_empty()) {
            let figures = answer.figures();
            remarks.push(format!(
                "all gave the same {figures} figures in every round: counts, errors, percentiles and maxima to the digit, \
                 means to 12 digits; the report was not asked"
            ));
        }
        remarks.push("the peak of the floor holds the row files themselves, which it maps into memory".to_owned());
        remarks.push("DuckDB's time begins with the start of Python".to_owned());
        Ok(Section {
            title: "The percentile table".to_owned(),
            words: format!(
                "A made-up run of {} rows ({} MiB of CSV, in the page cache), {} rounds in turns, two threads each. The question: \
                 of each request arrivals, errors, and of response and service time the mean, the largest and five percentiles \
                 by nearest rank. Medians over the rounds, with the least and the greatest in brackets; ratios are of wall \
                 times of the same round. Goals: the summary within 0.35 of DuckDB and 1.5 of the floor, the report within 1.3 \
                 of the summary, and neither above 1 GiB.",
                self.rows,
                bytes >> 20,
                self.rounds,
            ),
            tables: vec![table(&readers.all(), &turns)],
            remarks,
        })
    }

    /// One turn; `agreed` is who answered first, and what.
    fn turn(&self, reader: &Reader, agreed: &mut Option<(&'static str, Answer)>) -> anyhow::Result<Cost> {
        let (cost, stdout) = {
            let _turn = machine::alone(self.lock.as_deref())?;
            measured(&mut reader.command(), None, BOUND)?
        };
        match (reader.answer(&stdout)?, &agreed) {
            (Some(answer), Some((who, first))) => {
                answer.ensure_same(first).with_context(|| format!("its answer is not that of {who}"))?;
            }
            (Some(answer), None) => *agreed = Some((reader.name(), answer)),
            (None, _) => {}
        }
        Ok(cost)
    }
}

fn table(readers: &[&Reader], turns: &Turns<Cost>) -> Table {
    let (summary, floor, duckdb) = (0, 1, 2);
    let head = ["who reads", "wall s", "of DuckDB", "of the floor", "of the summary", "CPU s", "peak MiB"];
    let mut table = Table::new(head);
    for (place, reader) in readers.iter().enumerate() {
        if !turns.took_part(place) {
            continue;
        }
        let ratio = |to| Cell(turns.ratio(place, to, |cost| cost.wall.as_secs_f64())).spread(2);
        table.push(vec![
            reader.name().to_owned(),
            Cell(turns.spread(place, |cost| cost.wall.as_secs_f64())).spread(2),
            ratio(duckdb),
            ratio(floor),
            ratio(summary),
            Cell(turns.spread(place, |cost| cost.cpu().as_secs_f64())).spread(2),
            Cell(turns.spread(place, Cost::peak_mib)).spread(0),
        ]);
    }
    table
}

/// Reads all row files once, so that nobody's turn pays for the disk. Returns how long they are.
fn read_once(run: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(run).with_context(|| format!("cannot read {}", run.display()))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            bytes += io::copy(&mut File::open(path)?, &mut io::sink())?;
        }
    }
    Ok(bytes)
}
