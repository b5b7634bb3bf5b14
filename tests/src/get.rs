//! Asking a server for a document.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

/// Asks for a document by HTTP/1.0, so that it comes in one piece. Returns the status and the text.
///
/// # Errors
/// Where nobody answers.
pub fn get(address: SocketAddr, path: &str) -> io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address)?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, text) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::InvalidData)?;
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).ok_or(io::ErrorKind::InvalidData)?;
    Ok((status, text.to_owned()))
}
