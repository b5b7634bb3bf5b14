//! Executors: how much is sent, when it begins and when it ends.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use drumfire_tests::run::{Row, Run, count, errors};
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Asked, Reply, Scripted};

const MS: u64 = 1_000_000;

/// A run of these scenarios (name and keys), each of which requests `/visit`.
struct Ran {
    scratch: Scratch,
    server: Scripted,
}

impl Ran {
    #[track_caller]
    fn of(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static, loads: &[(&str, &str)]) -> Self {
        Self::with(script, loads, &[])
    }

    #[track_caller]
    fn with(script: impl Fn(&Asked) -> Reply + Send + Sync + 'static, loads: &[(&str, &str)], flags: &[&str]) -> Self {
        let (scratch, server) = (Scratch::new(), Scripted::server(script));
        let scenario = Scenario::to(&server.url())
            .request("visit", "path = \"/visit/{{ vu }}/{{ iteration }}\"")
            .request("quick", "path = \"/quick\"");
        let add = |scenario: Scenario, (name, keys): &(&str, &str)| {
            let flow = if keys.contains("flow =") { "" } else { "\nflow = \"visit\"" };
            scenario.load(name, &format!("{keys}{flow}"))
        };
        let text = loads.iter().fold(scenario, add).text();
        scratch.drumfire_run("run", &text).args(flags).finish().assert_ran();
        assert_eq!(scratch.run("run").ended(), "completed");
        Self { scratch, server }
    }

    fn run(&self) -> Run {
        self.scratch.run("run")
    }

    /// All rows, which are as many as were scheduled.
    #[track_caller]
    fn rows(&self) -> Vec<Row> {
        let rows = self.run().complete_rows();
        let sent = rows.iter().filter(|row| row.lag_ns.is_some()).count();
        // What was cut off may still be on its way to it.
        self.server.wait_for_requests(sent);
        assert_eq!(sent, self.server.requests(), "the server saw what was sent");
        rows
    }
}

/// The rows of a scenario.
fn of<'a>(rows: &'a [Row], scenario: &str) -> Vec<&'a Row> {
    rows.iter().filter(|row| row.scenario == scenario).collect()
}

#[test]
fn every_virtual_user_does_its_iterations() {
    for (vus, iterations, cores) in [(1, 1, "0,1"), (3, 7, "0"), (5, 4, "0,1"), (2, 50, "0,1")] {
        let keys = format!("executor = \"per-vu-iterations\"\nvus = {vus}\niterations = {iterations}");
        let ran = Ran::with(|_| Reply::ok(), &[("each", &keys)], &["--cores", cores]);
        let rows = ran.rows();

        let by_user = count(rows.iter().map(|row| row.vu.map(|(_, number)| number)));
        let wanted: BTreeMap<_, _> = (0..vus).map(|vu| (Some(vu), iterations)).collect();
        assert_eq!(by_user, wanted, "{vus} × {iterations} on {cores}");
        let lines: BTreeSet<String> = ran.server.asked().into_iter().map(|asked| asked.line).collect();
        assert_eq!(lines.len() as u64, vus * iterations as u64, "every iteration has a number of its own: {lines:?}");
    }
}

#[test]
fn one_iteration_of_one_user_is_what_comes_without_numbers() {
    let ran = Ran::of(|_| Reply::ok(), &[("each", "executor = \"per-vu-iterations\"")]);
    assert_eq!(ran.rows().len(), 1);
    let ran = Ran::of(|_| Reply::ok(), &[("shared", "executor = \"shared-iterations\"")]);
    assert_eq!(ran.rows().len(), 1);
}

#[test]
fn shared_iterations_are_exactly_so_many() {
    for (vus, iterations, cores, more) in
        [(1, 10, "0,1", ""), (3, 50, "0", ""), (4, 101, "0,1", ""), (8, 3, "0,1", ""), (4, 20, "0,1", "pipeline = 4")]
    {
        let keys = format!("executor = \"shared-iterations\"\nvus = {vus}\niterations = {iterations}\n{more}");
        let ran = Ran::with(|_| Reply::ok(), &[("shared", &keys)], &["--cores", cores]);
        assert_eq!(ran.rows().len(), iterations, "{vus} users, {cores}, {more}");
    }
}

#[test]
fn shared_iterations_are_all_made_beside_a_larger_scenario() {
    let loads = [
        ("few", "executor = \"shared-iterations\"\nvus = 1\niterations = 10"),
        ("many", "executor = \"shared-iterations\"\nvus = 6\niterations = 25"),
        ("each", "executor = \"per-vu-iterations\"\nvus = 2\niterations = 5"),
    ];
    let rows = Ran::with(|_| Reply::ok(), &loads, &["--cores", "0,1"]).rows();
    let seen = count(rows.iter().map(|row| row.scenario.as_str()));
    assert_eq!(seen, [("few", 10), ("many", 25), ("each", 10)].into());
}

#[test]
fn who_is_faster_does_more_of_what_is_shared() {
    // The first connection is answered slowly.
    let script =
        |asked: &Asked| if asked.connection == 0 { Reply::ok().after(Duration::from_millis(200)) } else { Reply::ok() };
    let ran = Ran::with(
        script,
        &[("shared", "executor = \"shared-iterations\"\nvus = 2\niterations = 30")],
        &["--cores", "0"],
    );
    let by_user = count(ran.rows().iter().map(|row| row.vu));
    let (least, most) = (by_user.values().min(), by_user.values().max());
    assert!(least.zip(most).is_some_and(|(least, most)| least * 3 < *most), "{by_user:?}");
}

#[test]
fn iterations_end_with_their_time() {
    let executors = ["per-vu-iterations", "shared-iterations"];
    let keys = executors
        .map(|executor| format!("executor = \"{executor}\"\nvus = 2\niterations = 1000000\nmax_duration = \"2s\""));
    let slow = |_: &Asked| Reply::ok().after(Duration::from_millis(10));
    let rows = Ran::of(slow, &[(executors[0], &keys[0]), (executors[1], &keys[1])]).rows();
    for executor in executors {
        let rows = of(&rows, executor);
        assert!(rows.len() > 4, "{executor}: {} rows", rows.len());
        assert!(rows.iter().all(|row| row.scheduled_ns < 2_000 * MS && row.status == 200), "{executor}");
    }
}

#[test]
fn a_scenario_begins_when_it_says() {
    let loads = [
        ("first", "executor = \"constant-arrival-rate\"\nrate = \"50/s\"\nduration = \"200ms\""),
        (
            "arrivals",
            "executor = \"constant-arrival-rate\"\nrate = \"50/s\"\nduration = \"200ms\"\nstart_time = \"400ms\"",
        ),
        ("users", "executor = \"constant-vus\"\nvus = 2\nduration = \"2s\"\nstart_time = \"500ms\""),
        ("each", "executor = \"per-vu-iterations\"\nvus = 2\niterations = 3\nstart_time = \"600ms\""),
        ("shared", "executor = \"shared-iterations\"\nvus = 2\niterations = 5\nstart_time = \"650ms\""),
        (
            "ramp",
            "executor = \"ramping-vus\"\nstart_vus = 1\nstages = [{ duration = \"2s\", target = 2 }]\nstart_time = \"550ms\"",
        ),
    ];
    let rows = Ran::of(|_| Reply::ok().after(Duration::from_millis(5)), &loads).rows();
    for (scenario, begins, ends) in [
        ("first", 0, 200),
        ("arrivals", 400, 600),
        ("users", 500, 2_500),
        ("each", 600, u64::MAX),
        ("shared", 650, u64::MAX),
        ("ramp", 550, 2_550),
    ] {
        let rows = of(&rows, scenario);
        assert!(!rows.is_empty(), "{scenario} never began");
        let times: Vec<u64> = rows.iter().map(|row| row.scheduled_ns / MS).collect();
        assert!(times.iter().all(|at| (begins..ends).contains(at)), "{scenario}: {times:?}");
    }
    let seen = |scenario| of(&rows, scenario).len();
    assert_eq!((seen("first"), seen("arrivals"), seen("each"), seen("shared")), (10, 10, 6, 5));
}

/// Long before anybody is cut off without being told to, and long after who is told to.
const CUT_OFF_BEFORE: u64 = 20_000 * MS;

#[test]
fn a_user_that_is_no_longer_wanted_is_cut_off_in_time() {
    // Two users are wanted for 2 s, then one; the one that goes hangs.
    let keys = "executor = \"ramping-vus\"\nstart_vus = 2\ngraceful_ramp_down = \"200ms\"\nstages = [{ duration = \"2s\", target = 2 }, { duration = \"0s\", target = 1 }, { duration = \"2s\", target = 1 }]";
    let script = |asked: &Asked| {
        if asked.line.starts_with("GET /visit/1/") {
            Reply::never()
        } else {
            Reply::ok().after(Duration::from_millis(20))
        }
    };
    let rows = Ran::of(script, &[("ramp", keys)]).rows();
    let (gone, stayed): (Vec<&Row>, Vec<&Row>) =
        rows.iter().partition(|row| row.vu.is_some_and(|(_, number)| number == 1));

    let [cut] = gone[..] else { panic!("one request that hangs: {gone:?}") };
    assert_eq!(cut.error, "interrupted");
    let ended = cut.ended_ns().expect("it was sent");
    assert!((2_200 * MS..CUT_OFF_BEFORE).contains(&ended), "cut off at {ended} ns");
    assert!(stayed.iter().all(|row| row.status == 200), "{:?}", errors(&rows));
    assert!(stayed.iter().any(|row| row.scheduled_ns > 2_200 * MS), "the other one goes on");
}

#[test]
fn a_user_that_is_no_longer_wanted_may_end_what_it_does() {
    let keys = "executor = \"ramping-vus\"\nstart_vus = 2\ngraceful_ramp_down = \"30s\"\nstages = [{ duration = \"2s\", target = 2 }, { duration = \"0s\", target = 1 }, { duration = \"1s\", target = 1 }]";
    let script = |asked: &Asked| match asked.line.as_str() {
        line if line.starts_with("GET /visit/1/") => Reply::ok().after(Duration::from_secs(3)),
        _ => Reply::ok().after(Duration::from_millis(20)),
    };
    let rows = Ran::of(script, &[("ramp", keys)]).rows();
    assert_eq!(errors(&rows), BTreeMap::from([("", rows.len())]), "nobody was cut off");
    let gone = rows.iter().filter(|row| row.vu.is_some_and(|(_, number)| number == 1)).count();
    assert_eq!(gone, 1, "it begins nothing new");
}

#[test]
fn what_hangs_at_the_end_is_cut_off_and_counted() {
    let hanging = [
        ("users", "executor = \"constant-vus\"\nvus = 3\nduration = \"2s\"\ngraceful_stop = \"1s\""),
        (
            "each",
            "executor = \"per-vu-iterations\"\nvus = 3\niterations = 2\nmax_duration = \"2s\"\ngraceful_stop = \"1s\"",
        ),
        (
            "shared",
            "executor = \"shared-iterations\"\nvus = 3\niterations = 9\nmax_duration = \"2s\"\ngraceful_stop = \"1s\"",
        ),
        (
            "arrivals",
            "executor = \"constant-arrival-rate\"\nrate = \"1.5/s\"\nduration = \"2s\"\ngraceful_stop = \"1s\"",
        ),
    ];
    let script = |asked: &Asked| if asked.line == "GET /quick" { Reply::ok() } else { Reply::never() };
    // Beside one that is answered: a run in which nothing was answered has failed.
    let quick = [("answered", "executor = \"per-vu-iterations\"\nflow = \"quick\"")];
    let rows = Ran::of(script, &[&hanging[..], &quick].concat()).rows();
    for (scenario, _) in hanging {
        let hanging = of(&rows, scenario);
        assert_eq!(hanging.len(), 3, "{scenario}");
        for row in hanging {
            assert_eq!(row.error, "interrupted", "{scenario}");
            let ended = row.ended_ns().expect("it was sent");
            assert!((3_000 * MS..CUT_OFF_BEFORE).contains(&ended), "{scenario}: cut off at {ended} ns");
        }
    }
}

#[test]
fn scenarios_run_side_by_side_with_names_and_tags_of_their_own() {
    let loads = [
        (
            "free",
            "executor = \"constant-arrival-rate\"\nrate = \"40/s\"\nduration = \"500ms\"\ntags = { tier = \"free\" }",
        ),
        (
            "pro",
            "executor = \"ramping-arrival-rate\"\nstart_rate = \"80/s\"\nstages = [{ duration = \"500ms\", target = \"80/s\" }]\ntags = { tier = \"pro\" }",
        ),
        ("users", "executor = \"per-vu-iterations\"\nvus = 2\niterations = 5"),
    ];
    let ran = Ran::with(|_| Reply::ok(), &loads, &["--tag", "suite=all"]);
    let rows = ran.rows();
    assert_eq!(count(rows.iter().map(|row| row.scenario.as_str())), [("free", 20), ("pro", 40), ("users", 10)].into());
    let (free, pro) = (of(&rows, "free"), of(&rows, "pro"));
    let begins = |rows: &[&Row]| rows.iter().map(|row| row.scheduled_ns).min();
    let ends = |rows: &[&Row]| rows.iter().map(|row| row.scheduled_ns).max();
    assert!(begins(&free) < ends(&pro) && begins(&pro) < ends(&free), "side by side");
    let manifest = ran.run().manifest();
    let tier = |name: &str| {
        let scenarios = manifest["scenarios"].as_array().expect("run.json lists its scenarios");
        let scenario = scenarios.iter().find(|scenario| scenario["name"] == name).expect("it is listed");
        scenario["tags"]["tier"].as_str().map(str::to_owned)
    };
    assert_eq!((tier("free").as_deref(), tier("pro").as_deref(), tier("users")), (Some("free"), Some("pro"), None));
    assert_eq!(manifest["tags"]["suite"], "all");
}
