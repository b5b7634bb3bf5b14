//! Statuses: kept as served, and judged by what was wanted.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;

use drumfire_tests::nginx::Nginx;
use drumfire_tests::program::summary_of;
use drumfire_tests::run::count;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::shop::Shop;
use serde_json::{Value, json};

const LOCATIONS: &str = r#"
location /ok { return 200 "fine\n"; }
location /made { return 201; }
location /moved { return 301 http://127.0.0.1/elsewhere; }
location /missing { return 404; }
location /broken { return 500; }
"#;

const REQUESTS: [(&str, u16); 5] = [("ok", 200), ("made", 201), ("moved", 301), ("missing", 404), ("broken", 500)];

/// Ten visits.
const TEN: &str = r#"
executor = "constant-arrival-rate"
rate = "50/s"
duration = "200ms"
"#;

/// Visits that each request all five paths; `more` goes into each request.
fn scenario(url: &str, more: &str, load: &str) -> String {
    let requests =
        REQUESTS.map(|(name, _)| format!("[requests.{name}]\nmethod = \"GET\"\npath = \"/{name}\"\n{more}\n")).concat();
    format!(
        r#"
name = "statuses"
[target]
base_url = "{url}"
{requests}
[flows]
all = [{{ request = "ok" }}, {{ request = "made" }}, {{ request = "moved" }}, {{ request = "missing" }}, {{ request = "broken" }}]
[[scenarios]]
name = "visits"
flow = "all"
{load}
"#
    )
}

/// Request → errors, as the summary has them.
fn errors(summary: &Value) -> BTreeMap<String, u64> {
    let requests = summary["requests"].as_array().expect("a list of requests");
    requests.iter().map(|group| (group["request"].to_string(), group["errors"].as_u64().expect("a number"))).collect()
}

#[test]
fn a_status_is_kept_as_it_was_served() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(LOCATIONS));
    scratch.drumfire_run("served", &scenario(&nginx.url(), "", TEN)).finish().assert_ran();
    let rows = scratch.run("served").complete_rows();

    let seen = count(rows.iter().map(|row| (row.request.as_str(), row.status)));
    assert_eq!(seen, REQUESTS.map(|request| (request, 10)).into());
    let witnessed = count(nginx.witnessed().iter().map(|line| line.split(' ').take(3).collect::<Vec<_>>().join(" ")));
    let expected = REQUESTS.map(|(name, status)| (format!("{status} GET /{name}"), 10));
    assert_eq!(witnessed, expected.into(), "the server saw the same, and no redirection followed");
}

#[test]
fn a_status_that_was_not_wanted_is_an_error() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(LOCATIONS));
    scratch.drumfire_run("unwanted", &scenario(&nginx.url(), "", TEN)).finish().assert_ran();
    let summary = summary_of(&scratch.join("unwanted"));

    assert_eq!(
        errors(&summary),
        [("ok", 0), ("made", 0), ("moved", 0), ("missing", 10), ("broken", 10)]
            .map(|(name, errors)| (format!("{name:?}"), errors))
            .into()
    );
    assert_eq!(summary["total"]["errors"], json!(20));
    assert_eq!(summary["total"]["error_kinds"], json!({}), "an answer is never of an error kind");
}

#[test]
fn what_is_expected_is_no_error_and_nothing_else_is() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(LOCATIONS));
    let scenario = scenario(&nginx.url(), "expect_status = [404, 500]", TEN);
    scratch.drumfire_run("expected", &scenario).finish().assert_ran();
    let summary = summary_of(&scratch.join("expected"));

    assert_eq!(
        errors(&summary),
        [("ok", 10), ("made", 10), ("moved", 10), ("missing", 0), ("broken", 0)]
            .map(|(name, errors)| (format!("{name:?}"), errors))
            .into()
    );
}

#[test]
fn a_failed_check_is_a_bit_of_the_row_and_a_line_of_the_summary() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(LOCATIONS));
    let checks = r#"checks = { "is fine" = "status == 200", "is not broken" = "status != 500" }"#;
    scratch.drumfire_run("checked", &scenario(&nginx.url(), checks, TEN)).finish().assert_ran();
    let run = scratch.run("checked");

    let manifest = run.manifest();
    let listed = manifest["requests"].as_array().expect("a list of requests");
    let names = |request: &str| {
        let entry = listed.iter().find(|entry| entry["name"] == request).expect("the request is listed");
        entry["checks"].as_array().expect("its checks").clone()
    };
    for row in run.complete_rows() {
        let failed: Vec<Value> = names(&row.request)
            .into_iter()
            .enumerate()
            .filter_map(|(bit, name)| (row.failed_checks >> bit & 1 == 1).then_some(name))
            .collect();
        let mut expected = Vec::new();
        if row.status != 200 {
            expected.push(json!("is fine"));
        }
        if row.status == 500 {
            expected.push(json!("is not broken"));
        }
        assert_eq!(failed, expected, "{row:?}");
    }
    let summary = summary_of(run.path());
    let fails = |request: &str, check: &str| {
        let checks = summary["checks"].as_array().expect("a list of checks");
        let result = checks.iter().find(|result| result["request"] == request && result["check"] == check);
        result.map(|result| (result["passes"].clone(), result["fails"].clone()))
    };
    assert_eq!(fails("ok", "is fine"), Some((json!(10), json!(0))));
    assert_eq!(fails("broken", "is not broken"), Some((json!(0), json!(10))));
}

#[test]
fn a_threshold_that_does_not_hold_is_exit_code_99() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(LOCATIONS));
    // In the closed model, where no busy machine can spoil the measurement.
    let load = r#"
executor = "per-vu-iterations"
iterations = 10
"#;
    let scenario = scenario(&nginx.url(), "", load);
    let with = |condition: &str| {
        format!("{scenario}[[thresholds]]\nmetric = \"http_req_failed\"\ncondition = \"{condition}\"\n")
    };
    // Two of the five requests fail.
    scratch.drumfire_run("held", &with("rate < 0.5")).finish().assert_code(0);
    scratch.drumfire_run("broken", &with("rate < 0.2")).finish().assert_code(99);
    scratch.run("broken").complete_rows();
}

#[test]
fn the_shop_is_served_with_bodies_and_headers() {
    let (scratch, shop) = (Scratch::new(), Shop::open());
    let scenario = format!(
        r#"
name = "shopping"
[target]
base_url = "{}"
[requests.browse]
method = "GET"
path = "/api/products?page=1&limit=20"
headers = {{ Authorization = "Bearer demo-enterprise" }}
[requests.stranger]
method = "GET"
path = "/api/products"
[requests.login]
method = "POST"
path = "/api/login"
json = {{ email = "pro-tier@example.com" }}
[requests.nonsense]
method = "POST"
path = "/api/login"
headers = {{ Content-Type = "application/json" }}
body = "not JSON"
[flows]
all = [{{ request = "browse" }}, {{ request = "stranger" }}, {{ request = "login" }}, {{ request = "nonsense" }}]
[[scenarios]]
name = "visits"
executor = "constant-arrival-rate"
rate = "20/s"
duration = "200ms"
flow = "all"
"#,
        shop.url()
    );
    scratch.drumfire_run("shopping", &scenario).finish().assert_ran();
    let rows = scratch.run("shopping").complete_rows();

    let seen = count(rows.iter().map(|row| (row.request.as_str(), row.status)));
    assert_eq!(
        seen,
        [("browse", 200), ("stranger", 401), ("login", 200), ("nonsense", 400)].map(|request| (request, 4)).into()
    );
}
