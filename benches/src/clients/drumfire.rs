//! Drumfire itself, as anybody would start it: with a row for each request written to the disk.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use drumfire_tests::program::built;

use super::{Client, Load, first_line};

/// The engine that was built beside the bench.
#[derive(Debug)]
pub struct Drumfire {
    program: PathBuf,
}

impl Drumfire {
    /// Looks for it.
    ///
    /// # Errors
    /// Where it has not been built.
    pub fn find() -> anyhow::Result<Self> {
        Ok(Self { program: built("drumfire")? })
    }
}

impl Client for Drumfire {
    fn name(&self) -> &'static str {
        "drumfire"
    }

    fn version(&self) -> String {
        first_line(&self.program, &["--version"])
    }

    fn command(&self, load: &Load, cpu: usize, folder: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args(["hit", &load.url, "--quiet", "-c", &load.connections.to_string()])
            .args(["-d", &format!("{}s", load.seconds), "--cores", &cpu.to_string()])
            .arg("--out")
            .arg(folder);
        command
    }

    fn answered(&self, _stdout: &str, folder: &Path) -> anyhow::Result<u64> {
        let mut answered = 0;
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with("requests-") {
                answered += answered_rows(&path)?;
            }
        }
        ensure!(answered > 0, "there are no rows in {}", folder.display());
        Ok(answered)
    }
}

/// Rows with an answer, one row in memory at a time. Those cut off at the end of the run do not count.
fn answered_rows(path: &Path) -> anyhow::Result<u64> {
    let mut reader = csv::Reader::from_path(path)?;
    let headers = reader.headers()?;
    let place = |name| headers.iter().position(|header| header == name).with_context(|| format!("no column {name}"));
    let (status, error) = (place("status")?, place("error")?);
    let mut answered = 0;
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row)? {
        match (&row[status], &row[error]) {
            ("200", _) => answered += 1,
            ("0", "interrupted") => {}
            (status, error) => anyhow::bail!("a request failed: status {status}, error `{error}`"),
        }
    }
    Ok(answered)
}
