//! Control of a running load: what is asked for over its socket happens when it says, on all cores, and stands in the events.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

use drumfire_tests::patience::eventually;
use drumfire_tests::program::{Finished, Running, analyze, drumfire, summary_of};
use drumfire_tests::run::{Row, Run};
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Reply, Scripted};
use rustix::process::Signal;
use serde_json::Value;

const SECOND: u64 = 1_000_000_000;

/// Even arrivals at a rate per second for so many seconds.
fn arrivals(server: &Scripted, rate: u64, seconds: u64) -> Scenario {
    Scenario::to(&server.url()).request("hello", "path = \"/\"").flow("visit", "[{ request = \"hello\" }]").load(
        "steady",
        &format!(
            "executor = \"constant-arrival-rate\"\nrate = \"{rate}/s\"\nduration = \"{seconds}s\"\nflow = \"visit\""
        ),
    )
}

fn ctl(run: &Path, what: &[&str]) -> Finished {
    drumfire().arg("ctl").arg(run).args(what).finish()
}

/// Asks for a change, and returns when it takes effect.
#[track_caller]
fn change(run: &Path, what: &[&str]) -> u64 {
    let answer = ctl(run, &[what, &["--json"]].concat());
    answer.assert_code(0);
    answer.json()["at_ns"].as_u64().unwrap_or_else(|| panic!("it says when\n{}", answer.account()))
}

fn status(run: &Path) -> Value {
    ctl(run, &["--json"]).assert_code(0).json()["status"].clone()
}

/// Starts a scenario, and returns when it has sent some requests.
fn started(scratch: &Scratch, server: &Scripted, scenario: &Scenario, requests: usize) -> Running {
    let running = scratch.drumfire_run("run", &scenario.text()).start();
    server.wait_for_requests(requests);
    eventually("a control socket", || scratch.join("run/control.sock").exists().then_some(()));
    running
}

/// The changes by hand that stand in the events: when, and what.
fn told(run: &Run) -> Vec<(u64, String)> {
    let text = fs::read_to_string(run.path().join("events.csv")).expect("a run has events");
    let control = |line: &str| {
        let (at, rest) = line.split_once(',')?;
        let detail = rest.strip_prefix("control,")?;
        assert!(detail.contains(" uid=") && detail.contains(" pid="), "it says who: {detail}");
        Some((at.parse().expect("an instant"), detail.split(" uid=").next()?.to_owned()))
    };
    text.lines().filter_map(control).collect()
}

fn scheduled(rows: &[Row]) -> Vec<u64> {
    let mut scheduled: Vec<u64> = rows.iter().map(|row| row.scheduled_ns).collect();
    scheduled.sort_unstable();
    scheduled
}

#[test]
fn a_pause_moves_the_rest_of_the_schedule_and_loses_nothing() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let running = started(&scratch, &server, &arrivals(&server, 400, 6), 50);
    let run = scratch.run("run");
    let paused = change(run.path(), &["pause"]);
    eventually("a paused load", || (status(run.path())["state"] == "paused").then_some(()));
    ctl(run.path(), &["pause"]).assert_code(0);
    let resumed = change(run.path(), &["resume"]);
    running.finish().assert_ran();

    let rows = run.complete_rows();
    let wanted: Vec<u64> = (0..2_400)
        .map(|number| number * SECOND / 400)
        .map(|at| if at < paused { at } else { at + (resumed - paused) })
        .collect();
    assert_eq!(scheduled(&rows), wanted, "paused from {paused} to {resumed}");
    assert_eq!(told(&run), [(paused, "pause".to_owned()), (resumed, "resume".to_owned())]);
    assert!(!run.path().join("control.sock").exists(), "the socket is gone with the load");
}

#[test]
fn a_rate_is_scaled_from_an_instant_on() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let running = started(&scratch, &server, &arrivals(&server, 200, 6), 50);
    let run = scratch.run("run");
    let at = change(run.path(), &["rate", "200%"]);
    running.finish().assert_ran();

    let scheduled = scheduled(&run.complete_rows());
    let from = at as f64 / 1e9;
    let wanted = |number: usize| {
        let before = number as f64 / 200.0;
        if before < from { before } else { from + (number as f64 - 200.0 * from) / 400.0 }
    };
    let all = (200.0 * from + 400.0 * (6.0 - from)).ceil() as usize;
    assert_eq!(scheduled.len(), all, "scaled at {at}");
    for (number, &found) in scheduled.iter().enumerate() {
        let wanted = wanted(number) * 1e9;
        assert!(
            (found as f64 - wanted).abs() < 2.0,
            "arrival {number} was scheduled for {found}, and not for {wanted}"
        );
    }
    assert_eq!(told(&run), [(at, "rate factor=2".to_owned())]);
    // Whoever looks at the run is told, and no gate takes it for a run of its scenario.
    let summary = analyze().arg("summary").arg(run.path()).finish();
    assert!(summary.stdout.contains("the load was changed by hand"), "{}", summary.account());
    let baseline = analyze().arg("baseline").arg(run.path()).arg("-o").arg(scratch.join("base.toml")).finish();
    assert!(baseline.code != Some(0) && baseline.stderr.contains("by hand"), "{}", baseline.account());
}

#[test]
fn a_stop_is_an_interrupt_that_says_who_asked() {
    let (scratch, server) =
        (Scratch::new(), Scripted::server(|asked| if asked.nth < 50 { Reply::ok() } else { Reply::never() }));
    let running = started(&scratch, &server, &arrivals(&server, 100, 60), 55);
    let run = scratch.run("run");
    change(run.path(), &["stop"]);
    running.finish().assert_code(130).assert_says("by hand");

    assert_eq!(run.ended(), "interrupted");
    assert_eq!(run.complete_rows().len() as u64, summary_of(run.path())["total"]["count"].as_u64().expect("a count"));
    assert_eq!(told(&run).iter().map(|(_, what)| what.as_str()).collect::<Vec<_>>(), ["stop"]);
}

#[test]
fn a_paused_load_that_nobody_resumes_ends_at_an_interrupt_and_is_probed_until_then() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let scenario =
        arrivals(&server, 100, 60).table("[[probes]]\nname = \"machine\"\nkind = \"host\"\ninterval = \"100ms\"");
    let running = started(&scratch, &server, &scenario, 20);
    let run = scratch.run("run");
    let paused = change(run.path(), &["pause"]);
    let sampled = || fs::read_to_string(run.path().join("probes.csv")).expect("probes have a file");
    let last = |text: &str| text.lines().last().and_then(|line| line.split(',').next()?.parse::<u64>().ok());
    eventually("samples from within the pause", || last(&sampled()).filter(|at| *at > paused + SECOND / 2));
    running.signal(Signal::INT);
    running.finish().assert_code(130);

    assert!(run.complete_rows().iter().all(|row| row.scheduled_ns < paused));
}

#[test]
fn virtual_users_stand_still_in_a_pause_and_cannot_be_scaled() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let scenario = Scenario::to(&server.url())
        .request("hello", "path = \"/\"")
        .flow("visit", "[{ request = \"hello\" }, { think = \"10ms\" }, { request = \"hello\" }]")
        .load("users", "executor = \"constant-vus\"\nvus = 5\nduration = \"6s\"\nflow = \"visit\"");
    let running = started(&scratch, &server, &scenario, 50);
    let run = scratch.run("run");
    let paused = change(run.path(), &["pause"]);
    eventually("a paused load", || (status(run.path())["state"] == "paused").then_some(()));
    let refused = ctl(run.path(), &["rate", "2"]);
    refused.assert_code(2).assert_says("no rate can be scaled");
    let resumed = change(run.path(), &["resume"]);
    running.finish().assert_ran();

    let scheduled = scheduled(&run.complete_rows());
    assert!(scheduled.iter().all(|at| !(paused..resumed).contains(at)), "nothing is scheduled in the pause");
    assert!(scheduled.last() >= Some(&resumed), "it goes on");
}

#[test]
fn whatever_is_said_to_the_socket_the_load_goes_on() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let running = started(&scratch, &server, &arrivals(&server, 200, 60), 20);
    let run = scratch.run("run");
    let socket = run.path().join("control.sock");
    let mode = fs::metadata(&socket).expect("a socket").permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "nobody else may come in: {mode:o}");

    let connect = || UnixStream::connect(&socket).expect("it is listened at");
    let silent: Vec<UnixStream> = (0..40).map(|_| connect()).collect();
    let mut talker = connect();
    // It is hung up on before it has said everything.
    let _ = talker.write_all(&vec![b'x'; 1 << 20]);
    let mut said = String::new();
    let _ = talker.read_to_string(&mut said);
    let mut stranger = connect();
    stranger.write_all(b"\xff\xfe\0{}\n\n{\"command\":\"explode\"}\n{\"command\":\"status\"}\n").expect("it listens");
    let answers: Vec<Value> = BufReader::new(&stranger)
        .lines()
        .take(3)
        .map(|line| serde_json::from_str(&line.expect("a line")).expect("it answers in JSON"))
        .collect();
    assert_eq!(answers.iter().map(|answer| answer["ok"] == true).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(answers[2]["status"]["state"], "running");
    drop((silent, stranger, talker));
    ctl(&socket, &["status"]).assert_code(0);
    server.wait_for_requests(server.requests() + 100);
    let stopped = change(run.path(), &["stop"]);
    running.finish().assert_code(130);

    run.complete_rows();
    assert_eq!(told(&run), [(stopped, "stop".to_owned())], "nothing else was changed");
}

#[test]
fn what_cannot_be_done_is_said() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    scratch.drumfire_hit("run", &server.url()).args(["-n", "10", "-c", "1"]).finish().assert_ran();
    ctl(&scratch.join("run"), &["pause"]).assert_code(2).assert_says("is not running: it has ended");
    ctl(&scratch.join("nothing"), &["pause"]).assert_code(2).assert_says("there is no run");
    ctl(scratch.path(), &["pause"]).assert_code(2).assert_says("is no run directory");
    for factor in ["0", "-1", "150", "fast"] {
        ctl(&scratch.join("run"), &["rate", factor]).assert_code(2);
    }
}

#[test]
fn a_status_holds_no_secret() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let scenario = Scenario::to(&server.url())
        .request("hello", "path = \"/\"\nheaders = { Authorization = \"Bearer ${TOKEN}\" }")
        .flow("visit", "[{ request = \"hello\" }]")
        .load("steady", "executor = \"constant-arrival-rate\"\nrate = \"50/s\"\nduration = \"1m\"\nflow = \"visit\"");
    let running = scratch.drumfire_run("run", &scenario.text()).args(["--var", "TOKEN=hunter2hunter2"]).start();
    server.wait_for_requests(10);
    let run = scratch.run("run");
    eventually("a control socket", || run.path().join("control.sock").exists().then_some(()));
    let said = ctl(run.path(), &["status", "--json"]);
    assert!(!said.stdout.contains("hunter2"), "{}", said.stdout);
    assert_eq!(said.json()["status"]["planned_ns"], 60 * SECOND);
    ctl(run.path(), &["stop"]).assert_code(0);
    running.finish().assert_code(130);
}
