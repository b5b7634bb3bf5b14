//! The doctor, on whatever machine this is: it says what a run says, and stands in nobody's way.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use drumfire_tests::nginx::Nginx;
use drumfire_tests::program::{drumfire, is_refused};
use drumfire_tests::scratch::Scratch;
use serde_json::Value;

/// What a check has found.
fn found(diagnosis: &Value, check: &str) -> Value {
    let groups = diagnosis["groups"].as_array().expect("groups");
    let mut checks = groups.iter().flat_map(|group| group["checks"].as_array().expect("checks"));
    checks.find(|found| found["check"] == check).expect("a check of that name").clone()
}

#[test]
fn the_doctor_and_a_run_name_the_same_driver() {
    let nginx = Nginx::serving("location / { return 200; }");
    let scratch = Scratch::new();
    scratch.drumfire_hit("run", &nginx.url()).args(["-c", "1", "-n", "1"]).finish().assert_ran();
    let diagnosis = drumfire().args(["doctor", "--json", "--out"]).arg(scratch.path()).finish();
    let driver = found(&diagnosis.assert_code(0).json(), "driver");
    assert_eq!(driver["found"], scratch.run("run").manifest()["engine"]["driver"]);
    if is_refused("io_uring") {
        assert_eq!(driver["level"], "hurts");
        assert!(driver["mend"].as_str().expect("a command").contains("seccomp"), "{driver}");
    }
}

#[test]
fn what_was_looked_at_is_left_as_it_was() {
    let scratch = Scratch::new();
    let runs = scratch.join("not/there/yet");
    let diagnosis = drumfire().arg("doctor").arg("--out").arg(&runs).finish();
    assert!(diagnosis.assert_code(0).stdout.contains(" measurement"), "{}", diagnosis.account());
    assert_eq!(diagnosis.stderr, "");
    assert_eq!(std::fs::read_dir(scratch.path()).expect("a folder").count(), 0, "something was left behind");
}

#[test]
fn where_no_run_is_possible_the_exit_code_says_so() {
    // Not even root can make a file there.
    let diagnosis = drumfire().args(["doctor", "--json", "--out", "/proc/runs"]).finish();
    let document = diagnosis.assert_code(1).json();
    assert_eq!((&document["level"], &found(&document, "folder")["level"]), (&"stops".into(), &"stops".into()));
}
