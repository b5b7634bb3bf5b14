//! k6: Go, with a virtual user in JavaScript for each connection.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

use super::found::{first_line, peer};
use super::{Client, Demand, Load, Place};

/// The installed k6.
#[derive(Debug)]
pub struct K6 {
    program: PathBuf,
}

impl K6 {
    /// Looks for it.
    ///
    /// # Errors
    /// Where it is not installed.
    pub fn find() -> anyhow::Result<Self> {
        Ok(Self { program: peer("k6", "install it from its releases and put it on the PATH")? })
    }
}

impl Client for K6 {
    fn name(&self) -> &'static str {
        "k6"
    }

    fn version(&self) -> String {
        first_line(&self.program, &["version"])
    }

    fn command(&self, load: &Load, place: &Place<'_>) -> anyhow::Result<Option<Command>> {
        let Some(script) = script(load) else { return Ok(None) };
        let path = place.folder.join("script.js");
        fs::write(&path, script)?;
        let mut command = Command::new(&self.program);
        command
            .env("GOMAXPROCS", place.threads().to_string())
            .args(["run", "--quiet", "--no-usage-report", "--summary-export"])
            .arg(place.folder.join("summary.json"))
            .arg(path);
        Ok(Some(command))
    }

    fn answered(&self, _stdout: &str, folder: &Path) -> anyhow::Result<u64> {
        answered(&serde_json::from_slice(&fs::read(folder.join("summary.json"))?)?)
    }
}

/// What k6 is to do, or `None` where it cannot.
fn script(load: &Load) -> Option<String> {
    let (connections, seconds) = (load.connections, load.seconds);
    let scenario = match load.demand {
        Demand::Closed | Demand::Reconnecting => format!("executor: 'constant-vus', vus: {connections}"),
        Demand::Pipelined(_) => return None,
        Demand::Open(_) => format!(
            "executor: 'constant-arrival-rate', rate: {}, timeUnit: '1s', preAllocatedVUs: {connections}",
            load.even_rate()?
        ),
    };
    Some(format!(
        "import http from 'k6/http';
export const options = {{
  discardResponseBodies: true,
  insecureSkipTLSVerify: {},
  noConnectionReuse: {},
  scenarios: {{ load: {{ {scenario}, duration: '{seconds}s', gracefulStop: '0s' }} }},
}};
export default () => {{ http.get('{}'); }};
",
        load.secured(),
        load.demand == Demand::Reconnecting,
        load.url
    ))
}

fn answered(summary: &Value) -> anyhow::Result<u64> {
    let metrics = &summary["metrics"];
    let failed = metrics["http_req_failed"]["value"].as_f64();
    ensure!(failed.is_none_or(|failed| failed == 0.0), "some of k6's requests failed: {failed:?}");
    metrics["http_reqs"]["count"].as_u64().context("k6 does not say how many requests it made")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::Rate;
    use super::*;

    #[test]
    fn its_summary_is_read() {
        let summary = json!({ "metrics": { "http_reqs": { "count": 14_830, "rate": 4935.1 },
            "http_req_failed": { "value": 0, "passes": 0, "fails": 14_830 } } });
        assert_eq!(answered(&summary).expect("a count"), 14_830);
        assert!(answered(&json!({ "metrics": {} })).is_err());
    }

    #[test]
    fn a_rate_is_an_executor_of_its_own() {
        let open = Demand::Open(Rate::even(2_000));
        let load = Load { url: "http://127.0.0.1:1/".to_owned(), connections: 64, seconds: 3, demand: open };
        let text = script(&load).expect("a script");
        assert!(text.contains("rate: 2000, timeUnit: '1s', preAllocatedVUs: 64, duration: '3s'"), "{text}");
        assert_eq!(script(&Load { demand: Demand::Open(Rate::poisson(2_000)), ..load }), None);
    }
}
