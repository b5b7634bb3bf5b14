//! A run of fifty rows that can be counted by hand, read from its directory: the figures are worked out independently.
#![allow(clippy::expect_used, reason = "a test says what it expects")]

use std::path::Path;

use runlog::directory::Run;
use runlog::metric::Metric;
use runlog::summary::{self, Summary};
use runlog::threshold::{Threshold, ThresholdResult};
use runlog::units::Nanos;
use runlog::validity::Verdict;

fn fixture() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/fifty-rows"))
}

fn summary() -> Summary {
    summary::summarize(&Run::open(fixture()).expect("our own run")).expect("our own rows")
}

#[test]
fn response_times_are_those_worked_out_by_hand() {
    let summary = summary();
    let list = summary.requests[0].response_time_ns.expect("answers");
    assert_eq!((list.p50, list.p90, list.p99, list.max), (24_003_400, 36_004_600, 400_004_900, 400_004_900));
    assert!((list.mean - 36_536_783.333_333_336).abs() < 1e-6);
    let total = summary.total.response_time_ns.expect("answers");
    assert_eq!((total.min, total.p50, total.p90, total.p95), (4_005_000, 24_003_400, 35_004_500, 37_004_700));
}

#[test]
fn every_row_is_counted_and_what_failed_is_named() {
    let summary = summary();
    let counts: Vec<_> = summary.requests.iter().map(|g| (g.request.as_str(), g.count, g.errors)).collect();
    assert_eq!(counts, [("list", 30, 1), ("search, all", 12, 5), ("order", 8, 1)]);
    assert_eq!(summary.total.count, 50);
    assert_eq!(summary.total.statuses, [(200, 36), (201, 6), (404, 1), (409, 1), (500, 1)].into());
    assert_eq!(summary.total.error_kinds, [("timeout", 2), ("reset", 1), ("dropped", 1), ("interrupted", 1)].into());
    assert_eq!((summary.run.rows, summary.run.scheduled, summary.run.torn_lines), (50, Some(50), 0));
}

#[test]
fn a_status_that_was_expected_is_no_error() {
    let order = &summary().requests[2];
    assert_eq!((order.statuses[&409], order.errors), (1, 1));
}

#[test]
fn the_rate_is_over_the_time_until_the_last_arrival_was_done() {
    let summary = summary();
    assert_eq!(summary.run.elapsed_ns.0, 3_300_004_900);
    assert!((summary.total.rate_per_s - 50.0 / 3.300_004_9).abs() < 1e-9);
}

#[test]
fn checks_are_made_of_what_was_sent_and_not_cut_off() {
    let checks: Vec<_> = summary().checks.into_iter().map(|c| (c.check, c.passes, c.fails)).collect();
    assert_eq!(
        checks,
        [("status is 200".into(), 29, 1), ("answered well".into(), 8, 3), ("found".into(), 7, 4)]
            as [(String, u64, u64); 3]
    );
}

#[test]
fn thresholds_are_judged_and_one_without_a_sample_fails() {
    let results: Vec<_> = summary().thresholds.into_iter().map(|t| (t.threshold, t.shown, t.passed)).collect();
    assert_eq!(
        results,
        [
            ("http_req_duration{request:list} p(95) < 500ms".into(), "38.0 ms".into(), true),
            ("http_req_failed rate < 10%".into(), "14.000 %".into(), false),
            ("http_reqs{tier:professional} count >= 20".into(), "20".into(), true),
            ("response_time{scenario:nowhere} med < 1s".into(), "no sample".into(), false),
        ] as [(String, String, bool); 4]
    );
}

#[test]
fn a_run_without_an_ending_has_no_verdict() {
    let mut run = Run::open(fixture()).expect("our own run");
    run.manifest.ending = None;
    let summary = summary::summarize(&run).expect("our own rows");
    assert_eq!((summary.validity.verdict, summary.run.scheduled), (Verdict::Unknown, None));
}

#[test]
fn what_is_not_a_run_directory_is_refused() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let error = Run::open(directory.path()).expect_err("empty").to_string();
    assert!(error.contains("it has no run.json"), "{error}");

    let newer =
        std::fs::read_to_string(fixture().join("run.json")).expect("ours").replace("\"major\": 1", "\"major\": 2");
    std::fs::write(directory.path().join("run.json"), newer).expect("writable");
    let error = Run::open(directory.path()).expect_err("from the future").to_string();
    assert!(error.contains("format 2, this program reads up to 1"), "{error}");
}

fn threshold(metric: Metric, condition: &str) -> Threshold {
    Threshold::new(metric, [].into(), condition.parse().expect("a condition"))
}

#[test]
fn what_rows_cannot_tell_is_taken_from_the_ending() {
    let mut run = Run::open(fixture()).expect("our own run");
    run.manifest.thresholds = vec![
        threshold(Metric::HttpReqs, "count == 50"),
        threshold(Metric::Iterations, "count == 50"),
        Threshold { window_ns: Some(Nanos::from_secs(1)), ..threshold(Metric::HttpReqs, "count == 50") },
    ];
    let without = summary::summarize(&run).expect("our own rows").thresholds;
    assert_eq!(without.iter().map(|result| result.passed).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(without[1].shown, "no sample");

    let recorded: Vec<ThresholdResult> = run.manifest.thresholds.iter().map(|t| t.judge(Some(50.0))).collect();
    run.manifest.ending.as_mut().expect("it ended").thresholds.clone_from(&recorded);
    assert_eq!(summary::summarize(&run).expect("our own rows").thresholds, recorded);
}

#[test]
fn blocked_is_what_a_request_waited_for_its_connection() {
    let mut run = Run::open(fixture()).expect("our own run");
    run.manifest.thresholds = vec![
        threshold(Metric::HttpReqBlocked, "count > 0"),
        threshold(Metric::HttpReqSending, "count > 0"),
        threshold(Metric::ScheduleLag, "count > 0"),
        threshold(Metric::HttpReqBlocked, "max < 1s"),
        threshold(Metric::HttpReqConnecting, "max < 1s"),
    ];
    let values: Vec<_> =
        summary::summarize(&run).expect("our own rows").thresholds.into_iter().map(|result| result.value).collect();
    assert_eq!((values[0], values[1]), (values[2], values[2]), "each has one for every arrival that was sent");
    assert_eq!(values[3], values[4]);
}
