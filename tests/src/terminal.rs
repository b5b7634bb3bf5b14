//! A terminal with a shell in it, as a person would sit before it: tmux, with a server of its own for each test.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::path::PathBuf;
use std::process::Command;

use crate::patience::eventually;
use crate::scratch::Scratch;

/// How many lines of what has scrolled away are asked for.
const SCROLLBACK: &str = "-2000";

/// A terminal; closed when dropped.
#[derive(Debug)]
pub struct Terminal {
    folder: Scratch,
    columns: u16,
    rows: u16,
}

impl Terminal {
    /// One so wide and high, in whose shell these variables are set.
    pub fn open(columns: u16, rows: u16, environment: &[(&str, &str)]) -> Self {
        let terminal = Self { folder: Scratch::new(), columns, rows };
        let variables = environment.iter().map(|(name, value)| format!("{name}={value}"));
        let (width, height) = (columns.to_string(), rows.to_string());
        let mut arguments =
            vec!["new-session", "-d", "-s", "test", "-x", &width, "-y", &height, "env", "-u", "NO_COLOR"];
        let variables: Vec<String> = variables.chain(["PS1=$ ".to_owned(), "ENV=".to_owned()]).collect();
        arguments.extend(variables.iter().map(String::as_str));
        arguments.extend(["sh", "-i"]);
        terminal.tmux(&arguments);
        terminal.wait_for("$");
        terminal
    }

    /// A path in a folder that goes with the terminal.
    pub fn join(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Types a command line.
    pub fn enter(&self, command: &str) {
        self.tmux(&["send-keys", "-t", "test", "-l", command]);
        self.press("Enter");
    }

    /// Presses a key, by tmux' name of it: `q`, `C-c`, `Enter`.
    pub fn press(&self, key: &str) {
        self.tmux(&["send-keys", "-t", "test", key]);
    }

    /// Makes it another size.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        (self.columns, self.rows) = (columns, rows);
        self.tmux(&["resize-window", "-t", "test", "-x", &columns.to_string(), "-y", &rows.to_string()]);
    }

    /// Closes it, whatever runs in it.
    pub fn close(&self) {
        self.tmux(&["kill-session", "-t", "test"]);
    }

    /// What is to be seen.
    pub fn screen(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-t", "test"])
    }

    /// What is to be seen, with what it was told about colours.
    pub fn coloured_screen(&self) -> String {
        self.tmux(&["capture-pane", "-e", "-p", "-t", "test"])
    }

    /// All that was printed, lines whole.
    pub fn scrollback(&self) -> String {
        self.tmux(&["capture-pane", "-J", "-p", "-S", SCROLLBACK, "-t", "test"])
    }

    /// Whether the cursor is to be seen.
    pub fn has_cursor(&self) -> bool {
        self.tmux(&["display-message", "-p", "-t", "test", "#{cursor_flag}"]).trim() == "1"
    }

    /// Waits until there is something to be seen. Returns all that is.
    #[track_caller]
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits until what is to be seen is as it should be. Returns it.
    #[track_caller]
    pub fn wait_until(&self, what: &str, is_so: impl Fn(&str) -> bool) -> String {
        eventually(&format!("{what}, on a terminal of {} × {}", self.columns, self.rows), || {
            Some(self.screen()).filter(|screen| is_so(screen))
        })
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let output = Command::new("tmux")
            .arg("-S")
            .arg(self.folder.join("tmux"))
            .args(["-f", "/dev/null", "-u"])
            .args(arguments)
            .env("LC_ALL", "C.UTF-8")
            .env_remove("TMUX")
            .output()
            .expect("tmux can be started; tests/install installs it");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "tmux {arguments:?}: {told}");
        String::from_utf8(output.stdout).expect("tmux tells what is to be seen in UTF-8")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It says no where it has ended before.
        let socket = self.folder.join("tmux");
        let _ = Command::new("tmux").arg("-S").arg(socket).arg("kill-server").output();
    }
}
