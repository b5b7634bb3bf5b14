//! What the floor asks, and how long the answer to it is.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context, ensure};

use super::exchange::answer_bytes;

/// How long a server may take for the answer that its length is learned from.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where requests go to, and the request.
#[derive(Debug, Clone)]
pub struct Target {
    address: SocketAddr,
    request: Vec<u8>,
}

impl Target {
    /// The target that a URL such as `http://127.0.0.1:8080/path` names.
    ///
    /// # Errors
    /// Where it is not of this form: the floor resolves no names and speaks no TLS.
    pub fn parse(url: &str) -> anyhow::Result<Self> {
        let rest = url.strip_prefix("http://").with_context(|| format!("`{url}` does not start with http://"))?;
        let (host, path) = rest.find('/').map_or((rest, "/"), |slash| rest.split_at(slash));
        let address =
            host.parse().with_context(|| format!("`{host}` is no address with a port, such as 127.0.0.1:8080"))?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n").into_bytes();
        Ok(Self { address, request })
    }

    /// Where to.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The bytes of one request.
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Asks once, and returns the length of the answer.
    ///
    /// # Errors
    /// Where nobody answers, or the answer is no 200 that says its length.
    pub fn answer_bytes(&self) -> anyhow::Result<usize> {
        let mut stream = TcpStream::connect_timeout(&self.address, PATIENCE)
            .with_context(|| format!("nobody listens at {}", self.address))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(&self.request)?;
        let mut received = Vec::new();
        loop {
            let mut piece = [0; 4096];
            let count = stream.read(&mut piece).with_context(|| format!("{} does not answer", self.address))?;
            ensure!(count > 0, "{} closed the connection before its answer was complete", self.address);
            received.extend_from_slice(&piece[..count]);
            match answer_bytes(&received)? {
                Some(length) if received.len() >= length => return Ok(length),
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_an_address_and_a_request() {
        let target = Target::parse("http://127.0.0.1:8080/a?b=c").expect("a URL");
        assert_eq!(target.address(), ([127, 0, 0, 1], 8080).into());
        assert_eq!(target.request(), b"GET /a?b=c HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n");
        assert!(Target::parse("http://127.0.0.1:8080").expect("a URL").request().starts_with(b"GET / "));
    }

    #[test]
    fn what_the_floor_cannot_do_is_said() {
        assert!(Target::parse("https://127.0.0.1:8080/").is_err());
        let error = Target::parse("http://localhost/").expect_err("no name is resolved");
        assert!(error.to_string().contains("127.0.0.1:8080"), "{error}");
    }
}
