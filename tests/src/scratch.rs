//! A folder for one test, gone when the test is over.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::program::{Program, drumfire};
use crate::run::Run;

/// A folder for one test: its scenario file and its run directories.
#[derive(Debug)]
pub struct Scratch(TempDir);

impl Scratch {
    /// An empty folder.
    #[allow(clippy::new_without_default, reason = "making a folder is not a default")]
    pub fn new() -> Self {
        Self(tempfile::Builder::new().prefix("drumfire-test-").tempdir().expect("a temporary folder can be made"))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A path in it.
    pub fn join(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Writes a file and returns its path.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.join(name);
        fs::write(&path, text).expect("a file can be written in the temporary folder");
        path
    }

    /// `drumfire run` of this scenario, into the run directory of this name.
    pub fn drumfire_run(&self, name: &str, scenario: &str) -> Program {
        let file = self.write(&format!("{name}.toml"), scenario);
        drumfire().arg("run").arg(file).arg("--out").arg(self.join(name)).arg("--quiet")
    }

    /// `drumfire hit` of this URL, into the run directory of this name.
    pub fn drumfire_hit(&self, name: &str, url: &str) -> Program {
        drumfire().arg("hit").arg(url).arg("--out").arg(self.join(name)).arg("--quiet")
    }

    /// The run directory of this name.
    pub fn run(&self, name: &str) -> Run {
        Run::at(&self.join(name))
    }
}
