//! What a client process cost: how long it took, and its own CPU time and its largest memory as the kernel counted them.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use drumfire_tests::pin::spawn_on;
use drumfire_tests::program::ends_within;
use wait4::Wait4;

/// What one client process cost.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    /// From its start to its end.
    pub wall: Duration,
    /// Its time in its own code, all threads.
    pub user: Duration,
    /// Its time in the kernel, all threads.
    pub system: Duration,
    /// The most memory it held. (Never less than what this program held when it started it: Linux counts from before
    /// the `exec`. So this program keeps itself small.)
    pub peak_bytes: u64,
}

impl Cost {
    /// User and system time together.
    pub fn cpu(&self) -> Duration {
        self.user + self.system
    }

    /// The most memory, in MiB.
    pub fn peak_mib(&self) -> f64 {
        self.peak_bytes as f64 / f64::from(1 << 20)
    }
}

/// Runs a client on one processor (or on all, where none is named), to its end, and returns what it cost and what it
/// wrote to standard output.
///
/// # Errors
/// Where it cannot be started, fails, or does not end within the bound.
#[allow(clippy::disallowed_methods, reason = "the one clock of the benches")]
pub fn measured(command: &mut Command, cpu: Option<usize>, bound: Duration) -> anyhow::Result<(Cost, String)> {
    let what = command.get_program().to_string_lossy().into_owned();
    let mut stdout = tempfile::tempfile()?;
    let mut stderr = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(stdout.try_clone()?).stderr(stderr.try_clone()?);
    let since = Instant::now();
    let child = match cpu {
        Some(cpu) => spawn_on(cpu, command).with_context(|| format!("`{what}` cannot be started on processor {cpu}")),
        None => command.spawn().with_context(|| format!("`{what}` cannot be started")),
    };
    let mut child = child?;
    let ended = ends_within(&child, bound);
    if !ended {
        child.kill()?;
    }
    let used = child.wait4()?;
    let wall = since.elapsed();
    ensure!(ended, "`{what}` did not end within {bound:?} and was stopped");
    ensure!(used.status.success(), "`{what}` failed with {}:\n{}", used.status, text_of(&mut stderr)?);
    let usage = used.rusage;
    let cost = Cost { wall, user: usage.utime, system: usage.stime, peak_bytes: usage.maxrss };
    Ok((cost, text_of(&mut stdout)?))
}

fn text_of(file: &mut File) -> anyhow::Result<String> {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0))?;
    file.read_to_string(&mut text)?;
    Ok(text)
}
