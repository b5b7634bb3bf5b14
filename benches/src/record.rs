//! Where results are kept, and what stands above them: figures mean nothing without the command and the machine.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use anyhow::Context;
use clap::Args;

use crate::machine;

/// Where the results of a bench are kept.
#[derive(Debug, Args)]
pub struct Record {
    /// A word for this machine; the results go to a folder with the date and this word.
    #[arg(long, default_value = "local")]
    host: String,
    /// Where such folders are.
    #[arg(long, default_value = "benches/runs", value_name = "FOLDER")]
    runs: PathBuf,
}

impl Record {
    /// Writes a file into today's folder, in place of one that is there.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn keep(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let folder = self.runs.join(format!("{}-{}", &now()[..10], self.host));
        fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
    }
}

/// How this program was called, what it was built from, and where and when: a list in Markdown.
pub fn circumstances() -> String {
    let program = std::env::args().next().unwrap_or_default();
    let program = Path::new(&program).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let command: Vec<String> = std::iter::once(program).chain(std::env::args().skip(1)).collect();
    let (command, commit, machine) = (command.join(" "), machine::commit(), machine::description());
    format!("- command: `{command}`\n- commit: {commit}\n- machine: {machine}\n- date: {}\n", now())
}

fn now() -> String {
    humantime::format_rfc3339_seconds(SystemTime::now()).to_string()
}
