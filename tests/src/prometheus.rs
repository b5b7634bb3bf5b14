//! The real Prometheus, with its data in a temporary folder: what scrapes a load, and what is asked about it afterwards.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, ensure};
use serde_json::Value;
use tempfile::TempDir;

use crate::get::get;
use crate::guard::Guard;
use crate::nginx::free_address;
use crate::patience::eventually;
use crate::workspace::root;

/// A running Prometheus; stopped when dropped.
#[derive(Debug)]
pub struct Prometheus {
    process: Guard,
    address: SocketAddr,
    folder: TempDir,
}

impl Prometheus {
    /// Starts one with this configuration on a free port, and waits until it is ready.
    #[track_caller]
    pub fn with(configuration: &str) -> Self {
        Self::start(configuration).unwrap_or_else(|error| panic!("{error:#}"))
    }

    fn start(configuration: &str) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("drumfire-prometheus-").tempdir()?;
        let (address, file) = (free_address()?, folder.path().join("prometheus.yml"));
        fs::write(&file, configuration)?;
        let log = fs::File::create(folder.path().join("log"))?;
        let child = Command::new(program("prometheus")?)
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(["--web.enable-remote-write-receiver", "--log.level=warn"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()?;
        let mut prometheus = Self { process: Guard(child), address, folder };
        eventually("Prometheus is ready or ends", || {
            (prometheus.is_ready() || prometheus.process.has_ended()).then_some(())
        });
        ensure!(!prometheus.process.has_ended(), "Prometheus does not start:\n{}", prometheus.log());
        Ok(prometheus)
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The series that an expression gives at an instant (seconds since 1970): their labels, and their values.
    #[track_caller]
    pub fn at(&self, instant: f64, expression: &str) -> Vec<(Value, f64)> {
        let found = self.ask("query", &[("query", expression), ("time", &instant.to_string())]);
        let value = |series: &Value| series["value"][1].as_str()?.parse().ok();
        let series = found["result"].as_array().expect("a list of series").iter();
        series.map(|series| (series["metric"].clone(), value(series).expect("a number"))).collect()
    }

    /// How many values an expression has between two instants, looked at once a second; those that are no number do not count.
    #[track_caller]
    pub fn values_between(&self, from: f64, to: f64, expression: &str) -> usize {
        let (from, to) = (from.to_string(), to.to_string());
        let found = self.ask("query_range", &[("query", expression), ("start", &from), ("end", &to), ("step", "1")]);
        let series = found["result"].as_array().expect("a list of series").iter();
        let values = series.flat_map(|series| series["values"].as_array().expect("its values"));
        values.filter(|value| value[1] != "NaN").count()
    }

    /// The values that a label has among the series of a selector.
    #[track_caller]
    pub fn label_values(&self, selector: &str, label: &str) -> Vec<String> {
        let found = self.ask(&format!("label/{label}/values"), &[("match[]", selector)]);
        let values = found.as_array().expect("a list of values").iter();
        values.map(|value| value.as_str().expect("a text").to_owned()).collect()
    }

    /// What its API says.
    #[track_caller]
    fn ask(&self, what: &str, parameters: &[(&str, &str)]) -> Value {
        let query: Vec<String> = parameters.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let (status, text) =
            get(self.address, &format!("/api/v1/{what}?{}", query.join("&"))).expect("Prometheus answers");
        let mut answer: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("no JSON: {error}\n{text}"));
        assert_eq!((status, &answer["status"]), (200, &"success".into()), "{parameters:?}: {text}");
        answer["data"].take()
    }

    fn is_ready(&self) -> bool {
        get(self.address, "/-/ready").is_ok_and(|(status, _)| status == 200)
    }

    fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

/// What `promtool check KIND` says of a text, and whether that is good.
pub fn promtool_checks(kind: &str, text: &str) -> Output {
    let program = program("promtool").unwrap_or_else(|missing| panic!("{missing}"));
    let mut child = Command::new(program)
        .args(["check", kind])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool can be started");
    child.stdin.take().expect("it is piped").write_all(text.as_bytes()).expect("promtool reads");
    child.wait_with_output().expect("promtool ends")
}

/// One of the programs: on the path, or where `tests/install` has put it, in cargo's target folder.
fn program(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().context("this program does not know where it is")?;
    let unpacked = own.ancestors().map(|folder| folder.join("tests-prometheus/usr/bin"));
    let path = std::env::var("PATH").unwrap_or_default();
    let mut folders = std::env::split_paths(&path).chain(unpacked);
    let found = folders.find_map(|folder| Some(folder.join(name)).filter(|path| path.is_file()));
    found.with_context(|| format!("{name} is not there; get it first: tests/install"))
}

/// A text as a value of a query.
fn encoded(text: &str) -> String {
    text.bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// A file of the folder `integrations`.
#[track_caller]
pub fn integration(path: &str) -> String {
    fs::read_to_string(root().join("integrations").join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

#[cfg(test)]
mod tests {
    use std::net::TcpStream;

    use super::*;

    #[test]
    fn it_answers_and_is_gone_when_dropped() {
        let prometheus = Prometheus::with("global: {}\n");
        let address = prometheus.address;
        assert_eq!(prometheus.at(10.0, "vector(3)"), [(serde_json::json!({}), 3.0)]);
        assert_eq!(prometheus.values_between(10.0, 12.0, "vector(time())"), 3);
        drop(prometheus);
        assert!(TcpStream::connect(address).is_err(), "nobody listens any more");
    }

    #[test]
    fn what_it_says_of_a_wrong_configuration_is_passed_on() {
        let error = format!("{:#}", Prometheus::start("nonsense: 1\n").expect_err("nonsense is refused"));
        assert!(error.contains("nonsense"), "{error}");
    }
}
