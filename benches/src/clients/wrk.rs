//! wrk: one thread on epoll, written in C; keeps a histogram, no rows.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};

use super::{Client, Load, first_line};

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
        let path = std::env::var_os("PATH").unwrap_or_default();
        let found = std::env::split_paths(&path).map(|folder| folder.join("wrk")).find(|file| file.is_file());
        Ok(Self { program: found.context("`wrk` is not installed; install it: apt-get install wrk")? })
    }
}

impl Client for Wrk {
    fn name(&self) -> &'static str {
        "wrk"
    }

    fn version(&self) -> String {
        let line = first_line(&self.program, &["-v"]);
        line.split(" Copyright").next().unwrap_or_default().to_owned()
    }

    fn command(&self, load: &Load, _cpu: usize, _folder: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(["-t1", &format!("-c{}", load.connections), &format!("-d{}s", load.seconds), &load.url]);
        command
    }

    fn answered(&self, stdout: &str, _folder: &Path) -> anyhow::Result<u64> {
        if let Some(line) = stdout.lines().find(|line| line.contains("Socket errors") || line.contains("Non-2xx")) {
            bail!("some of wrk's requests failed: {}", line.trim());
        }
        let count = stdout.lines().find_map(|line| line.trim().split_once(" requests in "));
        let (count, _) = count.with_context(|| format!("wrk does not say how many requests it made:\n{stdout}"))?;
        count.parse().with_context(|| format!("wrk's number of requests is `{count}`"))
    }
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

    fn wrk() -> Wrk {
        Wrk { program: PathBuf::from("wrk") }
    }

    #[test]
    fn its_own_count_is_read() {
        assert_eq!(wrk().answered(OUTPUT, Path::new("")).expect("a count"), 86_188);
    }

    #[test]
    fn a_round_with_failures_is_no_comparison() {
        let output = OUTPUT.to_owned() + "  Socket errors: connect 0, read 3, write 0, timeout 0\n";
        assert!(wrk().answered(&output, Path::new("")).is_err());
    }
}
