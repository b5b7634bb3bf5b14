//! Feeders: which rows of a file go out, how often, and what happens at its end.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;

use drumfire_tests::program::{Finished, drumfire};
use drumfire_tests::request::Request;
use drumfire_tests::run::{count, errors};
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Reply, Scripted};

const ROWS: usize = 40;

/// `id,name` and forty rows.
fn products() -> String {
    let rows: Vec<String> = (0..ROWS).map(|id| format!("{id},\"product, number {id}\"\r\n")).collect();
    format!("id,name\r\n{}", rows.concat())
}

/// The ids that arrived, in their order, of a feeder with these keys under this load.
#[track_caller]
fn ids(feeder: &str, load: &str, flags: &[&str]) -> Vec<String> {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    scratch.write("products.csv", &products());
    let text = Scenario::to(&server.url())
        .feeder("products", &format!("file = \"products.csv\"\n{feeder}"))
        .request("visit", "path = \"/{{ data.products.id }}/{{ data.products.name }}\"")
        .load("visits", &format!("{load}\nflow = \"visit\""))
        .text();
    scratch.drumfire_run("run", &text).args(flags).finish().assert_ran();
    let run = scratch.run("run");
    assert_eq!(run.ended(), "completed");
    assert_eq!(run.complete_rows().len(), server.requests(), "a row for each request, and no others");
    let requests = server.asked();
    requests
        .iter()
        .map(|asked| {
            let segments = Request::of(asked).segments();
            assert_eq!(segments[1], format!("product, number {}", segments[0]), "both are of one row");
            segments[0].clone()
        })
        .collect()
}

#[track_caller]
fn assert_each_once(ids: Vec<String>, what: &str) {
    let wanted: BTreeMap<String, usize> = (0..ROWS).map(|id| (id.to_string(), 1)).collect();
    assert_eq!(count(ids), wanted, "{what}");
}

#[test]
fn once_is_each_row_a_single_time_and_then_the_end() {
    for load in [
        "executor = \"constant-vus\"\nvus = 3\nduration = \"20s\"",
        "executor = \"constant-vus\"\nvus = 1\nduration = \"20s\"",
        "executor = \"constant-vus\"\nvus = 100\nduration = \"20s\"",
        "executor = \"per-vu-iterations\"\nvus = 3\niterations = 1000",
        "executor = \"shared-iterations\"\nvus = 3\niterations = 1000",
        "executor = \"constant-arrival-rate\"\nrate = \"400/s\"\nduration = \"20s\"",
        "executor = \"constant-arrival-rate\"\narrival = \"poisson\"\nrate = \"400/s\"\nduration = \"20s\"",
    ] {
        for cores in ["0", "0,1"] {
            let ids = ids("order = \"once\"", load, &["--cores", cores]);
            assert_each_once(ids, &format!("{load} on {cores}"));
        }
    }
}

#[test]
fn once_ends_before_its_end_where_the_load_does() {
    let ids =
        ids("order = \"once\"", "executor = \"shared-iterations\"\nvus = 2\niterations = 15", &["--cores", "0,1"]);
    let wanted: BTreeMap<String, usize> = (0..15).map(|id| (id.to_string(), 1)).collect();
    assert_eq!(count(ids), wanted);
}

#[test]
fn once_starts_over_where_it_says() {
    let load = "executor = \"shared-iterations\"\nvus = 3\niterations = 80";
    let ids = ids("order = \"once\"\nat_end = \"repeat\"", load, &[]);
    assert!(count(ids).values().all(|times| *times == 2));
}

#[test]
fn sequential_is_one_row_behind_the_other_and_from_the_start_again() {
    let ids = ids("order = \"sequential\"", "executor = \"per-vu-iterations\"\niterations = 90", &[]);
    let wanted: Vec<String> = (0..90).map(|number| (number % ROWS).to_string()).collect();
    assert_eq!(ids, wanted);
}

#[test]
fn random_is_any_row() {
    let load = "executor = \"shared-iterations\"\nvus = 4\niterations = 600";
    let ids = ids("", load, &["--seed", "1"]);
    let seen = count(ids.clone());
    assert_eq!(seen.len(), ROWS, "every row comes: {seen:?}");
    assert!(seen.values().all(|times| *times < 60), "and none all the time: {seen:?}");
}

#[test]
fn scenarios_that_share_a_feeder_take_its_rows_in_turns() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    scratch.write("products.csv", &products());
    let text = Scenario::to(&server.url())
        .feeder("products", "file = \"products.csv\"\norder = \"once\"")
        .request("visit", "path = \"/{{ data.products.id }}/{{ vars.who }}\"")
        .load("a", "executor = \"constant-vus\"\nvus = 2\nduration = \"20s\"\nflow = \"visit\"\nvars = { who = \"a\" }")
        .load("b", "executor = \"constant-arrival-rate\"\nrate = \"200/s\"\nduration = \"20s\"\nflow = \"visit\"\nvars = { who = \"b\" }")
        .text();
    scratch.drumfire_run("run", &text).finish().assert_ran();
    let segments: Vec<Vec<String>> = server.asked().iter().map(|asked| Request::of(asked).segments()).collect();
    assert_each_once(segments.iter().map(|segments| segments[0].clone()).collect(), "shared");
    assert_eq!(count(segments.iter().map(|segments| segments[1].as_str())).len(), 2, "both had some");
}

#[test]
fn once_is_each_row_a_single_time_in_a_mix_too() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    scratch.write("products.csv", &products());
    let text = Scenario::to(&server.url())
        .feeder("products", "file = \"products.csv\"\norder = \"once\"")
        .request("visit", "path = \"/{{ data.products.id }}\"")
        .request("other", "path = \"/other\"")
        .load("both", "executor = \"constant-vus\"\nvus = 2\nduration = \"20s\"\nmix = { visit = 1, other = 3 }")
        .text();
    scratch.drumfire_run("run", &text).finish().assert_ran();
    let lines = server.asked().into_iter().map(|asked| asked.line);
    let ids = lines.filter(|line| line != "GET /other").map(|line| line.replace("GET /", ""));
    assert_each_once(ids.collect(), "beside a flow without data");
}

#[test]
fn an_iteration_has_one_row() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    scratch.write("products.csv", &products());
    let text = Scenario::to(&server.url())
        .feeder("products", "file = \"products.csv\"")
        .request("first", "path = \"/{{ data.products.id }}\"")
        .flow("visit", r#"[{ request = "first" }, { repeat = 3, steps = [{ request = "first" }] }]"#)
        .times(10, "visit")
        .text();
    scratch.drumfire_run("run", &text).finish().assert_ran();
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    assert_eq!(lines.len(), 40);
    assert!(lines.chunks(4).all(|iteration| iteration.iter().all(|line| *line == iteration[0])), "{lines:?}");
}

#[test]
fn rows_may_be_lines_of_json() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let rows = "{\"id\": 1, \"name\": \"a \\\"b\\\"\", \"deep\": {\"x\": [5]}}\n\n{\"name\": \"c\\nd\", \"id\": \"two\", \"deep\": {\"x\": [true]}}";
    scratch.write("rows.txt", rows);
    let text = Scenario::to(&server.url())
        .feeder("rows", "file = \"rows.txt\"\nformat = \"jsonl\"\norder = \"once\"")
        .request(
            "visit",
            "method = \"POST\"\npath = \"/{{ data.rows.id }}\"\njson = { name = \"{{ data.rows.name }}\", id = \"{{ data.rows.id | string }}\" }",
        )
        .load("visits", "executor = \"constant-vus\"\nvus = 1\nduration = \"20s\"\nflow = \"visit\"")
        .text();
    scratch.drumfire_run("run", &text).finish().assert_ran();
    let requests: Vec<Request> = server.asked().iter().map(Request::of).collect();
    let seen: Vec<_> =
        requests.iter().map(|request| (request.target.as_str(), request.json()["name"].clone())).collect();
    assert_eq!(seen, [("/1", "a \"b\"".into()), ("/two", "c\nd".into())]);
}

#[test]
fn a_row_that_is_too_short_or_no_json_is_no_value() {
    for (name, rows) in [
        ("rows.csv", "id,name\n1,one\n2\n3,three\n"),
        ("rows.jsonl", "{\"name\": \"one\"}\n{not json\n{\"name\": \"three\"}\n"),
    ] {
        let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
        scratch.write(name, rows);
        let text = Scenario::to(&server.url())
            .feeder("rows", &format!("file = \"{name}\"\norder = \"sequential\""))
            .request("visit", "path = \"/{{ data.rows.name }}\"")
            .times(6, "visit")
            .text();
        scratch.drumfire_run("run", &text).finish().assert_ran();
        let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
        assert_eq!(lines, ["GET /one", "GET /three", "GET /one", "GET /three"], "{name}");
        assert_eq!(errors(&scratch.run("run").complete_rows()), [("", 4), ("no_value", 2)].into(), "{name}");
    }
}

/// What `run` and `check` say of a feeder that cannot be used.
#[track_caller]
fn refused(file: Option<(&str, &[u8])>, keys: &str, path: &str) -> Finished {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    if let Some((name, bytes)) = file {
        std::fs::write(scratch.join(name), bytes).expect("a file can be written in the temporary folder");
    }
    let text = Scenario::to(&server.url())
        .feeder("rows", keys)
        .request("visit", &format!("path = \"{path}\""))
        .times(1, "visit")
        .text();
    let finished = scratch.drumfire_run("run", &text).finish();
    let checked = drumfire().arg("check").arg(scratch.join("run.toml")).finish();
    assert_eq!((finished.code, checked.code), (Some(2), Some(2)), "{}\n{}", finished.account(), checked.account());
    assert_eq!(server.requests(), 0);
    assert!(!scratch.join("run").exists());
    finished
}

#[test]
fn a_file_that_is_not_there_is_told_with_the_line_that_names_it() {
    refused(None, "file = \"missing.csv\"", "/{{ data.rows.id }}")
        .assert_says("run.toml:5:8")
        .assert_says("missing.csv")
        .assert_says("no such file");
}

#[test]
fn a_column_that_is_not_there_is_told_with_those_there_are() {
    let file = Some(("rows.csv", &b"id,name\n1,a\n"[..]));
    refused(file, "file = \"rows.csv\"", "/{{ data.rows.nmae }}")
        .assert_says("run.toml:7:")
        .assert_says("nmae")
        .assert_says("id, name");
}

#[test]
fn a_feeder_that_is_not_there_is_told_with_the_one_that_was_meant() {
    let file = Some(("rows.csv", &b"id,name\n1,a\n"[..]));
    refused(file, "file = \"rows.csv\"", "/{{ data.row.name }}").assert_says("run.toml:7:").assert_says("`rows`");
}

#[test]
fn a_file_that_cannot_be_used_is_refused() {
    for (bytes, says) in
        [(&b""[..], "is empty"), (b"id,name\n", "no rows"), (b"id,id\n1,2\n", "id"), (b"id,name\n1,\xff\n", "line 2")]
    {
        refused(Some(("rows.csv", bytes)), "file = \"rows.csv\"", "/{{ data.rows.id }}").assert_says(says);
    }
    refused(Some(("rows.dat", b"id\n1\n")), "file = \"rows.dat\"", "/{{ data.rows.id }}").assert_says("format");
    refused(None, "file = \".\"\nformat = \"csv\"", "/{{ data.rows.id }}").assert_says("directory");
}
