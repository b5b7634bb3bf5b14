//! `drumfire demo`: the demo shop, the smoke scenario on it, and the report of that. The shop and the analysis are
//! programs of their own, started and waited for here.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write, stderr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::cli;
use crate::command::{Failure, Outcome, exit_code, start};
use crate::host;
use crate::observe::closing;
use crate::plan::Options;
use crate::scenario::{self, Variables};
use crate::worker::Pacing;

/// The scenario, carried along so that the demo needs no files.
const SMOKE: &str = include_str!("../../scenarios/smoke.toml");
/// The programs it starts.
const SHOP: &str = "drumfire-demo";
const ANALYSIS: &str = "drumfire-analyze";

/// Gives the demo.
///
/// # Errors
/// Where one of the programs is missing or fails.
pub fn demo(flags: &cli::Demo) -> Result<Outcome, Failure> {
    let analysis = program(ANALYSIS)?;
    let shop = Shop::open(&program(SHOP)?)?;
    // Nobody may be listening; the demo goes on.
    let _ = writeln!(stderr(), "The demo shop listens on {}; the smoke scenario runs on it.", shop.url);
    let vars = BTreeMap::from([("BASE_URL".to_owned(), shop.url.clone())]);
    let variables = Variables { given: vars, environment: &|_| None };
    let scenario = scenario::check("smoke.toml", "smoke", SMOKE.to_owned(), &variables, &BTreeMap::new())?;
    let summary = start(&scenario, &Options::with_seed(1), &output(flags))?;
    drop(shop);
    let report = report(&analysis, &summary.run.directory)?;
    let text = format!("{}\n\nThe report: {}", closing::summarize(&summary), report.trim_end());
    Ok(Outcome { exit_code: exit_code(&summary), text })
}

/// One core for the load, so that the shop has the others.
fn output(flags: &cli::Demo) -> cli::Output {
    let first = host::cores().into_iter().take(1).collect();
    cli::Output {
        out: flags.out.clone(),
        cores: Some(cli::Cores(first)),
        seed: Some(1),
        tags: Vec::new(),
        pacing: Pacing::default(),
        quiet: false,
        publishing: cli::Publishing::default(),
    }
}

/// A program of ours: beside this one, or else wherever the shell would find it.
fn program(name: &str) -> Result<PathBuf, Failure> {
    let beside = std::env::current_exe().ok().and_then(|this| Some(this.parent()?.join(name)));
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let candidates = beside.into_iter().chain(std::env::split_paths(&on_path).map(|directory| directory.join(name)));
    candidates.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        Failure::Demo(format!(
            "the demo needs `{name}` beside this program: `cargo build --release --workspace` builds it"
        ))
    })
}

/// Writes the report of a run; returns where it is.
fn report(analysis: &Path, directory: &str) -> Result<String, Failure> {
    let output = Command::new(analysis)
        .args(["report", directory])
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| Failure::Demo(format!("{ANALYSIS} cannot be started: {error}")))?;
    if !output.status.success() {
        return Err(Failure::Demo(format!("{ANALYSIS} could not write the report of {directory}")));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// The demo shop, closed when this is dropped (and, should this program be killed, with its standard input).
struct Shop {
    process: Child,
    url: String,
}

impl Shop {
    fn open(program: &Path) -> Result<Self, Failure> {
        let failed = |what: String| Failure::Demo(format!("{SHOP} {what}"));
        let mut process = Command::new(program)
            .args(["--listen", "127.0.0.1:0", "--until-stdin-closes"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("cannot be started: {error}")))?;
        let mut line = String::new();
        if let Some(stdout) = process.stdout.take() {
            BufReader::new(stdout).read_line(&mut line).map_err(|error| failed(format!("cannot be heard: {error}")))?;
        }
        let mut shop = Self { process, url: String::new() };
        shop.url =
            line.trim_end().strip_prefix("listening on ").map(str::to_owned).ok_or_else(|| {
                failed(format!("did not say where it listens, but `{}`", line.trim_end().escape_debug()))
            })?;
        Ok(shop)
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        // The end of its standard input closes it; what remains is to collect it.
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}
