//! Live metrics: what a load tells while it lasts, as the real Prometheus scrapes it, and the dashboards on top of that.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;

use drumfire_tests::alone::alone;
use drumfire_tests::get::get;
use drumfire_tests::nginx::free_address;
use drumfire_tests::patience::eventually;
use drumfire_tests::program::Running;
use drumfire_tests::prometheus::{Prometheus, integration, promtool_checks};
use drumfire_tests::python::recomputed;
use drumfire_tests::run::{Row, Run, count};
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Reply, Scripted};
use drumfire_tests::shop::Shop;
use drumfire_tests::workspace::root;
use rustix::process::Signal;
use serde_json::{Value, json};

const DASHBOARDS: [&str; 2] = ["load", "generator"];
/// How long a load lasts that is ended by hand.
const LONG: &str = "10m";

/// The address that a running load says it is scraped at.
fn address(run: &Path) -> SocketAddr {
    eventually("the load says where it is scraped", || {
        let events = fs::read_to_string(run.join("events.csv")).ok()?;
        let (_, behind) = events.split_once("metrics,")?;
        let (_, behind) = behind.split_once("http://")?;
        behind.split_once("/metrics")?.0.parse().ok()
    })
}

fn scraped(address: SocketAddr) -> String {
    let (status, text) = get(address, "/metrics").expect("it is scraped");
    assert_eq!(status, 200, "{text}");
    text
}

/// Some seconds on the shop in which everything happens that a dashboard shows: open and closed scenarios of several requests, one
/// of which is too slow to be waited for, statuses of two classes, checks that fail, arrivals for which there is no connection,
/// thresholds that are judged meanwhile, one that does not hold, and a probe.
fn eventful(shop: &Shop) -> String {
    format!(
        r#"
name = "eventful"
tags = {{ team = 'a "b" \ c', status = "draft" }}
[target]
base_url = "{}"
request_timeout = "400ms"
[requests.list]
path = "/api/products?page=1"
headers = {{ Authorization = "Bearer demo-enterprise" }}
checks = {{ "is small" = "body size < 10B", answers = "status == 200" }}
tags = {{ kind = "read" }}
[requests.missing]
path = "/api/products/none"
headers = {{ Authorization = "Bearer demo-enterprise" }}
expect_status = 404
[requests.search]
path = "/api/products/search?q=lamp"
headers = {{ Authorization = "Bearer demo-enterprise" }}
[flows]
visit = [{{ request = "list" }}, {{ think = "50ms" }}, {{ request = "missing" }}, {{ request = "search" }}]
[[scenarios]]
name = "arrivals"
executor = "constant-arrival-rate"
rate = "40/s"
duration = "8s"
mix = {{ list = 0.7, missing = 0.3 }}
tags = {{ model = "open" }}
[[scenarios]]
name = "visitors"
executor = "constant-vus"
vus = 3
duration = "8s"
flow = "visit"
[[scenarios]]
name = "crowd"
executor = "constant-arrival-rate"
rate = "20/s"
duration = "8s"
flow = "search"
max_connections = 1
[[thresholds]]
metric = "http_req_failed"
condition = "rate < 1%"
window = "1s"
[[thresholds]]
metric = "http_req_duration"
filter = {{ request = "list" }}
condition = "max < 1h"
abort_on_fail = true
[[thresholds]]
metric = "http_reqs"
condition = "count > 10"
[[probes]]
name = "shop"
kind = "prometheus"
interval = "500ms"
url = "{{{{ target }}}}/metrics"
metrics = {{ memory = "process_resident_memory_bytes" }}
"#,
        shop.url()
    )
}

/// A load of which Prometheus has scraped everything.
struct Observed {
    prometheus: Prometheus,
    run: Run,
    /// When the load began and when it was over, in seconds since 1970.
    began: f64,
    over: f64,
    _scratch: Scratch,
}

/// Runs the eventful load under the eyes of a Prometheus that is set up as the one in `integrations`, but for the address.
fn observed() -> Observed {
    let (scratch, shop) = (Scratch::new(), Shop::open());
    let slow = shop.post("/api/admin/slow-query", &json!({ "query": "search", "delay": "10s" }));
    assert_eq!(slow.status, 200, "{}", slow.text);
    let address = free_address().expect("a free port").to_string();
    let configuration = integration("prometheus/prometheus.yml");
    let ours = configuration.replace("127.0.0.1:9464", &address).replace(": 2s", ": 1s");
    assert!(ours.contains(&address), "{configuration}");
    // It looks at all of the load, however long it takes to start.
    let prometheus = Prometheus::with(&ours);
    let flags = ["--metrics", &address, "--metrics-linger", "1m"];
    let ended = scratch.drumfire_run("eventful", &eventful(&shop)).args(flags).finish();
    // So many arrivals that were never sent are no valid measurement.
    ended.assert_code(3);
    let run = scratch.run("eventful");
    let manifest = run.manifest();
    let seconds = |ns: &Value| ns.as_u64().expect("nanoseconds") as f64 / 1e9;
    let began = seconds(&manifest["started_unix_ns"]);
    let over = began + seconds(&manifest["ending"]["elapsed_ns"]);
    Observed { prometheus, run, began, over, _scratch: scratch }
}

/// The class of a row's status, as metrics have it.
fn class(row: &Row) -> String {
    if row.error.is_empty() { format!("{}xx", row.status / 100) } else { "none".to_owned() }
}

/// What a metric adds up to, by some of its labels; what is nothing is left out.
fn totals(observed: &Observed, metric: &str, by: &[&str]) -> BTreeMap<Vec<String>, u64> {
    // The last sample, which was of what will not change any more; the target has gone since.
    let expression = format!("sum by ({}) (last_over_time({metric}[2m]))", by.join(","));
    let series = observed.prometheus.at(observed.over + 70.0, &expression);
    let label = |series: &Value, name: &&str| series[name].as_str().unwrap_or_default().to_owned();
    let counted =
        series.iter().map(|(series, value)| (by.iter().map(|name| label(series, name)).collect(), *value as u64));
    counted.filter(|(_, count)| *count > 0).collect()
}

/// What rows add up to: each has a place to be counted at, and what it counts there.
fn added<const N: usize>(counted: impl Iterator<Item = ([String; N], u64)>) -> BTreeMap<Vec<String>, u64> {
    let mut totals: BTreeMap<Vec<String>, u64> = BTreeMap::new();
    for (place, count) in counted.filter(|(_, count)| *count > 0) {
        *totals.entry(place.to_vec()).or_default() += count;
    }
    totals
}

fn totals_are_those_of_the_rows(observed: &Observed) {
    let rows = observed.run.complete_rows();
    let place = |row: &Row| [row.scenario.clone(), row.request.clone(), class(row)];
    let by = ["scenario", "request", "status"];
    let expected = |count: &dyn Fn(&Row) -> u64| added(rows.iter().map(|row| (place(row), count(row))));
    let is_wanted = |row: &Row| row.status == if row.request == "missing" { 404 } else { 200 };
    let done = totals(observed, "drumfire_http_reqs_total", &by);
    assert_eq!(done, expected(&|_| 1));
    assert!(["2xx", "4xx", "none"].iter().all(|class| done.keys().any(|place| place[2] == *class)), "{done:?}");
    let failed = expected(&|row| u64::from(!is_wanted(row)));
    assert_eq!(totals(observed, "drumfire_http_req_failed_total", &by), failed);
    assert_eq!(totals(observed, "drumfire_data_sent_bytes_total", &by), expected(&|row| row.bytes_sent));
    assert_eq!(totals(observed, "drumfire_data_received_bytes_total", &by), expected(&|row| row.bytes_received));
    let sent = expected(&|row| u64::from(row.lag_ns.is_some()));
    assert_eq!(totals(observed, "drumfire_schedule_lag_seconds_count", &by), sent);

    let failures = rows.iter().filter(|row| !row.error.is_empty());
    let failures = added(failures.map(|row| ([row.scenario.clone(), row.request.clone(), row.error.clone()], 1)));
    assert_eq!(totals(observed, "drumfire_errors_total", &["scenario", "request", "error"]), failures);
    let dropped = rows.iter().filter(|row| row.error == "dropped").count() as u64;
    assert!(dropped > 0, "a crowd before one connection");
    let all: Vec<String> = Vec::new();
    assert_eq!(totals(observed, "drumfire_dropped_iterations_total", &[]), [(all.clone(), dropped)].into());
    assert_eq!(totals(observed, "drumfire_scheduled_arrivals_total", &[]), [(all, rows.len() as u64)].into());

    // Checks are made where the server answered, or is to blame that it did not.
    let checked = rows.iter().filter(|row| row.request == "list" && !["dropped", "interrupted"].contains(&&*row.error));
    let results = checked.flat_map(|row| {
        [(0, "is small"), (1, "answers")].map(|(bit, check)| {
            let result = if row.failed_checks >> bit & 1 == 1 { "fail" } else { "pass" };
            ([row.scenario.clone(), check.to_owned(), result.to_owned()], 1)
        })
    });
    let results = added(results);
    assert_eq!(totals(observed, "drumfire_checks_total", &["scenario", "check", "result"]), results);
}

fn histograms_are_those_of_the_rows(observed: &Observed) {
    let rows = observed.run.complete_rows();
    let answered: Vec<&Row> = rows.iter().filter(|row| row.error.is_empty()).collect();
    let of = |row: &Row| (row.lag_ns.expect("it was sent"), row.duration_ns.expect("it was sent"));
    let times: [(&str, Vec<u64>); 2] = [
        ("http_req_duration", answered.iter().map(|row| of(row).1).collect()),
        ("response_time", answered.iter().map(|row| of(row).0 + of(row).1).collect()),
    ];
    for (name, times) in times {
        let buckets = totals(observed, &format!("drumfire_{name}_seconds_bucket"), &["le"]);
        assert_eq!(buckets[&vec!["+Inf".to_owned()]], times.len() as u64, "{name}");
        for (bound, count) in &buckets {
            let bound: f64 = bound[0].parse().expect("a bound is a number");
            let within = times.iter().filter(|time| **time as f64 / 1e9 <= bound).count();
            assert_eq!(*count, within as u64, "{name} up to {bound}");
        }
        let sum = format!("sum(last_over_time(drumfire_{name}_seconds_sum[2m]))");
        let (_, sum) = observed.prometheus.at(observed.over + 70.0, &sum)[0];
        let expected = times.iter().sum::<u64>() as f64 / 1e9;
        assert!((sum / expected - 1.0).abs() < 1e-9, "{name}: {sum} and {expected}");
    }
}

/// The thresholds and whether they hold, at an instant.
fn thresholds(observed: &Observed, instant: f64) -> BTreeMap<String, f64> {
    let standing = observed.prometheus.at(instant, "last_over_time(drumfire_threshold_holds[2m])");
    standing
        .iter()
        .map(|(series, holds)| (series["threshold"].as_str().unwrap_or_default().to_owned(), *holds))
        .collect()
}

fn thresholds_are_told_as_they_are_judged(observed: &Observed) {
    let judged_meanwhile =
        [("http_req_failed rate < 1% over 1.00 s", 0.0), ("http_req_duration{request:list} max < 1h", 1.0)];
    let expected: BTreeMap<String, f64> = judged_meanwhile.map(|(name, holds)| (name.to_owned(), holds)).into();
    assert_eq!(thresholds(observed, observed.over - 1.0), expected);
    let at_the_end = thresholds(observed, observed.over + 70.0);
    assert_eq!(at_the_end.len(), 3, "{at_the_end:?}");
    assert!(at_the_end["http_reqs count > 10"] > 0.0);
}

fn names_and_tags_are_told_as_they_were_written(observed: &Observed) {
    let labels = |selector: &str, label| observed.prometheus.label_values(selector, label);
    assert_eq!(labels("drumfire_run_info", "run"), ["eventful"]);
    assert_eq!(labels("drumfire_run_info", "name"), ["eventful"]);
    assert_eq!(labels("drumfire_vus", "team"), [r#"a "b" \ c"#]);
    assert_eq!(labels("drumfire_vus", "tag_status"), ["draft"], "what is called like a label of ours is renamed");
    assert_eq!(labels("drumfire_http_reqs_total{scenario=\"arrivals\"}", "model"), ["open"]);
    assert_eq!(labels("drumfire_checks_total", "kind"), ["read"]);
    assert_eq!(labels("drumfire_probe_value", "metric"), ["memory"]);
}

fn dashboard(name: &str) -> Value {
    serde_json::from_str(&integration(&format!("grafana/dashboards/{name}.json"))).expect("a dashboard is JSON")
}

/// The variables of a dashboard, with what each is made of.
fn variables(dashboard: &Value) -> Vec<&Value> {
    dashboard["templating"]["list"].as_array().expect("a list of variables").iter().collect()
}

/// An expression as Grafana would send it, with everything chosen.
fn substituted(expression: &str) -> String {
    let plain = ["$run", "$scenario", "$request", "$probe", "$metric"];
    let expression = expression.replace("$__rate_interval", "4s");
    let expression = plain.iter().fold(expression, |expression, name| expression.replace(name, ".*"));
    assert!(!expression.contains('$'), "{expression} has a variable that is not known here");
    expression
}

/// Every expression of a dashboard's panels and annotations, with where it stands.
fn expressions(dashboard: &Value) -> Vec<(String, String)> {
    let panels = dashboard["panels"].as_array().expect("a list of panels").iter();
    let of_panels = panels.flat_map(|panel| {
        let targets = panel["targets"].as_array().into_iter().flatten();
        targets.map(move |target| (panel["title"].to_string(), target["expr"].clone()))
    });
    let annotations = dashboard["annotations"]["list"].as_array().expect("a list of annotations").iter();
    let of_annotations = annotations.map(|annotation| (annotation["name"].to_string(), annotation["expr"].clone()));
    let all = of_panels.chain(of_annotations);
    all.map(|(title, expression)| (title, expression.as_str().expect("an expression").to_owned())).collect()
}

fn every_panel_has_something_to_show(observed: &Observed) {
    for name in DASHBOARDS {
        let dashboard = dashboard(name);
        for (title, expression) in expressions(&dashboard) {
            let expression = substituted(&expression);
            let values = observed.prometheus.values_between(observed.began, observed.over, &expression);
            assert!(values > 0, "{name}, {title} shows nothing: {expression}");
        }
        for variable in variables(&dashboard) {
            let Some(query) = variable["query"]["query"].as_str() else { continue };
            let inner = query.strip_prefix("label_values(").and_then(|query| query.strip_suffix(')'));
            let (selector, label) = inner.and_then(|inner| inner.rsplit_once(", ")).expect("values of a label");
            let values = observed.prometheus.label_values(&substituted(selector), label);
            assert!(!values.is_empty(), "{name}: there is nothing to choose from for {query}");
        }
    }
}

#[test]
fn prometheus_and_the_dashboards_tell_of_a_load_what_its_rows_tell() {
    let _alone = alone();
    let observed = observed();
    // What came of this threshold is told at the end only.
    let end = "last_over_time(drumfire_threshold_holds{threshold=~\"http_reqs.*\"}[2m])";
    eventually("the last figures are scraped", || {
        (!observed.prometheus.at(observed.over + 70.0, end).is_empty()).then_some(())
    });
    totals_are_those_of_the_rows(&observed);
    histograms_are_those_of_the_rows(&observed);
    thresholds_are_told_as_they_are_judged(&observed);
    names_and_tags_are_told_as_they_were_written(&observed);
    every_panel_has_something_to_show(&observed);
}

#[test]
fn dashboards_are_what_grafanas_schema_knows() {
    let folder = root().join("integrations/grafana/dashboards");
    let mistakes = recomputed("dashboards.py", &folder);
    assert_eq!(mistakes, json!({ "generator.json": [], "load.json": [] }));
}

/// What the schema does not say.
#[test]
fn dashboards_are_whole() {
    for name in DASHBOARDS {
        let dashboard = dashboard(name);
        let panels = dashboard["panels"].as_array().expect("a list of panels");
        let ids: BTreeSet<u64> = panels.iter().map(|panel| panel["id"].as_u64().expect("an id")).collect();
        assert_eq!(ids.len(), panels.len(), "{name}: every panel has an id of its own");
        let mut taken = BTreeSet::new();
        for panel in panels {
            let side = |side: &str| panel["gridPos"][side].as_u64().expect("a number");
            assert!(side("w") > 0 && side("h") > 0 && side("x") + side("w") <= 24, "{name}: {}", panel["gridPos"]);
            for cell in
                (side("x")..side("x") + side("w")).flat_map(|x| (side("y")..side("y") + side("h")).map(move |y| (x, y)))
            {
                assert!(taken.insert(cell), "{name}: {} lies on another panel", panel["title"]);
            }
        }
        let defined: BTreeSet<&str> =
            variables(&dashboard).iter().map(|one| one["name"].as_str().expect("a name")).collect();
        let text = dashboard.to_string();
        let used = text.match_indices('$').map(|(at, _)| {
            let name = text[at + 1..].trim_start_matches('{');
            &name[..name.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(name.len())]
        });
        let own = ["__rate_interval", "__all"];
        let unknown: Vec<&str> = used.filter(|name| !defined.contains(name) && !own.contains(name)).collect();
        assert!(unknown.is_empty(), "{name}: nobody defines {unknown:?}");
        assert!(
            text.contains("\"${datasource}\"") && !text.contains("\"uid\":\"prometheus"),
            "{name}: any data source will do"
        );
    }
}

/// A load that is scraped while it lasts.
fn calm(url: &str, duration: &str) -> String {
    let load = format!("executor = \"constant-vus\"\nvus = 1\nduration = \"{duration}\"\nflow = \"calm\"");
    Scenario::to(url)
        .request("home", "path = \"/?token=hunter2-query\"\nheaders = { Authorization = \"Bearer hunter2-header\" }")
        .load("visits", &load)
        .flow("calm", "[{ request = \"home\" }, { think = \"20ms\" }]")
        .text()
}

fn calm_load(scratch: &Scratch, server: &Scripted, duration: &str, flags: &[&str]) -> (Running, SocketAddr) {
    let running = scratch.drumfire_run("calm", &calm(&server.url(), duration)).args(flags).start();
    (running, address(&scratch.join("calm")))
}

/// Ends a load that would go on for long: it has been scraped.
#[track_caller]
fn end(running: Running) {
    running.signal(Signal::INT);
    running.finish().assert_code(130);
}

#[test]
fn figures_are_told_on_loopback_only_unless_told_otherwise() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let (running, own) = calm_load(&scratch, &server, LONG, &["--metrics", "0"]);
    assert_eq!(own.ip(), Ipv4Addr::LOCALHOST);
    let another = SocketAddr::new(Ipv4Addr::new(127, 0, 0, 2).into(), own.port());
    assert!(scraped(own).contains("drumfire_run_info{run=\"calm\""));
    assert!(TcpStream::connect(another).is_err(), "nobody listens at another address");
    end(running);
    assert!(TcpStream::connect(own).is_err(), "when the load is over, nobody listens any more");

    let scratch = Scratch::new();
    let (running, any) = calm_load(&scratch, &server, LONG, &["--metrics", "0.0.0.0:0"]);
    scraped(SocketAddr::new(Ipv4Addr::new(127, 0, 0, 2).into(), any.port()));
    end(running);
}

#[test]
fn what_is_told_is_in_order_and_holds_no_secret() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let tag = ["--metrics", ":0", "--tag", "api_token=hunter2-tag"];
    let (running, address) = calm_load(&scratch, &server, LONG, &tag);
    server.wait_for_requests(1);
    let text = scraped(address);
    end(running);
    assert!(!text.contains("hunter2"), "{text}");
    assert!(text.contains("api_token=\"[redacted]\""), "{text}");
    let checked = promtool_checks("metrics", &text);
    let said = String::from_utf8_lossy(&checked.stdout).into_owned() + &String::from_utf8_lossy(&checked.stderr);
    assert!(checked.status.success() && said.is_empty(), "promtool says: {said}\n{text}");
}

#[test]
fn an_address_that_is_taken_is_said_before_any_load() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = taken.local_addr().expect("it is bound").port().to_string();
    let finished = scratch.drumfire_run("calm", &calm(&server.url(), LONG)).args(["--metrics", &port]).finish();
    finished.assert_code(2).assert_says("--metrics").assert_says(&format!("127.0.0.1:{port}"));
    assert_eq!(finished.stderr.trim_end().lines().count(), 1, "one message\n{}", finished.account());
    assert_eq!(server.requests(), 0, "nothing was sent");
    assert!(!scratch.join("calm").exists(), "and nothing written");

    let finished =
        scratch.drumfire_run("calm", &calm(&server.url(), LONG)).args(["--metrics", "shop.example:1"]).finish();
    finished.assert_code(2).assert_says("write a port of this machine, such as `9464`");
}

#[test]
fn who_lingers_waits_for_one_scrape_and_no_longer() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let (running, address) = calm_load(&scratch, &server, "2s", &["--metrics", "0", "--metrics-linger", "10m"]);
    let run = scratch.run("calm");
    eventually("the books are closed", || run.manifest().get("ending").map(drop));
    // The books are closed before the figures are final: only the scrape behind which nobody answers any more was the last.
    let mut text = String::new();
    eventually("nobody is waited for any more", || {
        let answer = get(address, "/metrics").ok();
        if let Some((status, figures)) = &answer {
            assert_eq!(*status, 200, "{figures}");
            text.clone_from(figures);
        }
        answer.is_none().then_some(())
    });
    running.finish().assert_ran();
    let done = text.lines().find_map(|line| line.strip_prefix("drumfire_http_reqs_total{")?.rsplit(' ').next());
    assert_eq!(done, Some(run.rows().len().to_string().as_str()), "{text}");
    assert!(text.contains("drumfire_vus{run=\"calm\"} 0"), "{text}");
    assert_eq!(count(run.rows().iter().map(|row| row.status)).len(), 1);
}
