//! The demo shop as a server under control.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use crate::program::built;

/// A running demo shop; stopped when dropped.
#[derive(Debug)]
pub struct Shop {
    child: Child,
    url: String,
}

impl Shop {
    /// Starts one on a free port, without limits on the rate, and waits until it says where it listens.
    pub fn open() -> Self {
        Self::open_with(&["--no-rate-limits"])
    }

    /// Starts one that lets no tier send more than it may.
    pub fn open_with_rate_limits() -> Self {
        Self::open_with(&[])
    }

    fn open_with(arguments: &[&str]) -> Self {
        let path = built("drumfire-demo").unwrap_or_else(|missing| panic!("{missing}"));
        let mut child = Command::new(path)
            .args(["--listen", "127.0.0.1:0", "--until-stdin-closes"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the demo shop can be started");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("its standard output is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        let url = line.trim().strip_prefix("listening on ").unwrap_or_else(|| panic!("it said: {line:?}")).to_owned();
        Self { child, url }
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
