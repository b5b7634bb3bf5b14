//! Endings: however a run ends, its directory is complete or readable, and nothing that was there is lost.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use drumfire_tests::nginx::{HELLO, Nginx};
use drumfire_tests::patience::eventually;
use drumfire_tests::program::{drumfire, summary_of};
use drumfire_tests::run::{Run, errors, statuses};
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Reply, Scripted, WORDS_OF_WHO_GOES};
use rustix::mount::{MountFlags, UnmountFlags, mount, unmount};
use rustix::process::Signal;
use serde_json::json;

const MOST_CONNECTIONS: usize = 16;

/// A minute of 500 arrivals a second: longer than any of these tests lets it be.
fn a_minute(url: &str) -> String {
    format!(
        r#"
name = "endings"
[target]
base_url = "{url}"
request_timeout = "30s"
[requests.hello]
method = "GET"
path = "/hello"
[flows]
visit = [{{ request = "hello" }}]
[[scenarios]]
name = "steady"
executor = "constant-arrival-rate"
arrival = "even"
rate = "500/s"
duration = "1m"
max_connections = {MOST_CONNECTIONS}
flow = "visit"
"#
    )
}

#[test]
fn a_signal_ends_the_run_in_order() {
    for signal in [Signal::INT, Signal::TERM] {
        let server = Scripted::server(|asked| if asked.nth < 100 { Reply::ok() } else { Reply::never() });
        let scratch = Scratch::new();
        let running = scratch.drumfire_run("run", &a_minute(&server.url())).start();
        // Every connection has one that hangs: what was answered before has been read.
        server.wait_for_requests(100 + MOST_CONNECTIONS);
        running.signal(signal);
        running.finish().assert_code(130);
        let run = scratch.run("run");

        assert_eq!(run.ended(), "interrupted");
        let rows = run.complete_rows();
        assert_eq!(statuses(&rows)[&200], 100);
        let cut_off = errors(&rows)["interrupted"];
        assert_eq!(cut_off, MOST_CONNECTIONS, "those on their way were cut off: {:?}", errors(&rows));
        let summary = summary_of(run.path());
        assert_eq!(summary["total"]["count"], json!(rows.len()));
        assert_eq!(summary["run"]["ended"], "interrupted");
    }
}

#[test]
fn after_a_kill_every_whole_row_is_readable() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let running = scratch.drumfire_run("run", &a_minute(&nginx.url())).start();
    let run = scratch.run("run");
    eventually("some rows are on the disk", || {
        (run.path().is_dir() && run.files().iter().any(|file| file_length(file) > 10_000)).then_some(())
    });
    running.signal(Signal::KILL);
    assert_eq!(running.finish().signal, Some(9));

    assert!(run.manifest().get("ending").is_none(), "it has not ended");
    let (rows, torn) = run.whole_rows();
    assert!(rows.len() > 50, "{} rows", rows.len());
    let summary = summary_of(run.path());
    assert_eq!(summary["total"]["count"], json!(rows.len()), "the analysis reads the same rows");
    assert_eq!(summary["run"]["torn_lines"], torn, "and says what it passed over");
    assert_eq!(summary["validity"]["verdict"], "unknown");
}

fn file_length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

#[test]
fn a_server_that_dies_does_not_take_the_run_with_it() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let scenario = a_minute(&nginx.url()).replace(r#""1m""#, r#""3s""#);
    let running = scratch.drumfire_run("run", &scenario).start();
    eventually("the load has begun", || (nginx.witnessed().len() >= 100).then_some(()));
    let served = {
        let witnessed = nginx.witnessed().len();
        drop(nginx);
        witnessed
    };
    running.finish().assert_ran();
    let run = scratch.run("run");
    let rows = run.complete_rows();

    assert_eq!(run.ended(), "completed");
    assert_eq!(rows.len(), 1_500);
    assert!(statuses(&rows)[&200] >= served - MOST_CONNECTIONS, "what was served has an answer: {:?}", statuses(&rows));
    let words: BTreeSet<&str> = errors(&rows).into_keys().collect();
    assert!(words.is_subset(&BTreeSet::from(WORDS_OF_WHO_GOES)), "{words:?}");
    assert!(words.contains("connect_refused"), "{words:?}");
}

/// A file system of a few megabytes; gone when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None` where this process may not mount, which is said.
    #[allow(clippy::print_stderr, reason = "a test that is left out says so")]
    fn mounted_on(path: PathBuf, size: &str) -> Option<Self> {
        fs::create_dir(&path).expect("a folder can be made in the temporary folder");
        let options = std::ffi::CString::new(format!("size={size}")).expect("a size has no zero byte");
        match mount("tmpfs", &path, "tmpfs", MountFlags::empty(), Some(options.as_c_str())) {
            Ok(()) => Some(Self(path)),
            Err(error) => {
                eprintln!("not tested: this user may not mount a small disk ({error})");
                None
            }
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = unmount(&self.0, UnmountFlags::DETACH);
    }
}

#[test]
fn a_disk_that_fills_up_ends_the_run_with_every_row_there() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let Some(disk) = SmallDisk::mounted_on(scratch.join("disk"), "40m") else { return };
    // The longest names make the longest rows, so that the disk is soon full.
    let name = "long".repeat(25);
    let scenario = format!(
        r#"
name = "full"
[target]
base_url = "{}"
[requests.{name}]
method = "GET"
path = "/hello"
[flows]
visit = [{{ request = "{name}" }}]
[[scenarios]]
name = "{name}"
executor = "constant-vus"
vus = 16
duration = "55s"
flow = "visit"
"#,
        nginx.url()
    );
    let file = scratch.write("full.toml", &scenario);
    let out = disk.0.join("run");
    let finished = drumfire().arg("run").arg(file).arg("--out").arg(&out).args(["--quiet", "--cores", "0"]).finish();
    finished.assert_code(1).assert_says("disk");
    let run = Run::at(&out);

    assert_eq!(run.ended(), "failed");
    let rows = run.complete_rows();
    assert!(rows.len() > 1_000, "{} rows", rows.len());
    assert_eq!(summary_of(&out)["total"]["count"], json!(rows.len()));
}

#[test]
fn a_disk_without_room_is_said_before_the_load() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let Some(disk) = SmallDisk::mounted_on(scratch.join("disk"), "64k") else { return };
    let finished =
        drumfire().args(["hit", &nginx.url(), "-d", "2s", "--quiet", "--out"]).arg(disk.0.join("run")).finish();
    finished.assert_code(2).assert_says("room");
    assert!(nginx.witnessed().is_empty(), "nothing was sent");
}

#[test]
fn a_folder_that_cannot_be_made_is_wrong_input() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let file = scratch.write("a-file", "");
    for out in [file.join("run"), PathBuf::from("/proc/drumfire-run")] {
        let finished =
            drumfire().args(["hit", &nginx.url(), "-n", "10", "-c", "1", "--quiet", "--out"]).arg(&out).finish();
        finished.assert_code(2).assert_says(&out.display().to_string());
    }
    assert!(nginx.witnessed().is_empty(), "nothing was sent");
}

#[test]
fn a_folder_that_holds_a_run_is_left_as_it_is() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let hit = || scratch.drumfire_hit("run", &nginx.url()).args(["-n", "10", "-c", "1"]);
    hit().finish().assert_ran();
    let before = contents(&scratch.join("run"));
    hit().finish().assert_code(2).assert_says("nothing is overwritten");

    assert!(contents(&scratch.join("run")) == before, "a file of the first run was changed");
    assert_eq!(nginx.witnessed().len(), 10, "nothing was sent");
}

/// Every file of a folder, with what is in it.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let entries = fs::read_dir(folder).expect("a folder can be read");
    entries
        .map(|entry| {
            let path = entry.expect("a folder can be read").path();
            let bytes = fs::read(&path).expect("a file can be read");
            (path, bytes)
        })
        .collect()
}
