//! `drumfire-analyze capacity` on runs of which it is known how much their targets take.

use std::fs;

use analyze::statistics::scalability::Law;
use runlog::row::{Names, RequestId, Row, ScenarioId};
use serde_json::{Value, json};

use crate::runs::FiftyRows;

const SECOND: f64 = 1e9;
const SECONDS: u64 = 8;
const LAW: Law = Law { rate: 100.0, contention: 0.05, coherency: 0.004 };

/// What a run is like: how many instances there are, how much they take together, and how much is asked of them.
struct Like {
    name: String,
    instances: &'static str,
    takes: f64,
    asked: f64,
    seed: u64,
}

/// A run on a schedule, at a target that answers one after the other, each in a time of its own.
fn written(home: &FiftyRows, like: &Like, change: impl Fn(&mut Value)) {
    let mut state = like.seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let names = Names::new(["steady", "burst"], ["list", "search, all", "order"]);
    let (mut text, mut free) = (runlog::row::header(), 0.0_f64);
    let rows = (like.asked * SECONDS as f64) as u64;
    let mut ended = 0;
    for number in 0..rows {
        let scheduled = number as f64 / like.asked * SECOND;
        free = free.max(scheduled) + (0.5 + random()) / like.takes * SECOND;
        let row = Row {
            scheduled_ns: scheduled as u64,
            lag_ns: Some(1_000),
            duration_ns: Some((free - scheduled) as u64),
            scenario: ScenarioId(0),
            request: RequestId(0),
            status: 200,
            ..Row::default()
        };
        ended = ended.max(row.end_ns());
        text += &String::from_utf8(row.line(&names)).expect("UTF-8");
    }
    let folder = home.path().with_file_name(&like.name);
    fs::create_dir_all(&folder).expect("writable");
    fs::write(folder.join("requests-00.csv"), text).expect("writable");
    let manifest = fs::read_to_string(home.file("run.json")).expect("the fixture");
    let mut manifest: Value = serde_json::from_str(&manifest).expect("JSON");
    manifest["thresholds"] = json!([]);
    manifest["ending"]["thresholds"] = json!([]);
    manifest["scenarios"][0]["stages"] = json!([{ "at_ns": SECONDS * 1_000_000_000, "target": like.asked }]);
    manifest["scenarios"].as_array_mut().expect("a list").truncate(1);
    manifest["scenarios"][0]["executor"] = json!("constant-arrival-rate");
    let books = json!({ "core": 0, "file": "requests-00.csv", "scheduled": rows, "rows": rows, "record_stall_ns": 0 });
    manifest["ending"]["cores"] = json!([books]);
    manifest["ending"]["elapsed_ns"] = json!(ended);
    manifest["ending"]["validity"] = json!({ "verdict": "valid", "reasons": [] });
    manifest["tags"] = json!({ "instances": like.instances });
    manifest["started_unix_ns"] = json!(1_767_225_600_000_000_000_u64 + like.seed * 1_000_000_000_000);
    change(&mut manifest);
    fs::write(folder.join("run.json"), manifest.to_string()).expect("writable");
}

/// Runs with 1, 2, 4, 8 and 16 instances that follow the law, twice each, of which a fifth more is asked than they take.
fn by_the_law(home: &FiftyRows) -> Vec<String> {
    let mut names = Vec::new();
    for (place, instances) in ["1", "2", "4", "8", "16"].into_iter().enumerate() {
        for repetition in 0..2 {
            let name = format!("n{instances}-{repetition}");
            let takes = LAW.of(instances.parse().expect("a number"));
            let seed = place as u64 * 10 + repetition;
            written(home, &Like { name: name.clone(), instances, takes, asked: 1.2 * takes, seed }, |_| {});
            names.push(name);
        }
    }
    names
}

fn ran(home: &FiftyRows, arguments: &[&str], names: &[String]) -> crate::runs::Ran {
    let all: Vec<&str> =
        ["capacity"].iter().chain(arguments).copied().chain(names.iter().map(String::as_str)).collect();
    home.analyze(&all)
}

fn scaling(home: &FiftyRows, names: &[String]) -> Value {
    let ran = ran(home, &["--json"], names);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let document: Value = serde_json::from_str(&ran.out).expect("JSON");
    document["scaling"].clone()
}

#[test]
fn runs_that_follow_the_law_have_its_numbers() {
    let home = FiftyRows::copied();
    let names = by_the_law(&home);
    let found = scaling(&home, &names);
    for (name, truth) in [("lambda_per_s", LAW.rate), ("sigma", LAW.contention), ("kappa", LAW.coherency)] {
        let estimate = &found["law"][name];
        let ends = [&estimate["interval"][0], &estimate["interval"][1]].map(|end| end.as_f64().expect("a number"));
        assert!(ends[0] <= truth && truth <= ends[1], "{name}: {truth} in {estimate}");
    }
    let peak = found["law"]["peak"]["instances"]["value"].as_f64().expect("within what was measured");
    assert!((peak / LAW.peak().expect("a peak") - 1.0).abs() < 0.1, "{peak}");
    assert_eq!(found["verdict"], "sublinear");
    for one in found["configurations"].as_array().expect("a list") {
        let takes = LAW.of(one["instances"].as_f64().expect("a number"));
        let measured = one["throughput_per_s"]["value"].as_f64().expect("a number");
        assert!((measured / takes - 1.0).abs() < 0.02, "{one}");
        assert_eq!(one["limited_by"], "target");
    }
}

#[test]
fn the_order_of_runs_is_of_no_consequence() {
    let home = FiftyRows::copied();
    let mut names = by_the_law(&home).split_off(4);
    let straight = scaling(&home, &names);
    names.reverse();
    assert_eq!(straight, scaling(&home, &names));
    names.rotate_left(3);
    assert_eq!(straight, scaling(&home, &names));
}

#[test]
fn what_people_read_of_scaling() {
    let home = FiftyRows::copied();
    let ran = ran(&home, &["--markdown", "scaling.md"], &by_the_law(&home));
    insta::assert_snapshot!(ran.out);
    let page = fs::read_to_string(home.path().with_file_name("scaling.md")).expect("it was written");
    assert!(page.contains("Sublinear: of 16 instances"), "{page}");
}

#[test]
fn more_instances_that_do_less_are_retrograde() {
    let home = FiftyRows::copied();
    let mut names = Vec::new();
    for (instances, takes) in [("1", 100.0), ("2", 180.0), ("3", 140.0)] {
        names.push(format!("n{instances}"));
        let name = names.last().expect("one").clone();
        written(&home, &Like { name, instances, takes, asked: 1.3 * takes, seed: takes as u64 }, |_| {});
    }
    let found = scaling(&home, &names);
    assert_eq!(
        (&found["verdict"], &found["instances"], &found["fewer"]),
        (&json!("retrograde"), &json!(3.0), &json!(2.0))
    );
}

#[test]
fn where_the_load_was_the_limit_growth_is_never_linear() {
    let home = FiftyRows::copied();
    let mut names = Vec::new();
    // Each does all that is asked of it, and exactly twice as much is asked of twice as many.
    for (instances, asked) in [("1", 100.0), ("2", 200.0), ("4", 400.0)] {
        names.push(format!("n{instances}"));
        let name = names.last().expect("one").clone();
        written(&home, &Like { name, instances, takes: 1.5 * asked, asked, seed: asked as u64 }, |_| {});
    }
    let found = scaling(&home, &names);
    assert_eq!((&found["verdict"], &found["because"]), (&json!("unclear"), &json!("load_was_the_limit")));
    assert_eq!((&found["law"], &found["configurations"][2]["limited_by"]), (&Value::Null, &json!("load")));
    let text = ran(&home, &[], &names).out;
    assert!(text.contains("4 instances do at least 400/s") && !text.contains("Linear"), "{text}");
}

#[test]
fn runs_of_which_the_generator_was_the_limit_are_left_out_and_those_beyond_the_target_are_not() {
    let home = FiftyRows::copied();
    let mut names = by_the_law(&home);
    names.truncate(4);
    let invalid = |reason: &'static str| {
        move |manifest: &mut Value| {
            manifest["ending"]["validity"] = json!({ "verdict": "invalid", "reasons": [reason] });
        }
    };
    let like = |name: &str| Like { name: name.to_owned(), instances: "2", takes: 50.0, asked: 60.0, seed: 99 };
    written(&home, &like("behind"), invalid("the generator fell behind its schedule: 1 of 2"));
    names.push("behind".to_owned());
    let ran = ran(&home, &[], &names);
    assert_eq!(ran.code, Some(3), "{}", ran.err);
    assert!(ran.out.contains("left out: behind: the generator fell behind"), "{}", ran.out);

    names.pop();
    written(&home, &like("dropped"), invalid("the load was not the schedule's: 1 of 2 arrivals were never sent"));
    names.push("dropped".to_owned());
    let found = scaling(&home, &names);
    assert_eq!(found["configurations"][1]["runs"].as_array().map(Vec::len), Some(3));
    assert_eq!(found["warnings"][0]["run"], "dropped");
}

#[test]
fn runs_without_the_tag_are_looked_at_one_by_one() {
    let home = FiftyRows::copied();
    for (name, takes) in [("calm", 150.0), ("swamped", 50.0)] {
        let like = Like { name: name.to_owned(), instances: "1", takes, asked: 100.0, seed: 5 };
        written(&home, &like, |manifest| manifest["tags"] = json!({}));
    }
    let names = ["calm", "swamped"].map(str::to_owned);
    let ran = ran(&home, &["--json", "--objective", "p(90) < 100ms"], &names);
    let document: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(
        (&document["runs"][0]["verdict"], &document["runs"][1]["verdict"]),
        (&json!("at_least"), &json!("below"))
    );
    assert_eq!(document["runs"][0]["objective"], json!(["response_time p(90) < 100ms", "http_req_failed rate < 1%"]));
}

#[test]
fn what_makes_no_sense_is_refused() {
    let home = FiftyRows::copied();
    for (arguments, expected) in [
        (&["capacity", "fifty-rows", "--by", "pods"][..], "the runs cannot be told apart by the tag `pods`"),
        (&["capacity", "fifty-rows", "--objective", "p(95) < 5"], "takes"),
        (&["capacity", "nowhere"], "there is no run directory `nowhere`"),
    ] {
        let ran = home.analyze(arguments);
        assert_eq!(ran.code, Some(2), "{arguments:?}");
        assert!(ran.err.contains(expected), "{}", ran.err);
    }
}

#[test]
fn a_page_of_several_runs_with_the_tag_tells_how_they_scale() {
    let home = FiftyRows::copied();
    let names = by_the_law(&home);
    let all: Vec<&str> =
        ["report", "-o", "page.html"].into_iter().chain(names.iter().step_by(2).take(3).map(String::as_str)).collect();
    let ran = home.analyze(&all);
    assert_eq!(ran.code, Some(0), "{}", ran.err);
    let page = fs::read_to_string(home.path().with_file_name("page.html")).expect("it was written");
    assert!(page.contains("Sublinear: of 4 instances") && page.contains("Throughput by instances"));
    assert!(page.contains(r#""over":"amount","of":"instances""#));
}
