//! ab: Apache's load generator, one thread in C.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;

use super::found::{first_line, peer};
use super::said::number_behind;
use super::{Client, Demand, Load, Place};

/// More than it can make in a second.
const PER_SECOND_MOST: u64 = 1_000_000;

/// The installed ab.
#[derive(Debug)]
pub struct Ab {
    program: PathBuf,
}

impl Ab {
    /// Looks for it.
    ///
    /// # Errors
    /// Where it is not installed.
    pub fn find() -> anyhow::Result<Self> {
        Ok(Self { program: peer("ab", "apt-get install apache2-utils")? })
    }
}

impl Client for Ab {
    fn name(&self) -> &'static str {
        "ab -k"
    }

    fn version(&self) -> String {
        let line = first_line(&self.program, &["-V"]);
        line.trim_start_matches("This is ").split(" <").next().unwrap_or_default().to_owned()
    }

    fn command(&self, load: &Load, _place: &Place<'_>) -> anyhow::Result<Option<Command>> {
        let mut command = Command::new(&self.program);
        match load.demand {
            Demand::Closed => {
                command.arg("-k");
            }
            Demand::Reconnecting => {}
            Demand::Pipelined(_) | Demand::Open(_) => return Ok(None),
        }
        command
            .args(["-q", "-c", &load.connections.to_string(), "-t", &load.seconds.to_string()])
            // A time alone means at most 50,000 requests; and it wants memory for as many as it may make.
            .args(["-n", &(u64::from(load.seconds) * PER_SECOND_MOST).to_string(), &load.url]);
        Ok(Some(command))
    }

    fn answered(&self, stdout: &str, _folder: &Path) -> anyhow::Result<u64> {
        answered(stdout)
    }
}

fn answered(stdout: &str) -> anyhow::Result<u64> {
    let failed = number_behind(stdout, "Failed requests:")?;
    ensure!(failed == 0 && !stdout.contains("Non-2xx"), "some of ab's requests failed:\n{stdout}");
    number_behind(stdout, "Complete requests:")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "Concurrency Level:      64
Time taken for tests:   1.000 seconds
Complete requests:      133181
Failed requests:        0
Keep-Alive requests:    133181
Total transferred:      20376693 bytes
";

    #[test]
    fn its_own_count_is_read() {
        assert_eq!(answered(OUTPUT).expect("a count"), 133_181);
    }

    #[test]
    fn a_round_with_failures_is_no_comparison() {
        assert!(answered(&OUTPUT.replace("Failed requests:        0", "Failed requests:        4")).is_err());
    }
}
