//! Run directories to try the program on: the fixture, and copies of it that were tampered with.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use tempfile::TempDir;

/// A copy of the run of fifty rows in a directory of its own.
pub struct FiftyRows {
    home: TempDir,
}

pub const NAME: &str = "fifty-rows";

impl FiftyRows {
    pub fn copied() -> Self {
        let home = tempfile::tempdir().expect("a temporary directory");
        let copy = home.path().join(NAME);
        fs::create_dir(&copy).expect("writable");
        let fixture = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../runlog/fixtures/fifty-rows"));
        for entry in fs::read_dir(fixture).expect("the fixture") {
            let entry = entry.expect("the fixture");
            fs::copy(entry.path(), copy.join(entry.file_name())).expect("writable");
        }
        Self { home }
    }

    pub fn path(&self) -> PathBuf {
        self.home.path().join(NAME)
    }

    pub fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Changes a file's text.
    pub fn edit(&self, name: &str, change: impl Fn(&str) -> String) {
        let path = self.file(name);
        let text = fs::read_to_string(&path).expect("a file of the run");
        fs::write(&path, change(&text)).expect("writable");
    }

    pub fn edit_manifest(&self, change: impl Fn(&mut serde_json::Value)) {
        self.edit("run.json", |text| {
            let mut manifest = serde_json::from_str(text).expect("JSON");
            change(&mut manifest);
            manifest.to_string()
        });
    }

    /// Leaves nothing of the row files but what is written here.
    pub fn replace_rows(&self, rows: &str) {
        self.edit("requests-00.csv", |text| format!("{}\n{rows}", text.lines().next().expect("a header")));
        fs::remove_file(self.file("requests-01.csv")).expect("it was there");
    }

    /// Runs the program beside the run directory, so that its output names no directory of this machine.
    pub fn analyze(&self, arguments: &[&str]) -> Ran {
        Ran::new(Command::new(env!("CARGO_BIN_EXE_drumfire-analyze")).args(arguments).current_dir(self.home.path()))
    }
}

/// What the program said.
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    pub fn new(command: &mut Command) -> Self {
        let Output { status, stdout, stderr } = command.output().expect("the program starts");
        let text = |bytes| String::from_utf8(bytes).expect("UTF-8");
        Self { code: status.code(), out: text(stdout), err: text(stderr) }
    }
}
