//! Failures on the way: each is a row with a word for it, and none is lost.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use drumfire_tests::nginx::free_address;
use drumfire_tests::run::{Row, errors, statuses};
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Reply, Scripted, WORDS_OF_WHO_GOES};

/// Far longer than anything takes, on a machine that stalls, too.
const PATIENT: &str = "30s";
/// For what is to take too long, beside what is not.
const SHORT: &str = "2s";

/// An open schedule of so many arrivals a second that each visit this flow, and may take so long for a request.
fn scenario(url: &str, flow: &str, rate: usize, duration: &str, timeout: &str) -> String {
    format!(
        r#"
name = "failures"
[target]
base_url = "{url}"
request_timeout = "{timeout}"
[requests.right]
path = "/right"
[requests.wrong]
path = "/wrong"
[flows]
visit = {flow}
[[scenarios]]
name = "steady"
executor = "constant-arrival-rate"
arrival = "even"
rate = "{rate}/s"
duration = "{duration}"
max_connections = {MOST_CONNECTIONS}
flow = "visit"
"#
    )
}

const MOST_CONNECTIONS: usize = 64;
const RIGHT: &str = r#"[{ request = "right" }]"#;
const RIGHT_AND_WRONG: &str = r#"[{ request = "right" }, { request = "wrong" }]"#;

/// Fifty visits of a server that answers the first request of each as it should, and the second in a way of its own.
/// Returns the rows of the second ones, after asserting that each has this word.
#[track_caller]
fn assert_wrong_is(word: &str, timeout: &str, wrong: impl Fn() -> Reply + Send + Sync + 'static) -> Vec<Row> {
    let server = Scripted::server(move |asked| if asked.line == "GET /wrong" { wrong() } else { Reply::ok() });
    let scratch = Scratch::new();
    let scenario = scenario(&server.url(), RIGHT_AND_WRONG, 200, "250ms", timeout);
    scratch.drumfire_run("run", &scenario).finish().assert_ran();
    let rows = scratch.run("run").complete_rows();
    let (wrong, right): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.request == "wrong");
    assert_eq!(statuses(&right), BTreeMap::from([(200, 50)]), "{:?}", errors(&right));
    assert_eq!(errors(&wrong), BTreeMap::from([(word, 50)]));
    wrong
}

#[test]
fn no_answer_in_time_is_a_timeout() {
    for row in assert_wrong_is("timeout", SHORT, Reply::never) {
        assert_eq!((row.ttfb_ns, row.bytes_received), (None, 0), "no byte came: {row:?}");
        assert!(row.duration_ns >= Some(2_000_000_000), "it was given its time: {row:?}");
    }
}

#[test]
fn half_an_answer_in_time_is_a_timeout_with_a_first_byte() {
    let half = || Reply::of("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf");
    let rows = assert_wrong_is("timeout", SHORT, half);
    assert!(rows.iter().all(|row| row.ttfb_ns.is_some() && row.bytes_received > 0));
}

#[test]
fn a_connection_reset_before_the_answer_is_a_reset() {
    assert_wrong_is("reset", PATIENT, || Reply::of("").then_reset());
}

#[test]
fn a_connection_closed_before_the_answer_is_complete_is_closed() {
    for piece in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Len",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf",
    ] {
        assert_wrong_is("closed", PATIENT, move || Reply::of(piece).then_close());
    }
}

#[test]
fn what_is_not_http_is_a_bad_response() {
    for answer in
        ["220 mail.example.com ESMTP\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n"]
    {
        assert_wrong_is("bad_response", PATIENT, move || Reply::of(answer));
    }
}

#[test]
fn a_late_answer_is_not_taken_for_the_next_ones() {
    const LATE: &str = "HTTP/1.1 503 Too Late\r\nContent-Length: 0\r\n\r\n";
    // When the late one comes at last, the load is in the middle of the others.
    let server = Scripted::server(|asked| match asked.nth {
        0 => Reply::of(LATE).after(Duration::from_secs(3)),
        _ => Reply::ok().after(Duration::from_millis(80)),
    });
    let scratch = Scratch::new();
    let arguments = ["-n", "30", "-c", "1", "--timeout", SHORT];
    scratch.drumfire_hit("run", &server.url()).args(arguments).finish().assert_ran();
    let mut rows = scratch.run("run").complete_rows();

    rows.sort_by_key(|row| row.scheduled_ns);
    assert_eq!(rows[0].error, "timeout", "{:?}", rows[0]);
    assert_eq!(statuses(&rows), BTreeMap::from([(0, 1), (200, 29)]), "{:?}", errors(&rows));
}

#[test]
fn a_server_that_goes_away_is_refused_connections_until_the_end() {
    let mut server = Scripted::server(|_| Reply::ok());
    let scratch = Scratch::new();
    let run = scratch.drumfire_run("run", &scenario(&server.url(), RIGHT, 200, "3s", PATIENT)).start();
    server.wait_for_requests(100);
    server.stop();
    run.finish().assert_ran();
    let rows = scratch.run("run").complete_rows();

    assert_eq!(rows.len(), 600, "the schedule went on");
    let words: BTreeSet<&str> = errors(&rows).into_keys().collect();
    assert!(words.is_subset(&BTreeSet::from(WORDS_OF_WHO_GOES)), "{words:?}");
    assert!(errors(&rows)["connect_refused"] > 0, "{:?}", errors(&rows));
    // What had come and was not answered yet is at most one request for each connection.
    assert!(statuses(&rows)[&200] >= 100 - MOST_CONNECTIONS, "{:?}", errors(&rows));
}

#[test]
fn a_target_that_nobody_listens_at_is_said_at_once() {
    let address = free_address().expect("a loopback port is free").to_string();
    let url = format!("http://{address}");
    let scratch = Scratch::new();
    scratch.drumfire_hit("hit", &url).args(["-d", "2s"]).finish().assert_code(2).assert_says(&address);
    scratch
        .drumfire_run("run", &scenario(&url, RIGHT, 200, "500ms", PATIENT))
        .finish()
        .assert_code(2)
        .assert_says(&address);
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
    let finished = scratch.drumfire_run("run", &scenario(&server.url(), RIGHT, 200, "500ms", PATIENT)).finish();
    finished.assert_code(1);
    assert!(!finished.stderr.trim().is_empty(), "it says why\n{}", finished.account());

    let run = scratch.run("run");
    assert_eq!(run.ended(), "failed");
    let rows = run.complete_rows();
    assert!(rows.iter().all(|row| row.status == 0), "{:?}", statuses(&rows));
}
