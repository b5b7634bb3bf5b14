//! Python with what recomputes the figures: DuckDB, numpy and scipy, in the environment that `tests/install` makes.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Context;
use serde_json::Value;

/// Where it is: in cargo's target folder, in which the calling program lies too.
///
/// # Errors
/// Where it has not been made; the message is the command that makes it.
pub fn python() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("this program does not know where it is")?;
    let python = own.ancestors().map(|folder| folder.join("tests-venv/bin/python3")).find(|path| path.is_file());
    python.with_context(|| format!("no `tests-venv` in a folder above {}; make it first: tests/install", own.display()))
}

/// A file that a package has brought: `check_jsonschema/…/gitlab-ci.json`.
#[track_caller]
pub fn brought(file: &str) -> PathBuf {
    let python = python().unwrap_or_else(|missing| panic!("{missing}"));
    let lib = python.ancestors().nth(2).expect("an environment has folders").join("lib");
    let versions = fs::read_dir(lib).expect("an environment has a lib folder").flatten();
    let mut paths = versions.map(|version| version.path().join("site-packages").join(file));
    paths.find(|path| path.is_file()).unwrap_or_else(|| panic!("no package has brought {file}: tests/install"))
}

/// What a script makes of a run directory: the JSON that it prints.
#[track_caller]
pub fn recomputed(script: &str, run: &Path) -> Value {
    recomputed_of(script, &[run])
}

/// What a script makes of several directories and files: the JSON that it prints.
#[track_caller]
pub fn recomputed_of(script: &str, paths: &[&Path]) -> Value {
    let python = python().unwrap_or_else(|missing| panic!("{missing}"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests").join(script);
    let output = Command::new(python).arg(script).args(paths).output().expect("Python can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("the script prints JSON")
}
