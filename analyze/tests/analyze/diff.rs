//! `drumfire-analyze diff`, on runs of which it is known what differs.

use runlog::row::{Names, RequestId, Row, ScenarioId};
use serde_json::{Value, json};

use crate::runs::{FiftyRows, NAME};

const SECONDS: u64 = 8;
const PER_SECOND: u64 = 500;

/// What a run is like: what times are multiplied by, those of the slowest twentieth besides, and how many in a thousand fail.
#[derive(Clone, Copy)]
struct Like {
    factor: f64,
    slowest: f64,
    failing: u64,
    seed: u64,
}

const USUAL: Like = Like { factor: 1.0, slowest: 1.0, failing: 2, seed: 1 };

/// A run of eight seconds, as a directory beside the others of `home`.
fn written(home: &FiftyRows, name: &str, like: Like) {
    let mut state = like.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / f64::from(1_u32 << 31)
    };
    let names = Names::new(["steady", "burst"], ["list", "search, all", "order"]);
    let mut text = runlog::row::header();
    for number in 0..SECONDS * PER_SECOND {
        let request = RequestId(u16::from(random() < 0.3));
        let place = random();
        let slow = if place > 0.95 { like.slowest } else { 1.0 };
        // Of a log-logistic distribution, whose quantiles are simple.
        let time = 5e6 * (place.clamp(1e-6, 1.0 - 1e-6) / (1.0 - place.clamp(1e-6, 1.0 - 1e-6))).powf(0.25);
        let row = Row {
            scheduled_ns: number * 1_000_000_000 / PER_SECOND,
            lag_ns: Some(1_000),
            duration_ns: Some((time * like.factor * slow) as u64),
            scenario: ScenarioId(0),
            request,
            status: if random() * 1_000.0 < like.failing as f64 { 500 } else { 200 },
            ..Row::default()
        };
        text += &String::from_utf8(row.line(&names)).expect("UTF-8");
    }
    let folder = home.path().with_file_name(name);
    std::fs::create_dir_all(&folder).expect("writable");
    std::fs::write(folder.join("requests-00.csv"), text).expect("writable");
    let manifest = std::fs::read_to_string(home.file("run.json")).expect("the fixture");
    let mut manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    manifest["thresholds"] = json!([]);
    manifest["ending"]["thresholds"] = json!([]);
    manifest["ending"]["elapsed_ns"] = json!(SECONDS * 1_000_000_000);
    manifest["started_unix_ns"] = json!(1_767_225_600_000_000_000_u64 + like.seed * 1_000_000_000_000);
    std::fs::write(folder.join("run.json"), manifest.to_string()).expect("writable");
}

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
