//! Several runs on one page, and a report against a baseline.

use std::fs;
use std::path::PathBuf;

use analyze::compare::Lineup;
use analyze::load::{self, Detail, Run};
use analyze::render::terminal::Terminal;
use analyze::section::{Axis, Chart, Mark, Part, Section, Table, Value as Cell};
use runlog::tally::Stretch;
use serde_json::{Value, json};

use crate::made_up::{Like, USUAL, written};
use crate::runs::{FiftyRows, NAME, Ran};

/// The usual, the same once more, and one that is slower and fails more often, under another tag.
fn three_runs() -> FiftyRows {
    let home = FiftyRows::copied();
    written(&home, "base", USUAL);
    written(&home, "again", Like { seed: 2, ..USUAL });
    written(&home, "slow", Like { factor: 1.2, failing: 60, seed: 3, ..USUAL });
    retold(&home, "slow", |manifest| {
        manifest["tags"]["branch"] = json!("faster");
        manifest["scenario"]["vars"] = json!({ "users": 50 });
        manifest["seed"] = json!(43);
    });
    home
}

fn retold(home: &FiftyRows, name: &str, change: impl Fn(&mut Value)) {
    let path = home.path().with_file_name(name).join("run.json");
    let mut manifest = serde_json::from_str(&fs::read_to_string(&path).expect("it was written")).expect("JSON");
    change(&mut manifest);
    fs::write(path, manifest.to_string()).expect("writable");
}

fn loaded(home: &FiftyRows, names: &[&str]) -> Vec<Run> {
    let paths: Vec<PathBuf> = names.iter().map(|name| home.path().with_file_name(name)).collect();
    load::load_all(&paths, Stretch::WHOLE, Detail::OverTime).expect("runs")
}

fn side_by_side(home: &FiftyRows, names: &[&str]) -> Vec<Section> {
    let runs = loaded(home, names);
    Lineup::new(&runs[0], &runs[1..]).sections()
}

fn table<'a>(sections: &'a [Section], title: &str) -> &'a Table {
    let section = sections.iter().find(|section| section.title == title).expect("the section");
    section
        .parts
        .iter()
        .find_map(|part| if let Part::Table(table) = part { Some(table) } else { None })
        .expect("a table")
}

fn charts(sections: &[Section]) -> Vec<&Chart> {
    let parts = sections.iter().flat_map(|section| &section.parts);
    parts.filter_map(|part| if let Part::Chart(chart) = part { Some(chart) } else { None }).collect()
}

fn document(home: &FiftyRows, arguments: &[&str]) -> Value {
    serde_json::from_str(&home.analyze(arguments).out).expect("one JSON document")
}

fn page(home: &FiftyRows, arguments: &[&str]) -> String {
    let ran = home.analyze(&[&["report"], arguments, &["-o", "page.html"]].concat());
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (Some(0), "page.html\n", ""));
    fs::read_to_string(home.path().with_file_name("page.html")).expect("the page")
}

#[test]
fn runs_stand_side_by_side() {
    let sections = side_by_side(&three_runs(), &["base", "again", "slow"]);
    let mut text = Vec::new();
    Terminal { width: None, colour: false }.sections(&sections, &mut text).expect("memory");
    insta::assert_snapshot!(String::from_utf8(text).expect("UTF-8"));
}

#[test]
fn figures_are_those_of_the_summary_and_verdicts_those_of_diff() {
    let home = three_runs();
    let names = ["base", "again", "slow"];
    let sections = side_by_side(&home, &names);
    for name in names {
        let summary = document(&home, &["summary", name, "--json"]);
        let diff = (name != "base").then(|| document(&home, &["diff", "base", name, "--json"]));
        let rows = &table(&sections, "Requests side by side").rows;
        for row in rows.iter().filter(|row| row.cells[1] == Cell::from(name.to_owned())) {
            let Cell::Text(request) = &row.cells[0] else { panic!("a name: {row:?}") };
            let of = |document: &Value| -> Value {
                let all = document["requests"].as_array().expect("requests").iter();
                let found = all.chain([&document["total"]]).find(|group| group["request"] == **request);
                found.expect("the request").clone()
            };
            let group = of(&summary);
            for (place, percentile) in [(3, "p50"), (5, "p95"), (7, "p99")] {
                let expected = group["response_time_ns"][percentile].as_u64().expect("a time");
                assert_eq!(
                    row.cells[place],
                    Cell::Time(runlog::units::Nanos(expected)),
                    "{name} {request} {percentile}"
                );
            }
            let error_rate = group["errors"].as_f64().expect("errors") / group["count"].as_f64().expect("arrivals");
            assert_eq!(row.cells[9], Cell::Share(error_rate), "{name} {request}");
            let Some(diff) = &diff else {
                assert_eq!([&row.cells[2], &row.cells[4]], [&Cell::Absent; 2], "nothing is held against itself");
                continue;
            };
            let found = of(diff);
            let judged = |figure: &str| {
                let figures = found["figures"].as_array().expect("figures");
                figures.iter().find(|judged| judged["figure"] == figure).expect("the figure").clone()
            };
            let Cell::Text(verdict) = &row.cells[2] else { panic!("a verdict: {row:?}") };
            for (place, figure) in [(4, "p50"), (6, "p95"), (8, "p99"), (10, "error_rate")] {
                let judged = judged(figure);
                let Cell::Change(change) = row.cells[place] else { panic!("a change: {row:?}") };
                // The JSON is read to within the last bit.
                let expected = judged["difference"].as_f64().expect("a number");
                assert!((change - expected).abs() < 1e-12, "{name} {request} {figure}: {change} and {expected}");
                let said = verdict.split("; ").filter_map(|of_one| of_one.split_once(": "));
                let said = said.filter(|(_, figures)| figures.split(", ").any(|named| named == figure));
                let said = said.map(|(word, _)| word).next().unwrap_or("same");
                assert_eq!(said, judged["verdict"], "{name} {request} {figure}: {verdict}");
            }
        }
    }
    assert_eq!(table(&sections, "Requests side by side").rows.len(), 3 * names.len(), "two requests and the total");
}

#[test]
fn runs_are_drawn_over_each_other_from_their_own_beginnings() {
    let home = FiftyRows::copied();
    written(&home, "base", Like { seconds: 2, ..USUAL });
    written(&home, "slow", Like { factor: 1.2, failing: 60, seconds: 2, ..USUAL });
    let sections = side_by_side(&home, &["base", "slow"]);
    let charts = charts(&sections);
    let titles: Vec<&str> = charts.iter().map(|chart| &*chart.title).collect();
    let over_time = ["Median response time", "Response time, p99", "Answers", "Error rate"];
    assert_eq!(titles, [&over_time[..], &["Percentiles of the response time"]].concat());
    for chart in &charts {
        let lines: Vec<(&str, Mark)> = chart.lines.iter().map(|line| (&*line.name, line.mark)).collect();
        assert_eq!(lines, [("base", Mark::Dashed), ("slow", Mark::Solid)], "{}", chart.title);
    }
    let (curve, runs) = (charts[4], loaded(&home, &["base", "slow"]));
    let Axis::Percentile(shares) = &curve.axis else { panic!("{:?}", curve.axis) };
    for (line, run) in curve.lines.iter().zip(&runs) {
        let exact = run.summary.total.response_time_ns.expect("answers");
        for (share, expected) in [(0.9, exact.p90), (0.99, exact.p99)] {
            let place = shares.iter().position(|at| (at - share).abs() < 1e-9).expect("every nine is a place");
            let drawn = line.values[place].expect("a value");
            assert!((0.0..1.0 / 128.0).contains(&(drawn / expected as f64 - 1.0)), "{share}: {drawn} for {expected}");
        }
    }
}

#[test]
fn runs_of_other_lengths_and_widths_share_the_axis_of_the_longest() {
    let home = FiftyRows::copied();
    written(&home, "short", USUAL);
    written(&home, "long", Like { seconds: 90, ..USUAL });
    let sections = side_by_side(&home, &["short", "long"]);
    let answers = charts(&sections).into_iter().find(|chart| chart.title == "Answers").expect("the chart");
    let Axis::Time(at) = &answers.axis else { panic!("{:?}", answers.axis) };
    let seconds: Vec<f64> = at.iter().map(|at| at.as_secs_f64()).collect();
    assert_eq!((seconds[0], seconds.len()), (0.5, 91), "seconds, though the short run has tenths");
    let drawn = |line: usize| answers.lines[line].values.iter().flatten().copied().collect::<Vec<f64>>();
    assert_eq!((drawn(0).len(), drawn(1).len()), (8, 90), "a run's line ends with it");
    for (line, name) in [(0, "short"), (1, "long")] {
        let answered: f64 = drawn(line).iter().sum();
        let all = loaded(&home, &[name])[0].summary.total.count as f64;
        assert!(
            (0.0..=20.0).contains(&(all - answered)),
            "{name}: {answered} of {all}, but for those after the last second"
        );
    }
}

#[test]
fn no_more_than_eight_runs_are_drawn_and_all_are_in_the_tables() {
    let home = FiftyRows::copied();
    let sections = side_by_side(&home, &[NAME; 10]);
    assert!(charts(&sections).iter().all(|chart| chart.lines.len() == 8));
    let runs = &table(&sections, "Runs side by side").rows;
    assert_eq!((runs.len(), &runs[9].cells[0]), (10, &Cell::from("fifty-rows (10)".to_owned())));
    let page = page(&home, &[NAME; 10]);
    assert!(page.contains("the first 8 runs are drawn; 2 more are in the tables only"));
}

#[test]
fn a_page_of_several_runs_begins_with_what_differs() {
    let home = three_runs();
    let page = page(&home, &["base", "again", "slow"]);
    for said in [
        "Held against base, worse: slow in ",
        "; no different beyond chance: again.",
        "branch=faster, users=50",
        "<dt>seed</dt><dd>42 (base, again); 43 (slow)</dd>",
        ">Against base</h2>",
        ">fifty-rows: slow</h1>",
    ] {
        assert!(page.contains(said), "{said}");
    }
    let place = |text: &str| page.find(text).expect("it is there");
    assert!(place(">Over each other</h2>") < place(">fifty-rows: base</h1>"));
    assert_eq!(page.matches(">Against base</h2>").count(), 2, "not of the base itself");
}

#[test]
fn a_run_can_be_held_against_another_that_has_no_section_of_its_own() {
    let home = three_runs();
    let page = page(&home, &["slow", "--baseline", "base"]);
    assert!(page.contains("Held against base, worse: slow in "));
    assert!(page.contains("; the measurement is valid. Worse than base in "), "the verdict of the run says it as well");
    assert_eq!(page.matches(">fifty-rows</h1>").count(), 1);
    let file = home.analyze(&["summarize", NAME, "-o", "rows.summary"]);
    assert_eq!(file.code, Some(0), "{}", file.err);
    assert!(self::page(&home, &[NAME, "--baseline", "rows.summary"]).contains("Held against rows.summary, "));
}

const LIMITS: &str = "[total]\np50 = '4ms'\np99 = '1s'\nerror_rate = '50%'\n[requests.list]\np95 = '1ms'\n";

fn with_limits(home: &FiftyRows, limits: &str) -> String {
    fs::write(home.path().with_file_name("b.toml"), limits).expect("writable");
    "b.toml".to_owned()
}

#[test]
fn a_page_against_a_baseline_says_what_the_gate_says() {
    let home = three_runs();
    let file = with_limits(&home, LIMITS);
    let page = page(&home, &["slow", "--baseline", &file]);
    let gate = home.analyze(&["gate", "slow", "--baseline", &file]);
    assert_eq!(gate.code, Some(99));
    for said in [
        "Failed: 2 of 4 figures worse than the baseline allows, or missing.",
        "; the measurement is valid. Worse than the baseline b.toml in 2 of 4 figures: p95 of list (",
        ">Held against the baseline</h2>",
        "list: response time and the baseline",
        "p95 of the baseline",
    ] {
        assert!(page.contains(said), "{said}");
    }
    assert!(gate.out.contains("Failed: 2 of 4 figures"), "{}", gate.out);
    assert!(!page.contains(">Side by side</h1>"), "there is nothing beside it");
}

#[test]
fn each_of_several_runs_is_held_against_the_baseline() {
    let home = three_runs();
    let file = with_limits(&home, "[total]\nerror_rate = '3%'\n");
    let page = page(&home, &["base", "slow", "--baseline", &file]);
    let said = "Held against the baseline b.toml, worse: slow in 1 of 1 figures: error_rate of total (";
    assert!(page.contains(said));
    assert!(page.contains("; no worse than allowed: base."));
    assert_eq!(page.matches(">Gate</h2>").count(), 2);
    assert!(page.contains("Held against base, worse: slow in "), "and the runs against each other");
    assert!(
        page.contains(
            "; the measurement is valid. Worse than the baseline b.toml in 1 of 1 figures: error_rate of total"
        )
    );
    let place = |text: &str| page.rfind(text).expect("it is there");
    assert!(place(">Gate</h2>") < place(">Against base</h2>"), "the gate comes first");
}

#[test]
fn what_the_gate_refuses_is_told_on_the_page() {
    let home = FiftyRows::copied();
    home.edit_manifest(|manifest| manifest["ending"]["validity"] = json!({"verdict": "invalid", "reasons": ["late"]}));
    let file = with_limits(&home, LIMITS);
    let page = page(&home, &[NAME, "--baseline", &file]);
    assert!(page.contains("Refused: the measurement is not one to judge by."));
    assert!(page.contains("Not held against the baseline b.toml: the measurement is not one to judge by."));
}

#[test]
fn a_baseline_that_cannot_be_used_is_wrong_input() {
    let home = FiftyRows::copied();
    let other = with_limits(&home, "name = 'spike'\n[total]\np50 = '1s'\n");
    let said = |ran: Ran| {
        assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""));
        ran.err
    };
    let report = |file: &str| said(home.analyze(&["report", NAME, "--baseline", file]));
    assert!(report(&other).contains("the baseline of `spike`"));
    assert!(report("nowhere.toml").contains("cannot read the baseline `nowhere.toml`"));
    assert!(!home.file("report.html").exists());
}

#[test]
fn labels_and_tags_from_outside_are_only_text() {
    let home = FiftyRows::copied();
    let short = Like { seconds: 1, ..USUAL };
    written(&home, "<b onclick=x>&'\"", short);
    written(&home, "plain", Like { seed: 2, ..short });
    let hostile = "</script><script>alert(1)</script><img src=x>";
    retold(&home, "plain", |manifest| manifest["tags"][hostile] = json!(hostile));
    let page = page(&home, &["<b onclick=x>&'\"", "plain"]);
    for tag in ["<b ", "<img", "<script>alert"] {
        assert!(!page.contains(tag), "{tag}");
    }
    assert!(page.contains("&#60;b onclick=x&#62;"), "it is shown");
}
