//! One worker against a small server, on every driver: what a run does must not depend on what drives the sockets.
#![allow(clippy::expect_used, reason = "a test says what it expects")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::sync::Arc;

use engine::clock::Clock;
use engine::plan::{self, Options, Plan};
use engine::record::Journal;
use engine::scenario::{self, Variables};
use engine::stop::Stop;
use engine::wire::Driver;
use engine::worker::breakdown::Breakdown;
use engine::worker::ledger::Ledger;
use engine::worker::report::Finished;
use engine::worker::{self, Gates, Pacing, Seat, Work};
use runlog::manifest::{Engine, FORMAT, Host, Manifest, Model, Request, Scenario};
use runlog::row::Names;
use runlog::units::Nanos;

/// An open scenario of one request: its rate, how long, and what else it has.
fn scenario(load: &str) -> String {
    format!(
        r#"
[target]
base_url = "http://127.0.0.1:1"
[requests.hello]
path = "/"
[flows]
hello = [{{ request = "hello" }}]
[[scenarios]]
name = "open"
executor = "constant-arrival-rate"
flow = "hello"
{load}
"#
    )
}

/// Answers every request on every connection, for as long as the test lives.
fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for connection in listener.incoming().flatten() {
            std::thread::spawn(move || answer_all(connection));
        }
    });
    address
}

fn answer_all(mut connection: TcpStream) {
    let mut request = [0; 4096];
    // Requests are far smaller than the buffer, and come one at a time.
    while connection.read(&mut request).is_ok_and(|read| read > 0) {
        if connection.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").is_err() {
            return;
        }
    }
}

fn plan(text: String, address: SocketAddr) -> &'static Plan {
    let variables = Variables { given: BTreeMap::new(), environment: &|_| None };
    let checked = scenario::check("drivers.toml", "drivers", text, &variables, &BTreeMap::new());
    let scenario = checked.expect("a scenario");
    let target = plan::Target::new(&scenario.target, |_, _| Ok(vec![address])).expect("a target");
    let compiled = plan::compile(&scenario, &Options::with_seed(1), &plan::Captured::new(), target);
    Box::leak(Box::new(compiled.expect("a plan")))
}

fn manifest(plan: &Plan) -> &'static Manifest {
    let scenario = Scenario {
        name: "open".to_owned(),
        executor: String::new(),
        model: Model::Open,
        peak_rate: None,
        max_connections: 1,
        stages: Vec::new(),
        tags: BTreeMap::new(),
    };
    let request = Request {
        name: "hello".to_owned(),
        method: "GET".to_owned(),
        path: "/".to_owned(),
        expect_status: vec![(200, 200)],
        checks: Vec::new(),
        tags: BTreeMap::new(),
        flows: Vec::new(),
    };
    let host = Host {
        name: String::new(),
        cpu: String::new(),
        cpus: 1,
        memory_bytes: 0,
        kernel: String::new(),
        open_files_limit: 0,
    };
    Box::leak(Box::new(Manifest {
        format: FORMAT,
        drumfire_version: String::new(),
        name: String::new(),
        command: Vec::new(),
        started_unix_ns: 0,
        seed: 1,
        planned_ns: plan.duration(),
        target: String::new(),
        host,
        engine: Engine { driver: String::new(), pacing: String::new(), cores: vec![0] },
        tags: BTreeMap::new(),
        scenarios: vec![scenario],
        requests: vec![request],
        groups: Vec::new(),
        thresholds: Vec::new(),
        probe_thresholds: Vec::new(),
        scenario: serde_json::Value::Null,
        ending: None,
    }))
}

/// Runs the scenario on one worker. Returns its books, the rows that its file has, and the most connections it had.
fn run_on(driver: Driver, load: &str) -> (Finished, u64, u64) {
    let plan = plan(scenario(load), server());
    let directory = tempfile::tempdir().expect("a temporary directory");
    let file = File::create(directory.path().join("requests-00.csv")).expect("writable");
    let stop = Arc::new(Stop::default());
    let names = Names::new(["open"], ["hello"]);
    let (journal, mut recorders) = Journal::start(vec![file], &names, Arc::clone(&stop)).expect("room on the disk");
    let most_connections = Rc::new(Cell::new(0));
    let (gates, mut waiting) = Gates::new(1);
    gates.open(Clock::starting_in(Nanos::from_millis(10)));
    let work = Work {
        dial: Box::leak(Box::default()),
        breakdown: Breakdown::default(),
        plan,
        driver,
        pacing: Pacing::Balanced,
        gate: waiting.remove(0),
        seat: Seat { place: 0, of: 1, cpu: engine::host::cores()[0] },
        recorder: recorders.remove(0),
        ledger: Ledger::new(manifest(plan)),
    };
    let seen = Rc::clone(&most_connections);
    let finished = worker::run(work, &stop, move |second| seen.set(seen.get().max(second.connections)));
    (finished.expect("a runtime"), journal.finish()[0], most_connections.get())
}

fn every_arrival_is_answered_on(driver: Driver) {
    // More arrivals than connections, and so many connections that a second without a turn does not need all of them.
    let load = "rate = '300/s'\nduration = '2s'\nmax_connections = 400";
    let (finished, rows, connections) = run_on(driver, load);
    assert_eq!((finished.ledger.rows, rows), (finished.scheduled, finished.scheduled), "{driver}");
    assert_eq!(rows, 600, "{driver}");
    assert_eq!(finished.ledger.failed, 0, "{driver}: {:?}", finished.ledger.failures());
    // A pacer that kept the others from their turn would find every connection busy, and open all that it may.
    assert!(connections < 400, "{driver}: {connections} connections for a server that answers at once");
}

/// A worker that is always behind has nothing to wait for, and must look at what has come even so.
fn answers_are_heard_under_overload_on(driver: Driver) {
    // A machine that stalls may leave a run without answers, but not one after another.
    let heard = (0..5).map(|_| answered_under_overload_on(driver)).find(|answered| *answered > 4);
    // The first four are sent before there is anything to hear.
    assert!(heard.is_some(), "{driver}: at most 4 answers from a server that answers at once");
}

fn answered_under_overload_on(driver: Driver) -> u64 {
    // More arrivals than any core can hand out, and few connections for them.
    let load = "rate = '1000000/s'\nduration = '300ms'\ngraceful_stop = '0s'\nmax_connections = 4";
    let (finished, rows, _) = run_on(driver, load);
    assert_eq!((finished.ledger.rows, rows), (finished.scheduled, finished.scheduled), "{driver}");
    rows - finished.ledger.failed
}

// One after another: two workers that spin on the same core would disturb each other.
#[test]
fn a_run_is_the_same_with_io_uring_and_without() {
    for driver in Driver::granted() {
        every_arrival_is_answered_on(driver);
        answers_are_heard_under_overload_on(driver);
    }
}
