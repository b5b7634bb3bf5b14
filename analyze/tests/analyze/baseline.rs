//! `drumfire-analyze baseline`.

use std::fs;

use serde_json::json;

use crate::runs::{FiftyRows, NAME, Ran};

fn saved(run: &FiftyRows) -> Ran {
    run.analyze(&["baseline", NAME, "-o", "b.toml"])
}

fn text(run: &FiftyRows) -> String {
    fs::read_to_string(run.path().with_file_name("b.toml")).expect("it was written")
}

fn write(run: &FiftyRows, text: &str) {
    fs::write(run.path().with_file_name("b.toml"), text).expect("writable");
}

#[test]
fn a_run_becomes_a_baseline_and_passes_its_own_gate() {
    let run = FiftyRows::copied();
    let ran = saved(&run);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "b.toml\n", ""));
    insta::assert_snapshot!(text(&run));
    let ran = run.analyze(&["gate", NAME, "--baseline", "b.toml", "--max-regression", "0%"]);
    assert_eq!(ran.code, Some(0), "{}", ran.out);
}

#[test]
fn several_runs_tell_how_far_they_are_apart() {
    let run = FiftyRows::copied();
    let ran = run.analyze(&["baseline", NAME, NAME, "-o", "b.toml"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let text = text(&run);
    assert_eq!(text.matches("{ name = \"fifty-rows\", started_unix_ns").count(), 2, "{text}");
    // Halves of a run differ, also where the runs do not.
    assert!(text.contains("[total.noise]\np50 = "), "{text}");
}

#[test]
fn nothing_is_overwritten_without_being_asked_for() {
    let run = FiftyRows::copied();
    assert_eq!(saved(&run).code, Some(0));
    let before = text(&run);
    let ran = saved(&run);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("`b.toml` is there already, and nothing is overwritten: --update puts"), "{}", ran.err);
    assert_eq!(text(&run), before);
}

#[test]
fn an_update_keeps_what_people_wrote() {
    let run = FiftyRows::copied();
    assert_eq!(saved(&run).code, Some(0));
    let by_hand = "\n[max_regression]\np95 = \"25%\"\n\n[probes.db.pool]\nmean = { at_most = 20.0 }\n";
    write(&run, &(text(&run).replace("p50 = \"24ms\"", "p50 = \"1ms\"") + by_hand));
    let ran = run.analyze(&["baseline", NAME, "-o", "b.toml", "--update"]);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let after = text(&run);
    assert!(after.contains("p50 = \"24") && !after.contains("p50 = \"1ms\""), "{after}");
    assert!(
        after.contains("[max_regression]\np95 = \"25%\"") && after.contains("mean = { at_most = 20.0 }"),
        "{after}"
    );
}

#[test]
fn an_update_does_not_destroy_what_is_hand_written_or_not_understood() {
    let run = FiftyRows::copied();
    for (there, said) in [
        ("[total]\np50 = '1s'\n", "`b.toml` is hand-written, and its limits would be lost"),
        ("not TOML", "b.toml:1:5: this is not TOML"),
    ] {
        write(&run, there);
        let ran = run.analyze(&["baseline", NAME, "-o", "b.toml", "--update"]);
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.contains(said), "{}", ran.err);
        assert_eq!(text(&run), there);
    }
}

#[test]
fn a_run_that_is_not_valid_becomes_no_baseline() {
    let run = FiftyRows::copied();
    run.edit_manifest(|manifest| manifest["ending"]["validity"] = json!({"verdict": "invalid", "reasons": ["late"]}));
    let ran = saved(&run);
    assert_eq!(ran.code, Some(3));
    assert!(
        ran.err.contains("`fifty-rows` is not a run to hold others against: the generator was the limit"),
        "{}",
        ran.err
    );
    assert!(!run.path().with_file_name("b.toml").exists());
}

#[test]
fn a_run_without_an_arrival_becomes_no_baseline() {
    let run = FiftyRows::copied();
    run.replace_rows("");
    run.edit_manifest(|manifest| {
        for core in 0..2 {
            manifest["ending"]["cores"][core]["scheduled"] = json!(0);
        }
    });
    let ran = saved(&run);
    assert_eq!(ran.code, Some(3));
    assert!(ran.err.contains("it has no arrival"), "{}", ran.err);
}

#[test]
fn a_scenario_that_has_changed_is_another() {
    let run = FiftyRows::copied();
    assert_eq!(saved(&run).code, Some(0));
    run.edit_manifest(|manifest| manifest["scenario"]["requests"] = json!({ "list": { "path": "/other" } }));
    let ran = run.analyze(&["gate", NAME, "--baseline", "b.toml"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("the scenario `fifty-rows` is not what it was"), "{}", ran.err);
    let other = FiftyRows::copied();
    let path = other.path();
    let ran = run.analyze(&["baseline", NAME, path.to_str().expect("UTF-8"), "-o", "c.toml"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("the runs are of different scenarios: `fifty-rows` (sha256 "), "{}", ran.err);
}
