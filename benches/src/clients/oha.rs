//! oha: Rust on tokio; keeps every latency in memory.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use super::found::{first_line, peer};
use super::said::good_answers;
use super::{Client, Demand, Load, Place};

/// The installed oha.
#[derive(Debug)]
pub struct Oha {
    program: PathBuf,
}

impl Oha {
    /// Looks for it.
    ///
    /// # Errors
    /// Where it is not installed.
    pub fn find() -> anyhow::Result<Self> {
        Ok(Self { program: peer("oha", "benches/peers/install builds it")? })
    }
}

impl Client for Oha {
    fn name(&self) -> &'static str {
        "oha"
    }

    fn version(&self) -> String {
        first_line(&self.program, &["--version"])
    }

    fn command(&self, load: &Load, place: &Place<'_>) -> anyhow::Result<Option<Command>> {
        let mut command = Command::new(&self.program);
        command.args(["--no-tui", "--worker-threads", &place.threads().to_string()]).args([
            "-z",
            &format!("{}s", load.seconds),
            "-c",
            &load.connections.to_string(),
        ]);
        match load.demand {
            Demand::Closed => {}
            Demand::Reconnecting => {
                command.arg("--disable-keepalive");
            }
            Demand::Pipelined(_) => return Ok(None),
            Demand::Open(_) => {
                let Some(rate) = load.even_rate() else { return Ok(None) };
                command.args(["-q", &rate.to_string(), "--latency-correction"]);
            }
        }
        if load.secured() {
            command.arg("--insecure");
        }
        command.arg(&load.url);
        Ok(Some(command))
    }

    fn answered(&self, stdout: &str, _folder: &Path) -> anyhow::Result<u64> {
        answered(stdout)
    }
}

fn answered(stdout: &str) -> anyhow::Result<u64> {
    let (_, statuses) = stdout.split_once("Status code distribution:").context("oha names no statuses")?;
    let (statuses, errors) = statuses.split_once("Error distribution:").unwrap_or((statuses, ""));
    let error = errors.lines().find(|line| line.contains('[') && !line.contains("aborted due to deadline"));
    ensure!(error.is_none(), "some of oha's requests failed: {error:?}");
    good_answers("oha", statuses)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "Details (average, fastest, slowest):
  DNS+dialup:\t0.7811 ms, 0.2687 ms, 1.4644 ms
  DNS-lookup:\t0.0023 ms, 0.0012 ms, 0.0232 ms

Status code distribution:
  [200] 104369 responses

Error distribution:
  [52] aborted due to deadline
";

    #[test]
    fn answers_are_counted_and_those_cut_off_at_the_end_are_not() {
        assert_eq!(answered(OUTPUT).expect("a count"), 104_369);
    }

    #[test]
    fn a_round_with_failures_is_no_comparison() {
        assert!(answered(&(OUTPUT.to_owned() + "  [1] connection refused\n")).is_err());
        assert!(answered(&OUTPUT.replace("[200]", "[503]")).is_err());
    }
}
