//! `drumfire-analyze summary`.

use analyze::analysis;
use analyze::load;
use analyze::render::Renderer;
use analyze::render::terminal::Terminal;
use analyze::report::Report;
use runlog::units::Nanos;
use serde_json::json;
use unicode_width::UnicodeWidthStr;

use crate::runs::{FiftyRows, NAME};

fn on_a_terminal(run: &FiftyRows, terminal: Terminal) -> String {
    let report = Report::of(load::load(&run.path()).expect("a run"), analysis::SUMMARY).expect("rows");
    let mut text = Vec::new();
    terminal.render(&[report], &mut text).expect("in memory");
    String::from_utf8(text).expect("UTF-8")
}

#[test]
fn the_figures_for_people() {
    let ran = FiftyRows::copied().analyze(&["summary", NAME]);
    insta::assert_snapshot!(ran.out);
    assert_eq!(ran.err, "");
}

#[test]
fn the_figures_for_programs() {
    let ran = FiftyRows::copied().analyze(&["summary", NAME, "--json"]);
    insta::assert_snapshot!(ran.out);
    assert_eq!(ran.err, "");
}

#[test]
fn the_figures_for_the_summary_of_a_step() {
    let run = FiftyRows::copied();
    let told = run.analyze(&["summary", NAME]);
    let file = run.file("figures.md");
    let ran = run.analyze(&["summary", NAME, "--markdown", file.to_str().expect("UTF-8")]);
    assert_eq!((ran.code, ran.out), (told.code, told.out), "the terminal is told the same");
    insta::assert_snapshot!(std::fs::read_to_string(file).expect("a text"));
}

#[test]
fn several_runs_are_one_document() {
    let ran = FiftyRows::copied().analyze(&["summary", NAME, NAME, "--json"]);
    let document: serde_json::Value = serde_json::from_str(&ran.out).expect("one JSON document");
    assert_eq!(document["runs"].as_array().map(Vec::len), Some(2));
    assert_eq!(document["runs"][1]["total"]["count"], 50);
}

#[test]
fn a_failed_threshold_is_99_and_an_invalid_measurement_is_3_before_that() {
    let run = FiftyRows::copied();
    assert_eq!(run.analyze(&["summary", NAME]).code, Some(99));
    run.edit_manifest(|manifest| manifest["ending"]["validity"] = json!({"verdict": "invalid", "reasons": ["late"]}));
    assert_eq!(run.analyze(&["summary", NAME, "--json"]).code, Some(3));
    run.edit_manifest(|manifest| {
        manifest["thresholds"] = json!([]);
        manifest["ending"]["validity"] = json!({"verdict": "suspect", "reasons": ["late"]});
    });
    assert_eq!(run.analyze(&["summary", NAME]).code, Some(0));
}

#[test]
fn what_is_no_run_directory_is_wrong_input_and_said_in_one_line() {
    let run = FiftyRows::copied();
    std::fs::create_dir(run.file("empty")).expect("writable");
    for (named, said) in [
        ("nowhere", "there is no run directory `nowhere`"),
        ("fifty-rows/empty", "`fifty-rows/empty` is not a run directory: it has no run.json"),
        ("fifty-rows/run.json", "`fifty-rows/run.json` is not a run directory: it has no run.json"),
    ] {
        let ran = run.analyze(&["summary", named]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{named}");
        assert_eq!(ran.err, format!("drumfire-analyze: {said}\n"));
    }
    run.edit("requests-01.csv", |text| text.replace("steady", "unsteady"));
    let ran = run.analyze(&["summary", NAME]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("fifty-rows/requests-01.csv`, line 2: `scenario`"), "{}", ran.err);
}

#[test]
fn a_run_without_a_row_has_no_figures() {
    let run = FiftyRows::copied();
    run.replace_rows("");
    let ran = run.analyze(&["summary", NAME]);
    insta::assert_snapshot!(ran.out);
    assert_eq!((ran.code, ran.err.as_str()), (Some(99), ""));
}

#[test]
fn a_run_without_an_ending_says_so() {
    let run = FiftyRows::copied();
    run.edit_manifest(|manifest| {
        manifest.as_object_mut().expect("an object").remove("ending");
    });
    let ran = run.analyze(&["summary", NAME]);
    assert!(ran.out.contains("nobody can tell whether the measurement is valid."), "{}", ran.out);
    assert!(ran.out.contains("still going on, or the engine was killed"), "{}", ran.out);
    assert_eq!(ran.code, Some(99));
}

#[test]
fn a_torn_line_and_missing_rows_are_pointed_out() {
    let run = FiftyRows::copied();
    run.edit("requests-01.csv", |text| text.trim_end().to_owned());
    let ran = run.analyze(&["summary", NAME]);
    assert!(ran.out.contains("1 last line without an end was passed over"), "{}", ran.out);
    assert!(ran.out.contains("the engine counted 50 arrivals, but 49 rows were read"), "{}", ran.out);
}

#[test]
fn an_interrupted_run_says_after_how_long() {
    let run = FiftyRows::copied();
    run.edit_manifest(|manifest| {
        manifest["ending"]["how"] = json!("interrupted");
        manifest["ending"]["reason"] = json!("Ctrl-C");
    });
    let ran = run.analyze(&["summary", NAME]);
    let elapsed = Nanos(3_300_004_900);
    assert!(ran.out.contains(&format!("interrupted after {elapsed} of 3.00 s: Ctrl-C")), "{}", ran.out);
}

#[test]
fn nothing_is_wider_than_the_terminal() {
    let run = FiftyRows::copied();
    let long = "orders/create/with/every/option/there/is/and/one/more";
    run.edit_manifest(|manifest| manifest["requests"][0]["name"] = json!(long));
    for file in ["requests-00.csv", "requests-01.csv"] {
        run.edit(file, |text| text.replace(",list,", &format!(",{long},")));
    }
    let text = on_a_terminal(&run, Terminal { width: Some(80), colour: false });
    let tables = text.lines().filter(|line| !line.starts_with("directory"));
    for line in tables {
        assert!(line.width() <= 80, "{line}");
    }
    assert!(text.contains("/one/more  "), "the end of a long name is kept: {text}");
    let piped = run.analyze(&["summary", NAME]);
    assert!(piped.out.contains(&format!("\n{long}  ")), "a pipe has the whole name: {}", piped.out);
}

#[test]
fn colour_is_only_where_it_is_wanted() {
    let run = FiftyRows::copied();
    let has_colour = |colour| on_a_terminal(&run, Terminal { width: Some(80), colour }).contains('\x1b');
    assert!(has_colour(true));
    assert!(!has_colour(false));
    assert!(!run.analyze(&["summary", NAME]).out.contains('\x1b'));
}

#[test]
fn names_cannot_command_the_terminal() {
    let run = FiftyRows::copied();
    run.edit_manifest(|manifest| {
        manifest["name"] = json!("run\u{1b}[2J\u{7}\u{9b}31m\u{202e}");
        manifest["requests"][0]["checks"] = json!(["check\rover\nlines"]);
        manifest["ending"]["reason"] = json!("\u{1b}]0;title\u{7}");
    });
    let out = run.analyze(&["summary", NAME]).out;
    assert!(!out.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{out:?}");
    assert!(out.contains("run\\u{1b}[2J\\u{7}\\u{9b}31m\\u{202e}"), "{out}");
    assert!(out.contains("check\\rover\\nlines"), "{out}");
}

#[test]
fn a_run_that_lacks_rows_has_not_passed() {
    let run = FiftyRows::copied();
    run.edit_manifest(|manifest| {
        manifest["thresholds"] = json!([]);
        manifest["ending"]["cores"][0]["scheduled"] = json!(28);
    });
    let out = run.analyze(&["summary", NAME]).out;
    assert!(out.contains("✗ No thresholds to pass or fail; but rows are missing"), "{out}");
}

#[test]
fn figures_are_told_apart_by_whatever_is_asked_for() {
    let run = FiftyRows::copied();
    let ran =
        run.analyze(&["summary", NAME, "--by", "tag:tier,status", "--metric", "service_time,lag", "--from", "1s"]);
    insta::assert_snapshot!(ran.out);
    let ran = run.analyze(&["summary", NAME, "--json", "--by", "stage,window:1s"]);
    let document: serde_json::Value = serde_json::from_str(&ran.out).expect("one JSON document");
    let rows = document["analyses"][0]["parts"][0]["rows"].as_array().expect("rows");
    let counts: u64 = rows.iter().map(|row| row[2].as_u64().expect("a count")).sum();
    assert_eq!(counts, 50, "{rows:?}");
    for (keys, said) in [("colour", "expected `request`"), ("window:1us", "ask for fewer keys")] {
        let ran = run.analyze(&["summary", NAME, "--by", keys]);
        assert_eq!(ran.code, Some(2), "{keys}");
        assert!(ran.err.contains(said), "{}", ran.err);
    }
}

/// One scenario has a single stage of three seconds, another one of a second in which nothing comes, and one of two.
#[test]
fn rates_are_over_the_time_in_which_the_group_was_scheduled() {
    let run = FiftyRows::copied();
    let rates = |arguments: &[&str]| -> Vec<(String, u64, f64)> {
        let ran = run.analyze(&[&["summary", NAME, "--json"], arguments].concat());
        let document: serde_json::Value = serde_json::from_str(&ran.out).expect("one JSON document");
        let rows = document["analyses"][0]["parts"][0]["rows"].as_array().expect("rows").clone();
        let told = |row: &serde_json::Value| {
            let (names, numbers) = row.as_array().expect("cells").split_at_checked(row.as_array()?.len() - 4)?;
            let names: Vec<&str> = names.iter().filter_map(serde_json::Value::as_str).collect();
            Some((names.join(" "), numbers[0].as_u64()?, numbers[1]["value"].as_f64()?))
        };
        rows.iter().map(|row| told(row).unwrap_or_else(|| panic!("{row}"))).collect()
    };
    let row = |name: &str, count: u64, seconds: f64| (name.to_owned(), count, count as f64 / seconds);
    assert_eq!(rates(&["--by", "stage"]), [row("stage 1", 30, 3.0), row("stage 2", 20, 2.0)]);
    let by_scenario = rates(&["--by", "scenario,stage"]);
    assert_eq!(by_scenario, [row("steady stage 1", 30, 3.0), row("burst stage 2", 20, 2.0)]);
    let last_second = rates(&["--by", "stage", "--from", "2s", "--to", "3s"]);
    assert_eq!(last_second.iter().map(|(_, count, rate)| *count as f64 / rate).collect::<Vec<_>>(), [1.0, 1.0]);
    // Of a window of two seconds, the last has one, and of its stages no more.
    let by_window = rates(&["--by", "window:2s,stage", "--to", "3s"]);
    let seconds: Vec<f64> = by_window.iter().map(|(_, count, rate)| *count as f64 / rate).collect();
    assert_eq!(seconds, [2.0, 1.0, 1.0, 1.0], "{by_window:?}");
}

#[test]
fn a_stretch_has_the_figures_of_what_was_scheduled_in_it() {
    let run = FiftyRows::copied();
    let figures = |arguments: &[&str]| -> serde_json::Value {
        let ran = run.analyze(&[&["summary", NAME, "--json"], arguments].concat());
        serde_json::from_str(&ran.out).expect("one JSON document")
    };
    let parts = [&["--to", "1s"][..], &["--from", "1s", "--to", "2s"], &["--from", "2s"]].map(figures);
    let counts: Vec<u64> = parts.iter().map(|part| part["total"]["count"].as_u64().expect("a count")).collect();
    assert_eq!(counts.iter().sum::<u64>(), 50);
    let rate = parts[1]["total"]["rate_per_s"].as_f64().expect("a rate");
    assert!((rate - counts[1] as f64).abs() < 1e-9, "{rate} in one second");
    assert_eq!(parts[0]["run"]["rows"], 50);
}

#[test]
fn a_folder_of_shards_is_one_run_and_of_other_runs_several() {
    let run = FiftyRows::copied();
    let folder = run.file("shards");
    for (name, row_file) in [("a", "requests-00.csv"), ("b", "requests-01.csv")] {
        let shard = folder.join(name);
        std::fs::create_dir_all(&shard).expect("writable");
        std::fs::copy(run.file("run.json"), shard.join("run.json")).expect("writable");
        std::fs::copy(run.file(row_file), shard.join(row_file)).expect("writable");
    }
    let whole: serde_json::Value =
        serde_json::from_str(&run.analyze(&["summary", NAME, "--json"]).out).expect("a document");
    let ran = run.analyze(&["summary", "fifty-rows/shards", "--json"]);
    let together: serde_json::Value = serde_json::from_str(&ran.out).expect("a document");
    for part in ["requests", "total", "checks"] {
        assert_eq!(together[part], whole[part], "{part}");
    }
    let text = std::fs::read_to_string(folder.join("b/run.json")).expect("readable");
    std::fs::write(folder.join("b/run.json"), text.replace("\"seed\": 42", "\"seed\": 43")).expect("writable");
    let ran = run.analyze(&["summary", "fifty-rows/shards", "--json"]);
    let apart: serde_json::Value = serde_json::from_str(&ran.out).expect("a document");
    assert_eq!(apart["runs"].as_array().map(Vec::len), Some(2));
}

#[test]
fn a_run_that_was_exported_to_parquet_is_read_as_a_run() {
    let run = FiftyRows::copied();
    assert_eq!(run.analyze(&["export", NAME, "-o", "run.parquet"]).code, Some(0));
    let of = |path: &str| -> serde_json::Value {
        let mut document = serde_json::from_str(&run.analyze(&["summary", path, "--json"]).out).expect("a document");
        let facts: &mut serde_json::Value = &mut document;
        facts["run"]["directory"] = json!(null);
        document
    };
    assert_eq!(of("run.parquet"), of(NAME));
}

#[test]
fn names_of_files_cannot_command_the_terminal_nor_forge_lines() {
    let run = FiftyRows::copied();
    let hostile = "run\u{1b}[2J\ndrumfire-analyze: all is well";
    let shown = "run\\u{1b}[2J\\ndrumfire-analyze: all is well";
    let folder = run.path().with_file_name(hostile);
    for (named, said) in
        [(hostile.to_owned(), "there is no run directory `"), (format!("{hostile}/"), "has no run.json")]
    {
        let ran = run.analyze(&["summary", &named]);
        assert_eq!(ran.code, Some(2));
        assert!(ran.err.contains(shown) && ran.err.contains(said), "{:?}", ran.err);
        assert_eq!(ran.err.chars().filter(|c| c.is_control()).count(), 1, "{:?}", ran.err);
        // The first is there for the second.
        std::fs::create_dir_all(&folder).expect("writable");
    }
}
