//! A server in the class of TechEmpower's plaintext test: what it costs to serve is next to nothing, so that it is the
//! load generator that is measured, pipelining included.

use std::io;

use drumfire_benches::serve::{self, Plain};

/// As long as what frameworks answer in that test, with a date that stands still.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nServer: drumfire\r\nContent-Type: text/plain\r\nContent-Length: 13\r\n\
    Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n\r\nHello, World!";

fn main() -> io::Result<()> {
    serve::until_stdin_closes(&mut Plain, ANSWER)
}
