//! One virtual user at a server under control: what it sent, and what the rows say of it.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;

use crate::request::Request;
use crate::run::Row;
use crate::scenario::Scenario;
use crate::scratch::Scratch;
use crate::scripted::{Asked, Reply, Scripted};

/// What one virtual user did, one thing after another.
#[derive(Debug)]
pub struct Visit {
    /// What came at the server.
    pub requests: Vec<Request>,
    /// The rows, in the order of their times.
    pub rows: Vec<Row>,
    /// By request and check.
    pub failed_checks: BTreeMap<(String, String), usize>,
}

impl Visit {
    /// The lines that came: `GET /path`.
    pub fn lines(&self) -> Vec<String> {
        self.requests.iter().map(|request| format!("{} {}", request.method, request.target)).collect()
    }

    /// The names in the rows.
    pub fn names(&self) -> Vec<&str> {
        self.rows.iter().map(|row| row.request.as_str()).collect()
    }

    /// How often a check of a request failed.
    pub fn failures_of(&self, request: &str, check: &str) -> usize {
        self.failed_checks.get(&(request.to_owned(), check.to_owned())).copied().unwrap_or_default()
    }
}

/// One virtual user goes so often through the flow `visit`.
#[track_caller]
pub fn visit(
    times: u32,
    script: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    scenario: impl FnOnce(Scenario) -> Scenario,
) -> Visit {
    let (scratch, server) = (Scratch::new(), Scripted::server(script));
    let text = scenario(Scenario::to(&server.url())).times(times, "visit").text();
    scratch.drumfire_run("run", &text).finish().assert_ran();
    let run = scratch.run("run");
    let mut rows = run.complete_rows();
    rows.sort_by_key(|row| row.scheduled_ns);
    Visit { requests: server.asked().iter().map(Request::of).collect(), rows, failed_checks: run.failed_checks() }
}
