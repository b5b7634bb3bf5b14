//! `drumfire-analyze query`: every figure here can be counted in the fifty rows.

use std::fs;

use serde_json::{Value, json};

use crate::runs::{FiftyRows, NAME};

fn rows(run: &FiftyRows, query: &str) -> Value {
    let ran = run.analyze(&["query", NAME, query, "--json"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""), "{query}");
    let document: Value = serde_json::from_str(&ran.out).expect("one JSON document");
    document["rows"].clone()
}

fn refusal(run: &FiftyRows, query: &str) -> String {
    let ran = run.analyze(&["query", NAME, query]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(2), ""), "{query}");
    ran.err
}

#[test]
fn an_answer_looks_like_every_table() {
    let query = "SELECT request, count(*) AS arrivals, quantile_disc(response_ns, 0.95) AS p95_ns, \
                 avg(response_ns) / 1000000 AS mean_ms, sum(bytes_received) AS body_bytes, \
                 sum(CASE WHEN failed THEN 1 ELSE 0 END) * 1.0 / count(*) AS failed_share, \
                 count(*) / 3.0 AS arrivals_per_s, avg(bytes_sent) AS sent, max(error) AS error \
                 FROM requests GROUP BY request ORDER BY request";
    let ran = FiftyRows::copied().analyze(&["query", NAME, query]);
    insta::assert_snapshot!(ran.out);
    assert_eq!((ran.code, ran.err.as_str()), (Some(0), ""));
}

#[test]
fn all_columns_of_a_row_are_there_with_what_follows_from_them() {
    let run = FiftyRows::copied();
    let ran = run.analyze(&["query", NAME, "SELECT * FROM requests WHERE error = 'dropped' OR status = 404", "--csv"]);
    insta::assert_snapshot!(ran.out);
}

#[test]
fn percentiles_are_those_of_the_summary() {
    let run = FiftyRows::copied();
    let summary: Value = serde_json::from_str(&run.analyze(&["summary", NAME, "--json"]).out).expect("JSON");
    let quantiles = |column: &str| {
        let of = |p: &str| format!("quantile_disc({column}, {p}) AS \"{p}\"");
        ["0.5", "0.9", "0.95", "0.99", "0.999"].map(of).join(", ")
    };
    for (column, figures) in
        [("response_ns", "response_time_ns"), ("service_ns", "service_time_ns"), ("lag_ns", "lag_ns")]
    {
        for group in summary["requests"].as_array().expect("requests") {
            let name = group["request"].as_str().expect("a name");
            let query = format!("SELECT {}, max({column}) FROM requests WHERE request = '{name}'", quantiles(column));
            let answer: Vec<f64> = serde_json::from_value(rows(&run, &query)[0].clone()).expect("numbers");
            let expected: Vec<f64> = ["p50", "p90", "p95", "p99", "p999", "max"]
                .map(|p| group[figures][p].as_f64().expect("a figure"))
                .to_vec();
            assert_eq!(answer, expected, "{column} of {name}");
        }
    }
}

#[test]
fn counts_are_those_of_the_rows() {
    let run = FiftyRows::copied();
    for (query, expected) in [
        ("SELECT count(*) FROM requests", json!([[50]])),
        ("SELECT count(*) FROM requests WHERE failed", json!([[7]])),
        ("SELECT count(*) FROM requests WHERE NOT failed AND scenario = 'burst'", json!([[14]])),
        ("SELECT count(*) FROM requests WHERE request = 'search, all' AND time_s >= 1.2", json!([[8]])),
        ("SELECT count(*) FROM requests WHERE scheduled_ns BETWEEN 1000000000 AND 1100000000", json!([[5]])),
        ("SELECT count(*) FROM requests WHERE 1100000000 <= scheduled_ns AND scheduled_ns < 1200000000", json!([[3]])),
        ("SELECT count(*) FROM requests WHERE request = 'nowhere'", json!([[0]])),
        ("SELECT count(*) FROM requests WHERE request IN ('list', 'order')", json!([[38]])),
        ("SELECT count(*) FROM requests WHERE time_s > -1 AND time_s < 1e0", json!([])),
        ("SELECT count(*) FROM requests WHERE duration_ns > avg(duration_ns)", json!([[3]])),
        (
            "SELECT error, count(*) FROM requests WHERE error IS NOT NULL GROUP BY error ORDER BY error",
            json!([["dropped", 1], ["interrupted", 1], ["reset", 1], ["timeout", 2]]),
        ),
        (
            "SELECT tag_tier, count(*) AS n FROM requests GROUP BY tag_tier ORDER BY n",
            json!([["professional", 20], ["free", 30]]),
        ),
        ("SELECT worker, count(*) FROM requests GROUP BY worker ORDER BY worker", json!([[0, 27], [1, 23]])),
        ("SELECT count(*) FROM (SELECT * FROM requests LIMIT 20) WHERE scenario = 'burst'", json!([[5]])),
        (
            "SELECT count(*) FROM requests a JOIN requests b ON a.scheduled_ns = b.scheduled_ns AND a.worker < b.worker",
            json!([[4]]),
        ),
    ] {
        if query.contains("1e0") {
            assert!(refusal(&run, query).contains("cannot parse literal: \"1e0\""));
        } else {
            assert_eq!(rows(&run, query), expected, "{query}");
        }
    }
}

#[test]
fn the_first_of_an_order_are_found() {
    let run = FiftyRows::copied();
    for (query, expected) in [
        ("SELECT request FROM requests ORDER BY response_ns DESC NULLS LAST LIMIT 2", json!([["list"], ["list"]])),
        (
            "SELECT duration_ns FROM requests ORDER BY duration_ns NULLS LAST LIMIT 2 OFFSET 1",
            json!([[4_500_000], [5_000_000]]),
        ),
        (
            "SELECT max(response_ns) AS most_ns FROM requests WHERE scenario = 'burst' GROUP BY request ORDER BY most_ns LIMIT 1",
            json!([[7_505_000]]),
        ),
        (
            "SELECT status, duration_ns FROM requests WHERE request = 'order' AND NOT failed ORDER BY duration_ns DESC LIMIT 1",
            json!([[201, 31_000_000]]),
        ),
    ] {
        assert_eq!(rows(&run, query), expected, "{query}");
    }
}

#[test]
fn a_tag_of_the_request_comes_before_one_of_the_scenario_and_that_before_one_of_the_run() {
    let run = FiftyRows::copied();
    run.edit_manifest(|manifest| {
        manifest["tags"] = json!({"who": "run"});
        manifest["scenarios"][1]["tags"] = json!({"who": "scenario"});
        manifest["requests"][2]["tags"] = json!({"who": "request"});
    });
    let query = "SELECT request, tag_who FROM requests GROUP BY request, tag_who ORDER BY request";
    assert_eq!(rows(&run, query), json!([["list", "run"], ["order", "request"], ["search, all", "scenario"]]));
}

#[test]
fn the_first_rows_are_the_first_of_the_files() {
    let run = FiftyRows::copied();
    let expected = json!([[0], [200_000_000], [400_000_000]]);
    assert_eq!(rows(&run, "SELECT scheduled_ns FROM requests LIMIT 3"), expected);
    let ran = run.analyze(&[
        "query",
        NAME,
        "SELECT scheduled_ns FROM requests LIMIT 1",
        "--from",
        "250ms",
        "--to",
        "450ms",
        "--csv",
    ]);
    assert_eq!(ran.out, "scheduled_ns\n400000000\n");
    let ran =
        run.analyze(&["query", NAME, "SELECT count(*) AS n FROM requests", "--from", "1s", "--to", "2s", "--csv"]);
    assert_eq!(ran.out, "n\n25\n");
}

#[test]
fn several_runs_are_one_table_and_told_apart() {
    let run = FiftyRows::copied();
    let query = "SELECT run, count(*) AS n FROM requests GROUP BY run ORDER BY run";
    let other = run.file("../other");
    fs::create_dir(&other).expect("writable");
    for file in ["run.json", "requests-00.csv"] {
        fs::copy(run.file(file), other.join(file)).expect("writable");
    }
    let ran = run.analyze(&["query", NAME, "other", query, "--csv"]);
    assert_eq!(ran.out, "run,n\nfifty-rows,50\nother,27\n", "of the same name, they are called by their paths");
    run.edit_manifest(|manifest| manifest["name"] = json!("first"));
    let ran = run.analyze(&["query", NAME, "other", query, "--csv"]);
    assert_eq!(ran.out, "run,n\nfifty-rows,27\nfirst,50\n");
}

#[test]
fn samples_are_tables() {
    let run = FiftyRows::copied();
    let engine = fs::read_to_string(run.file("engine.csv")).expect("samples").lines().count() - 1;
    assert_eq!(rows(&run, "SELECT count(*) FROM engine"), json!([[engine]]));
    assert_eq!(rows(&run, "SELECT count(*) FROM probes WHERE value > 0 AND probe = 'none'"), json!([[0]]));
    assert_eq!(rows(&run, "SELECT min(time_s) >= 0 FROM events"), json!([[true]]));
}

#[test]
fn a_wrong_query_is_told_with_what_there_is_and_what_was_meant() {
    let run = FiftyRows::copied();
    for (query, said) in [
        ("SELECT duraton_ns FROM requests", "there is no column `duraton_ns`; did you mean `duration_ns`?"),
        ("SELECT requests.tag_teir FROM requests", "there is no column `tag_teir`; did you mean `tag_tier`?"),
        ("SELECT count(*) FROM reqests", "there is no table `reqests`; did you mean `requests`?"),
        ("SELECT count(*) FROM requests WHERE statsu = 200", "there is no column `statsu`; did you mean `status`?"),
        ("SELECT min(vu), max(vu) FROM requests", "two columns of the answer are called `vu`: name them with AS"),
        (
            "SELECT request, count(*) AS n FROM requests GROUP BY request ORDER BY max(vu)",
            "the query is wrong: `vu` is not there any more at that place",
        ),
        ("SELEC 1", "sql parser error: Expected: an SQL statement, found: SELEC at Line: 1, Column: 1"),
        ("SELECT frobnicate(status) FROM requests", "frobnicate"),
        ("", "statement"),
        ("SELECT 1; SELECT 2", "statement"),
        ("SELECT \u{1b}[2J FROM requests", "the query is wrong"),
    ] {
        let error = refusal(&run, query);
        assert!(error.contains(said), "{query}: {error}");
        assert!(error.contains("\n  events (time_ns, kind, detail, time_s, run)\n"), "{error}");
        assert!(!error.contains('\u{1b}') && !error.contains("panicked"), "{error}");
    }
    insta::assert_snapshot!(refusal(&run, "SELECT durations FROM requests"));
}

#[test]
fn a_query_that_is_missing_or_a_file_that_is_not_there_is_said() {
    let run = FiftyRows::copied();
    let ran = run.analyze(&["query", NAME, NAME]);
    assert_eq!(ran.code, Some(2));
    assert!(ran.err.contains("the query is missing: `fifty-rows` is a directory"), "{}", ran.err);
    let ran = run.analyze(&["query", NAME, "nowhere.sql"]);
    assert!(ran.code == Some(2) && ran.err.contains("cannot read `nowhere.sql`"), "{}", ran.err);
    let ran = run.analyze(&["query", "nowhere", "SELECT 1"]);
    assert!(ran.code == Some(2) && ran.err.contains("there is no run directory `nowhere`"), "{}", ran.err);
    fs::write(run.file("../question.sql"), "-- title: of no matter here\nSELECT count(*) AS n FROM requests")
        .expect("writable");
    assert_eq!(run.analyze(&["query", NAME, "question.sql", "--csv"]).out, "n\n50\n");
}

#[test]
fn rows_that_cannot_be_read_are_named_and_torn_ones_counted() {
    let run = FiftyRows::copied();
    run.edit("requests-01.csv", |text| text.trim_end().to_owned());
    let ran = run.analyze(&["query", NAME, "SELECT count(*) AS n FROM requests", "--csv"]);
    assert_eq!(ran.out, "n\n49\n");
    assert!(ran.err.contains("1 last line without an end was passed over"), "{}", ran.err);
    run.edit("requests-01.csv", |text| text.replace("steady", "unsteady"));
    let error = refusal(&run, "SELECT scenario FROM requests");
    assert!(error.contains("requests-01.csv`, line 2: `scenario`"), "{error}");
}

#[test]
fn names_from_outside_stay_text() {
    let run = FiftyRows::copied();
    let hostile = "x\u{1b}[2J\u{202e}'; DROP TABLE requests; --";
    run.edit_manifest(|manifest| {
        manifest["name"] = json!(hostile);
        manifest["tags"] = json!({"a \"b\"\u{7}": hostile});
    });
    for format in [&[][..], &["--csv"][..]] {
        let ran = run.analyze(&[&["query", NAME, "SELECT * FROM requests LIMIT 1"], format].concat());
        assert!(!ran.out.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{:?}", ran.out);
        assert!(ran.out.contains("DROP TABLE"), "{}", ran.out);
    }
    assert_eq!(rows(&run, "SELECT run FROM requests LIMIT 1"), json!([[hostile]]));
    assert!(!refusal(&run, "SELECT nothing FROM requests").contains(['\u{7}', '\u{1b}']));
}

#[test]
fn an_answer_without_rows_says_so() {
    let ran = FiftyRows::copied().analyze(&["query", NAME, "SELECT status FROM requests WHERE status = 999"]);
    assert_eq!(ran.out, "status\n· no row is so\n");
}
