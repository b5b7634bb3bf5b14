//! Framing: where an answer ends, and what that means for its connection, on servers that do it every possible way.

use std::collections::BTreeMap;

use drumfire_tests::run::{Row, errors, statuses};
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Reply, Scripted};

const LENGTH: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED: &str =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;a=b\r\n world\r\n0\r\nTrailer: t\r\n\r\n";

/// So many requests, one after another.
fn one_after_another(server: &Scripted, count: usize, more: &[&str]) -> Vec<Row> {
    let scratch = Scratch::new();
    let count = count.to_string();
    scratch.drumfire_hit("run", &server.url()).args(["-n", &count, "-c", "1"]).args(more).finish().assert_ran();
    scratch.run("run").complete_rows()
}

#[track_caller]
fn assert_all_answered(rows: &[Row], count: usize, status: u16) {
    assert_eq!(statuses(rows), BTreeMap::from([(status, count)]), "{:?}", errors(rows));
}

#[test]
fn an_answer_may_be_split_at_any_byte() {
    for answer in [LENGTH, CHUNKED] {
        let places = answer.len() - 1;
        let server = Scripted::server(move |asked| Reply::of(answer).split_at(asked.nth + 1));
        let rows = one_after_another(&server, places, &[]);

        assert_all_answered(&rows, places, 200);
        assert_eq!(server.connections(), 1, "all on one connection");
        assert!(rows.iter().all(|row| row.bytes_received == answer.len() as u64), "every byte is counted");
    }
}

#[test]
fn an_answer_may_come_byte_by_byte() {
    for answer in [LENGTH, CHUNKED] {
        let server = Scripted::server(move |_| Reply::of(answer).byte_by_byte());
        let rows = one_after_another(&server, 3, &[]);

        assert_all_answered(&rows, 3, 200);
        assert_eq!(server.connections(), 1, "all on one connection");
    }
}

#[test]
fn a_large_answer_is_read_to_its_end() {
    let body = "x".repeat(1 << 20);
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let length = answer.len() as u64;
    let server = Scripted::server(move |_| Reply::of(answer.clone()));
    let rows = one_after_another(&server, 5, &[]);

    assert_all_answered(&rows, 5, 200);
    assert!(rows.iter().all(|row| row.bytes_received == length), "every byte is counted");
    assert_eq!(server.connections(), 1);
}

#[test]
fn an_answer_without_a_length_ends_with_its_connection() {
    let server = Scripted::server(|_| Reply::of("HTTP/1.1 200 OK\r\n\r\nuntil the end").then_close());
    let rows = one_after_another(&server, 5, &[]);

    assert_all_answered(&rows, 5, 200);
    assert_eq!(server.connections(), 5);
    assert!(rows.iter().all(|row| row.connect_ns > 0), "every row paid for its connection: {rows:#?}");
}

#[test]
fn a_server_that_announces_the_close_gets_a_new_connection_for_each_request() {
    for head in ["HTTP/1.1 200 OK\r\nConnection: close\r\n", "HTTP/1.0 200 OK\r\n"] {
        let server = Scripted::server(move |_| Reply::of(format!("{head}Content-Length: 2\r\n\r\nok")).then_close());
        let rows = one_after_another(&server, 5, &[]);

        assert_all_answered(&rows, 5, 200);
        assert_eq!(server.connections(), 5, "{head:?}");
    }
}

#[test]
fn a_server_that_closes_without_a_word_costs_no_more_than_the_request_it_hit() {
    let server = Scripted::server(|asked| match asked.nth_on_connection {
        4 => Reply::ok().then_close(),
        _ => Reply::ok(),
    });
    let rows = one_after_another(&server, 50, &[]);

    assert_eq!(rows.len(), 50);
    let errors = errors(&rows);
    assert!(errors.keys().all(|error| ["", "closed", "reset"].contains(error)), "{errors:?}");
    // Of six requests at most the last one finds its connection closed.
    assert!(errors[""] >= 41, "{errors:?}");
    assert!(server.connections() >= 9, "{}", server.connections());
}

#[test]
fn an_answer_to_head_has_no_body() {
    let server = Scripted::server(|asked| {
        assert!(asked.line.starts_with("HEAD "), "{}", asked.line);
        Reply::of("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    });
    let rows = one_after_another(&server, 5, &["-X", "HEAD"]);

    assert_all_answered(&rows, 5, 200);
    assert_eq!(server.connections(), 1);
}

#[test]
fn statuses_204_and_304_have_no_body() {
    for (status, answer) in
        [(204, "HTTP/1.1 204 No Content\r\n\r\n"), (304, "HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\n\r\n")]
    {
        let server = Scripted::server(move |_| Reply::of(answer));
        let rows = one_after_another(&server, 5, &[]);

        assert_all_answered(&rows, 5, status);
        assert_eq!(server.connections(), 1, "{status}");
    }
}

#[test]
fn an_interim_answer_is_not_the_answer() {
    let server = Scripted::server(|_| {
        Reply::of(
            "HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n",
        )
        .split_at(60)
    });
    let rows = one_after_another(&server, 5, &[]);

    assert_all_answered(&rows, 5, 201);
    assert_eq!(server.connections(), 1);
}

#[test]
fn a_request_arrives_as_it_was_asked_for() {
    let server = Scripted::server(|asked| {
        let text = String::from_utf8_lossy(&asked.bytes);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
        let headers: Vec<String> = head.lines().skip(1).map(str::to_ascii_lowercase).collect();
        let hosts = headers.iter().filter(|header| header.starts_with("host: 127.0.0.1:")).count();
        let right = asked.line == "PUT /a/b?c=d%20e"
            && hosts == 1
            && headers.iter().any(|header| header == "x-answer: 42")
            && headers.iter().any(|header| header == "content-length: 11")
            && body == "hello world";
        if right { Reply::ok() } else { Reply::of("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") }
    });
    let scratch = Scratch::new();
    let url = format!("{}/a/b?c=d%20e", server.url());
    let request = ["-X", "PUT", "-H", "X-Answer: 42", "-b", "hello world", "-n", "3", "-c", "1"];
    scratch.drumfire_hit("run", &url).args(request).finish().assert_ran();
    assert_all_answered(&scratch.run("run").complete_rows(), 3, 200);
}
