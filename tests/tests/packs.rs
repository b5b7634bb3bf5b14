//! The scenario files that come with the program: each is one that `check` takes, and those of a day's, a week's and a month's
//! load do what they say, made small, against a shop on PostgreSQL. What the others are for is in the other files `packs_…`.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use drumfire_tests::pack::{JOURNEYS, Stage, are_few, baseline, folder, names};
use drumfire_tests::program::{analyze, drumfire};
use drumfire_tests::run::{Row, Run, count};
use drumfire_tests::sampled::books;
use drumfire_tests::sections::Sections;
use serde_json::Value;

/// What the scenario files include, and no scenarios of their own.
const SHARED: [&str; 4] = ["shared.toml", "watched.toml", "watched-database.toml", "watched-postgres.toml"];

/// The targets of the stages of a run's first scenario: virtual users, or arrivals per second.
fn targets(run: &Run) -> Vec<f64> {
    let manifest = run.manifest();
    let stages = manifest["scenarios"][0]["stages"].as_array().expect("it has stages").clone();
    stages.iter().map(|stage| stage["target"].as_f64().expect("a stage has a target")).collect()
}

/// When the stages of a run's first scenario end.
fn ends(run: &Run) -> Vec<u64> {
    let manifest = run.manifest();
    let stages = manifest["scenarios"][0]["stages"].as_array().expect("it has stages").clone();
    stages.iter().map(|stage| stage["at_ns"].as_u64().expect("a stage has an end")).collect()
}

/// The share of arrivals of each request.
fn shares(rows: &[Row]) -> BTreeMap<&str, f64> {
    let counts = count(rows.iter().map(|row| row.request.as_str()));
    counts.into_iter().map(|(request, count)| (request, count as f64 / rows.len() as f64)).collect()
}

/// Asserts that people browse, search, order and report as often as the requirement says: within four standard errors, which are
/// more where a busy machine has sent few.
#[track_caller]
fn assert_is_the_mix(rows: &[Row]) {
    let shares = shares(rows);
    let error = |share: f64| (share * (1.0 - share) / rows.len() as f64).sqrt();
    for (request, share) in
        [("products_list", 0.4), ("products_search", 0.3), ("orders_create", 0.2), ("reports_generate", 0.1)]
    {
        let found = shares.get(request).copied().unwrap_or_default();
        assert!((found - share).abs() < 4.0 * error(share), "{request} is {share} of the mix: {shares:?}");
    }
}

#[test]
fn check_takes_every_file_and_each_says_how_it_is_run() {
    let mut seen = 0;
    for entry in fs::read_dir(folder()).expect("the folder can be read") {
        let path = entry.expect("the folder can be read").path();
        let text = fs::read_to_string(&path).expect("a scenario is a text");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        assert!(text.starts_with("# "), "{name} opens with what it is for");
        if !SHARED.contains(&name.as_str()) {
            assert!(text.contains(&format!("drumfire run scenarios/{name}")), "{name} says how it is run");
            drumfire().arg("check").arg(&path).finish().assert_code(0);
            seen += 1;
        }
    }
    assert_eq!(seen, 17, "a new file needs a test of what it is for");
}

#[test]
fn a_first_look() {
    let stage = Stage::open(&[]);
    let played = stage.rehearsal("smoke", "run").scaled(0.15, 1.0).finish();
    let rows = played.assert_well(&["orders_create", "products_list", "products_search", "reports_inventory"]);
    let models = count(rows.iter().map(|row| row.scenario.as_str()));
    assert!(models["arrivals"] > models["visitors"], "mostly the open model: {models:?}");
}

#[test]
fn the_load_of_a_normal_day() {
    let stage = Stage::open(&[]);
    let played = stage.rehearsal("load", "run").scaled(0.006, 0.5).finish();
    let rows = played.assert_well(&[JOURNEYS, &["bulk_import"]].concat());
    let (imports, customers): (Vec<Row>, Vec<Row>) = rows.into_iter().partition(|row| row.scenario == "imports");
    assert_is_the_mix(&customers);
    assert!(!imports.is_empty() && imports.iter().all(|row| row.request == "bulk_import"), "{imports:?}");
    assert_eq!(
        stage.database.ask("SELECT count(*) FROM products WHERE id LIKE 'import-%'"),
        "100",
        "the same every time"
    );
}

#[test]
fn the_load_of_a_normal_day_is_that_of_the_tier_which_is_named() {
    let check = |tier| drumfire().arg("check").arg(folder().join("load.toml")).arg("--var").arg(tier).finish();
    for tier in ["TIER=free", "TIER=starter", "TIER=professional"] {
        check(tier).assert_code(0);
    }
    check("TIER=platinum").assert_code(2).assert_says("platinum");
}

#[test]
fn the_busiest_day_has_three_times_the_people_and_one_that_never_was_ten_times() {
    let stage = Stage::open(&[]);
    let highest = |pack: &str, scale: f64| {
        let played = stage.rehearsal(pack, pack).scaled(0.004, scale).finish();
        assert_is_the_mix(&played.assert_well(JOURNEYS));
        targets(&played.run).into_iter().fold(0.0, f64::max) / scale
    };
    assert_eq!((highest("peak", 0.1), highest("extreme", 0.05)), (300.0, 1000.0));
}

#[test]
fn stress_goes_up_by_the_same_step_four_times_and_down_again() {
    let stage = Stage::open(&[]);
    let played = stage.rehearsal("stress", "run").scaled(0.003, 0.1).finish();
    let rows = played.assert_well(JOURNEYS);
    let (targets, ends) = (targets(&played.run), ends(&played.run));
    assert_eq!(targets, [10.0, 10.0, 20.0, 20.0, 30.0, 30.0, 40.0, 40.0, 0.0]);
    // How much they do is up to the machine: people are counted, each of whom sends something at once.
    let people = |until: u64| {
        let until = rows.iter().filter(|row| row.scheduled_ns < until);
        until.filter_map(|row| row.vu).collect::<BTreeSet<_>>().len()
    };
    let people: Vec<usize> = [ends[1], ends[3], ends[5], ends[7]].map(people).to_vec();
    let is_step = |(people, before): (&usize, usize)| (before + 1..=before + 10).contains(people);
    assert!(people.iter().zip([0, 10, 20, 30]).all(is_step), "ten more with every step: {people:?}");
    // Of 100 → 200 and 200 → 300: a step by a third is no other load.
    let changes: Vec<Value> =
        Sections::of_server(&played.run).rows("Recovery").iter().map(|row| row["load"].clone()).collect();
    assert_eq!(changes, ["10 → 20", "20 → 30"]);
}

/// Four connections that are busy for 200 ms each time serve fewer than 20 requests a second; who waits for one for two seconds gives
/// up. That is when some 70 people are there, of the 150 there are at the end.
#[test]
fn ever_more_people_come_until_it_breaks_and_the_stages_tell_when() {
    let slow = ["products=200ms", "search=200ms", "place_order=200ms", "inventory=200ms"];
    let slow: Vec<&str> = slow.iter().flat_map(|query| ["--slow-query", query]).collect();
    let small = ["--pool-size", "4", "--pool-timeout", "2s", "--cache-size", "0"];
    let stage = Stage::open(&[&small[..], &slow].concat());
    let played = stage.rehearsal("breaking-point", "run").var("THINK", "1s..2s").scaled(0.01, 0.03).finish();
    // Whether more than half fail in all, which is too much, is up to the machine.
    played.assert_code_of_its_books();
    let rows = played.run.complete_rows();
    let statuses = count(rows.iter().map(|row| row.status));
    assert_eq!(statuses.into_keys().filter(|status| *status > 409).collect::<Vec<_>>(), [503]);

    let stages = Sections::by("stage", &played.run).rows("Requests by stage");
    let told: Vec<f64> = stages.iter().map(|row| row["error rate"].as_f64().expect("a share")).collect();
    let failed = failed_by_stage(&rows, &ends(&played.run));
    assert_eq!(told.len(), 5, "{stages:?}");
    assert!(told.iter().zip(&failed).all(|(told, failed)| (told - failed).abs() < 1e-9), "{told:?} and {failed:?}");
    assert!(failed[0] < 0.05, "little fails at first: {failed:?}");
    assert!(failed[4] > 0.1 && failed[4] > failed[1], "and much at last: {failed:?}");
}

/// The share of 503 among the requests that were scheduled in each stage.
fn failed_by_stage(rows: &[Row], ends: &[u64]) -> Vec<f64> {
    let share = |stage: usize| {
        let within = rows.iter().filter(|row| ends.partition_point(|end| *end <= row.scheduled_ns) == stage);
        let (failed, all) = within.fold((0, 0), |(failed, all), row| (failed + u32::from(row.status == 503), all + 1));
        f64::from(failed) / f64::from(all)
    };
    (0..ends.len()).map(share).collect()
}

#[test]
fn a_soak_keeps_its_load_for_almost_all_of_its_time() {
    let stage = Stage::open(&[]);
    let played = stage.rehearsal("soak", "run").scaled(0.0003, 0.1).finish();
    assert_is_the_mix(&played.assert_well(JOURNEYS));
    let (targets, ends) = (targets(&played.run), ends(&played.run));
    assert_eq!(targets, [40.0, 40.0, 0.0]);
    assert!((ends[1] - ends[0]) as f64 > 0.95 * ends[2] as f64, "{ends:?}");
    let memory = Sections::of_server(&played.run).rows("Utilisation");
    assert!(!memory.is_empty(), "the machine was watched");
}

#[test]
fn imports_and_customers_are_served_side_by_side() {
    let stage = Stage::open(&[]);
    let played = stage.rehearsal("bulk-import", "run").scaled(0.01, 0.5).finish();
    let rows = played.assert_well(&["bulk_import", "orders_create", "products_list", "products_search"]);
    // Once a second: the first of them makes the products, the others replace them.
    let imports: Vec<&Row> = rows.iter().filter(|row| row.request == "bulk_import").collect();
    assert_eq!(imports.len(), 3, "in three seconds");
    assert!(imports.iter().all(|row| row.bytes_sent > 100 * r#"{"id":"import-0"}"#.len() as u64), "a hundred products");
    let (products, stock) =
        ("SELECT count(*) FROM products WHERE id LIKE 'import-%'", "SELECT products FROM catalogue");
    assert_eq!((stage.database.ask(products), stage.database.ask(stock)), ("100".to_owned(), "10101".to_owned()));
}

/// A baseline of a request or a probe that the pack does not have would fail every run.
#[track_caller]
fn assert_is_of(pack: &str, (time_scale, rate_scale): (f64, f64), name: &str, stage: &Stage) {
    let played = stage.rehearsal(pack, pack).scaled(time_scale, rate_scale).finish();
    let gate =
        analyze().arg("gate").arg(played.run.path()).arg("--baseline").arg(baseline(name)).arg("--json").finish();
    assert_ne!(gate.code, Some(2), "{}", gate.account());
    let checks = gate.json()["checks"].as_array().expect("a list of checks").clone();
    // What the pack has, and what was not sent or had no value in so short a time, is not meant.
    let rows = played.run.complete_rows();
    let sent = names(&rows);
    let manifest = played.run.manifest();
    let listed = manifest["requests"].as_array().expect("run.json lists its requests");
    let is_unsent = |subject: &Value| {
        let is_sent = subject["request"].as_str().is_none_or(|request| sent.contains(request));
        !is_sent && are_few(&rows) && listed.iter().any(|request| request["name"] == subject["request"])
    };
    let is_declared = |check: &Value| {
        let subject = &check["subject"];
        let probe = subject["probe"].as_str().map(|probe| books(&played.run, probe));
        probe
            .is_some_and(|probe| probe["never_seen"].as_array().is_some_and(|names| names.contains(&subject["metric"])))
    };
    let is_missing =
        |check: &Value| check["outcome"] == "missing" && !is_declared(check) && !is_unsent(&check["subject"]);
    let missing: Vec<Value> = checks.into_iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "{name}: {missing:#?}");
}

#[test]
fn the_baselines_of_packs_are_of_what_these_have() {
    let of_pack = [
        ("regression", (0.03, 1.0), "requirement"),
        ("load", (0.003, 0.3), "load"),
        ("peak", (0.003, 0.1), "peak"),
        ("stress", (0.0004, 0.1), "stress"),
        ("soak", (0.0001, 0.1), "soak"),
        ("database", (0.005, 0.2), "database"),
    ];
    // The simple query is the same every time: it is put to the database only when it is forgotten.
    let stage = Stage::open(&["--cache-ttl", "200ms"]);
    for (pack, scales, name) in of_pack {
        assert_is_of(pack, scales, name, &stage);
    }
}
