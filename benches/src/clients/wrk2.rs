//! wrk2: wrk with a rate, from which its latencies are corrected.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::found::peer;
use super::{Client, Load, Place, wrk};

/// The installed wrk2. Its program calls itself `wrk`; it is looked for as `wrk2`.
#[derive(Debug)]
pub struct Wrk2 {
    program: PathBuf,
}

impl Wrk2 {
    /// Looks for it.
    ///
    /// # Errors
    /// Where it is not installed.
    pub fn find() -> anyhow::Result<Self> {
        Ok(Self { program: peer("wrk2", "build it from its source and put it on the PATH as wrk2")? })
    }
}

impl Client for Wrk2 {
    fn name(&self) -> &'static str {
        "wrk2"
    }

    fn version(&self) -> String {
        // It keeps the name and the version of the wrk that it was made from.
        format!("wrk2 ({})", wrk::version(&self.program))
    }

    fn command(&self, load: &Load, place: &Place<'_>) -> anyhow::Result<Option<Command>> {
        let Some(rate) = load.even_rate() else { return Ok(None) };
        let mut command = Command::new(&self.program);
        command
            .args([format!("-t{}", place.threads()), format!("-c{}", load.connections)])
            .args([format!("-d{}s", load.seconds), format!("-R{rate}")])
            .arg(&load.url);
        Ok(Some(command))
    }

    fn answered(&self, stdout: &str, _folder: &Path) -> anyhow::Result<u64> {
        wrk::answered(stdout)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_own_count_is_read() {
        let output = "Running 2s test @ http://127.0.0.1:18081/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     1.03ms  784.36us   6.84ms   85.36%
    Req/Sec       -nan      -nan   0.00      0.00%
  3716 requests in 2.00s, 555.22KB read
Requests/sec:   1858.02
Transfer/sec:    277.61KB
";
        assert_eq!(wrk::answered(output).expect("a count"), 3_716);
    }
}
