//! hey: Go, a goroutine for each connection.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};

use super::found::peer;
use super::said::good_answers;
use super::{Client, Demand, Load, Place};

/// The installed hey.
#[derive(Debug)]
pub struct Hey {
    program: PathBuf,
}

impl Hey {
    /// Looks for it.
    ///
    /// # Errors
    /// Where it is not installed.
    pub fn find() -> anyhow::Result<Self> {
        Ok(Self { program: peer("hey", "apt-get install hey")? })
    }
}

impl Client for Hey {
    fn name(&self) -> &'static str {
        "hey"
    }

    fn version(&self) -> String {
        // It has no way of saying its version.
        "hey".to_owned()
    }

    fn command(&self, load: &Load, place: &Place<'_>) -> anyhow::Result<Option<Command>> {
        let mut command = Command::new(&self.program);
        command.env("GOMAXPROCS", place.threads().to_string()).args([
            "-z",
            &format!("{}s", load.seconds),
            "-c",
            &load.connections.to_string(),
        ]);
        match load.demand {
            Demand::Closed => {}
            Demand::Reconnecting => {
                command.arg("-disable-keepalive");
            }
            Demand::Pipelined(_) => return Ok(None),
            Demand::Open(_) => {
                let Some(rate) = load.even_rate() else { return Ok(None) };
                // Its rate is that of each connection.
                command.args(["-q", &(f64::from(rate) / f64::from(load.connections)).to_string()]);
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
    ensure!(!stdout.contains("Error distribution:"), "some of hey's requests failed:\n{stdout}");
    let (_, statuses) = stdout.split_once("Status code distribution:").context("hey names no statuses")?;
    good_answers("hey", statuses)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "Summary:
  Total:\t1.0009 secs
  Requests/sec:\t41836.9216

Details (average, fastest, slowest):
  resp read:\t0.0000 secs, 0.0000 secs, 0.0045 secs

Status code distribution:
  [200]\t41876 responses



";

    #[test]
    fn its_own_count_is_read() {
        assert_eq!(answered(OUTPUT).expect("a count"), 41_876);
    }

    #[test]
    fn a_round_with_failures_is_no_comparison() {
        assert!(answered(&(OUTPUT.to_owned() + "Error distribution:\n  [64]\tconnection refused\n")).is_err());
    }
}
