//! The other end of the control socket: asks a run for something, and hands on what it says.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use runlog::directory::MANIFEST;
use runlog::text::{printable, printable_path};
use runlog::units::Nanos;
use serde_json::Value;

use super::protocol::{LONGEST_ANSWER, Request};
use super::socket;

/// How long an answer may take.
const PATIENCE: Nanos = Nanos::from_secs(10);

/// Why a run did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// There is nothing there.
    #[error("there is no run at `{}`: name the run directory of a load that is running", printable_path(.0))]
    Missing(PathBuf),
    /// It is something else.
    #[error("`{}` is no run directory: it has no {MANIFEST}", printable_path(.0))]
    NotARun(PathBuf),
    /// Nobody listens.
    #[error("the run at `{}` is not running: it has ended", printable_path(.0))]
    Ended(PathBuf),
    /// The system says no.
    #[error("the run at `{}` cannot be reached: {source}", printable_path(.path))]
    Unreachable {
        /// The socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It did not answer, or not as it should.
    #[error("the run at `{}` gave no answer: {what}", printable_path(.path))]
    Silent {
        /// The socket.
        path: PathBuf,
        /// What it did.
        what: String,
    },
    /// It will not do it.
    #[error("{}", printable(.0))]
    Refused(String),
}

impl ClientError {
    /// Whether what was asked for cannot be done (as opposed to: something went wrong while asking).
    pub const fn is_input(&self) -> bool {
        !matches!(self, Self::Unreachable { .. } | Self::Silent { .. })
    }
}

/// Asks the run of a directory, or at a socket. Returns its answer, and what of it is for a person.
///
/// # Errors
/// Where no run is there, or it refuses.
pub fn ask(run: &Path, request: Request) -> Result<(Value, String), ClientError> {
    let path = find(run)?;
    let stream = socket::connect(&path).map_err(|source| match source.kind() {
        ErrorKind::ConnectionRefused | ErrorKind::NotFound => ClientError::Ended(run.to_owned()),
        _ => ClientError::Unreachable { path: path.clone(), source },
    })?;
    let silent = |what: String| ClientError::Silent { path: path.clone(), what };
    let line = exchange(&stream, request).map_err(|error| match error.kind() {
        // It has come to its end meanwhile.
        ErrorKind::BrokenPipe | ErrorKind::ConnectionReset => ClientError::Ended(run.to_owned()),
        ErrorKind::WouldBlock | ErrorKind::TimedOut => silent(format!("nothing for {PATIENCE}")),
        _ => silent(error.to_string()),
    })?;
    if line.is_empty() {
        return Err(ClientError::Ended(run.to_owned()));
    }
    let answer: Value =
        serde_json::from_str(&line).map_err(|error| silent(format!("what it says is no JSON: {error}")))?;
    let said = printable(answer["said"].as_str().unwrap_or_default());
    match answer["ok"].as_bool() {
        Some(true) => Ok((answer, said)),
        Some(false) => Err(ClientError::Refused(said)),
        None => Err(silent("it does not say whether it was done".to_owned())),
    }
}

/// The socket of what was named.
fn find(run: &Path) -> Result<PathBuf, ClientError> {
    if !run.exists() {
        return Err(ClientError::Missing(run.to_owned()));
    }
    if !run.is_dir() {
        return Ok(run.to_owned());
    }
    let path = run.join(socket::NAME);
    match path.exists() {
        true => Ok(path),
        false if run.join(MANIFEST).exists() => Err(ClientError::Ended(run.to_owned())),
        false => Err(ClientError::NotARun(run.to_owned())),
    }
}

fn exchange(mut stream: &std::os::unix::net::UnixStream, request: Request) -> io::Result<String> {
    stream.set_read_timeout(Some(PATIENCE.into()))?;
    stream.set_write_timeout(Some(PATIENCE.into()))?;
    stream.write_all(request.line().as_bytes())?;
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST_ANSWER as u64)).read_line(&mut line)?;
    Ok(line)
}
