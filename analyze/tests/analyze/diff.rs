//! `drumfire-analyze diff`, on runs of which it is known what differs.

use serde_json::{Value, json};

use crate::made_up::{Like, USUAL, written};
use crate::runs::{FiftyRows, NAME};

fn document(home: &FiftyRows, arguments: &[&str]) -> Value {
    let ran = home.analyze(&[&["diff"], arguments, &["--json"]].concat());
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    serde_json::from_str(&ran.out).expect("one JSON document")
}

/// The verdicts on figures of all requests together, by their names.
fn verdicts(document: &Value, wanted: &[&str]) -> Vec<String> {
    let figures = document["total"]["figures"].as_array().expect("figures");
    let of = |name: &&str| figures.iter().find(|figure| figure["figure"] == **name).expect("the figure");
    wanted.iter().map(|name| of(name)["verdict"].as_str().expect("a word").to_owned()).collect()
}

#[test]
fn a_run_that_is_a_fifth_slower_is_worse_and_the_other_way_round_better() {
    let home = FiftyRows::copied();
    written(&home, "base", USUAL);
    written(&home, "slow", Like { factor: 1.2, seed: 2, ..USUAL });
    let times = ["p50", "p90", "p95", "mean"];
    let found = document(&home, &["base", "slow"]);
    assert_eq!(verdicts(&found, &times), ["worse"; 4], "{found:#}");
    let p50 = &found["total"]["figures"][0];
    let change = p50["difference"].as_f64().expect("a number");
    assert!((change - 0.2).abs() < 0.02, "{p50}");
    let bound = |end: usize| p50["interval"][end].as_f64().expect("a number");
    assert!(bound(0) < 0.2 && 0.2 < bound(1), "{p50}");
    assert_eq!(verdicts(&document(&home, &["slow", "base"]), &times), ["better"; 4]);
    assert_eq!(verdicts(&document(&home, &["base", "slow", "--tolerance", "40%"]), &times), ["same"; 4]);
}

#[test]
fn figures_of_one_run_are_those_of_its_summary() {
    let home = FiftyRows::copied();
    written(&home, "base", USUAL);
    written(&home, "run", Like { seed: 2, ..USUAL });
    let found = document(&home, &["base", "run", "--time", "service"]);
    for (side, name) in [("base", "base"), ("run", "run")] {
        let summary: Value =
            serde_json::from_str(&home.analyze(&["summary", name, "--json"]).out).expect("one JSON document");
        for (place, figure) in ["p50", "p90", "p95", "p99", "p999"].into_iter().enumerate() {
            let of_diff = found["total"]["figures"][place][side].as_f64().expect("a number");
            let of_summary = summary["total"]["service_time_ns"][figure].as_f64().expect("a number");
            assert!((of_diff - of_summary).abs() < 1e-6, "{side} {figure}: {of_diff} and {of_summary}");
        }
    }
}

#[test]
fn runs_of_the_same_thing_are_the_same() {
    let home = FiftyRows::copied();
    written(&home, "base", USUAL);
    written(&home, "again", Like { seed: 2, ..USUAL });
    let ran = home.analyze(&["diff", "base", "again"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(ran.out.contains("✓ The same: no figure differs by more than chance"), "{}", ran.out);
    insta::assert_snapshot!(ran.out);
}

#[test]
fn a_change_of_the_slowest_only_is_seen_where_it_is() {
    let home = FiftyRows::copied();
    written(&home, "base", USUAL);
    written(&home, "tail", Like { slowest: 2.0, seed: 2, ..USUAL });
    let found = document(&home, &["base", "tail"]);
    assert_eq!(verdicts(&found, &["p50", "p90", "p99"]), ["same", "same", "worse"], "{found:#}");
    assert_eq!(found["total"]["distribution"]["magnitude"], "negligible");
}

#[test]
fn more_errors_are_worse() {
    let home = FiftyRows::copied();
    written(&home, "base", USUAL);
    written(&home, "failing", Like { failing: 60, seed: 2, ..USUAL });
    assert_eq!(verdicts(&document(&home, &["base", "failing"]), &["error_rate", "p50"]), ["worse", "same"]);
}

#[test]
fn a_folder_of_runs_is_a_side_and_one_side_alone_tells_its_noise() {
    let home = FiftyRows::copied();
    for seed in 1..=3 {
        written(&home, &format!("nights/{seed}"), Like { seed, ..USUAL });
    }
    written(&home, "slow", Like { factor: 1.5, seed: 9, ..USUAL });
    let found = document(&home, &["nights", "slow"]);
    assert_eq!(found["base"].as_array().map(Vec::len), Some(3));
    assert_eq!(verdicts(&found, &["p50", "mean"]), ["worse"; 2], "{found:#}");
    let noise = document(&home, &["nights"]);
    let floor = noise["requests"][0]["figures"][0]["floor"].as_f64().expect("a number");
    assert!((0.001..0.1).contains(&floor), "{noise:#}");
}

#[test]
fn what_is_not_valid_is_told_with_its_own_exit_code() {
    let home = FiftyRows::copied();
    home.edit_manifest(|manifest| manifest["ending"]["validity"] = json!({"verdict": "invalid", "reasons": ["late"]}));
    let ran = home.analyze(&["diff", NAME, NAME]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.out.contains("the measurement is not valid"), "{}", ran.out);
    let ran = home.analyze(&["diff", NAME, "nowhere"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    let ran = home.analyze(&["diff", NAME, NAME, "--confidence", "120%"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("expected 50% or more, and less than 100%"), "{}", ran.err);
}
