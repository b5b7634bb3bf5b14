//! Pipelining: several requests on their way over one connection, and each gets its own answer.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::{BTreeMap, BTreeSet};

use drumfire_tests::nginx::{HELLO, Nginx};
use drumfire_tests::run::{errors, statuses};
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Reply, Scripted};

#[test]
fn all_requests_are_answered_over_no_more_connections_than_asked_for() {
    let nginx = Nginx::serving(HELLO);
    let scratch = Scratch::new();
    let load = ["-c", "3", "--pipeline", "8", "-n", "600"];
    scratch.drumfire_hit("run", &nginx.url()).args(load).finish().assert_ran();
    let rows = scratch.run("run").complete_rows();

    assert_eq!(statuses(&rows), BTreeMap::from([(200, 600)]));
    assert_eq!(nginx.witnessed().len(), 600);
    let users: BTreeSet<_> = rows.iter().map(|row| row.vu).collect();
    let connections: BTreeSet<_> = rows.iter().map(|row| row.connection).collect();
    assert_eq!((users.len(), connections.len()), (24, 3));
}

#[test]
fn answers_are_matched_to_their_requests_in_order() {
    let server = Scripted::server(|asked| match asked.line.as_str() {
        "GET /missing" => Reply::of("HTTP/1.1 404 Not Found\r\nContent-Length: 3\r\n\r\nno!").split_at(asked.nth % 50),
        "HEAD /found" => Reply::of("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"),
        _ => Reply::of("HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n0\r\n\r\n")
            .split_at(asked.nth % 60),
    });
    let scratch = Scratch::new();
    let scenario = format!(
        r#"
[target]
base_url = "{}"
[requests.missing]
path = "/missing"
expect_status = 404
[requests.found]
method = "HEAD"
path = "/found"
[requests.created]
method = "POST"
path = "/created"
expect_status = 201
[flows]
all = [{{ request = "missing" }}, {{ request = "found" }}, {{ request = "created" }}]
[[scenarios]]
name = "users"
executor = "per-vu-iterations"
vus = 12
iterations = 5
pipeline = 6
flow = "all"
"#,
        server.url()
    );
    scratch.drumfire_run("run", &scenario).finish().assert_ran();
    let rows = scratch.run("run").complete_rows();

    assert_eq!(rows.len(), 12 * 5 * 3);
    for row in &rows {
        let wanted = match row.request.as_str() {
            "missing" => 404,
            "found" => 200,
            _ => 201,
        };
        assert_eq!((row.status, row.error.as_str()), (wanted, ""), "{row:?}");
    }
    assert_eq!(server.connections(), 2);
}

#[test]
fn a_reset_in_the_middle_is_a_row_for_every_request_on_the_wire() {
    let server = Scripted::server(|asked| match asked.nth_on_connection {
        9 => Reply::of("").then_reset(),
        _ => Reply::ok(),
    });
    let scratch = Scratch::new();
    let load = ["-c", "1", "--pipeline", "4", "-n", "200"];
    scratch.drumfire_hit("run", &server.url()).args(load).finish().assert_ran();
    let rows = scratch.run("run").complete_rows();

    assert_eq!(rows.len(), 200);
    let errors = errors(&rows);
    assert!(errors.keys().all(|error| ["", "reset", "closed"].contains(error)), "{errors:?}");
    let lost = 200 - errors[""];
    assert!((15..=80).contains(&lost), "of ten requests, up to four are lost with their connection: {errors:?}");
}
