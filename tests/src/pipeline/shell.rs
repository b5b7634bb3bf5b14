//! A script, run by a shell as a runner would start it: in its own environment, with an end to its patience.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::program::ends_within;

/// How long a script may take: it calls several programs, each of which would be waited for as long as others are.
const BOUND: Duration = Duration::from_mins(3);
/// The variable that says whose child a process is.
const TRACKING: &str = "RUNNER_TRACKING_ID";

/// What came of a script.
#[derive(Debug)]
pub struct Ended {
    /// Its exit code.
    pub code: i32,
    /// What it wrote, to standard output and standard error alike.
    pub log: String,
}

/// Runs words as a command, in a folder and with these variables alone.
#[track_caller]
pub fn run(words: &[String], within: &Path, environment: &BTreeMap<String, String>) -> Ended {
    let mut log = tempfile::tempfile().expect("a temporary file can be made");
    let mut child = Command::new(&words[0])
        .args(&words[1..])
        .current_dir(within)
        .env_clear()
        .envs(environment)
        .stdin(Stdio::null())
        // Files and no pipes: what a script leaves running keeps them open.
        .stdout(log.try_clone().expect("a file can be opened twice"))
        .stderr(log.try_clone().expect("a file can be opened twice"))
        .spawn()
        .unwrap_or_else(|error| panic!("{} cannot be started: {error}", words[0]));
    let ended = ends_within(&child, BOUND);
    if !ended {
        child.kill().expect("a program of ours can be killed");
    }
    let status = child.wait().expect("a program of ours can be waited for");
    let mut text = Vec::new();
    log.seek(SeekFrom::Start(0)).expect("a temporary file can be read from its start");
    log.read_to_end(&mut text).expect("a temporary file can be read");
    let log = String::from_utf8_lossy(&text).into_owned();
    assert!(ended, "it did not end within {BOUND:?} and was killed\n{log}");
    Ended { code: status.code().unwrap_or(-1), log }
}

/// Writes a program.
pub fn write_program(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a file is in a folder")).expect("a folder can be made");
    fs::write(path, text).expect("a file can be written");
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("a file of ours can be made a program");
}

/// The environment of every script: no more than runners have, and none of what the tests themselves were started with.
pub fn environment(home: &Path, tools: &Path, left_running: &LeftRunning) -> BTreeMap<String, String> {
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", tools.display());
    let pairs = [
        ("PATH", path.as_str()),
        ("HOME", &home.to_string_lossy()),
        ("LANG", "C.UTF-8"),
        ("CI", "true"),
        (TRACKING, &left_running.0),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    pairs.into()
}

/// What scripts have left running is ended when this is dropped, as runners do at the end of a job.
#[derive(Debug)]
pub struct LeftRunning(String);

impl LeftRunning {
    /// Of the job that has this folder for itself.
    pub fn of(folder: &Path) -> Self {
        Self(format!("drumfire-tests-{}", folder.display()))
    }
}

impl Drop for LeftRunning {
    fn drop(&mut self) {
        let mark = format!("{TRACKING}={}", self.0);
        for process in fs::read_dir("/proc").into_iter().flatten().flatten() {
            let number = process.file_name().to_string_lossy().parse().ok().and_then(Pid::from_raw);
            let variables = fs::read(process.path().join("environ")).unwrap_or_default();
            if let Some(pid) = number.filter(|_| variables.split(|&byte| byte == 0).any(|pair| pair == mark.as_bytes()))
            {
                // It may have ended by now.
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}
