//! The built programs, run as a person would run them, with a bound on their time.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter};

use crate::patience::PATIENCE;

/// The engine.
pub fn drumfire() -> Program {
    Program::named("drumfire")
}

/// The analysis.
pub fn analyze() -> Program {
    Program::named("drumfire-analyze")
}

/// The demo shop.
pub fn demo() -> Program {
    Program::named("drumfire-demo")
}

/// The figures of a run directory, as `drumfire-analyze summary RUN --json` tells them.
#[track_caller]
pub fn summary_of(run: &Path) -> serde_json::Value {
    analyze().arg("summary").arg(run).arg("--json").finish().assert_ran().json()
}

/// Where the build has put a program: the folder that the calling program itself was built into.
///
/// # Errors
/// Where it has not been built; the message is the command that builds it.
pub fn built(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("this program does not know where it is")?;
    let Some(mut folder) = own.parent() else { bail!("{} is in no folder", own.display()) };
    if folder.ends_with("deps") {
        folder = folder.parent().unwrap_or(folder);
    }
    let path = folder.join(name);
    if !path.is_file() {
        let command = if folder.ends_with("release") {
            format!("cargo build --release -p {name}")
        } else {
            "cargo build --workspace".to_owned()
        };
        bail!("`{name}` is not in {}; build it first: {command}", folder.display());
    }
    Ok(path)
}

/// A program that is to be started.
#[derive(Debug)]
pub struct Program {
    path: PathBuf,
    arguments: Vec<OsString>,
    environment: Vec<(String, String)>,
    bound: Duration,
}

impl Program {
    fn named(name: &str) -> Self {
        let path = built(name).unwrap_or_else(|missing| panic!("{missing}"));
        Self { path, arguments: Vec::new(), environment: Vec::new(), bound: PATIENCE }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Sets a variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it.
    pub fn start(self) -> Running {
        let stdout = tempfile::tempfile().expect("a temporary file can be made");
        let stderr = tempfile::tempfile().expect("a temporary file can be made");
        let mut command = Command::new(&self.path);
        command
            .args(&self.arguments)
            .env("NO_COLOR", "1")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::null())
            .stdout(stdout.try_clone().expect("a file can be opened twice"))
            .stderr(stderr.try_clone().expect("a file can be opened twice"));
        let child = if is_refused("io_uring") { spawn_without_io_uring(&mut command) } else { command.spawn() }
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", self.path.display()));
        Running { program: self, child, stdout, stderr }
    }

    /// Runs it to its end.
    #[track_caller]
    pub fn finish(self) -> Finished {
        self.start().finish()
    }
}

/// Whether the programs under test are to run without something: `DRUMFIRE_TESTS_REFUSE=io_uring`.
pub fn is_refused(what: &str) -> bool {
    std::env::var("DRUMFIRE_TESTS_REFUSE").is_ok_and(|refused| refused == what)
}

/// Starts a program that the kernel grants no io_uring, as containers do: by a filter of system calls. A filter is
/// inherited, and there is no way back: the program is started from a thread of its own.
fn spawn_without_io_uring(command: &mut Command) -> io::Result<Child> {
    // The number of `io_uring_setup`, on every architecture.
    const IO_URING_SETUP: i64 = 425;
    const EPERM: u32 = 1;
    let architecture = std::env::consts::ARCH.try_into().expect("an architecture with filters");
    let rules = BTreeMap::from([(IO_URING_SETUP, Vec::new())]);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, SeccompAction::Errno(EPERM), architecture);
    let program: BpfProgram = filter.and_then(TryInto::try_into).expect("a filter");
    std::thread::scope(|scope| {
        let starter = scope.spawn(|| {
            seccompiler::apply_filter(&program).expect("a filter can be set");
            command.spawn()
        });
        starter.join().expect("the starter did not panic")
    })
}

/// A program that was started; stopped when dropped.
#[derive(Debug)]
pub struct Running {
    program: Program,
    child: Child,
    stdout: File,
    stderr: File,
}

impl Running {
    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("a program of ours takes signals");
    }

    /// Waits for its end.
    #[track_caller]
    pub fn finish(mut self) -> Finished {
        let ended = ends_within(&self.child, self.program.bound);
        if !ended {
            self.child.kill().expect("a program of ours can be killed");
        }
        let status = self.child.wait().expect("a program of ours can be waited for");
        let command = std::iter::once(self.program.path.as_os_str())
            .chain(self.program.arguments.iter().map(OsString::as_os_str))
            .map(OsStr::to_string_lossy)
            .collect::<Vec<_>>()
            .join(" ");
        let finished = Finished {
            command,
            code: status.code(),
            signal: status.signal(),
            stdout: all_of(&mut self.stdout),
            stderr: all_of(&mut self.stderr),
        };
        assert!(ended, "it did not end within {:?} and was killed\n{}", self.program.bound, finished.account());
        finished
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both say no where it has ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A program that has ended.
#[derive(Debug)]
pub struct Finished {
    /// The command line.
    pub command: String,
    /// Its exit code; `None` where a signal ended it.
    pub code: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    /// What it wrote to standard output.
    pub stdout: String,
    /// What it wrote to standard error.
    pub stderr: String,
}

impl Finished {
    /// Asserts that it ended with this exit code, and nowhere in a panic.
    #[track_caller]
    pub fn assert_code(&self, code: i32) -> &Self {
        assert_eq!(self.code, Some(code), "another exit code was expected\n{}", self.account());
        assert!(!self.stderr.contains("panicked at"), "it panicked\n{}", self.account());
        self
    }

    /// Asserts that it made its run to the end: with code 0, or with 3, which says that the machine was too busy for the
    /// measurement to be believed, and is not what most tests are about.
    #[track_caller]
    pub fn assert_ran(&self) -> &Self {
        self.assert_code(if self.code == Some(3) { 3 } else { 0 })
    }

    /// Asserts that its message to the person has this in it.
    #[track_caller]
    pub fn assert_says(&self, part: &str) -> &Self {
        assert!(self.stderr.contains(part), "the message lacks `{part}`\n{}", self.account());
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("standard output is not JSON: {error}\n{}", self.account()))
    }

    /// What a person would want to see of it when a test fails.
    pub fn account(&self) -> String {
        let Self { command, code, signal, stdout, stderr } = self;
        format!("{command}\ncode {code:?}, signal {signal:?}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}

/// Whether a child ends within a time. It is waited for as a file descriptor, without asking again and again.
pub fn ends_within(child: &Child, bound: Duration) -> bool {
    let process = pidfd_open(Pid::from_child(child), PidfdFlags::empty()).expect("a child can be opened as a file");
    let bound = bound.try_into().expect("a bound of seconds is a timespec");
    let ready = poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&bound)).expect("a child can be polled");
    ready > 0
}

fn all_of(file: &mut File) -> String {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(0)).expect("a temporary file can be read from its start");
    file.read_to_end(&mut bytes).expect("a temporary file can be read");
    String::from_utf8_lossy(&bytes).into_owned()
}
