//! Who answers: one process on a processor of its own, doing as little as it can.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use drumfire_tests::certificates::Authority;
use drumfire_tests::nginx::{HELLO, Nginx, Settings, free_address};
use drumfire_tests::pin::spawn_on;
use drumfire_tests::program::ends_within;

use crate::clients::beside;

/// How long a server may take to write down what it saw.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that returns a few bytes on kept-alive connections and writes no log.
///
/// # Errors
/// Where nginx is not installed or does not start.
pub fn nginx_on(cpu: usize) -> anyhow::Result<Nginx> {
    Nginx::start(Settings { locations: HELLO, also: "", witness: false, cpu: Some(cpu) })
}

/// The same over TLS 1.3 alone, with a P-256 key, at an address of its own.
pub struct Secured {
    address: SocketAddr,
    _nginx: Nginx,
    _authority: Authority,
}

impl Secured {
    /// Starts it. It resumes no session, so that every connection costs everybody a whole handshake.
    ///
    /// # Errors
    /// Where nginx is not installed or does not start.
    pub fn nginx_on(cpu: usize) -> anyhow::Result<Self> {
        let (authority, address) = (Authority::new(), free_address()?);
        let own = authority.certify(&[&address.ip().to_string()]);
        let (certificate, key) = (own.certificate.display(), own.key.display());
        let also = format!(
            "listen {address} ssl backlog=4096; ssl_certificate {certificate}; ssl_certificate_key {key}; \
             ssl_protocols TLSv1.3; ssl_session_cache off; ssl_session_tickets off;"
        );
        let nginx = Nginx::start(Settings { locations: HELLO, also: &also, witness: false, cpu: Some(cpu) })?;
        Ok(Self { address, _nginx: nginx, _authority: authority })
    }

    /// Where it listens: `https://127.0.0.1:PORT/`.
    pub fn url(&self) -> String {
        format!("https://{}/", self.address)
    }
}

/// One of the bench's own servers; stopped when dropped.
#[derive(Debug)]
pub struct Own {
    child: Child,
    stdout: BufReader<ChildStdout>,
    url: String,
}

impl Own {
    /// The server of pipelined plaintext.
    ///
    /// # Errors
    /// Where it was not built or does not start.
    pub fn plaintext_on(cpu: usize) -> anyhow::Result<Self> {
        Self::start(&mut Command::new(beside("plaintext")?), cpu)
    }

    /// The witness, which counts arrivals, and writes at most so many into a file if one is named.
    ///
    /// # Errors
    /// Where it was not built or does not start.
    pub fn witness_on(cpu: usize, arrivals: Option<(&Path, usize)>) -> anyhow::Result<Self> {
        let mut command = Command::new(beside("witness")?);
        if let Some((file, most)) = arrivals {
            command.arg("--arrivals").arg(file).args(["--most", &most.to_string()]);
        }
        Self::start(&mut command, cpu)
    }

    fn start(command: &mut Command, cpu: usize) -> anyhow::Result<Self> {
        let mut child = spawn_on(cpu, command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let stdout = child.stdout.take().context("its standard output is piped")?;
        let mut own = Self { child, stdout: BufReader::new(stdout), url: String::new() };
        let line = own.line()?;
        let url = line.strip_prefix("listening on ").with_context(|| format!("the server said: {line}"))?;
        own.url = format!("{url}/");
        Ok(own)
    }

    /// Where it listens: `http://127.0.0.1:PORT/`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Has the witness write down what it saw, and returns how many requests came.
    ///
    /// # Errors
    /// Where it could not.
    pub fn arrivals(mut self) -> anyhow::Result<u64> {
        drop(self.child.stdin.take());
        ensure!(ends_within(&self.child, PATIENCE), "the witness did not end within {PATIENCE:?}");
        ensure!(self.child.wait()?.success(), "the witness failed");
        let line = self.line()?;
        let count = line.strip_suffix(" arrivals").with_context(|| format!("the witness said: {line}"))?;
        Ok(count.parse()?)
    }

    fn line(&mut self) -> anyhow::Result<String> {
        let mut line = String::new();
        self.stdout.read_line(&mut line)?;
        Ok(line.trim().to_owned())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // Both say no where it has ended before.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
