//! The bench's own servers do what the figures rest on.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;

use drumfire_benches::servers::Own;

const REQUEST: &[u8] = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn connected(server: &Own) -> TcpStream {
    let address = server.url().trim_start_matches("http://").trim_end_matches('/');
    TcpStream::connect(address).expect("it listens")
}

fn answer(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 4096];
    let count = stream.read(&mut bytes).expect("it answers");
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

#[test]
fn the_witness_notes_an_arrival_for_every_request_in_their_order() {
    let notes = tempfile::NamedTempFile::new().expect("a temporary file");
    let witness = Own::witness_on(0, Some((notes.path(), 100))).expect("it was built");
    let mut stream = connected(&witness);
    for _ in 0..3 {
        stream.write_all(REQUEST).expect("it reads");
        assert!(answer(&mut stream).ends_with("\r\n\r\nhello\n"));
    }
    assert_eq!(witness.arrivals().expect("it ends"), 3);
    let text = fs::read_to_string(notes.path()).expect("it wrote them");
    let arrivals: Vec<u64> = text.lines().map(|line| line.parse().expect("a number")).collect();
    assert!(arrivals.len() == 3 && arrivals.is_sorted(), "{arrivals:?}");
}

#[test]
fn memory_for_arrivals_has_a_bound_and_the_count_has_none() {
    let notes = tempfile::NamedTempFile::new().expect("a temporary file");
    let witness = Own::witness_on(0, Some((notes.path(), 2))).expect("it was built");
    let mut stream = connected(&witness);
    for _ in 0..3 {
        stream.write_all(REQUEST).expect("it reads");
        answer(&mut stream);
    }
    assert_eq!(witness.arrivals().expect("it ends"), 3);
    assert_eq!(fs::read_to_string(notes.path()).expect("it wrote them").lines().count(), 2);
}

#[test]
fn pipelined_requests_are_answered_together() {
    let server = Own::plaintext_on(0).expect("it was built");
    let mut stream = connected(&server);
    stream.write_all(&REQUEST.repeat(16)).expect("it reads");
    assert_eq!(answer(&mut stream).matches("Hello, World!").count(), 16);
}
