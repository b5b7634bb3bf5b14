//! `drumfire-analyze summarize`, and what its files stand for.

use std::fs;

use serde_json::Value;

use crate::runs::{FiftyRows, NAME};

const FILE: &str = "kept.summary";

fn summarized() -> FiftyRows {
    let run = FiftyRows::copied();
    let ran = run.analyze(&["summarize", NAME, "-o", FILE]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "kept.summary\n", ""));
    run
}

fn document(run: &FiftyRows, named: &str) -> Value {
    serde_json::from_str(&run.analyze(&["summary", named, "--json"]).out).expect("one JSON document")
}

#[test]
fn a_summary_file_stands_for_its_run() {
    let run = summarized();
    let bytes = fs::metadata(run.path().with_file_name(FILE)).expect("written").len();
    assert!(bytes < 4_000, "{bytes} bytes");
    let (kept, rows) = (document(&run, FILE), document(&run, NAME));
    assert_eq!((&kept["exact"], &rows["exact"]), (&Value::Bool(false), &Value::Bool(true)));
    for key in ["count", "errors", "rate_per_s", "statuses", "error_kinds", "bytes_received"] {
        assert_eq!(kept["total"][key], rows["total"][key], "{key}");
    }
    assert_eq!((&kept["checks"], &kept["validity"]), (&rows["checks"], &rows["validity"]));
    let shown = run.analyze(&["summary", FILE]);
    insta::assert_snapshot!(shown.out);
    assert_eq!(shown.code, run.analyze(&["summary", NAME]).code);
}

#[test]
fn reports_comparisons_baselines_and_gates_take_summary_files() {
    let run = summarized();
    assert_eq!(run.analyze(&["report", FILE]).out, "kept.summary.html\n");
    let page = fs::read_to_string(run.path().with_file_name("kept.summary.html")).expect("written");
    assert!(page.contains("percentiles are from histograms") && page.contains("Scheduled and completed"));
    let ran = run.analyze(&["baseline", FILE, "-o", "kept.toml"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    for named in [FILE, NAME] {
        let ran = run.analyze(&["gate", named, "--baseline", "kept.toml"]);
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{named}: {}", ran.out);
    }
    let ran = run.analyze(&["diff", NAME, FILE]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{}", ran.out);
    assert!(ran.out.contains("p50"), "{}", ran.out);
}

#[test]
fn whoever_compares_says_how_exact_percentiles_are() {
    let run = summarized();
    assert_eq!(run.analyze(&["baseline", NAME, "-o", "kept.toml"]).code, Some(0));
    let note = "percentiles are from histograms: to within 0.2 %";
    for (named, exact) in [(FILE, false), (NAME, true)] {
        for (arguments, place) in [
            (&["diff", NAME, named][..], "/exact"),
            (&["gate", named, "--baseline", "kept.toml"], "/run/exact"),
            (&["trend", named], "/exact"),
        ] {
            let document: Value =
                serde_json::from_str(&run.analyze(&[arguments, &["--json"]].concat()).out).expect("one JSON document");
            assert_eq!(document.pointer(place), Some(&Value::Bool(exact)), "{arguments:?}: {document:#}");
            let shown = run.analyze(arguments).out;
            // One run has no trend of which anything is said.
            if arguments[0] != "trend" {
                assert_eq!(shown.contains(note), !exact, "{shown}");
            }
        }
    }
}

#[test]
fn what_needs_rows_says_so() {
    let run = summarized();
    for (arguments, needs) in [
        (&["query", FILE, "SELECT 1"][..], "this"),
        (&["export", FILE, "-o", "kept.jtl"], "this"),
        (&["summary", FILE, "--by", "status"], "--by"),
        (&["summary", FILE, "--from", "1s"], "a stretch of time"),
    ] {
        let ran = run.analyze(arguments);
        let said = format!(
            "drumfire-analyze: `kept.summary` is a summary file: it holds no rows, and {needs} needs them; name the run \
             directory that it was made of\n"
        );
        assert_eq!((ran.code, ran.out.as_str(), ran.err), (Some(2), "", said));
    }
    let analyses = run.path().with_file_name("analyses");
    fs::create_dir(&analyses).expect("writable");
    fs::write(analyses.join("own.sql"), "-- title: Our own\nSELECT count(*) AS n FROM requests").expect("writable");
    let ran = run.analyze(&["summary", FILE, "--analyses", "analyses"]);
    assert!(ran.out.contains("has no result: a summary file has no rows to ask"), "{}", ran.out);
    assert!(ran.out.contains("Response time (from"), "{}", ran.out);
}

#[test]
fn shards_add_up_whether_in_a_folder_or_named() {
    let run = FiftyRows::copied();
    let home = run.path().with_file_name("shards");
    for (name, row_file) in [("a", "requests-00.csv"), ("b", "requests-01.csv")] {
        let shard = home.join(name);
        fs::create_dir_all(&shard).expect("writable");
        fs::copy(run.file("run.json"), shard.join("run.json")).expect("writable");
        fs::copy(run.file(row_file), shard.join(row_file)).expect("writable");
    }
    fs::create_dir(run.path().with_file_name("kept")).expect("writable");
    for (shard, file) in [("shards/a", "kept/a.summary"), ("shards/b", "kept/b.summary"), ("shards", "both.summary")] {
        assert_eq!(run.analyze(&["summarize", shard, "-o", file]).code, Some(0), "{shard}");
    }
    let merged = run.analyze(&["summarize", "kept/b.summary", "kept/a.summary", "-o", "merged.summary"]);
    assert_eq!((merged.code, merged.err.as_str()), (Some(0), ""));
    let expected = document(&run, "both.summary");
    assert_eq!(expected["total"]["count"], 50);
    for named in ["kept", "merged.summary"] {
        let found = document(&run, named);
        for part in ["requests", "total", "checks", "thresholds"] {
            assert_eq!(found[part], expected[part], "{part} of {named}");
        }
    }
    let ran = run.analyze(&["summary", "kept/a.summary", "kept/b.summary", "--json"]);
    let named: Value = serde_json::from_str(&ran.out).expect("one JSON document");
    assert_eq!(named["total"], expected["total"]);
}

#[test]
fn a_summary_file_is_of_one_load() {
    let run = FiftyRows::copied();
    assert_eq!(run.analyze(&["summarize", NAME, "-o", FILE]).code, Some(0));
    run.edit("run.json", |text| text.replace("\"seed\": 42", "\"seed\": 43"));
    let ran = run.analyze(&["summarize", NAME, FILE, "-o", "both.summary"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("`fifty-rows` and `kept.summary` are not shards of one load"), "{}", ran.err);
}

#[test]
fn nothing_but_a_summary_file_is_overwritten() {
    let run = summarized();
    assert_eq!(run.analyze(&["summarize", NAME, "-o", FILE]).code, Some(0));
    fs::write(run.path().with_file_name("diary.summary"), "today").expect("writable");
    for (file, said) in [
        ("diary.summary", "`diary.summary` is there already and no summary file"),
        ("kept.json", "let the name `kept.json` end in .summary"),
        ("nowhere/kept.summary", "cannot write `nowhere/kept.summary`"),
    ] {
        let ran = run.analyze(&["summarize", NAME, "-o", file]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{file}");
        assert!(ran.err.contains(said), "{}", ran.err);
    }
    assert_eq!(fs::read(run.path().with_file_name("diary.summary")).expect("there"), b"today");
    let ran = run.analyze(&["summary", "diary.summary"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("`diary.summary` is not a summary file"), "{}", ran.err);
}
