//! The rows that Drumfire writes, read as anybody would: a row in memory at a time.

use std::fs;
use std::path::Path;

use anyhow::{Context, ensure};

/// What the rows of a run directory say.
#[derive(Debug, Default)]
pub struct Rows {
    /// How many there are.
    pub count: u64,
    /// How many of them had a good answer.
    pub answered: u64,
    /// How many failed: neither answered nor cut off at the end of the run.
    pub failed: u64,
    /// What became of the first that failed.
    pub failure: Option<String>,
    /// When the requests that were sent were meant to be, in ns since the start, sorted. Empty where not asked for.
    pub scheduled_ns: Vec<u64>,
    /// By how much they were late, in ns, sorted. Empty where not asked for.
    pub lag_ns: Vec<u64>,
}

impl Rows {
    /// Only counts.
    ///
    /// # Errors
    /// Where the folder holds no rows, or they cannot be read.
    pub fn count(folder: &Path) -> anyhow::Result<Self> {
        Self::of(folder, false)
    }

    /// Counts, and keeps schedule and lags.
    ///
    /// # Errors
    /// Where the folder holds no rows, or they cannot be read.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        Self::of(folder, true)
    }

    /// Refuses what is no comparison.
    ///
    /// # Errors
    /// Where requests failed.
    pub fn all_good(self) -> anyhow::Result<Self> {
        let failure = self.failure.as_deref().unwrap_or_default();
        ensure!(self.failed == 0, "{} of {} requests failed, the first with {failure}", self.failed, self.count);
        Ok(self)
    }

    fn of(folder: &Path, keep: bool) -> anyhow::Result<Self> {
        let mut rows = Self::default();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.file_name().unwrap_or_default().to_string_lossy().starts_with("requests-") {
                rows.take(&path, keep)?;
            }
        }
        ensure!(rows.count > 0, "there are no rows in {}", folder.display());
        rows.scheduled_ns.sort_unstable();
        rows.lag_ns.sort_unstable();
        Ok(rows)
    }

    fn take(&mut self, path: &Path, keep: bool) -> anyhow::Result<()> {
        let mut reader = csv::Reader::from_path(path)?;
        let headers = reader.headers()?;
        let place =
            |name| headers.iter().position(|header| header == name).with_context(|| format!("no column {name}"));
        let (status, error) = (place("status")?, place("error")?);
        let (scheduled, lag) = (place("scheduled_ns")?, place("lag_ns")?);
        let mut row = csv::StringRecord::new();
        while reader.read_record(&mut row)? {
            self.count += 1;
            match (&row[status], &row[error]) {
                ("200", _) => self.answered += 1,
                // Cut off at the end of the run.
                ("0", "interrupted") => {}
                (status, error) => {
                    self.failed += 1;
                    self.failure.get_or_insert_with(|| format!("status {status}, error `{error}`"));
                }
            }
            if keep && !row[lag].is_empty() {
                self.scheduled_ns.push(row[scheduled].parse()?);
                self.lag_ns.push(row[lag].parse()?);
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder_with(rows: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let head = "scheduled_ns,lag_ns,status,error\n";
        fs::write(folder.path().join("requests-00.csv"), head.to_owned() + rows).expect("a file can be written");
        folder
    }

    #[test]
    fn what_was_cut_off_is_a_row_and_no_answer() {
        let folder = folder_with("2000,7,200,\n1000,9,200,\n3000,,0,interrupted\n");
        let rows = Rows::read(folder.path()).expect("rows");
        assert_eq!((rows.count, rows.answered, rows.failed), (3, 2, 0));
        assert_eq!((rows.scheduled_ns, rows.lag_ns), (vec![1000, 2000], vec![7, 9]));
    }

    #[test]
    fn a_run_with_failures_is_no_comparison() {
        let folder = folder_with("1000,9,0,timeout\n");
        let error = Rows::count(folder.path()).expect("rows").all_good().expect_err("a failure");
        assert!(error.to_string().contains("timeout"), "{error}");
    }
}
