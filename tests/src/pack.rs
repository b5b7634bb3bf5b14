//! The scenario files that come with the program, rehearsed: made shorter and smaller, and against a shop of ours.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::alone::{Alone, alone};
use crate::postgres::Database;
use crate::program::{Finished, Program, Running, drumfire};
use crate::run::{Row, Run, errors};
use crate::scratch::Scratch;
use crate::shop::Shop;
use crate::workspace::root;

/// What people do in most of the files.
pub const JOURNEYS: &[&str] = &["orders_create", "products_list", "products_search", "reports_generate"];

/// The folder `scenarios/`.
pub fn folder() -> PathBuf {
    root().join("scenarios")
}

/// A file of `baselines/`.
pub fn baseline(name: &str) -> PathBuf {
    root().join("baselines").join(format!("{name}.toml"))
}

/// A shop on a database of its own, with the machine to itself as long as this lives.
#[derive(Debug)]
pub struct Stage {
    /// The shop.
    pub shop: Shop,
    /// Its database.
    pub database: Database,
    scratch: Scratch,
    /// Dropped before the database that is kept here: while one test waits for its turn there is a cluster for the next.
    _turn: Alone,
    _kept: Database,
}

impl Stage {
    /// Opens a shop with these arguments, without limits on the rate.
    pub fn open(arguments: &[&str]) -> Self {
        Self::open_with(&[&["--no-rate-limits"], arguments].concat())
    }

    /// Opens one with these arguments and no others; its rate limits are on.
    pub fn open_with(arguments: &[&str]) -> Self {
        let database = Database::create();
        let turn = alone();
        // By the socket: proving a password takes a debug build half a second, for every connection of the pool.
        let url = database.socket_url();
        // Who waits for a connection gives up where that is what a test is about, and not because the machine is busy.
        let patient: &[&str] = if arguments.contains(&"--pool-timeout") { &[] } else { &["--pool-timeout", "30s"] };
        let shop = Shop::open_with(&[&["--database", &url], patient, arguments].concat());
        Self { shop, database: database.clone(), scratch: Scratch::new(), _turn: turn, _kept: database }
    }

    /// A path in the folder of this test, where its runs are.
    pub fn path(&self, name: &str) -> PathBuf {
        self.scratch.join(name)
    }

    /// Two requests for a path over each of so many connections at once, with this token: whatever the shop opens, it has opened.
    pub fn hit(&self, path: &str, token: &str, connections: u32) -> Finished {
        let hit = self.scratch.drumfire_hit("hit", &format!("{}{path}", self.shop.url()));
        hit.args(["-H", &format!("Authorization: Bearer {token}")])
            .args(["-c", &connections.to_string(), "-n", &(2 * connections).to_string()])
            .finish()
    }

    /// A rehearsal of a pack, with the same seed every time, into the run directory of this name. People think for a tenth of a
    /// second or two.
    pub fn rehearsal(&self, pack: &str, run: &str) -> Rehearsal {
        let program = drumfire()
            .arg("run")
            .arg(folder().join(format!("{pack}.toml")))
            .args(["--seed", "1", "--quiet", "--out"])
            .arg(self.scratch.join(run));
        let rehearsal = Rehearsal { program, run: self.scratch.run(run) };
        rehearsal
            .var("BASE_URL", self.shop.url())
            .var("DATABASE_URL", &self.database.socket_url())
            .var("THINK", "100ms..200ms")
    }
}

/// A rehearsal of a pack, in the making.
#[derive(Debug)]
pub struct Rehearsal {
    program: Program,
    run: Run,
}

impl Rehearsal {
    /// So much shorter, and with so many fewer people.
    #[must_use]
    pub fn scaled(self, time: f64, rate: f64) -> Self {
        let program = self.program.args(["--time-scale", &time.to_string(), "--rate-scale", &rate.to_string()]);
        Self { program, ..self }
    }

    /// With this value of a variable.
    #[must_use]
    pub fn var(self, name: &str, value: &str) -> Self {
        Self { program: self.program.args(["--var", &format!("{name}={value}")]), ..self }
    }

    /// Starts it; its run directory is at the same place once it has begun.
    pub fn start(self) -> (Running, Run) {
        (self.program.start(), self.run)
    }

    /// Plays it to its end.
    #[track_caller]
    pub fn finish(self) -> Played {
        let (running, run) = self.start();
        Played { ended: running.finish(), run }
    }
}

/// A rehearsal that is over.
#[derive(Debug)]
pub struct Played {
    /// The engine, and what it said.
    pub ended: Finished,
    /// What it left.
    pub run: Run,
}

impl Played {
    /// Asserts that it was played to its end, and that its exit code is what its books say: 3 of a measurement that is not valid,
    /// else 99 where a threshold failed, else 0. Returns the thresholds that failed.
    #[track_caller]
    pub fn assert_code_of_its_books(&self) -> Vec<Value> {
        let Self { ended, run } = self;
        assert!(matches!(ended.code, Some(0 | 3 | 99)), "it was not played to its end\n{}", ended.account());
        let manifest = run.manifest();
        let judged = manifest["ending"]["thresholds"].as_array().into_iter().flatten();
        let failed: Vec<Value> = judged.filter(|threshold| threshold["passed"] != true).cloned().collect();
        ended.assert_code(match run.verdict().as_str() {
            "invalid" => 3,
            _ if failed.is_empty() => 0,
            _ => 99,
        });
        failed
    }

    /// Asserts that all thresholds hold but those on times, which a machine with other things to do may break; that no value was
    /// missing, that every request was answered with 200, 201 or 409, that each scenario took part, and that these are the
    /// requests that were sent. Returns all rows.
    #[track_caller]
    pub fn assert_well(&self, requests: &[&str]) -> Vec<Row> {
        let Self { ended, run } = self;
        let failed = self.assert_code_of_its_books();
        assert!(failed.iter().all(|threshold| self.is_of_times(threshold)), "{failed:#?}\n{}", ended.account());

        let rows = run.complete_rows();
        assert_eq!(errors(&rows).into_keys().collect::<Vec<_>>(), [""], "every request was sent and answered");
        let strangers: Vec<&Row> = rows.iter().filter(|row| ![200, 201, 409].contains(&row.status)).collect();
        assert!(strangers.is_empty(), "{strangers:?}");
        let (sent, meant) = (names(&rows), requests.iter().copied().collect::<BTreeSet<_>>());
        assert!(sent.is_subset(&meant), "{sent:?}, and not only {meant:?}");
        assert!(sent == meant || are_few(&rows), "{sent:?}, and not all of {meant:?}");
        let took_part: BTreeSet<&str> = rows.iter().map(|row| row.scenario.as_str()).collect();
        assert_eq!(took_part.len(), run.manifest()["scenarios"].as_array().map_or(0, Vec::len), "{took_part:?}");
        rows
    }

    /// Whether a threshold is on times, or on checks of which only those on times failed.
    fn is_of_times(&self, threshold: &Value) -> bool {
        let text = threshold["threshold"].as_str().expect("a threshold has a text");
        let metric = text.split(['{', ' ']).next().unwrap_or_default();
        let checks = || self.run.failed_checks().into_keys().all(|(_, check)| check == "response time OK");
        matches!(metric, "http_req_duration" | "response_time") || metric == "checks" && checks()
    }

    /// Whether a threshold failed, as its closing lines tell.
    pub fn has_failed_thresholds(&self) -> bool {
        self.ended.stdout.contains('✗') || self.ended.stderr.contains('✗')
    }
}

/// The names of the requests that were sent.
pub fn names(rows: &[Row]) -> BTreeSet<&str> {
    rows.iter().map(|row| row.request.as_str()).collect()
}

/// Whether a busy machine has sent so few requests that one of ten may be missing by chance: with more, that happens once in ten
/// thousand times.
pub fn are_few(rows: &[Row]) -> bool {
    rows.len() < 100
}

/// The time since t=0 of a run, in nanoseconds; nothing before it has begun.
pub fn since_start(run: &Run) -> Option<u64> {
    let manifest = fs::read(run.path().join("run.json")).ok()?;
    let manifest: Value = serde_json::from_slice(&manifest).ok()?;
    let started = u128::from(manifest["started_unix_ns"].as_u64()?);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_nanos();
    u64::try_from(now.checked_sub(started)?).ok()
}
