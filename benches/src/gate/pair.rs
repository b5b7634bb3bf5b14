//! One pair of runs: the first is saved as a baseline, and what the analysis says of the second.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};
use serde_json::Value;

use super::simulated::{Change, Simulated};

/// The exit code of a gate that failed.
const GATE_FAILED: i32 = 99;

/// Two runs in a folder, of which the second has a change.
#[derive(Debug)]
pub struct Pair<'a> {
    analyze: &'a Path,
    folder: &'a Path,
}

/// What the gate said of the second run, by a baseline saved from the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GateSaid {
    /// Whether it failed.
    pub failed: bool,
    /// The figures that regressed by its word, such as `p95`, each once.
    pub regressed: Vec<String>,
}

/// What the diff said of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiffSaid {
    /// Whether it found anything worse.
    pub worse: bool,
    /// Whether it found anything better.
    pub better: bool,
}

impl<'a> Pair<'a> {
    /// Writes the pair of this number into an empty folder, for this program to judge.
    ///
    /// # Errors
    /// Where the folder cannot be written.
    pub fn written(analyze: &'a Path, folder: &'a Path, number: u64, change: Change) -> anyhow::Result<Self> {
        // The same numbers for every change: what differs between settings is the change alone.
        Simulated::new(2 * number + 1, Change::None).write(&folder.join("base"))?;
        Simulated::new(2 * number + 2, change).write(&folder.join("run"))?;
        Ok(Self { analyze, folder })
    }

    /// Saves the first as a baseline and has the gate judge the second.
    ///
    /// # Errors
    /// Where a command fails in another way than by its verdict.
    pub fn gate(&self) -> anyhow::Result<GateSaid> {
        self.said(&["baseline", "base", "-o", "baseline.toml"])?;
        let (failed, gate) = self.said(&["gate", "run", "--baseline", "baseline.toml", "--json"])?;
        let gate = serde_json::from_str(&gate).context("what the gate says is not JSON")?;
        Ok(GateSaid { failed, regressed: regressed(&gate) })
    }

    /// Has the diff compare both.
    ///
    /// # Errors
    /// Where it fails in another way than by its verdict.
    pub fn diff(&self) -> anyhow::Result<DiffSaid> {
        let (_, diff) = self.said(&["diff", "base", "run", "--json"])?;
        let diff = serde_json::from_str(&diff).context("what the diff says is not JSON")?;
        Ok(DiffSaid { worse: has_verdict(&diff, "worse"), better: has_verdict(&diff, "better") })
    }

    /// Whether a command failed by its verdict, and its standard output.
    fn said(&self, arguments: &[&str]) -> anyhow::Result<(bool, String)> {
        let output = Command::new(self.analyze).current_dir(self.folder).args(arguments).output()?;
        let code = output.status.code();
        if let Some(0 | GATE_FAILED) = code {
            return Ok((code == Some(GATE_FAILED), String::from_utf8(output.stdout)?));
        }
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said.lines().next().unwrap_or_default();
        bail!("`{}` ended with {}: {first}", arguments.join(" "), output.status)
    }
}

/// The measures of the checks that regressed, each once.
fn regressed(gate: &Value) -> Vec<String> {
    let checks = gate["checks"].as_array().map(Vec::as_slice).unwrap_or_default();
    let regressed = checks.iter().filter(|check| check["outcome"] == "regressed");
    let mut measures: Vec<String> =
        regressed.filter_map(|check| check["measure"].as_str().map(str::to_owned)).collect();
    measures.sort();
    measures.dedup();
    measures
}

/// Whether any part of a document has this verdict.
fn has_verdict(document: &Value, verdict: &str) -> bool {
    match document {
        Value::Object(parts) => {
            parts.get("verdict").is_some_and(|found| found == verdict)
                || parts.values().any(|part| has_verdict(part, verdict))
        }
        Value::Array(parts) => parts.iter().any(|part| has_verdict(part, verdict)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_verdict_is_found_wherever_it_stands() {
        let diff = json!({"requests": [{"request": "a", "p95": {"verdict": "worse"}}], "verdict": "same"});
        assert!(has_verdict(&diff, "worse") && has_verdict(&diff, "same") && !has_verdict(&diff, "better"));
    }

    #[test]
    fn measures_that_regressed_are_named_once() {
        let check = |measure: &str, outcome: &str| json!({"measure": measure, "outcome": outcome});
        let gate = json!({"checks": [check("p99", "regressed"), check("p50", "passed"), check("p99", "regressed")]});
        assert_eq!(regressed(&gate), ["p99"]);
    }
}
