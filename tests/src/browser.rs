//! Chromium without a window, spoken to over a pipe: what a page looks like to those who open it.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

/// The protocol is spoken on the descriptors 3 and 4.
const ON_PIPES: &str = "exec \"$@\" 3<&0 4>&1 </dev/null >/dev/null 2>&1";

/// A page in a browser; closed when dropped.
pub struct Browser {
    process: Child,
    commands: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    session: Option<String>,
    sent: u64,
    complaints: Vec<String>,
    _profile: TempDir,
}

impl Browser {
    /// Opens a file in a window of so many pixels.
    pub fn open(page: &Path, (width, height): (u32, u32)) -> Self {
        let profile = tempfile::tempdir().expect("a temporary folder can be made");
        let mut process = Command::new("sh")
            .args(["-c", ON_PIPES, "sh", "timeout", "120", "chromium", "--headless", "--no-sandbox", "--disable-gpu"])
            .args(["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update"])
            .args(["--disable-sync", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a shell");
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        let commands = process.stdin.take();
        let (session, complaints) = (None, Vec::new());
        let mut browser = Self { process, commands, answers, session, sent: 0, complaints, _profile: profile };
        let target = browser.command("Target.createTarget", &json!({"url": "about:blank"}));
        let attached =
            browser.command("Target.attachToTarget", &json!({"targetId": target["targetId"], "flatten": true}));
        browser.session = attached["sessionId"].as_str().map(str::to_owned);
        for domain in ["Runtime.enable", "Log.enable", "Page.enable"] {
            browser.command(domain, &json!({}));
        }
        let window = json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500});
        browser.command("Emulation.setDeviceMetricsOverride", &window);
        browser.command("Page.navigate", &json!({"url": format!("file://{}", page.display())}));
        browser.wait_for("document.readyState === 'complete'");
        browser
    }

    /// What the browser makes of a command of its DevTools protocol.
    pub fn command(&mut self, method: &str, parameters: &Value) -> Value {
        self.sent += 1;
        let mut message = json!({"id": self.sent, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            message["sessionId"] = json!(session);
        }
        let commands = self.commands.as_mut().expect("it is open");
        let said = write!(commands, "{message}\0").and_then(|()| commands.flush());
        said.expect("chromium can be started; it is needed for this test: apt-get install chromium");
        loop {
            let mut answer = self.message();
            if answer["id"] == self.sent {
                assert!(answer.get("error").is_none(), "{method}: {answer}");
                return answer["result"].take();
            }
            self.listen(&answer);
        }
    }

    /// The value of an expression; what it promises is waited for.
    #[track_caller]
    pub fn value_of(&mut self, expression: &str) -> Value {
        let asked = json!({"expression": expression, "awaitPromise": true, "returnByValue": true});
        let mut answer = self.command("Runtime.evaluate", &asked);
        assert!(answer.get("exceptionDetails").is_none(), "{expression}: {answer}");
        answer["result"]["value"].take()
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub fn wait_for(&mut self, expression: &str) {
        for _ in 0..600 {
            if self.value_of(expression) == json!(true) {
                return;
            }
            thread::sleep(Duration::from_millis(50));
        }
        panic!("`{expression}` does not come true; {:?}", self.complaints);
    }

    /// What the page and the browser had to complain of so far.
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }

    fn message(&mut self) -> Value {
        let mut bytes = Vec::new();
        self.answers.read_until(0, &mut bytes).expect("a message");
        bytes.pop();
        serde_json::from_slice(&bytes).expect("chromium answers; it is needed for this test: apt-get install chromium")
    }

    fn listen(&mut self, event: &Value) {
        let is_complaint = match event["method"].as_str() {
            Some("Runtime.exceptionThrown") => true,
            Some("Runtime.consoleAPICalled") => event["params"]["type"] == "error",
            Some("Log.entryAdded") => event["params"]["entry"]["level"] == "error",
            _ => false,
        };
        if is_complaint {
            self.complaints.push(event["params"].to_string());
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Without the pipe it ends by itself.
        self.commands = None;
        drop(self.process.wait());
    }
}
