//! `drumfire-analyze trend`, on nights that are made up: two requests, of which one becomes slower at some night.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::runs::Ran;

const MANIFEST: &str = include_str!("../../../runlog/fixtures/fifty-rows/run.json");
const ROWS: usize = 360;
const DAY_NS: u64 = 24 * 3600 * 1_000_000_000;

/// A folder of runs.
struct Nights {
    home: TempDir,
}

impl Nights {
    fn none() -> Self {
        Self { home: tempfile::tempdir().expect("a temporary directory") }
    }

    /// Nights 1 to `count`; from the night `slow_from` on, `list` takes 30 % longer.
    fn with_step(count: usize, slow_from: usize) -> Self {
        let nights = Self::none();
        for night in 1..=count {
            let list_ms = if night < slow_from { 10.0 } else { 13.0 };
            nights.add(&format!("night-{night:02}"), night, list_ms, |manifest| {
                manifest["tags"] = json!({ "env": "test", "commit": format!("c{}", night / 3) });
            });
        }
        nights
    }

    /// A run whose two requests took around so many milliseconds and 80 ms, a few percent apart from night to night.
    fn add(&self, directory: &str, night: usize, list_ms: f64, change: impl Fn(&mut Value)) {
        let mut manifest: Value = serde_json::from_str(MANIFEST).expect("JSON");
        manifest["name"] = json!("nightly");
        manifest["started_unix_ns"] = json!(1_767_225_600_000_000_000 + night as u64 * DAY_NS);
        manifest["ending"]["cores"] =
            json!([{ "core": 0, "file": "requests-00.csv", "scheduled": ROWS, "rows": ROWS, "record_stall_ns": 0 }]);
        manifest["thresholds"] = json!([]);
        change(&mut manifest);
        let names: Vec<String> = (0..2).map(|place| csv(manifest["requests"][place]["name"].as_str())).collect();
        let home = self.home.path().join("runs").join(directory);
        fs::create_dir_all(&home).expect("writable");
        fs::write(home.join("run.json"), manifest.to_string()).expect("writable");
        fs::write(home.join("requests-00.csv"), rows(night, list_ms, &names)).expect("writable");
    }

    fn trend(&self, flags: &[&str]) -> Ran {
        let arguments = [&["trend", "runs"], flags].concat();
        Ran::new(Command::new(env!("CARGO_BIN_EXE_drumfire-analyze")).args(arguments).current_dir(self.home.path()))
    }

    fn json(&self, flags: &[&str]) -> Value {
        let ran = self.trend(&[&["--json"], flags].concat());
        assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
        serde_json::from_str(&ran.out).expect("one JSON document")
    }
}

/// A name as it stands in a row.
fn csv(text: Option<&str>) -> String {
    let text = text.expect("a name").replace(char::is_control, " ");
    if text.contains([',', '"']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

/// The first request, then two of the second, 10 ms apart; some of the second fail.
fn rows(night: usize, list_ms: f64, names: &[String]) -> String {
    let mut text =
        "scheduled_ns,lag_ns,connect_ns,tls_ns,ttfb_ns,duration_ns,scenario,request,status,error,failed_checks,\
                    bytes_sent,bytes_received,connection,vu\n"
            .to_owned();
    // Nights differ by a few percent, each request in its own way.
    let night_by = |request: usize| 0.97 + ((night * 37 + request * 11 + night * night * 5) % 61) as f64 / 1000.0;
    for row in 0..ROWS {
        let request = usize::from(row % 3 > 0);
        let typical_ms = [list_ms, 80.0][request] * night_by(request);
        let duration_ns = (typical_ms * 1e6 * (1.0 + (row / 3) as f64 / 1000.0)) as u64;
        let (scheduled_ns, status) = (row * 10_000_000, if row % 90 == 41 { 500 } else { 200 });
        let name = &names[request];
        writeln!(text, "{scheduled_ns},2000,0,0,{duration_ns},{duration_ns},steady,{name},{status},,0,95,1200,0,0")
            .expect("in memory");
    }
    text
}

fn of_changes(document: &Value) -> Vec<(String, String, u64)> {
    let change = |change: &Value| {
        let subject = change["subject"]["request"].as_str().unwrap_or("total").to_owned();
        (subject, change["figure"].as_str().expect("a name").to_owned(), change["first_run"].as_u64().expect("a place"))
    };
    document["changes"].as_array().expect("changes").iter().map(change).collect()
}

#[test]
fn a_step_is_found_at_its_night_for_its_request_and_nothing_else() {
    let document = Nights::with_step(16, 9).json(&["--figures", "p50,p95,error_rate,throughput"]);
    let (list, eighth) = (|figure: &str| ("list".to_owned(), figure.to_owned(), 8), 8);
    let found = of_changes(&document);
    assert_eq!(found, [list("p50"), list("p95")]);
    let change = &document["changes"][0];
    assert_eq!(change["run"]["directory"], "night-09");
    assert_eq!(change["run"]["tags"]["commit"], "c3");
    assert_eq!(document["runs"][eighth], change["run"]);
    assert!((change["change"].as_f64().expect("a share") - 0.3).abs() < 0.04, "{change}");
    assert!(change["p_value"].as_f64().expect("a number") <= 0.001, "{change}");
    assert_eq!(
        (&change["direction"], &change["unit"], &document["verdict"]),
        (&json!("worse"), &json!("ns"), &json!("changed"))
    );
}

#[test]
fn what_changed_and_when_for_people() {
    let ran = Nights::with_step(16, 12).trend(&[]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn what_changed_and_when_as_markdown() {
    let nights = Nights::with_step(16, 12);
    assert_eq!(nights.trend(&["--markdown", "trend.md"]).code, Some(0));
    insta::assert_snapshot!(fs::read_to_string(nights.home.path().join("trend.md")).expect("it was written"));
}

#[test]
fn where_nothing_changed_it_is_said_what_could_not_be_seen() {
    let ran = Nights::with_step(12, 99).trend(&["--figures", "p50,p99"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn too_few_runs_are_no_failure() {
    let ran = Nights::with_step(5, 3).trend(&["--fail-on-change"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
    assert!(
        ran.out.contains(
            "! Too few runs: 5 can be looked at, and it takes 6, as there have to be 3 on either side of a change."
        ),
        "{}",
        ran.out
    );
}

#[test]
fn only_what_got_worse_lately_fails_and_only_where_that_was_asked_for() {
    assert_eq!(Nights::with_step(16, 11).trend(&["--fail-on-change"]).code, Some(99));
    assert_eq!(Nights::with_step(16, 11).trend(&[]).code, Some(0));
    assert_eq!(Nights::with_step(16, 8).trend(&["--fail-on-change"]).code, Some(0), "it is nine nights old");
    assert_eq!(Nights::with_step(16, 99).trend(&["--fail-on-change"]).code, Some(0));
}

#[test]
fn runs_that_say_nothing_of_the_others_are_left_out_and_named() {
    let nights = Nights::with_step(12, 99);
    nights.add("killed", 13, 500.0, |manifest| drop(manifest.as_object_mut().expect("an object").remove("ending")));
    nights.add("late", 14, 500.0, |manifest| {
        manifest["ending"]["validity"] = json!({ "verdict": "invalid", "reasons": ["the pacer was late"] });
    });
    nights.add("other", 15, 500.0, |manifest| manifest["name"] = json!("spike"));
    let document = nights.json(&[]);
    assert_eq!((&document["verdict"], document["runs"].as_array().expect("runs").len()), (&json!("unchanged"), 12));
    let left_out = document["left_out"].as_array().expect("runs");
    let names: Vec<_> = left_out.iter().map(|run| (run["directory"].as_str(), run["why"].as_str())).collect();
    let expected = [("killed", "no_ending"), ("late", "not_to_judge_by"), ("other", "other_scenario")];
    assert_eq!(names, expected.map(|(name, why)| (Some(name), Some(why))));
    let ran = nights.trend(&[]);
    for said in [
        "killed has no ending: it runs still",
        "late is not one to judge by: the generator",
        "other is of another scenario: spike",
    ] {
        assert!(ran.out.contains(&format!("! left out: {said}")), "{}", ran.out);
    }
}

#[test]
fn a_run_that_is_named_twice_is_one() {
    let nights = Nights::with_step(7, 99);
    let document = nights.json(&["runs/night-03", "runs/../runs/night-03"]);
    assert_eq!(document["runs"].as_array().expect("runs").len(), 7);
}

#[test]
fn what_cannot_be_asked_for_is_told() {
    let nights = Nights::with_step(1, 99);
    for (flags, said) in [
        (&["--figures", "p98"][..], "there is no figure `p98`; there are p50, p90"),
        (&["--shortest", "1"], "1 is not in 2.."),
        (&["--min-change", "5"], "`5` is not a percentage"),
        (&["nowhere"], "there is no run directory `nowhere`"),
        (&["--markdown", "no/such/folder.md"], "cannot write `no/such/folder.md`"),
    ] {
        let ran = nights.trend(flags);
        assert_eq!(ran.code, Some(2), "{flags:?}");
        assert!(ran.err.contains(said), "{}", ran.err);
    }
}

#[test]
fn names_from_outside_are_text_wherever_they_are_shown() {
    let hostile = "a|b <script>`x`](https:evil.example)\u{1b}[2J\u{202e}";
    let nights = Nights::none();
    for night in 1..=16 {
        let list_ms = if night < 11 { 10.0 } else { 13.0 };
        nights.add(&format!("{hostile}\n| {night:02}"), night, list_ms, |manifest| {
            manifest["requests"][0]["name"] = json!(hostile);
            manifest["tags"] = json!({ hostile: format!("{hostile}{}", night / 11) });
            manifest["host"]["name"] = json!(format!("{hostile}{}", night / 11));
        });
    }
    let ran = nights.trend(&["--markdown", "trend.md", "--fail-on-change"]);
    assert_eq!(ran.code, Some(99), "{}", ran.err);
    assert!(!ran.out.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{:?}", ran.out);
    let markdown = fs::read_to_string(nights.home.path().join("trend.md")).expect("it was written");
    assert!(!markdown.contains('<') && !markdown.contains("a|b") && !markdown.contains('\u{1b}'), "{markdown}");
    let rows = markdown.lines().filter(|line| line.starts_with('|'));
    assert!(
        rows.clone().count() >= 4 && rows.map(|row| row.replace("\\|", "").matches('|').count()).all(|n| n == 9),
        "{markdown}"
    );
}
