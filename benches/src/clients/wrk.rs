//! wrk: a thread for each processor on epoll, written in C; keeps a histogram, no rows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::bail;

use super::found::{first_line, peer};
use super::said::number_before;
use super::{Client, Demand, Load, Place};

/// The installed wrk.
#[derive(Debug)]
pub struct Wrk {
    program: PathBuf,
}

impl Wrk {
    /// Looks for it.
    ///
    /// # Errors
    /// Where it is not installed.
    pub fn find() -> anyhow::Result<Self> {
        Ok(Self { program: peer("wrk", "apt-get install wrk")? })
    }
}

impl Client for Wrk {
    fn name(&self) -> &'static str {
        "wrk"
    }

    fn version(&self) -> String {
        version(&self.program)
    }

    fn command(&self, load: &Load, place: &Place<'_>) -> anyhow::Result<Option<Command>> {
        let mut command = Command::new(&self.program);
        command.args([format!("-t{}", place.threads()), format!("-c{}", load.connections)]);
        command.arg(format!("-d{}s", load.seconds));
        match load.demand {
            Demand::Closed => {}
            Demand::Reconnecting => {
                command.args(["-H", "Connection: close"]);
            }
            Demand::Pipelined(depth) => {
                let script = place.folder.join("pipeline.lua");
                fs::write(&script, pipelining(depth))?;
                command.arg("-s").arg(script);
            }
            Demand::Open(_) => return Ok(None),
        }
        command.arg(&load.url);
        Ok(Some(command))
    }

    fn answered(&self, stdout: &str, _folder: &Path) -> anyhow::Result<u64> {
        answered(stdout)
    }
}

/// As wrk and its descendants say it.
pub fn version(program: &Path) -> String {
    first_line(program, &["-v"]).split(" Copyright").next().unwrap_or_default().to_owned()
}

/// What wrk and its descendants say at their end.
pub fn answered(stdout: &str) -> anyhow::Result<u64> {
    if let Some(line) = stdout.lines().find(|line| line.contains("Socket errors") || line.contains("Non-2xx")) {
        bail!("some requests failed: {}", line.trim());
    }
    number_before(stdout, " requests in ")
}

/// wrk pipelines what a script hands it as one request.
fn pipelining(depth: u32) -> String {
    format!(
        "init = function() requests = string.rep(wrk.format(), {depth}) end request = function() return requests end\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "Running 1s test @ http://127.0.0.1:8080/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   815.35us  106.53us   4.32ms   92.51%
    Req/Sec    78.77k     2.78k   82.12k    90.91%
  86188 requests in 1.10s, 14.05MB read
Requests/sec:  78365.02
Transfer/sec:     12.78MB
";

    #[test]
    fn its_own_count_is_read() {
        assert_eq!(answered(OUTPUT).expect("a count"), 86_188);
    }

    #[test]
    fn a_round_with_failures_is_no_comparison() {
        let output = OUTPUT.to_owned() + "  Socket errors: connect 0, read 3, write 0, timeout 0\n";
        assert!(answered(&output).is_err());
    }
}
