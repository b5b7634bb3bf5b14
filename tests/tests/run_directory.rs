//! The run directory: the files of the contract, plain CSV, and no secrets.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;
use std::fs;

use drumfire_tests::nginx::{HELLO, Nginx};
use drumfire_tests::run::{HEADER, Run};
use drumfire_tests::scratch::Scratch;

/// A scenario that needs a password in a header and a token in a body.
fn scenario(url: &str) -> String {
    format!(
        r#"
name = "directory"
tags = {{ suite = "contract" }}
[target]
base_url = "{url}"
[requests.hello]
method = "POST"
path = "/hello"
headers = {{ Authorization = "Bearer hunter2-header", Cookie = "session=hunter2-cookie" }}
checks = {{ "is fine" = "status == 200" }}
[flows]
visit = [{{ request = "hello" }}]
[[scenarios]]
name = "steady"
executor = "constant-arrival-rate"
rate = "50/s"
duration = "1200ms"
flow = "visit"
tags = {{ tier = "free" }}
"#
    )
}

/// The files of a run directory with what is in them.
fn files(run: &Run) -> BTreeMap<String, String> {
    let entries = fs::read_dir(run.path()).expect("the run directory is there");
    entries
        .map(|entry| {
            let path = entry.expect("a folder can be read").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).expect("everything in it is text"))
        })
        .collect()
}

#[test]
fn a_run_directory_has_the_files_of_the_contract() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    scratch.drumfire_run("run", &scenario(&nginx.url())).args(["--cores", "0,1", "--seed", "11"]).finish().assert_ran();
    let run = scratch.run("run");
    let files = files(&run);

    let names: Vec<&str> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["engine.csv", "events.csv", "probes.csv", "requests-00.csv", "requests-01.csv", "run.json"]);
    for (name, header) in [
        ("requests-00.csv", HEADER),
        ("requests-01.csv", HEADER),
        ("events.csv", "time_ns,kind,detail"),
        ("probes.csv", "time_ns,probe,metric,tags,value"),
    ] {
        assert_eq!(files[name].lines().next(), Some(header), "{name}");
    }
    assert!(files["engine.csv"].lines().count() >= 3, "a line for each core and second:\n{}", files["engine.csv"]);
}

#[test]
fn run_json_says_what_was_run_and_where() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    scratch
        .drumfire_run("run", &scenario(&nginx.url()))
        .args(["--cores", "0", "--seed", "11", "--tag", "build=42"])
        .finish()
        .assert_ran();
    let manifest = scratch.run("run").manifest();

    assert_eq!(manifest["name"], "directory");
    assert_eq!(manifest["seed"], 11);
    assert_eq!(manifest["target"], nginx.url());
    assert_eq!(manifest["tags"]["suite"], "contract");
    assert_eq!(manifest["tags"]["build"], "42", "tags of the command line are added");
    assert_eq!(manifest["scenarios"][0]["tags"]["tier"], "free");
    assert_eq!(manifest["requests"][0]["checks"][0], "is fine");
    assert_eq!(manifest["engine"]["cores"], serde_json::json!([0]));
    assert_eq!(manifest["planned_ns"], 1_200_000_000_u64);
    for known in ["name", "cpu", "kernel"] {
        assert!(manifest["host"][known].as_str().is_some_and(|text| !text.is_empty()), "host.{known}: {manifest}");
    }
}

#[test]
fn no_secret_is_written_anywhere() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let ran = scratch.drumfire_run("run", &scenario(&nginx.url())).finish();
    let secret = ["-H", "Authorization: Bearer hunter2-flag", "-H", "X-Api-Key: hunter2-key", "-n", "5", "-c", "1"];
    let hit = scratch.drumfire_hit("hit", &nginx.url()).args(secret).finish();
    for (name, finished) in [("run", ran), ("hit", hit)] {
        finished.assert_ran();
        assert!(!(finished.stdout + &finished.stderr).contains("hunter2"), "{name} shows a secret on the screen");
        for (file, text) in files(&scratch.run(name)) {
            assert!(!text.contains("hunter2"), "{name}/{file} holds a secret:\n{text}");
        }
    }
}
