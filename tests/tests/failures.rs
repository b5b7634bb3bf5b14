//! Failures on the way: each is a row with a word for it, and none is lost.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use drumfire_tests::nginx::free_address;
use drumfire_tests::run::{Row, errors, statuses};
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Reply, Scripted};

/// An open schedule of `arrivals` in half a second, with a timeout of 200 ms.
fn scenario(url: &str, arrivals: usize) -> String {
    format!(
        r#"
name = "failures"
[target]
base_url = "{url}"
request_timeout = "200ms"
[requests.hello]
method = "GET"
path = "/hello"
[flows]
visit = [{{ request = "hello" }}]
[[scenarios]]
name = "steady"
executor = "constant-arrival-rate"
arrival = "even"
rate = "{}/s"
duration = "500ms"
max_connections = 64
flow = "visit"
"#,
        arrivals * 2
    )
}

/// A hundred arrivals on a server that answers every second request as it should and the others in a way of its own.
fn every_second(wrong: impl Fn() -> Reply + Send + Sync + 'static) -> Vec<Row> {
    let server = Scripted::server(move |asked| if asked.nth % 2 == 0 { Reply::ok() } else { wrong() });
    let scratch = Scratch::new();
    scratch.drumfire_run("run", &scenario(&server.url(), 100)).finish().assert_ran();
    let rows = scratch.run("run").complete_rows();
    assert_eq!(rows.len(), 100);
    rows
}

/// Asserts that half of the rows have an answer and the other half has this word.
#[track_caller]
fn assert_half_are(rows: &[Row], word: &str) {
    assert_eq!(errors(rows), BTreeMap::from([("", 50), (word, 50)]));
}

#[test]
fn no_answer_in_time_is_a_timeout() {
    let rows = every_second(Reply::never);
    assert_half_are(&rows, "timeout");
    for row in rows.iter().filter(|row| row.error == "timeout") {
        assert_eq!((row.ttfb_ns, row.bytes_received), (None, 0), "no byte came: {row:?}");
        assert!(row.duration_ns >= Some(200_000_000), "it was given its time: {row:?}");
    }
}

#[test]
fn half_an_answer_in_time_is_a_timeout_with_a_first_byte() {
    let rows = every_second(|| Reply::of("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"));
    assert_half_are(&rows, "timeout");
    assert!(rows.iter().all(|row| row.ttfb_ns.is_some() && row.bytes_received > 0));
}

#[test]
fn a_connection_reset_before_the_answer_is_a_reset() {
    assert_half_are(&every_second(|| Reply::of("").then_reset()), "reset");
}

#[test]
fn a_connection_closed_before_the_answer_is_complete_is_closed() {
    assert_half_are(&every_second(|| Reply::of("").then_close()), "closed");
    assert_half_are(&every_second(|| Reply::of("HTTP/1.1 200 OK\r\nContent-Len").then_close()), "closed");
    let half_a_body = || Reply::of("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").then_close();
    assert_half_are(&every_second(half_a_body), "closed");
    let half_a_chunk = || Reply::of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf").then_close();
    assert_half_are(&every_second(half_a_chunk), "closed");
}

#[test]
fn what_is_not_http_is_a_bad_response() {
    assert_half_are(&every_second(|| Reply::of("220 mail.example.com ESMTP\r\n")), "bad_response");
    let wrong_chunk = || Reply::of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n");
    assert_half_are(&every_second(wrong_chunk), "bad_response");
}

#[test]
fn a_late_answer_is_not_taken_for_the_next_ones() {
    const LATE: &str = "HTTP/1.1 503 Too Late\r\nContent-Length: 0\r\n\r\n";
    let server = Scripted::server(|asked| match asked.nth {
        0 => Reply::of(LATE).after(Duration::from_millis(300)),
        _ => Reply::ok().after(Duration::from_millis(20)),
    });
    let scratch = Scratch::new();
    let arguments = ["-n", "30", "-c", "1", "--timeout", "200ms"];
    scratch.drumfire_hit("run", &server.url()).args(arguments).finish().assert_ran();
    let rows = scratch.run("run").complete_rows();

    assert_eq!(statuses(&rows), BTreeMap::from([(0, 1), (200, 29)]));
    assert_eq!(errors(&rows), BTreeMap::from([("", 29), ("timeout", 1)]));
}

#[test]
fn a_server_that_goes_away_is_refused_connections_until_the_end() {
    let mut server = Scripted::server(|_| Reply::ok());
    let scratch = Scratch::new();
    let scenario = scenario(&server.url(), 200).replace(r#""500ms""#, r#""2s""#);
    let run = scratch.drumfire_run("run", &scenario).start();
    server.wait_for_requests(100);
    server.stop();
    run.finish().assert_ran();
    let rows = scratch.run("run").complete_rows();

    assert_eq!(rows.len(), 800, "the schedule went on");
    let words: BTreeSet<&str> = errors(&rows).into_keys().collect();
    assert!(words.is_subset(&BTreeSet::from(["", "closed", "reset", "connect_refused"])), "{words:?}");
    assert!(errors(&rows)["connect_refused"] > 0 && statuses(&rows)[&200] >= 99, "{:?}", errors(&rows));
}

#[test]
fn a_target_that_nobody_listens_at_is_said_at_once() {
    let address = free_address().expect("a loopback port is free").to_string();
    let url = format!("http://{address}");
    let scratch = Scratch::new();
    scratch.drumfire_hit("hit", &url).args(["-d", "2s"]).finish().assert_code(2).assert_says(&address);
    scratch.drumfire_run("run", &scenario(&url, 100)).finish().assert_code(2).assert_says(&address);
}

#[test]
fn a_target_that_has_no_address_is_said_at_once() {
    let scratch = Scratch::new();
    let finished = scratch.drumfire_hit("run", "http://no-such-host.invalid/").args(["-d", "2s"]).finish();
    finished.assert_code(2).assert_says("no-such-host.invalid");
}

#[test]
fn a_target_that_does_not_speak_http_fails_the_run_and_keeps_its_rows() {
    let server = Scripted::greeting(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n");
    let scratch = Scratch::new();
    let finished = scratch.drumfire_run("run", &scenario(&server.url(), 100)).finish();
    finished.assert_code(1);
    assert!(!finished.stderr.trim().is_empty(), "it says why\n{}", finished.account());

    let run = scratch.run("run");
    assert_eq!(run.ended(), "failed");
    let rows = run.complete_rows();
    assert!(rows.iter().all(|row| row.status == 0), "{:?}", statuses(&rows));
}
