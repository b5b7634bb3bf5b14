//! What `diff` and `gate` say, recomputed by numpy and scipy from the rows: of runs against a server, and of runs that were made up.
//!
//! Figures, differences and verdicts have to be the same; so do intervals, to within what two ways of computing Student's
//! distribution differ by, for the resamples are the documented ones.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::fs;
use std::path::Path;

use drumfire_tests::alone::alone;
use drumfire_tests::nginx::Nginx;
use drumfire_tests::program::analyze;
use drumfire_tests::python::recomputed_of;
use drumfire_tests::run::{Row, Run};
use drumfire_tests::scratch::Scratch;
use drumfire_tests::written::{self, Request, answered, failed, numbers};
use serde_json::{Value, json};

/// An end of an interval may differ by so much of its width.
const OF_WIDTH: f64 = 1e-5;
/// A p-value may.
const OF_P_VALUE: f64 = 1e-4;
/// That of distributions is a count of resamples: two of them may be as far apart as what was found, but for the last digit.
const OF_COUNTED: f64 = 4.0 / 1_001.0;

#[track_caller]
fn assert_near(place: &str, recomputed: &Value, reported: &Value, tolerance: f64) {
    match (recomputed.as_f64(), reported.as_f64()) {
        (Some(one), Some(other)) => {
            assert!((one - other).abs() <= tolerance, "{place}: recomputed {one}, reported {other}");
        }
        _ => {
            assert!(
                recomputed.is_null() && reported.is_null(),
                "{place}: recomputed {recomputed}, reported {reported}"
            );
        }
    }
}

/// The same but for the last digits, which depend on the order in which numbers were added.
#[track_caller]
fn assert_same_number(place: &str, recomputed: &Value, reported: &Value) {
    assert_near(place, recomputed, reported, 1e-11 * recomputed.as_f64().unwrap_or(0.0).abs());
}

#[track_caller]
fn assert_interval(place: &str, recomputed: &Value, reported: [&Value; 2]) {
    let ends = [&recomputed[0], &recomputed[1]];
    let width = ends[1].as_f64().zip(ends[0].as_f64()).map_or(0.0, |(high, low)| high - low);
    for (one, other) in ends.into_iter().zip(reported) {
        assert_near(place, one, other, OF_WIDTH * width + 1e-12);
    }
}

/// Holds two sides against each other in both ways, and returns what they agree on.
#[track_caller]
fn diffed(base: &Path, run: &Path) -> Value {
    let reported = analyze().arg("diff").arg(base).arg(run).arg("--json").finish().assert_ran().json();
    let recomputed = recomputed_of("compare_runs.py", &[base, run]);
    let groups = |of: &Value| {
        of["requests"].as_array().expect("a list").iter().chain([&of["total"]]).cloned().collect::<Vec<_>>()
    };
    let (ours, theirs) = (groups(&recomputed), groups(&reported));
    assert_eq!(ours.len(), theirs.len(), "requests that are compared");
    for (one, other) in ours.iter().zip(&theirs) {
        let name = &other["request"];
        assert_eq!(&one["request"], name);
        let pairs = one["figures"].as_array().expect("a list").iter().zip(other["figures"].as_array().expect("a list"));
        for (one, other) in pairs {
            let place = format!("{} of {name}", other["figure"]);
            assert_eq!((&one["figure"], &one["verdict"]), (&other["figure"], &other["verdict"]), "{place}");
            for key in ["base", "run", "difference"] {
                assert_same_number(&format!("{key}, {place}"), &one[key], &other[key]);
            }
            assert_interval(
                &format!("interval, {place}"),
                &one["interval"],
                [&other["interval"][0], &other["interval"][1]],
            );
            assert_near(&format!("p_value, {place}"), &one["p_value"], &other["p_value"], OF_P_VALUE);
        }
        assert_distribution(&one["distribution"], &other["distribution"]);
    }
    reported
}

#[track_caller]
fn assert_distribution(recomputed: &Value, reported: &Value) {
    for key in ["superiority", "cliffs_delta", "kolmogorov_smirnov", "typical_factor"] {
        assert_near(key, &recomputed[key], &reported[key], 1e-9);
    }
    assert_near("p_value of distributions", &recomputed["p_value"], &reported["p_value"], OF_COUNTED);
    for key in ["magnitude", "differs"] {
        assert_eq!(recomputed[key], reported[key], "{key}");
    }
}

/// Holds a run against a baseline in both ways, and returns what they agree on.
#[track_caller]
fn gated(run: &Path, baseline: &Path) -> Value {
    let finished = analyze().arg("gate").arg(run).arg("--baseline").arg(baseline).arg("--json").finish();
    let reported = finished.json();
    let recomputed = recomputed_of("gate_run.py", &[run, baseline]);
    let (ours, theirs) = (&recomputed["checks"], &reported["checks"]);
    let (ours, theirs) = (ours.as_array().expect("a list"), theirs.as_array().expect("a list"));
    assert_eq!(ours.len(), theirs.len(), "figures that are looked at");
    for (one, other) in ours.iter().zip(theirs) {
        let place = format!("{} of {}", other["measure"], other["subject"]);
        assert_eq!(one["request"], other["subject"]["request"], "{place}");
        for key in ["measure", "samples", "outcome"] {
            assert_eq!(one[key], other[key], "{key}, {place}");
        }
        for key in ["baseline", "max_regression", "limit", "value", "change", "noise"] {
            assert_same_number(&format!("{key}, {place}"), &one[key], &other[key]);
        }
        let interval = &other["interval"];
        assert_interval(&format!("interval, {place}"), &one["interval"], [&interval["low"], &interval["high"]]);
    }
    let has_failed = theirs.iter().any(|check| ["regressed", "missing"].iter().any(|bad| check["outcome"] == *bad));
    finished.assert_code(if has_failed { 99 } else { 0 });
    reported
}

fn verdict<'a>(group: &'a Value, figure: &str) -> &'a Value {
    let figures = group["figures"].as_array().expect("a list");
    &figures.iter().find(|one| one["figure"] == figure).expect("a figure")["verdict"]
}

const REQUESTS: [&str; 2] = ["list", "order, 2"];

/// What a made-up run is like: how many arrivals there are in how many seconds, what their times are multiplied by, and which part of
/// them fails.
#[derive(Clone, Copy)]
struct Like {
    arrivals: usize,
    seconds: u64,
    factor: u64,
    failing: u64,
    seed: usize,
}

const USUAL: Like = Like { arrivals: 1_500, seconds: 8, factor: 100, failing: 0, seed: 0 };

fn write(folder: &Path, like: Like) {
    let Like { arrivals, seconds, factor, failing, seed } = like;
    // Levels that wander from second to second, so that blocks are longer than a window.
    let rows: Vec<Row> = numbers(arrivals + seed)
        .skip(seed)
        .enumerate()
        .map(|(place, number)| {
            let scheduled_ns = place as u64 * seconds * 1_000_000_000 / arrivals as u64;
            let slow = 100 + 40 * (scheduled_ns / 700_000_000 % 3);
            let time = (2_000_000 + number % 3_000_000 + if number % 29 == 0 { 9_000_000 } else { 0 }) * slow / 100
                * factor
                / 100;
            let request = REQUESTS[number as usize / 7 % 2];
            match number / 11 % 1_000 {
                part if part < failing => failed(request, scheduled_ns, "timeout"),
                part if part < 2 * failing => {
                    Row { status: 503, ..answered(request, scheduled_ns, number % 5_000, time) }
                }
                _ => answered(request, scheduled_ns, number % 5_000, time),
            }
        })
        .collect();
    let requests: Vec<Request> = REQUESTS.iter().map(|name| Request::named(name)).collect();
    let (one, other) = rows.into_iter().enumerate().partition::<Vec<_>, _>(|(place, _)| place % 2 == 0);
    let cores = [one, other].map(|rows| rows.into_iter().map(|(_, row)| row).collect());
    written::write(folder, &requests, &cores).expect("a run directory can be written");
    // What was scheduled was the same, whenever the last answer came: a baseline is of one scenario.
    let mut manifest = Run::at(folder).manifest();
    manifest["scenarios"][0]["stages"] = json!([{ "at_ns": seconds * 1_000_000_000, "target": 100.0 }]);
    // At another time than others: runs at the same time are shards of one load.
    manifest["started_unix_ns"] = json!(1_700_000_000_000_000_000 + seed as u64 * 1_000_000_000_000);
    fs::write(folder.join("run.json"), manifest.to_string()).expect("the manifest can be written");
}

#[test]
fn runs_against_a_server_differ_by_what_the_rows_say() {
    let _turn = alone();
    let scratch = Scratch::new();
    let nginx = Nginx::serving(
        "location /ok { return 200 \"fine\\n\"; }\nlocation /none { return 404 \"nowhere\\n\"; }\nlocation /closed { return 444; }",
    );
    let scenario = |url: &str, rate: u32, closed: f64| {
        format!(
            r#"
name = "compared"
[target]
base_url = "{url}"
[requests.ok]
path = "/ok"
[requests."none, at all"]
path = "/none"
[requests.closed]
path = "/closed"
[flows]
ok = [{{ request = "ok" }}]
none = [{{ request = "none, at all" }}]
closed = [{{ request = "closed" }}]
[[scenarios]]
name = "open"
executor = "constant-arrival-rate"
arrival = "poisson"
rate = "{rate}/s"
duration = "3s"
max_connections = 32
mix = {{ ok = 0.8, none = 0.1, closed = {closed} }}
"#
        )
    };
    for (name, rate, closed) in [("base", 300, 0.1), ("run", 260, 0.1)] {
        scratch.drumfire_run(name, &scenario(&nginx.url(), rate, closed)).args(["--seed", "3"]).finish().assert_ran();
    }
    let [base, run] = ["base", "run"].map(|name| scratch.join(name));
    diffed(&base, &run);
    // The machine may have been too busy for a baseline: the rows are what is looked at here.
    let limits = scratch.write(
        "limits.toml",
        "[requests.ok]\np50 = '1ns'\np95 = '60s'\nmean = '200us'\nerror_rate = '1%'\nthroughput = '1000/s'\n\
         [total]\np99 = '1ms'\nerror_rate = '15%'\n",
    );
    if scratch.run("run").verdict() != "invalid" {
        gated(&run, &limits);
    }
}

#[test]
fn runs_of_known_times_differ_by_what_is_known() {
    let scratch = Scratch::new();
    let [base, slower, failing] = ["base", "slower", "failing"].map(|name| scratch.join(name));
    write(&base, USUAL);
    write(&slower, Like { factor: 150, ..USUAL });
    write(&failing, Like { failing: 60, seed: 500, ..USUAL });

    let found = diffed(&base, &slower);
    for figure in ["p50", "p90", "p95", "mean"] {
        assert_eq!(verdict(&found["total"], figure), "worse", "{figure}");
    }
    assert_eq!(
        (verdict(&found["total"], "p999"), verdict(&found["total"], "error_rate")),
        (&"not enough data".into(), &"same".into())
    );
    assert_eq!(found["total"]["distribution"]["differs"], true);

    let found = diffed(&base, &failing);
    assert_eq!(verdict(&found["total"], "error_rate"), "worse");
    let found = diffed(&slower, &base);
    assert_eq!(verdict(&found["total"], "mean"), "better");
}

#[test]
fn of_several_runs_a_side_differences_between_them_count() {
    let scratch = Scratch::new();
    let one = scratch.join("one");
    write(&one, Like { factor: 110, ..USUAL });
    for (place, factor) in [100, 125, 90].into_iter().enumerate() {
        let run = scratch.join("several").join(format!("r{place}"));
        write(&run, Like { factor, seed: place * 100, arrivals: 1_000, ..USUAL });
    }
    let found = diffed(&scratch.join("several"), &one);
    // Three runs that differ by a third do not tell from one that another would not differ by more.
    assert_eq!((verdict(&found["total"], "p50"), &found["exact"]), (&"not enough data".into(), &false.into()));
}

/// Windows of four seconds, put together two by two, of which the last has one only.
#[test]
fn long_runs_have_longer_windows() {
    let scratch = Scratch::new();
    let [base, run] = ["base", "run"].map(|name| scratch.join(name));
    write(&base, Like { seconds: 4_004, ..USUAL });
    write(&run, Like { seconds: 4_004, factor: 130, seed: 9, ..USUAL });
    assert_eq!(verdict(&diffed(&base, &run)["total"], "mean"), "worse");
}

#[test]
fn runs_too_short_to_compare_are_said_to_be() {
    let scratch = Scratch::new();
    let [base, run] = ["base", "run"].map(|name| scratch.join(name));
    write(&base, Like { arrivals: 3, seconds: 1, ..USUAL });
    write(&run, Like { arrivals: 40, seconds: 1, ..USUAL });
    assert_eq!(verdict(&diffed(&base, &run)["total"], "mean"), "not enough data");
}

#[test]
fn the_gate_says_of_every_figure_what_the_rows_say() {
    let scratch = Scratch::new();
    let runs = ["one", "two", "three"].map(|name| scratch.join(name));
    for (place, run) in runs.iter().enumerate() {
        write(run, Like { seed: place * 50, failing: 4, factor: 100 + place as u64, ..USUAL });
    }
    let saved = scratch.join("saved.toml");
    analyze().arg("baseline").args(&runs).arg("-o").arg(&saved).finish().assert_code(0);
    let outcomes = |found: &Value| -> Vec<String> {
        let checks = found["checks"].as_array().expect("a list");
        checks.iter().map(|check| check["outcome"].as_str().expect("a word").to_owned()).collect()
    };
    let found = gated(&runs[1], &saved);
    assert_eq!(found["verdict"], "passed");

    let slower = scratch.join("slower");
    write(&slower, Like { factor: 160, failing: 60, ..USUAL });
    let found = gated(&slower, &saved);
    assert!(outcomes(&found).contains(&"regressed".to_owned()), "{found}");
    let faster = scratch.join("faster");
    write(&faster, Like { factor: 50, ..USUAL });
    let found = gated(&faster, &saved);
    assert!(outcomes(&found).contains(&"better".to_owned()), "{found}");

    let limits = scratch.write(
        "limits.toml",
        "[max_regression]\ndefault = '5%'\np90 = '40%'\n[requests.list]\np50 = '3ms'\np90 = '6ms'\np95 = '7ms'\nmax = '1s'\n\
         mean = '4ms'\nthroughput = '95/s'\nerror_rate = '1%'\n[requests.'order, 2'.noise]\np95 = '3%'\n[requests.'order, 2']\n\
         p95 = '7900us'\np999 = '1ms'\n[total]\nerror_rate = '0%'\n",
    );
    for run in [&runs[0], &slower, &faster] {
        let found = gated(run, &limits);
        assert!(outcomes(&found).contains(&"not_enough_data".to_owned()), "{found}");
    }
}
