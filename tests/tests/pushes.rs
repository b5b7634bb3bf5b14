//! Live metrics that are sent: to the real Prometheus by remote write, and by OTLP to a receiver that keeps what comes.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::fs;

use drumfire_tests::patience::eventually;
use drumfire_tests::program::Program;
use drumfire_tests::prometheus::Prometheus;
use drumfire_tests::python::recomputed;
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Asked, Reply, Scripted};
use serde_json::Value;

/// A second of a visitor who mostly thinks.
fn calm(scratch: &Scratch, target: &Scripted) -> Program {
    let scenario = Scenario::to(&target.url())
        .request("home", "path = \"/\"")
        .load("visits", "executor = \"constant-vus\"\nvus = 1\nduration = \"1s\"\nflow = \"calm\"")
        .flow("calm", "[{ request = \"home\" }, { think = \"20ms\" }]")
        .text();
    scratch.drumfire_run("calm", &scenario)
}

/// Everything that is kept of a run, and what was said on the screen, is free of a secret.
fn assert_kept_secret(scratch: &Scratch, said: &str, secret: &str) {
    assert!(!said.contains(secret), "{said}");
    for entry in fs::read_dir(scratch.join("calm")).expect("a run directory") {
        let path = entry.expect("it can be read").path();
        let text = fs::read_to_string(&path).expect("a text");
        assert!(!text.contains(secret), "{} holds a secret:\n{text}", path.display());
    }
}

/// A receiver of what is posted, that answers with this status.
fn receiver(status: u16) -> Scripted {
    Scripted::server(move |asked| {
        let is_taken = asked.line.starts_with("POST ");
        Reply::with(if is_taken { status } else { 405 }, &[], if status < 300 { "" } else { "out of \u{1b}[2J order" })
    })
}

fn head_and_body(asked: &Asked) -> (String, &[u8]) {
    let end = asked.bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("a head has an end") + 4;
    let (head, body) = asked.bytes.split_at(end);
    (String::from_utf8_lossy(head).to_lowercase(), body)
}

#[test]
fn prometheus_takes_what_is_written_to_it() {
    let (scratch, target) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let prometheus = Prometheus::with("global: {}\n");
    let url = format!("{}/api/v1/write", prometheus.url());
    let ended = calm(&scratch, &target).args(["--remote-write", &url]).finish();
    ended.assert_ran();
    assert!(!ended.stderr.contains("warning"), "{}", ended.account());
    let run = scratch.run("calm");
    let began = run.manifest()["started_unix_ns"].as_u64().expect("nanoseconds") as f64 / 1e9;
    let total = |expression: &str| -> Option<f64> {
        prometheus.at(began + 100.0, &format!("sum({expression})")).first().map(|(_, value)| *value)
    };
    let rows = run.complete_rows().len() as f64;
    let done = eventually("Prometheus tells of it", || {
        total("last_over_time(drumfire_http_reqs_total{run=\"calm\",job=\"drumfire\"}[5m])")
    });
    assert!((done - rows).abs() < 0.5, "{done} and {rows}");
    let within = total("last_over_time(drumfire_response_time_seconds_bucket{le=\"+Inf\"}[5m])").expect("a histogram");
    assert!((within - rows).abs() < 0.5, "{within} and {rows}");
    assert_eq!(prometheus.label_values("drumfire_http_reqs_total", "request"), ["home"]);
}

#[test]
fn a_receiver_of_otlp_gets_what_there_is() {
    let (scratch, target, receiver) = (Scratch::new(), Scripted::server(|_| Reply::ok()), receiver(200));
    let url = receiver.url().replace("http://", "http://me:hunter2@");
    let ended = calm(&scratch, &target)
        .args(["--otlp", &url])
        .env("OTEL_EXPORTER_OTLP_HEADERS", "X-Api-Key=hunter2%2Fkey,X-Team=shop")
        .finish();
    ended.assert_ran();
    let asked = receiver.asked();
    assert!(!asked.is_empty());
    for (number, one) in asked.iter().enumerate() {
        let (head, body) = head_and_body(one);
        assert_eq!(one.line, "POST /v1/metrics");
        for header in ["content-type: application/x-protobuf", "x-api-key: hunter2/key", "authorization: basic "] {
            assert!(head.contains(header), "{head} lacks {header}");
        }
        fs::create_dir_all(scratch.join("bodies")).expect("a folder");
        fs::write(scratch.join(&format!("bodies/{number:04}")), body).expect("a file");
    }
    let metrics = recomputed("otlp.py", &scratch.join("bodies"));
    let rows = scratch.run("calm").complete_rows();
    let named = |name: &str| -> Value {
        let metrics = metrics.as_array().expect("a list of metrics");
        metrics.iter().rfind(|metric| metric["name"] == name).expect("the metric").clone()
    };
    let done = named("drumfire_http_reqs");
    assert_eq!((&done["kind"], &done["unit"]), (&"sum".into(), &"".into()));
    assert_eq!(done["points"][0]["value"].as_f64(), Some(rows.len() as f64));
    assert_eq!(done["points"][0]["attributes"]["request"], "home");
    assert_eq!(done["resource"]["service.name"], "drumfire");
    let times = named("drumfire_response_time_seconds");
    assert_eq!((&times["kind"], &times["unit"]), (&"histogram".into(), &"s".into()));
    let buckets = times["points"][0]["buckets"].as_array().expect("buckets");
    let counted: u64 = buckets.iter().map(|count| count.as_u64().expect("a count")).sum();
    assert_eq!((buckets.len(), counted), (42, rows.len() as u64));
    let began = scratch.run("calm").manifest()["started_unix_ns"].clone();
    assert_eq!(times["points"][0]["began_ns"], began);
    assert_eq!(named("drumfire_vus")["kind"], "gauge");
    assert_kept_secret(&scratch, &(ended.stdout + &ended.stderr), "hunter2");
}

#[test]
fn what_cannot_be_delivered_is_told_of_and_stops_nothing() {
    let (scratch, target, refusing) = (Scratch::new(), Scripted::server(|_| Reply::ok()), receiver(429));
    let url = format!("{}/write?token=hunter2", refusing.url());
    let ended = calm(&scratch, &target).args(["--remote-write", &url]).finish();
    ended.assert_ran().assert_says("deliveries of metrics to http://").assert_says("the status is 429: out of");
    assert!(!ended.stderr.contains('\u{1b}'), "what a server says cannot command the terminal");
    let run = scratch.run("calm");
    assert_eq!(run.ended(), "completed");
    assert!(!run.complete_rows().is_empty());
    let events = fs::read_to_string(run.path().join("events.csv")).expect("a run has events.csv");
    assert!(events.contains("deliveries of metrics to"), "{events}");
    assert_kept_secret(&scratch, &ended.stderr, "hunter2");
}

#[test]
fn nobody_is_waited_for_who_never_answers() {
    let (scratch, target, silent) =
        (Scratch::new(), Scripted::server(|_| Reply::ok()), Scripted::server(|_| Reply::never()));
    let ended = calm(&scratch, &target).args(["--otlp", &silent.url()]).finish();
    ended.assert_ran().assert_says("no answer within 5.00 s");
}

#[test]
fn where_nothing_can_be_sent_is_said_before_any_load() {
    let (scratch, target) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    for (flag, url, environment, said) in [
        ("--remote-write", "ftp://me:hunter2@h/", "", "`ftp://` is not supported"),
        ("--otlp", "h:4318", "", "write one such as"),
        ("--remote-write", "http://h/", "hunter2", "DRUMFIRE_REMOTE_WRITE_HEADERS"),
    ] {
        let program = calm(&scratch, &target).args([flag, url]).env("DRUMFIRE_REMOTE_WRITE_HEADERS", environment);
        let ended = program.finish();
        ended.assert_code(2).assert_says(flag).assert_says(said);
        assert_eq!(ended.stderr.trim_end().lines().count(), 1, "one message\n{}", ended.account());
        assert!(!ended.stderr.contains("hunter2"), "{}", ended.account());
    }
    assert_eq!(target.requests(), 0, "nothing was sent");
}
