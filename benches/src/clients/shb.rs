//! shb: Rust on io_uring; keeps a histogram. It waits for several answers before it looks at any.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;

use super::found::peer;
use super::said::number_before;
use super::{Client, Demand, Load, Place};

/// The installed shb.
#[derive(Debug)]
pub struct Shb {
    program: PathBuf,
}

impl Shb {
    /// Looks for it.
    ///
    /// # Errors
    /// Where it is not installed.
    pub fn find() -> anyhow::Result<Self> {
        Ok(Self { program: peer("shb", "benches/peers/install builds it")? })
    }
}

impl Client for Shb {
    fn name(&self) -> &'static str {
        "shb"
    }

    fn version(&self) -> String {
        // It has no way of saying its version.
        "shb".to_owned()
    }

    fn command(&self, load: &Load, place: &Place<'_>) -> anyhow::Result<Option<Command>> {
        let mut command = Command::new(&self.program);
        match load.demand {
            Demand::Closed => {}
            Demand::Reconnecting => {
                command.arg("--disable-keepalive");
            }
            Demand::Pipelined(_) | Demand::Open(_) => return Ok(None),
        }
        command.args(["-t", &place.threads().to_string(), "-c", &load.connections.to_string()]).args([
            "-z",
            &format!("{}s", load.seconds),
            &load.url,
        ]);
        Ok(Some(command))
    }

    fn answered(&self, stdout: &str, _folder: &Path) -> anyhow::Result<u64> {
        answered(stdout)
    }
}

fn answered(stdout: &str) -> anyhow::Result<u64> {
    let errors = number_before(stdout, " errors,")?;
    ensure!(errors == 0, "{errors} of shb's requests failed");
    number_before(&stdout.replace('(', " "), " ok,")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "URL:          http://127.0.0.1:18081/
Protocol:     HTTP/1.1
Threads:      1
Connections:  64
Requests:     142625 (142625 ok, 0 errors, of which 0 connect) in 1.001s
Requests/sec: 142468.9
Transfer:     recv 20.79 MB/s (21821625 bytes), sent 5.57 MB/s (5850126 bytes)
Status codes:
  [200] 142625
";

    #[test]
    fn its_own_count_is_read() {
        assert_eq!(answered(OUTPUT).expect("a count"), 142_625);
    }

    #[test]
    fn a_round_with_failures_is_no_comparison() {
        assert!(answered(&OUTPUT.replace("0 errors", "3 errors")).is_err());
    }
}
