//! Figures: anybody can recompute every one of them from the CSV with another tool and get the same.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::fs;
use std::process::Command;

use drumfire_tests::alone::alone;
use drumfire_tests::nginx::Nginx;
use drumfire_tests::program::summary_of;
use drumfire_tests::python::recomputed;
use drumfire_tests::same::assert_same;
use drumfire_tests::scratch::Scratch;

/// One that answers, one with errors, one that gets no answer (nginx closes the connection), one with a body.
const LOCATIONS: &str = r#"
location /ok { return 200 "fine\n"; }
location /missing { return 404 "nowhere\n"; }
location /nothing { return 444; }
location /body { return 201 "a longer text than the others have, so that bytes differ\n"; }
"#;

fn scenario(url: &str) -> String {
    format!(
        r#"
name = "figures"
[target]
base_url = "{url}"
[requests.ok]
method = "GET"
path = "/ok"
[requests."missing, but expected"]
method = "GET"
path = "/missing"
expect_status = [404]
[requests.missing]
method = "GET"
path = "/missing"
checks = {{ "is there" = "status == 200", "is not there" = "status == 404" }}
[requests.nothing]
method = "GET"
path = "/nothing"
checks = {{ "says something" = "status == 200" }}
[requests.body]
method = "POST"
path = "/body"
body = "some text"
[requests.never_made]
method = "GET"
path = "/ok"
[flows]
ok = [{{ request = "ok" }}]
errors = [{{ request = "missing" }}, {{ request = "missing, but expected" }}]
nothing = [{{ request = "nothing" }}]
body = [{{ request = "body" }}]
never = [{{ request = "never_made" }}]
[[scenarios]]
name = "open"
executor = "constant-arrival-rate"
arrival = "poisson"
rate = "1000/s"
duration = "2s"
max_connections = 32
mix = {{ ok = 0.6, errors = 0.2, nothing = 0.05, body = 0.15 }}
[[scenarios]]
name = "closed"
executor = "constant-vus"
vus = 2
duration = "500ms"
flow = "ok"
[[scenarios]]
name = "rare"
executor = "constant-arrival-rate"
rate = "2/s"
duration = "500ms"
flow = "body"
"#
    )
}

#[test]
fn every_figure_of_the_summary_can_be_recomputed_from_the_rows() {
    let _turn = alone();
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(LOCATIONS));
    scratch.drumfire_run("run", &scenario(&nginx.url())).args(["--seed", "3", "--cores", "0,1"]).finish().assert_ran();
    let run = scratch.run("run");
    let rows = run.complete_rows();
    let summary = summary_of(run.path());

    let by_hand = recomputed("recompute.py", run.path());
    let in_sql = recomputed("recompute_in_sql.py", run.path());
    assert_eq!(by_hand["total"]["count"], rows.len());
    for part in ["requests", "total"] {
        assert_same(&format!("{part}, by hand"), &by_hand[part], &summary[part]);
        assert_same(&format!("{part}, in SQL"), &in_sql[part], &summary[part]);
    }
    assert_same("checks", &in_sql["checks"], &summary["checks"]);
    assert!(in_sql["checks"][0]["fails"].as_u64() > Some(0), "checks failed: {}", in_sql["checks"]);
    assert!(summary["total"]["error_kinds"]["closed"].as_u64() > Some(0), "there were failures among them");
    assert_eq!(summary["run"]["rows"], rows.len());
    assert_eq!(summary["run"]["scheduled"], run.scheduled());
}

#[test]
fn of_one_sample_every_figure_is_that_sample() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(LOCATIONS));
    let url = format!("{}/ok", nginx.url());
    scratch.drumfire_hit("run", &url).args(["-n", "1", "-c", "1"]).finish().assert_ran();
    let summary = summary_of(&scratch.join("run"));

    let total = &summary["total"]["response_time_ns"];
    for figure in ["mean", "p50", "p90", "p95", "p99", "p999", "max"] {
        assert_eq!(total[figure].as_f64(), total["min"].as_f64(), "{figure} of {total}");
    }
}

#[test]
fn the_line_of_awk_in_the_readme_gives_the_mean_of_the_summary() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(LOCATIONS));
    let url = format!("{}/ok", nginx.url());
    scratch.drumfire_hit("run", &url).args(["-n", "200", "-c", "2"]).finish().assert_ran();
    let readme = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md")).expect("the README is there");
    let lines: Vec<&str> = readme.lines().map(str::trim).filter(|line| line.starts_with("awk ")).collect();
    let [line] = lines[..] else { panic!("one line of awk: {lines:?}") };
    let line = line.replace("runs/smoke", &scratch.join("run").display().to_string());

    let output = Command::new("sh").args(["-c", &line]).output().expect("a shell can be started");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let mean_ms: f64 = text.rsplit(' ').next().and_then(|last| last.trim().parse().ok()).expect("it prints a number");
    let summary = summary_of(&scratch.join("run"));
    let mean_ns = summary["total"]["response_time_ns"]["mean"].as_f64().expect("a mean");
    // awk prints six digits.
    assert!((mean_ms * 1e6 / mean_ns - 1.0).abs() < 1e-5, "{mean_ms} ms and {mean_ns} ns");
}
