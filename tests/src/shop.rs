//! The demo shop as a server under control.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::net::TcpStream;
use std::ops::RangeInclusive;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::guard::Guard;
use crate::patience::PATIENCE;
use crate::postgres::Database;
use crate::program::built;

/// A running demo shop; stopped when dropped.
#[derive(Debug)]
pub struct Shop {
    _process: Guard,
    url: String,
    stderr: File,
}

/// What the shop answered.
#[derive(Debug, PartialEq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// Its body, as it came.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("no JSON: {error}\n{}", self.text))
    }
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

    /// Starts one that keeps everything in this database, with these arguments, and without limits on the rate.
    pub fn on(database: &Database, arguments: &[&str]) -> Self {
        let url = database.url();
        Self::open_with(&[&["--no-rate-limits", "--database", &url], arguments].concat())
    }

    /// Starts one on a free port with these arguments, and waits until it says where it listens.
    pub fn open_with(arguments: &[&str]) -> Self {
        let path = built("drumfire-demo").unwrap_or_else(|missing| panic!("{missing}"));
        let mut stderr = tempfile::tempfile().expect("a temporary file can be made");
        let mut child = Command::new(path)
            .args(["--listen", "127.0.0.1:0", "--until-stdin-closes"])
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(stderr.try_clone().expect("a file can be opened twice"))
            .spawn()
            .expect("the demo shop can be started");
        let mut line = String::new();
        let stdout = child.stdout.as_mut().expect("its standard output is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        let url = line.trim().strip_prefix("listening on ").map(str::to_owned);
        let url = url.unwrap_or_else(|| panic!("it said: {line:?} {}", all_of(&mut stderr)));
        Self { _process: Guard(child), url, stderr }
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What it has written to standard error so far.
    pub fn said(&mut self) -> String {
        all_of(&mut self.stderr)
    }

    /// Asks for a path as the tier `enterprise`.
    #[track_caller]
    pub fn get(&self, path: &str) -> Answer {
        self.send("GET", path, "demo-enterprise", "")
    }

    /// Posts JSON to a path as the tier `enterprise`.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, "demo-enterprise", &body.to_string())
    }

    /// Sends a request of its own connection, with this token.
    #[track_caller]
    pub fn send(&self, method: &str, path: &str, token: &str, body: &str) -> Answer {
        ask(&self.url, method, path, token, body)
    }
}

/// How many the shop refuses of a burst of fifty more than a limit: fifty where it took less than a second, and each second after the
/// first lets the limit pass once more.
pub fn refused_of_fifty_more(limit: usize, took: Duration) -> RangeInclusive<usize> {
    let later = limit.saturating_mul(took.as_secs() as usize);
    50_usize.saturating_sub(later)..=50
}

/// Asks the shop at a URL, whoever has started it, over a connection of its own and with this token.
#[track_caller]
pub fn ask(url: &str, method: &str, path: &str, token: &str, body: &str) -> Answer {
    let address = url.strip_prefix("http://").expect("its address has a scheme");
    let mut stream = TcpStream::connect(address).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a read can be bounded");
    let length = body.len();
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nHost: shop\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .expect("it reads");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it answers");
    let (head, text) = text.split_once("\r\n\r\n").expect("an answer has a head");
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a head has a status");
    Answer { status, text: text.to_owned() }
}

fn all_of(file: &mut File) -> String {
    let mut text = String::new();
    file.seek(SeekFrom::Start(0)).expect("a temporary file can be read from its start");
    file.read_to_string(&mut text).expect("a temporary file can be read");
    text
}
