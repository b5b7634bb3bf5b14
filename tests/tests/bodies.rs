//! Bodies that are looked into: packed in every way, without end, and not what they say they are.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::io::Write;

use drumfire_tests::run::statuses;
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scripted::Reply;
use drumfire_tests::visit::{Visit, visit};
use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

const BODY: &str = r#"{"id": "of the body", "items": [1, 2, 3]}"#;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

fn deflate(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).expect("memory takes everything");
    encoder.finish().expect("memory takes everything")
}

/// A body of at most 64 KiB, as a brotli stream (RFC 7932) that stores it as it is.
fn brotli(body: &[u8]) -> Vec<u8> {
    // A window of 16 bits, not the last block, its length in four nibbles, not compressed; then an empty last block.
    let length = u32::try_from(body.len()).expect("it is short") - 1;
    let head = (length << 4 | 1 << 20).to_le_bytes();
    [&head[..3], body, &[0b11]].concat()
}

/// One answer with these headers and this body, all of it looked into, and a request behind it.
#[track_caller]
fn looked_into(headers: &'static [(&str, &str)], body: Vec<u8>) -> Visit {
    let reply = Reply::with(200, headers, body);
    visit(1, move |asked| if asked.nth == 0 { reply.clone() } else { Reply::ok() }, checked)
}

fn checked(scenario: Scenario) -> Scenario {
    scenario
        .request(
            "packed",
            r#"path = "/packed"
checks = { "is fine" = "status == 200", "has id" = 'json:/id == "of the body"', "has items" = "json:/items length >= 3", "has text" = 'body contains "of the body"', "is small" = "body size < 1KiB" }"#,
        )
        .request("after", "path = \"/after/{{ vars.id :- nothing }}\"")
        .flow("visit", r#"[{ request = "packed", capture = { id = "json:/id" } }, { request = "after" }]"#)
}

const LOOKED_FOR: [&str; 4] = ["has id", "has items", "has text", "captures id"];

#[track_caller]
fn assert_read(visit: &Visit) {
    assert!(visit.failed_checks.is_empty(), "{:?}", visit.failed_checks);
    assert_eq!(visit.lines()[1], "GET /after/of%20the%20body");
}

#[track_caller]
fn assert_unreadable(visit: &Visit) {
    for check in LOOKED_FOR {
        assert_eq!(visit.failures_of("packed", check), 1, "{check}: {:?}", visit.failed_checks);
    }
    assert_eq!(visit.failures_of("packed", "is fine"), 0, "{:?}", visit.failed_checks);
    assert_eq!(statuses(&visit.rows), [(200, 2)].into(), "an answer is an answer");
    assert_eq!(visit.lines()[1], "GET /after/nothing");
}

#[test]
fn packed_bodies_are_looked_into() {
    let body = BODY.as_bytes();
    assert_read(&looked_into(&[], body.to_vec()));
    assert_read(&looked_into(&[("Content-Encoding", "identity")], body.to_vec()));
    assert_read(&looked_into(&[("Content-Encoding", "gzip")], gzip(body)));
    assert_read(&looked_into(&[("content-encoding", "X-GZIP")], gzip(body)));
    assert_read(&looked_into(&[("Content-Encoding", "deflate")], zlib(body)));
    assert_read(&looked_into(&[("Content-Encoding", "deflate")], deflate(body)));
    assert_read(&looked_into(&[("Content-Encoding", "br")], brotli(body)));
    assert_read(&looked_into(&[("Content-Encoding", "br, gzip")], gzip(&brotli(body))));
}

#[test]
fn a_body_that_is_not_packed_as_it_says_fails_its_checks_and_nothing_else() {
    for coding in ["gzip", "deflate", "br", "zstd", "gzip, gzip"] {
        let headers: &'static [(&str, &str)] = Box::leak(Box::new([("Content-Encoding", coding)]));
        assert_unreadable(&looked_into(headers, BODY.as_bytes().to_vec()));
    }
    let mut torn = gzip(BODY.as_bytes());
    torn.truncate(torn.len() / 2);
    assert_unreadable(&looked_into(&[("Content-Encoding", "gzip")], torn));
}

#[test]
fn a_body_that_is_no_json_fails_its_checks_and_nothing_else() {
    let deep = "[".repeat(100_000);
    for body in ["", "{", "null", "\"of the bo", "\u{feff}", &deep] {
        assert_unreadable(&looked_into(&[("Content-Type", "application/json")], body.as_bytes().to_vec()));
    }
    assert_unreadable(&looked_into(&[], vec![0xff; 100]));
}

#[test]
fn a_body_in_chunks_is_looked_into_without_them() {
    let (first, second) = BODY.split_at(15);
    let chunks: Vec<String> =
        [first, second].iter().map(|part| format!("{:x};x=y\r\n{part}\r\n", part.len())).collect();
    let answer = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{}0\r\n\r\n", chunks.concat());
    let reply = Reply::of(answer).byte_by_byte();
    assert_read(&visit(1, move |asked| if asked.nth == 0 { reply.clone() } else { Reply::ok() }, checked));
}

#[test]
fn a_body_above_the_bound_is_cut_and_says_so_by_its_checks() {
    // What is looked for stands in front, where it would be found if half a body were looked into.
    let long = format!("{BODY}{}", " ".repeat(9 << 20));
    assert_unreadable(&looked_into(&[], long.clone().into_bytes()));
    let most = format!("{BODY}{}", " ".repeat((8 << 20) - BODY.len()));
    let visit = looked_into(&[], most.into_bytes());
    assert_eq!(visit.failed_checks, [(("packed".to_owned(), "is small".to_owned()), 1)].into());
}

#[test]
fn a_small_body_that_becomes_huge_is_given_up() {
    let bomb = gzip(&vec![b' '; 64 << 20]);
    assert!(bomb.len() < 100_000);
    assert_unreadable(&looked_into(&[("Content-Encoding", "gzip")], bomb));
}
