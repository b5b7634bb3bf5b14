//! gcannon: C on io_uring; keeps a histogram.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use super::found::peer;
use super::said::number_before;
use super::{Client, Demand, Load, Place};

/// The installed gcannon.
#[derive(Debug)]
pub struct Gcannon {
    program: PathBuf,
}

impl Gcannon {
    /// Looks for it.
    ///
    /// # Errors
    /// Where it is not installed.
    pub fn find() -> anyhow::Result<Self> {
        Ok(Self { program: peer("gcannon", "build it from its source and put it on the PATH")? })
    }
}

impl Client for Gcannon {
    fn name(&self) -> &'static str {
        "gcannon"
    }

    fn version(&self) -> String {
        // It says its version only when it makes load.
        "gcannon".to_owned()
    }

    fn command(&self, load: &Load, place: &Place<'_>) -> anyhow::Result<Option<Command>> {
        if load.secured() {
            return Ok(None);
        }
        let mut command = Command::new(&self.program);
        command
            .arg(&load.url)
            .args(["-c", &load.connections.to_string(), "-t", &place.threads().to_string()])
            .args(["-d", &load.seconds.to_string()]);
        match load.demand {
            Demand::Closed => {}
            Demand::Pipelined(depth) => {
                command.args(["-p", &depth.to_string()]);
            }
            Demand::Reconnecting | Demand::Open(_) => return Ok(None),
        }
        Ok(Some(command))
    }

    fn answered(&self, stdout: &str, _folder: &Path) -> anyhow::Result<u64> {
        answered(stdout)
    }
}

fn answered(stdout: &str) -> anyhow::Result<u64> {
    let statuses = stdout.lines().find_map(|line| line.trim().strip_prefix("Status codes: "));
    let statuses = statuses.with_context(|| format!("gcannon names no statuses:\n{stdout}"))?;
    let good = statuses.contains("3xx=0, 4xx=0, 5xx=0");
    ensure!(good, "some of gcannon's requests failed: {statuses}");
    number_before(stdout, " responses")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "gcannon v0.5.3
  Target:    127.0.0.1:18081/
  Conns:     64 (64/thread)

  Thread Stats   Avg      p50      p90      p99    p99.9
    Latency    521us    514us    638us    850us   4.69ms

  122534 requests in 1.00s, 122533 responses
  Throughput: 122.50K req/s
  Bandwidth:  17.87MB/s
  Status codes: 2xx=122534, 3xx=0, 4xx=0, 5xx=0
  Latency samples: 122534 / 122534 responses (100.0%)
";

    #[test]
    fn answers_are_counted_not_requests() {
        assert_eq!(answered(OUTPUT).expect("a count"), 122_533);
    }

    #[test]
    fn a_round_with_failures_is_no_comparison() {
        assert!(answered(&OUTPUT.replace("5xx=0", "5xx=1")).is_err());
    }
}
