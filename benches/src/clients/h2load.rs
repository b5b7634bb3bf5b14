//! h2load: nghttp2's load generator, in C++ on libev; here with HTTP/1.1.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;

use super::found::{first_line, peer};
use super::said::{number_before, number_behind};
use super::{Client, Demand, Load, Place};

/// The installed h2load.
#[derive(Debug)]
pub struct H2load {
    program: PathBuf,
}

impl H2load {
    /// Looks for it.
    ///
    /// # Errors
    /// Where it is not installed.
    pub fn find() -> anyhow::Result<Self> {
        Ok(Self { program: peer("h2load", "apt-get install nghttp2-client")? })
    }
}

impl Client for H2load {
    fn name(&self) -> &'static str {
        "h2load --h1"
    }

    fn version(&self) -> String {
        first_line(&self.program, &["--version"])
    }

    fn command(&self, load: &Load, place: &Place<'_>) -> anyhow::Result<Option<Command>> {
        let mut command = Command::new(&self.program);
        command.args(["--h1", "-t", &place.threads().to_string()]).args([
            "-c",
            &load.connections.to_string(),
            "-D",
            &load.seconds.to_string(),
        ]);
        match load.demand {
            Demand::Closed => {}
            Demand::Reconnecting => return Ok(None),
            Demand::Pipelined(depth) => {
                command.args(["-m", &depth.to_string()]);
            }
            Demand::Open(_) => {
                let Some(rate) = load.even_rate() else { return Ok(None) };
                // Its rate is that of each connection.
                command.arg(format!("--rps={}", f64::from(rate) / f64::from(load.connections)));
            }
        }
        command.arg(&load.url);
        Ok(Some(command))
    }

    fn answered(&self, stdout: &str, _folder: &Path) -> anyhow::Result<u64> {
        answered(stdout)
    }
}

fn answered(stdout: &str) -> anyhow::Result<u64> {
    let failed = number_before(stdout, " failed,")?;
    ensure!(failed == 0, "{failed} of h2load's requests failed");
    number_behind(stdout, "status codes:")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "finished in 1.00s, 120316.00 req/s, 17.56MB/s
requests: 120316 total, 120380 started, 120316 done, 120316 succeeded, 0 failed, 0 errored, 0 timeout
status codes: 120316 2xx, 0 3xx, 0 4xx, 0 5xx
traffic: 17.56MB (18408348) total, 12.40MB (12997584) headers (space savings 0.00%), 705.16KB (722088) data
";

    #[test]
    fn its_own_count_is_read() {
        assert_eq!(answered(OUTPUT).expect("a count"), 120_316);
    }

    #[test]
    fn a_round_with_failures_is_no_comparison() {
        assert!(answered(&OUTPUT.replace("0 failed", "2 failed")).is_err());
    }
}
