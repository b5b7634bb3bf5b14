//! The scenario files that come with the program: each is one that `check` takes, and does what it says, made small.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use drumfire_tests::alone::alone;
use drumfire_tests::program::{Finished, drumfire};
use drumfire_tests::run::{Row, Run, count, errors};
use drumfire_tests::scratch::Scratch;
use drumfire_tests::shop::Shop;

/// What the scenario files include, and no scenarios of their own.
const SHARED: [&str; 3] = ["shared.toml", "watched.toml", "watched-database.toml"];
/// What people do in most of the files.
const JOURNEYS: &[&str] = &["orders_create", "products_list", "products_search", "reports_generate"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("this crate is in the workspace's folder").join("scenarios")
}

/// `drumfire run` of a file against a shop, so much shorter and with so many fewer people.
fn rehearsal(scratch: &Scratch, shop: &Shop, file: &str, time_scale: f64, rate_scale: f64) -> Finished {
    drumfire()
        .arg("run")
        .arg(folder().join(file))
        .args(["--var", &format!("BASE_URL={}", shop.url()), "--var", "THINK=100ms..200ms"])
        .args(["--time-scale", &time_scale.to_string(), "--rate-scale", &rate_scale.to_string()])
        .args(["--seed", "1", "--quiet", "--out"])
        .arg(scratch.join("run"))
        .finish()
}

/// All rows, after asserting that all thresholds hold, that no value was missing, that each scenario took part, and that
/// these are the requests that were sent.
#[track_caller]
fn assert_plays(ended: &Finished, run: &Run, requests: &[&str]) -> Vec<Row> {
    ended.assert_ran();
    assert!(!ended.stdout.contains('✗') && !ended.stderr.contains('✗'), "a threshold failed\n{}", ended.account());
    let rows = run.complete_rows();
    assert_eq!(errors(&rows).into_keys().collect::<Vec<_>>(), [""], "every request was sent and answered");
    let strangers: Vec<&Row> = rows.iter().filter(|row| ![200, 201, 409].contains(&row.status)).collect();
    assert!(strangers.is_empty(), "{strangers:?}");
    let sent: BTreeSet<&str> = rows.iter().map(|row| row.request.as_str()).collect();
    assert_eq!(sent, requests.iter().copied().collect());
    let took_part: BTreeSet<&str> = rows.iter().map(|row| row.scenario.as_str()).collect();
    assert_eq!(took_part.len(), run.manifest()["scenarios"].as_array().map_or(0, Vec::len), "{took_part:?}");
    rows
}

#[track_caller]
fn assert_rehearses(file: &str, time_scale: f64, rate_scale: f64, requests: &[&str]) -> Vec<Row> {
    let _turn = alone();
    let (scratch, shop) = (Scratch::new(), Shop::open());
    let ended = rehearsal(&scratch, &shop, file, time_scale, rate_scale);
    assert_plays(&ended, &scratch.run("run"), requests)
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
    assert_eq!(seen, 16, "a new file needs a test of its own here");
}

#[test]
fn a_first_look() {
    assert_rehearses(
        "smoke.toml",
        0.15,
        1.0,
        &["orders_create", "products_list", "products_search", "reports_inventory"],
    );
}

#[test]
fn the_load_of_a_normal_day() {
    assert_rehearses("load.toml", 0.004, 0.5, &[JOURNEYS, &["bulk_import"]].concat());
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
fn stress() {
    assert_rehearses("stress.toml", 0.0008, 0.1, JOURNEYS);
}

#[test]
fn ever_more_until_it_breaks() {
    assert_rehearses("breaking-point.toml", 0.0012, 0.01, JOURNEYS);
}

#[test]
fn a_spike() {
    assert_rehearses("spike.toml", 0.004, 0.02, JOURNEYS);
}

#[test]
fn a_flash_sale_sells_as_many_as_there_are_and_refuses_the_rest() {
    let rows = assert_rehearses("flash-sale.toml", 0.015, 0.5, &["orders_flash_sale", "products_list"]);
    let wanted: Vec<&Row> = rows.iter().filter(|row| row.request == "orders_flash_sale").collect();
    let share = wanted.len() as f64 / rows.len() as f64;
    assert!((0.85..0.95).contains(&share), "nine of ten want the same: {share}");
    let statuses = count(wanted.iter().map(|row| row.status));
    assert_eq!(statuses, BTreeMap::from([(201, 100), (409, wanted.len() - 100)]));
}

#[test]
fn a_soak() {
    assert_rehearses("soak.toml", 0.00015, 0.1, JOURNEYS);
}

#[test]
fn a_leak_would_be_seen_between_the_pages() {
    let rows = assert_rehearses("memory-leak.toml", 0.0008, 0.5, &["metrics", "products_list"]);
    let requests = count(rows.iter().map(|row| row.request.as_str()));
    assert!(requests["products_list"] >= 10 * requests["metrics"], "ten pages before each look: {requests:?}");
}

#[test]
fn four_kinds_of_work_for_the_database() {
    let requests = ["aggregation", "bulk_write", "join", "simple_query"];
    let rows = assert_rehearses("database.toml", 0.005, 0.2, &requests);
    let bulk = rows.iter().find(|row| row.request == "bulk_write").expect("there is one of each kind");
    assert!(bulk.bytes_sent > 100 * r#"{"product_id":"product-1","delta":1}"#.len() as u64, "a hundred adjustments");
}

#[test]
fn three_tiers_at_once() {
    let rows = assert_rehearses("multi-tenant.toml", 0.0015, 0.1, JOURNEYS);
    let tiers = count(rows.iter().map(|row| row.scenario.as_str()));
    assert!(tiers["free"] < tiers["starter"] && tiers["starter"] < tiers["professional"], "{tiers:?}");
}

/// With the enterprise tier's 10,050 requests a busy machine is not always done within a second. Then the shop is right to let
/// more pass, and the file is right to fail; the three others are always in time.
#[test]
fn rate_limits_are_kept_to_the_request() {
    let _turn = alone();
    let (scratch, shop) = (Scratch::new(), Shop::open_with_rate_limits());
    let ended = rehearsal(&scratch, &shop, "rate-limit.toml", 1.0, 1.0);
    let rows = scratch.run("run").complete_rows();

    let mut exact = true;
    for (tier, limit) in [("free", 20), ("starter", 200), ("professional", 2000), ("enterprise", 10_000)] {
        let attempts: Vec<&Row> = rows.iter().filter(|row| row.scenario == tier && row.request == "attempt").collect();
        assert_eq!(attempts.len(), limit + 50, "{tier}");
        let first = attempts.iter().filter_map(|row| row.sent_ns()).min().expect("they were sent");
        let last = attempts.iter().filter_map(|row| row.ended_ns()).max().expect("they were sent");
        let statuses = count(attempts.iter().map(|row| row.status));
        if tier != "enterprise" || last - first < 1_000_000_000 {
            assert_eq!(statuses, BTreeMap::from([(200, limit), (429, 50)]), "{tier}");
        }
        exact &= statuses.get(&429) == Some(&50);
    }
    if ended.code != Some(3) {
        ended.assert_code(if exact { 0 } else { 99 });
    }
    assert_eq!(ended.stdout.contains('✗') || ended.stderr.contains('✗'), !exact, "{}", ended.account());
}
