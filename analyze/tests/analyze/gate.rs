//! `drumfire-analyze gate`.

use std::fs;

use serde_json::{Value, json};

use crate::runs::{FiftyRows, NAME, Ran};

/// Every outcome that a hand-written baseline can have, on the run of fifty rows.
const BASELINE: &str = r#"
name = "fifty-rows"

[max_regression]
max = "5%"

[requests.list]
p50 = "20ms"                    # was 24 ms
p90 = "33ms"                    # was 36 ms: beyond, but allowed
p95 = "1ms"                     # of 29 samples
error_rate = "5%"
throughput = "9/s"

[requests."search, all"]
mean = "6ms"
max = "7ms"                     # was 7.5 ms, and only 5 % are allowed
error_rate = "0.01%"

[requests.orders_create]
p50 = "30ms"

[total]
p50 = "24ms"

[probes.database.pool_active]
avg = { at_most = 20 }

[probes.database.wait_ms]
max = { at_least = 1, at_most = 4 }

[probes.cache.hit_rate]
avg = { at_least = "85%" }
"#;

const HARMLESS: &str = "[total]\np50 = '1s'\nerror_rate = '50%'\n";

fn probed() -> FiftyRows {
    let run = FiftyRows::copied();
    run.edit("probes.csv", |header| {
        format!("{header}1,database,pool_active,,10\n2,database,pool_active,,20\n3,database,wait_ms,table=a,5.25\n")
    });
    run
}

fn gate(run: &FiftyRows, baseline: &str, flags: &[&str]) -> Ran {
    fs::write(run.path().with_file_name("b.toml"), baseline).expect("writable");
    run.analyze(&[&["gate", NAME, "--baseline", "b.toml"], flags].concat())
}

fn written(run: &FiftyRows, name: &str) -> String {
    fs::read_to_string(run.path().with_file_name(name)).expect("it was written")
}

#[test]
fn what_came_of_each_figure_for_people() {
    let ran = gate(&probed(), BASELINE, &[]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(99), ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn what_came_of_each_figure_for_programs() {
    let ran = gate(&probed(), BASELINE, &["--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(99), ""));
    let document: Value = serde_json::from_str(&ran.out).expect("one JSON document");
    assert_eq!(document["verdict"], "failed");
    assert_eq!(document["checks"][0]["outcome"], "within_noise");
    insta::assert_snapshot!(ran.out);
}

#[test]
fn what_came_of_each_figure_as_junit() {
    let run = probed();
    assert_eq!(gate(&run, BASELINE, &["--junit", "gate.xml"]).code, Some(99));
    insta::assert_snapshot!(written(&run, "gate.xml"));
}

#[test]
fn what_came_of_each_figure_as_markdown() {
    let run = probed();
    assert_eq!(gate(&run, BASELINE, &["--markdown", "gate.md"]).code, Some(99));
    insta::assert_snapshot!(written(&run, "gate.md"));
}

#[test]
fn a_run_that_is_no_worse_passes() {
    let ran = gate(&FiftyRows::copied(), HARMLESS, &[]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.out.contains("✓ Passed: no figure of 2 is worse than the baseline allows."), "{}", ran.out);
}

#[test]
fn how_much_worse_is_allowed_can_be_asked_for() {
    let run = FiftyRows::copied();
    let limits = "[total]\np50 = '16.5ms'\np90 = '30.9ms'\n[max_regression]\np90 = '14%'";
    for (flags, code) in [
        (&[][..], 99),
        (&["--max-regression", "50%"], 0),
        (&["--max-regression", "p50=46%"], 0),
        (&["--max-regression", "p90=12%", "--max-regression", "50%"], 99),
        (&["--max-regression", "50%", "--max-regression", "p90=13.5%"], 0),
    ] {
        let allowed = [flags, &["--json"]].concat();
        let ran = gate(&run, limits, &allowed);
        let changes: Value = serde_json::from_str(&ran.out).expect("one JSON document");
        assert_eq!(ran.code, Some(code), "{flags:?}: {changes:#}");
    }
    let ran = gate(&run, limits, &["--max-regression", "p98=5%"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("there is no figure `p98`; there are p50, p90"), "{}", ran.err);
}

#[test]
fn a_measurement_that_is_not_valid_is_refused_before_anything_else() {
    let run = FiftyRows::copied();
    let late = "the pacer was late by <b>9 ms</b>";
    run.edit_manifest(|manifest| manifest["ending"]["validity"] = json!({"verdict": "invalid", "reasons": [late]}));
    let ran = gate(&run, BASELINE, &["--junit", "gate.xml", "--markdown", "gate.md"]);
    assert_eq!(ran.code, Some(3));
    insta::assert_snapshot!(format!("{}\n{}\n{}", ran.out, written(&run, "gate.md"), written(&run, "gate.xml")));
}

#[test]
fn a_run_that_is_not_whole_is_refused() {
    for (how, said) in [
        (json!("interrupted"), "the run was interrupted after 3.30 s of 3.00 s"),
        (json!("aborted"), "the run was aborted, as a threshold did not hold, after"),
        (json!("failed"), "the run was broken off after"),
    ] {
        let run = FiftyRows::copied();
        run.edit_manifest(|manifest| manifest["ending"]["how"] = how.clone());
        let ran = gate(&run, HARMLESS, &[]);
        assert_eq!(ran.code, Some(3), "{how}");
        assert!(ran.out.contains(said), "{}", ran.out);
    }
    let run = FiftyRows::copied();
    run.edit_manifest(|manifest| manifest["ending"]["cores"][0]["scheduled"] = json!(28));
    let ran = gate(&run, HARMLESS, &[]);
    assert_eq!(ran.code, Some(3));
    assert!(ran.out.contains("the engine counted 51 arrivals, but 50 rows were read"), "{}", ran.out);
    run.edit_manifest(|manifest| drop(manifest.as_object_mut().expect("an object").remove("ending")));
    assert_eq!(gate(&run, HARMLESS, &[]).code, Some(3), "nobody can tell");
}

#[test]
fn a_suspect_measurement_is_judged_and_said_to_be_suspect() {
    let run = FiftyRows::copied();
    run.edit_manifest(|manifest| manifest["ending"]["validity"] = json!({"verdict": "suspect", "reasons": ["late"]}));
    let ran = gate(&run, HARMLESS, &[]);
    assert_eq!(ran.code, Some(0));
    assert!(ran.out.contains("! late"), "{}", ran.out);
}

#[test]
fn a_baseline_of_another_scenario_is_wrong_input() {
    let ran = gate(&FiftyRows::copied(), "name = 'spike'\n[total]\np50 = '1s'", &["--json"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(ran.err.contains("the run is of the scenario `fifty-rows` (sha256 "), "{}", ran.err);
    assert!(ran.err.contains("the baseline of `spike`"), "{}", ran.err);
}

#[test]
fn mistakes_in_a_baseline_are_said_with_their_places() {
    let ran = gate(&FiftyRows::copied(), "[total]\np95 = 5\np59 = '1s'\n", &[]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
    assert!(
        ran.err.starts_with("drumfire-analyze: the baseline cannot be used:\n  b.toml:2:7: `p95` is"),
        "{}",
        ran.err
    );
    assert!(ran.err.contains("\n  b.toml:3:1: unknown key `p59`"), "{}", ran.err);
    let ran = FiftyRows::copied().analyze(&["gate", NAME, "--baseline", "nowhere.toml"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("cannot read the baseline `nowhere.toml`"), "{}", ran.err);
}

#[test]
fn names_from_outside_are_text_wherever_they_are_shown() {
    let run = FiftyRows::copied();
    let hostile = "a|b</testcase><script>\"'&\u{1b}[2J\u{202e}\n| `x`](https://evil.example)";
    run.edit_manifest(|manifest| manifest["name"] = json!(hostile));
    let baseline = format!("[requests.{}]\np50 = '1s'\n", json!(hostile));
    let ran = gate(&run, &baseline, &["--junit", "gate.xml", "--markdown", "gate.md"]);
    assert_eq!(ran.code, Some(99), "{}", ran.err);
    let (xml, markdown) = (written(&run, "gate.xml"), written(&run, "gate.md"));
    assert!(!ran.out.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{:?}", ran.out);
    assert_eq!((xml.matches("<testcase").count(), xml.matches("<script").count()), (1, 0), "{xml}");
    assert!(!markdown.contains('<') && !markdown.contains("a|b") && !markdown.contains("https://"), "{markdown}");
}
