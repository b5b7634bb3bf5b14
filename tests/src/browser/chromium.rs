//! A Chromium without a window, started with a folder of its own, and spoken to in the DevTools protocol: JSON through a pair
//! of pipes, a zero byte behind each message (<https://chromedevtools.github.io/devtools-protocol>).

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::patience::PATIENCE;
use crate::program::ends_within;

/// Nothing but what is asked for: no first visit, no updates, no traffic of its own. As root there is no sandbox.
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
];
/// It reads messages from its descriptor 3 and writes them to 4: a shell moves its standard input and output there.
const THROUGH_PIPES: &str = r#"exec "$@" 3<&0 4>&1 </dev/null >/dev/null"#;

/// A running Chromium; stopped when dropped.
#[derive(Debug)]
pub struct Chromium {
    child: Child,
    requests: ChildStdin,
    messages: Receiver<Value>,
    events: Vec<Value>,
    calls: u64,
    folder: TempDir,
}

impl Chromium {
    /// Starts one.
    pub fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("drumfire-chromium-").tempdir().expect("a temporary folder");
        let log = File::create(folder.path().join("log")).expect("a file in a temporary folder");
        let mut child = Command::new("sh")
            .args(["-c", THROUGH_PIPES, "sh", "chromium"])
            .args(FLAGS)
            .arg(format!("--user-data-dir={}", folder.path().display()))
            .env("HOME", folder.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            // Its processes are ended together.
            .process_group(0)
            .spawn()
            .expect("a shell can be started");
        let requests = child.stdin.take().expect("its standard input is piped");
        let messages = listen(child.stdout.take().expect("its standard output is piped"));
        Self { child, requests, messages, events: Vec::new(), calls: 0, folder }
    }

    /// A folder that is gone when the browser is.
    pub fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// Calls a method, in a session or of the browser itself, and returns its result.
    ///
    /// # Errors
    /// What the browser says against it.
    #[track_caller]
    pub fn call(&mut self, session: Option<&str>, method: &str, parameters: &Value) -> Result<Value, Value> {
        self.calls += 1;
        let mut message = json!({ "id": self.calls, "method": method, "params": parameters });
        if let Some(session) = session {
            message["sessionId"] = session.into();
        }
        write!(self.requests, "{message}\0").unwrap_or_else(|error| self.give_up(method, &error.to_string()));
        loop {
            let mut answer = self.next(method);
            if answer["id"] != self.calls {
                self.events.push(answer);
            } else if answer["error"].is_null() {
                return Ok(answer["result"].take());
            } else {
                return Err(answer["error"].take());
            }
        }
    }

    /// Waits until an event of this name has come.
    #[track_caller]
    pub fn wait_for(&mut self, name: &str) {
        while !self.events.iter().any(|event| event["method"] == name) {
            let event = self.next(name);
            self.events.push(event);
        }
    }

    /// All events so far.
    pub fn events(&self) -> &[Value] {
        &self.events
    }

    #[track_caller]
    fn next(&self, awaited: &str) -> Value {
        self.messages.recv_timeout(PATIENCE).unwrap_or_else(|error| self.give_up(awaited, &error.to_string()))
    }

    #[track_caller]
    fn give_up(&self, awaited: &str, why: &str) -> ! {
        let log = fs::read_to_string(self.folder().join("log")).unwrap_or_default();
        panic!("Chromium does not answer ({awaited}: {why}); is it there? tests/install\n{log}");
    }
}

/// The messages that come, read by a thread of their own until the pipe is closed.
fn listen(pipe: ChildStdout) -> Receiver<Value> {
    let (sender, messages) = channel();
    thread::spawn(move || {
        for message in BufReader::new(pipe).split(0) {
            let Ok(message) = message else { break };
            let message = serde_json::from_slice(&message).expect("the browser speaks JSON");
            if sender.send(message).is_err() {
                break;
            }
        }
    });
    messages
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Asked to, it ends all its processes, and lets go of its folder.
        let _ = write!(self.requests, "{}\0", json!({ "id": 0, "method": "Browser.close" }));
        if !ends_within(&self.child, PATIENCE) {
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        }
        let _ = self.child.wait();
    }
}
