//! Who reads the run: programs that answer the question of [`super::answer`], and the report, which answers more.

use std::path::{Path, PathBuf};
use std::process::Command;

use drumfire_tests::python::python;

use super::answer::Answer;
use crate::clients::beside;
use crate::turns::Participant;

/// A program that reads a run directory.
#[derive(Debug)]
pub struct Reader {
    name: &'static str,
    program: PathBuf,
    arguments: Vec<PathBuf>,
    answer: fn(&str) -> anyhow::Result<Option<Answer>>,
}

/// The readers there are, in the order of the table.
#[derive(Debug)]
pub struct Readers {
    /// `drumfire-analyze summary --json`.
    pub summary: Reader,
    /// The hand-written loop.
    pub floor: Reader,
    /// DuckDB.
    pub duckdb: Reader,
    /// `drumfire-analyze report`: everything, not the table alone.
    pub report: Reader,
}

impl Readers {
    /// All of them, for this run; `page` is where the report goes.
    ///
    /// # Errors
    /// Where a program has not been built, or DuckDB is not there.
    pub fn of(run: &Path, page: &Path) -> anyhow::Result<Self> {
        let (analyze, run) = (beside("drumfire-analyze")?, run.to_owned());
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/duckdb_table.py");
        let table = |stdout: &str| Answer::from_json(stdout).map(Some);
        Ok(Self {
            summary: Reader {
                name: "drumfire-analyze summary",
                program: analyze.clone(),
                arguments: vec!["summary".into(), run.clone(), "--json".into()],
                answer: table,
            },
            floor: Reader { name: "floor", program: beside("table")?, arguments: vec![run.clone()], answer: table },
            duckdb: Reader {
                name: "DuckDB read_csv",
                program: python()?,
                arguments: vec![script, run.clone()],
                answer: table,
            },
            report: Reader {
                name: "drumfire-analyze report",
                program: analyze,
                arguments: vec!["report".into(), run, "-o".into(), page.to_owned()],
                answer: |_| Ok(None),
            },
        })
    }

    /// In the order of the table.
    pub const fn all(&self) -> [&Reader; 4] {
        [&self.summary, &self.floor, &self.duckdb, &self.report]
    }
}

impl Reader {
    /// The command that reads the run.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments);
        command
    }

    /// What it answered; nothing where it was not asked.
    ///
    /// # Errors
    /// Where its output is no answer.
    pub fn answer(&self, stdout: &str) -> anyhow::Result<Option<Answer>> {
        (self.answer)(stdout)
    }
}

impl Participant for Reader {
    fn name(&self) -> &'static str {
        self.name
    }
}
