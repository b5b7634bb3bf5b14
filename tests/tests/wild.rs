//! HTTP/1.1 as it is in the wild: what a server may do at any point of an exchange, each with the row that it has to become.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::time::Duration;

use drumfire_tests::run::Row;
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Reply, Scripted};

/// What a row has to say: the status and the error word.
type Wanted = (u16, &'static str);

const OK: Wanted = (200, "");

/// One request after another over what is left of a connection: the first is answered in a way of its own, the second as
/// it should be. Returns both rows, and how many connections it took.
fn rows_after(
    request: &str,
    first_byte_timeout: &str,
    reply: impl Fn() -> Reply + Send + Sync + 'static,
) -> (Vec<Row>, usize) {
    let server = Scripted::server(move |asked| if asked.nth == 0 { reply() } else { Reply::ok() });
    let scratch = Scratch::new();
    let scenario = Scenario::to(&server.url())
        .table(&format!("first_byte_timeout = \"{first_byte_timeout}\""))
        .request("wild", request)
        .request("after", "path = \"/after\"")
        .flow("both", r#"[{ request = "wild" }, { request = "after" }]"#)
        .times(1, "both");
    scratch.drumfire_run("run", &scenario.text()).finish();
    let mut rows = scratch.run("run").complete_rows();
    rows.sort_by_key(|row| row.scheduled_ns);
    (rows, server.connections())
}

const GET: &str = "path = \"/\"";
const HEAD: &str = "path = \"/\"\nmethod = \"HEAD\"";

/// Whatever came before it, the next request gets its own answer: over the same connection, or over another.
#[track_caller]
fn expect(
    what: &str,
    request: &str,
    reply: impl Fn() -> Reply + Send + Sync + 'static,
    wanted: Wanted,
    connections: usize,
) {
    let (rows, opened) = rows_after(request, "30s", reply);
    assert_as_wanted(what, &rows, wanted);
    assert_eq!(opened, connections, "{what}: connections");
}

#[track_caller]
fn assert_as_wanted(what: &str, rows: &[Row], wanted: Wanted) {
    assert_eq!(rows.len(), 2, "{what}: {rows:?}");
    assert_eq!((rows[0].status, rows[0].error.as_str()), wanted, "{what}: {rows:?}");
    assert_eq!((rows[1].status, rows[1].error.as_str(), rows[1].bytes_received), (200, "", 44), "{what}: {rows:?}");
}

#[test]
fn answers_that_are_as_they_may_be_leave_the_connection_to_the_next() {
    let answers: &[(&str, &str, &str, Wanted)] = &[
        (
            "interim answers",
            GET,
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            OK,
        ),
        ("HEAD with a length", HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n", OK),
        ("HEAD with chunks", HEAD, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", OK),
        ("no content", GET, "HTTP/1.1 204 No Content\r\n\r\n", (204, "")),
        ("not modified", GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n", (304, "")),
        (
            "chunks with extensions and trailers",
            GET,
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a=\"b\"\r\nhello\r\n0;c\r\nExpires: never\r\nX-T: y\r\n\r\n",
            OK,
        ),
        ("no reason phrase", GET, "HTTP/1.1 200 \r\ncontent-LENGTH:   2  \r\n\r\nok", OK),
        (
            "HTTP/1.0 that is kept alive",
            GET,
            "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
            OK,
        ),
    ];
    for &(what, request, answer, wanted) in answers {
        expect(what, request, move || Reply::of(answer), wanted, 1);
        expect(what, request, move || Reply::of(answer).byte_by_byte(), wanted, 1);
    }
}

#[test]
fn answers_that_end_with_the_connection_are_whole_and_the_next_request_takes_another() {
    let answers: &[(&str, &str)] = &[
        ("until it is closed", "HTTP/1.1 200 OK\r\n\r\nhello until the end"),
        ("closed on purpose", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
        ("HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok"),
    ];
    for &(what, answer) in answers {
        expect(what, GET, move || Reply::of(answer).then_close(), OK, 2);
    }
}

#[test]
fn what_is_no_answer_or_breaks_off_is_a_failure_and_never_the_next_ones_answer() {
    let whole = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
    for place in [1, 9, 17, 25, whole.len() - 6, whole.len() - 1] {
        expect("closed in the middle", GET, move || Reply::of(&whole[..place]).then_close(), (0, "closed"), 2);
        expect("reset in the middle", GET, move || Reply::of(&whole[..place]).then_reset(), (0, "reset"), 2);
    }
    let garbage: &[(&str, &str)] = &[
        ("another protocol", "220 mail.example ESMTP ready\r\n"),
        ("a version that there is not", "HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n"),
        ("lengths that contradict each other", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk"),
        ("a length that is no number", "HTTP/1.1 200 OK\r\nContent-Length: two\r\n\r\nok"),
        ("a chunk that is no number", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        (
            "a chunk that is longer than it says",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n",
        ),
    ];
    for &(what, answer) in garbage {
        expect(what, GET, move || Reply::of(answer), (0, "bad_response"), 2);
    }
}

#[test]
fn more_than_was_asked_for_is_not_the_next_ones_answer() {
    let twice = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno";
    expect("an answer to nobody", GET, move || Reply::of(twice), OK, 2);
    expect(
        "a body that is longer than it says",
        GET,
        || Reply::of("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokay then"),
        OK,
        2,
    );
}

#[test]
fn heads_may_be_long_up_to_a_limit() {
    let head = |filler: usize| format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(filler));
    expect("60 KiB", GET, move || Reply::of(head(60 << 10)), OK, 1);
    expect("70 KiB", GET, move || Reply::of(head(70 << 10)), (0, "bad_response"), 2);
}

#[test]
fn an_answer_that_comes_after_its_time_is_nobodys() {
    let late = || Reply::of("HTTP/1.1 500 Late\r\nContent-Length: 0\r\n\r\n").after(Duration::from_secs(20));
    let (rows, opened) = rows_after(GET, "2s", late);
    assert_as_wanted("late", &rows, (0, "first_byte_timeout"));
    assert_eq!(opened, 2, "connections");
}

#[test]
fn a_body_that_the_server_does_not_want_is_not_sent() {
    let refusal = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    let server = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", server.local_addr().expect("bound"));
    let asked = std::thread::spawn(move || {
        use std::io::{Read, Write};
        // The first connection only looks whether somebody is there.
        drop(server.accept().expect("a connection"));
        let (mut stream, _) = server.accept().expect("a connection");
        let mut head = [0; 4096];
        let length = stream.read(&mut head).expect("a head");
        stream.write_all(refusal.as_bytes()).expect("it listens");
        let mut rest = Vec::new();
        // It is closed, with a reset or without one.
        let _ = stream.read_to_end(&mut rest);
        (String::from_utf8_lossy(&head[..length]).into_owned(), rest)
    });
    let scratch = Scratch::new();
    let hit =
        scratch.drumfire_hit("run", &url).args(["-c", "1", "-n", "1", "-b", "hello", "-H", "Expect: 100-continue"]);
    hit.finish();
    let rows = scratch.run("run").complete_rows();
    let (head, rest) = asked.join().expect("the server did not panic");
    assert!(head.ends_with("\r\n\r\n") && rows[0].status == 417, "{head:?} {rows:?}");
    // A server that stalls for a second gets it, as one that does not know of asking.
    if rows[0].duration_ns < Some(1_000_000_000) {
        assert!(rest.is_empty(), "{rest:?}");
        assert_eq!(rows[0].bytes_sent, head.len() as u64, "{rows:?}");
    }
}
