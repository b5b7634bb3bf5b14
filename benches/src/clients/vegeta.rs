//! vegeta: Go, a rate first of all; writes a result for each request.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::ensure;
use serde_json::Value;

use super::found::{first_line, peer};
use super::{Client, Demand, Load, Place};

/// The installed vegeta.
#[derive(Debug)]
pub struct Vegeta {
    program: PathBuf,
}

impl Vegeta {
    /// Looks for it.
    ///
    /// # Errors
    /// Where it is not installed.
    pub fn find() -> anyhow::Result<Self> {
        Ok(Self { program: peer("vegeta", "install it from its releases and put it on the PATH")? })
    }
}

impl Client for Vegeta {
    fn name(&self) -> &'static str {
        "vegeta"
    }

    fn version(&self) -> String {
        format!("vegeta {}", first_line(&self.program, &["-version"]).trim_start_matches("Version: "))
    }

    fn command(&self, load: &Load, place: &Place<'_>) -> anyhow::Result<Option<Command>> {
        let rate = match load.demand {
            // As fast as its workers get answers.
            Demand::Closed => 0,
            Demand::Reconnecting | Demand::Pipelined(_) => return Ok(None),
            Demand::Open(_) => match load.even_rate() {
                Some(rate) => rate,
                None => return Ok(None),
            },
        };
        let targets = place.folder.join("targets");
        fs::write(&targets, format!("GET {}\n", load.url))?;
        let connections = load.connections.to_string();
        let mut command = Command::new(&self.program);
        command
            .env("GOMAXPROCS", place.threads().to_string())
            .args(["attack", "-rate", &rate.to_string(), "-duration", &format!("{}s", load.seconds)])
            .args(["-connections", &connections, "-workers", &connections])
            .arg("-targets")
            .arg(targets)
            .arg("-output")
            .arg(place.folder.join("results"));
        if load.secured() {
            command.arg("-insecure");
        }
        if rate == 0 {
            // More than these workers would hide that the server is slow; without a rate they are the only bound.
            command.args(["-max-workers", &connections]);
        }
        Ok(Some(command))
    }

    fn answered(&self, _stdout: &str, folder: &Path) -> anyhow::Result<u64> {
        let output = Command::new(&self.program).args(["report", "-type", "json"]).arg(folder.join("results")).output();
        answered(&serde_json::from_slice(&output?.stdout)?)
    }
}

fn answered(report: &Value) -> anyhow::Result<u64> {
    let (requests, good) = (report["requests"].as_u64(), report["status_codes"]["200"].as_u64());
    ensure!(requests.is_some() && requests == good, "some of vegeta's requests failed: {}", report["status_codes"]);
    Ok(good.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn its_report_is_read() {
        let report = json!({ "requests": 1200, "status_codes": { "200": 1200 }, "errors": [] });
        assert_eq!(answered(&report).expect("a count"), 1200);
    }

    #[test]
    fn a_round_with_failures_is_no_comparison() {
        let report = json!({ "requests": 1200, "status_codes": { "0": 1, "200": 1199 }, "errors": ["refused"] });
        assert!(answered(&report).is_err());
    }
}
