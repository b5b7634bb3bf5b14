//! Analyses in SQL, in `summary` and `report`: those that come with Drumfire, and worse ones.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::runs::{FiftyRows, NAME};

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/analyses");

fn with(run: &FiftyRows, files: &[(&str, &str)]) {
    let folder = run.file("../mine");
    fs::create_dir_all(&folder).expect("writable");
    for (name, text) in files {
        fs::write(folder.join(name), text).expect("writable");
    }
}

/// What the sections of a summary that are not built in look like.
fn shown(run: &FiftyRows, folder: &str) -> String {
    let built_in = run.analyze(&["summary", NAME]).out;
    let all = run.analyze(&["summary", NAME, "--analyses", folder]).out;
    let verdict = built_in.rfind("\nVerdict").expect("a verdict");
    let (before, after) = built_in.split_at(verdict);
    let added = all.strip_prefix(before).and_then(|rest| rest.strip_suffix(after));
    added.expect("nothing else has changed").to_owned()
}

#[test]
fn the_analyses_that_come_with_drumfire_on_a_terminal() {
    insta::assert_snapshot!(shown(&FiftyRows::copied(), EXAMPLES));
}

#[test]
fn the_analyses_that_come_with_drumfire_for_programs() {
    let run = FiftyRows::copied();
    let ran = run.analyze(&["summary", NAME, "--analyses", EXAMPLES, "--json"]);
    let document: Value = serde_json::from_str(&ran.out).expect("one JSON document");
    insta::assert_snapshot!(serde_json::to_string_pretty(&document["analyses"][2]).expect("JSON"));
    assert_eq!(document["total"]["count"], 50);
    assert_eq!(document["analyses"].as_array().map(Vec::len), Some(4));
    let without = run.analyze(&["summary", NAME, "--json"]).out;
    assert!(!without.contains("\"analyses\""), "only where there are any");
}

#[test]
fn a_chart_is_drawn_on_the_page() {
    let run = FiftyRows::copied();
    let figures = |page: String| page.matches("class=\"chart\"").count();
    let page = || fs::read_to_string(run.file("report.html")).expect("a page");
    run.analyze(&["report", NAME]);
    let before = figures(page());
    assert_eq!(run.analyze(&["report", NAME, "--analyses", EXAMPLES]).code, Some(0));
    assert_eq!(figures(page()), before + 1);
    assert!(page().contains(">Slowest seconds</h2>") && page().contains("\"p95_ms\""));
}

#[test]
fn what_is_in_the_run_directory_is_taken_as_well() {
    let run = FiftyRows::copied();
    fs::create_dir(run.file("analyses")).expect("writable");
    fs::write(run.file("analyses/rows.sql"), "SELECT count(*) AS n FROM requests").expect("writable");
    fs::write(run.file("analyses/notes.txt"), "none of ours").expect("writable");
    assert!(run.analyze(&["summary", NAME]).out.contains("\nrows\n n\n50\n"));
}

#[test]
fn one_that_is_wrong_is_told_and_nothing_else_is_lost() {
    let run = FiftyRows::copied();
    with(
        &run,
        &[
            ("a.sql", "-- title: Broken\nSELECT nothing FROM requests"),
            ("b.sql", "-- titel: Typo\nSELECT 1"),
            (
                "c.sql",
                "-- title: No such line\n-- chart: line x=time_s y=p95\nSELECT time_s, request FROM requests LIMIT 1",
            ),
            ("d.sql", "-- title: Good\nSELECT 1 AS one"),
        ],
    );
    insta::assert_snapshot!(shown(&run, "mine"));
    assert_eq!(run.analyze(&["summary", NAME, "--analyses", "mine"]).code, run.analyze(&["summary", NAME]).code);
}

#[test]
fn a_folder_that_is_not_there_is_wrong_input() {
    let ran = FiftyRows::copied().analyze(&["summary", NAME, "--analyses", "nowhere"]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("cannot read `nowhere`"), "{}", ran.err);
}

#[test]
fn a_title_cannot_command_the_terminal_nor_the_page() {
    let run = FiftyRows::copied();
    with(&run, &[("a.sql", "-- title: x\u{1b}[2J<script>alert(1)</script>\nSELECT 1 AS \"a<b>\u{7}\"")]);
    assert!(!shown(&run, "mine").contains(['\u{1b}', '\u{7}']));
    run.analyze(&["report", NAME, "--analyses", "mine"]);
    let page = fs::read_to_string(run.file("report.html")).expect("a page");
    assert!(!page.contains("<script>alert") && !page.contains("a<b>"));
}

#[test]
fn every_example_has_a_title_and_a_note() {
    for entry in fs::read_dir(Path::new(EXAMPLES)).expect("the examples") {
        let text = fs::read_to_string(entry.expect("an example").path()).expect("text");
        assert!(text.starts_with("-- title: ") && text.contains("\n-- note: "), "{text}");
    }
}
