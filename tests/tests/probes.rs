//! Probes: what is sampled from the system under test beside the load, and what comes of it.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::BTreeSet;
use std::fs;
use std::net::SocketAddr;
use std::thread;
use std::time::Duration;

use drumfire_tests::certificates::{Authority, Certificate};
use drumfire_tests::nginx::{Nginx, free_address};
use drumfire_tests::patience::eventually;
use drumfire_tests::postgres::{Database, PASSWORD};
use drumfire_tests::program::{Finished, drumfire, summary_of};
use drumfire_tests::run::Run;
use drumfire_tests::sampled::{books, samples, values};
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Reply, Scripted};
use drumfire_tests::shop::Shop;
use serde_json::Value;

/// A visitor who mostly thinks, for longer than any probe takes.
fn calm(url: &str) -> Scenario {
    home(url)
        .flow("calm", "[{ request = \"home\" }, { think = \"20ms\" }]")
        .load("visits", "executor = \"constant-vus\"\nvus = 1\nduration = \"10m\"\nflow = \"calm\"")
}

fn home(url: &str) -> Scenario {
    Scenario::to(url).request("home", "path = \"/\"\nexpect_status = [\"2xx\", \"4xx\"]")
}

/// Runs a load until there is enough to be found in its run directory, and ends it then by hand.
#[track_caller]
fn ended_with(scratch: &Scratch, name: &str, scenario: &Scenario, is_enough: impl Fn(&Run) -> bool) -> Run {
    let (run, program) = (scratch.run(name), scratch.drumfire_run(name, &scenario.text()));
    let running = thread::spawn(move || program.finish());
    eventually("enough is found in the run directory", || (is_enough(&run) || running.is_finished()).then_some(()));
    // Of a load that has ended before, its own account says more.
    drumfire().arg("ctl").arg(run.path()).arg("stop").finish();
    running.join().expect("it ends").assert_code(130);
    run
}

/// Runs a load of one request, and answers it when there is enough to be found in the run directory: the load comes to its
/// own end, and thresholds are judged as ever.
fn completed_with(
    scratch: &Scratch,
    name: &str,
    scenario: impl FnOnce(Scenario) -> Scenario,
    is_enough: impl Fn(&Run) -> bool + Send + Sync + 'static,
) -> Finished {
    let run = scratch.run(name);
    let target = Scripted::server(move |_| {
        eventually("enough is found in the run directory", || is_enough(&run).then_some(()));
        Reply::ok()
    });
    let patient = home(&target.url()).times(1, "home").request_timeout("10m");
    scratch.drumfire_run(name, &scenario(patient).text()).finish()
}

/// How often a metric was sampled so far, whole lines or not.
fn sampled(run: &Run, probe: &str, metric: &str) -> usize {
    let text = fs::read_to_string(run.path().join("probes.csv")).unwrap_or_default();
    text.matches(&format!(",{probe},{metric},")).count()
}

fn has_sampled_any(run: &Run, probe: &str) -> bool {
    fs::read_to_string(run.path().join("probes.csv")).is_ok_and(|text| text.contains(&format!(",{probe},")))
}

/// Whether this has happened to a probe so far.
fn has_happened(run: &Run, kind: &str, probe: &str) -> bool {
    let text = fs::read_to_string(run.path().join("events.csv")).unwrap_or_default();
    // What is told in more than a few words stands in quotes.
    ["", "\""].iter().any(|quote| text.contains(&format!(",{kind},{quote}{probe}: ")))
}

/// A probe that looks ten times a second.
fn probe(name: &str, kind: &str, keys: &str) -> String {
    format!("[[probes]]\nname = \"{name}\"\nkind = \"{kind}\"\ninterval = \"100ms\"\n{keys}")
}

fn threshold(metric: &str, condition: &str, keys: &str) -> String {
    format!("[[thresholds]]\nmetric = \"{metric}\"\ncondition = \"{condition}\"\n{keys}")
}

fn events(run: &Run) -> String {
    fs::read_to_string(run.path().join("events.csv")).expect("a run has events.csv")
}

#[test]
fn the_shops_own_figures_are_sampled_as_json_and_as_prometheus_has_them() {
    let (scratch, shop) = (Scratch::new(), Shop::open());
    let scenario = calm(shop.url())
        .table(&probe(
            "app",
            "json",
            "url = \"{{ target }}/api/metrics\"\nmetrics = { memory_usage_mb = \"/process/memory_usage_mb\" }",
        ))
        .table(&probe(
            "prom",
            "prometheus",
            "url = \"{{ target }}/metrics\"\ntags = { from = \"shop\" }\n\
             metrics = { memory_bytes = \"process_resident_memory_bytes\" }",
        ))
        .table(&threshold("app.memory_usage_mb", "max < 100000", ""));
    let run = ended_with(&scratch, "shop", &scenario, |run| {
        sampled(run, "app", "memory_usage_mb") > 2 && sampled(run, "prom", "memory_bytes") > 2
    });
    let samples = samples(&run);
    assert!(samples.len() > 4, "{}", samples.len());
    assert!(samples.is_sorted_by_key(|sample| sample.time_ns), "rows are in the order of their times");
    assert!(values(&samples, "app", "memory_usage_mb").iter().all(|megabytes| *megabytes > 1.0));
    assert!(values(&samples, "prom", "memory_bytes").iter().all(|bytes| *bytes > 1e6));
    assert!(samples.iter().all(|sample| (sample.tags == "from=shop") == (sample.probe == "prom")));
    let summary = summary_of(run.path());
    assert_eq!(summary["thresholds"][0]["threshold"], "app.memory_usage_mb max < 100000");
    assert_eq!(summary["thresholds"][0]["passed"], true);
}

/// The answer to the `nth` look: a counter that grows by 10, and a histogram of which each look adds ten to the same bucket.
fn exposed(nth: usize) -> String {
    let counted = nth * 10;
    format!(
        "# TYPE work_total counter\nwork_total{{kind=\"a,b=c\"}} {counted}\nwork_total{{kind=\"}}\"}} {counted}\n\
         # TYPE took_seconds histogram\ntook_seconds_bucket{{le=\"0.1\"}} 0\ntook_seconds_bucket{{le=\"0.2\"}} {counted}\n\
         took_seconds_bucket{{le=\"+Inf\"}} {counted}\nqueue 7\n"
    )
}

#[test]
fn counters_become_rates_and_histograms_quantiles() {
    let scratch = Scratch::new();
    let exporter = Scripted::server(|asked| Reply::with(200, &[], exposed(asked.nth)));
    let keys = format!(
        "url = \"{}/metrics\"\nheaders = {{ X-Token = \"hunter2\" }}\n\
         metrics.rate = 'work_total{{kind=~\"a.*\"}}'\nmetrics.by_kind = {{ name = \"work_total\", by = [\"kind\"] }}\n\
         metrics.median_seconds = {{ name = \"took_seconds\", quantile = 0.5 }}\nmetrics.queue = \"queue\"\n\
         metrics.none = \"no_such\"",
        exporter.url()
    );
    let scenario = |calm: Scenario| {
        calm.table(&probe("work", "prometheus", &keys))
            .table(&threshold("work.median_seconds", "max < 200ms", ""))
            .table(&threshold("work.rate", "min > 0", "window = \"2s\""))
    };
    let is_enough = |run: &Run| sampled(run, "work", "rate") > 2 && sampled(run, "work", "median_seconds") > 2;
    completed_with(&scratch, "rates", scenario, is_enough).assert_ran();
    let run = scratch.run("rates");
    let samples = samples(&run);
    let looks = exporter.requests();
    assert_eq!(values(&samples, "work", "queue").last(), Some(&7.0));
    let medians = values(&samples, "work", "median_seconds");
    assert!(!medians.is_empty() && medians.len() < looks, "one fewer than looks: {} of {looks}", medians.len());
    assert!(medians.iter().all(|median| (median - 0.15).abs() < 1e-9), "{medians:?}");
    let kinds: BTreeSet<&str> =
        samples.iter().filter(|sample| sample.metric == "by_kind").map(|sample| sample.tags.as_str()).collect();
    assert_eq!(kinds.len(), 2, "{kinds:?}");
    // Ten a look: however late a look is, the time that it is divided by is that between the two.
    let rates = values(&samples, "work", "rate");
    assert!(rates.iter().all(|rate| *rate > 0.0 && *rate < 1e6), "{rates:?}");
    assert_eq!(books(&run, "work")["never_seen"], serde_json::json!(["none"]));
    let asked = exporter.asked();
    assert!(String::from_utf8_lossy(&asked[0].bytes).to_lowercase().contains("x-token: hunter2"));
    assert!(asked.iter().all(|asked| asked.connection == 0), "the connection is kept");
    let manifest = fs::read_to_string(run.path().join("run.json")).expect("a run has run.json");
    assert!(!manifest.contains("hunter2"), "secrets stay out of run.json");
}

#[test]
fn a_threshold_on_a_probe_that_does_not_hold_fails_the_run() {
    let scratch = Scratch::new();
    let scenario = |calm: Scenario| {
        let depth = probe("load", "command", "command = [\"echo\", \"{\\\"depth\\\": 12}\"]");
        calm.table(&depth).table(&threshold("load.depth", "max <= 10", ""))
    };
    completed_with(&scratch, "deep", scenario, |run| sampled(run, "load", "depth") > 0)
        .assert_code(99)
        .assert_says("✗ load.depth max <= 10 (was 12)");
    let thresholds = &summary_of_failed(scratch.run("deep").path())["thresholds"];
    assert_eq!(thresholds[0]["passed"], false);
}

/// The summary of a run whose threshold failed.
fn summary_of_failed(run: &std::path::Path) -> Value {
    drumfire_tests::program::analyze().arg("summary").arg(run).arg("--json").finish().assert_code(99).json()
}

#[test]
fn a_run_is_ended_by_a_threshold_on_a_probe() {
    let (scratch, shop) = (Scratch::new(), Shop::open());
    let depth = probe("load", "command", "command = [\"echo\", \"12\"]");
    let scenario =
        calm(shop.url()).table(&depth).table(&threshold("load.value", "value <= 10", "abort_on_fail = true"));
    scratch.drumfire_run("ended", &scenario.text()).finish().assert_code(99);
    assert_eq!(scratch.run("ended").ended(), "aborted");
    assert!(events(&scratch.run("ended")).contains("load.value value <= 10 does not hold: it was 12"));
}

#[test]
fn a_probe_that_fails_stops_nothing_and_is_told_of() {
    let scratch = Scratch::new();
    // It fails twice, and is well from then on.
    let server = Scripted::server(|asked| match asked.nth {
        0 => Reply::with(503, &[], "no"),
        1 => Reply::json("{\"x\": \"no number\"}"),
        _ => Reply::json("{\"x\": 1}"),
    });
    let silent = Scripted::server(|_| Reply::never());
    let huge = Scripted::server(|_| Reply::json(&" ".repeat(5 << 20)));
    let of = |server: &Scripted| format!("url = \"{}\"\nmetrics = {{ x = \"/x\" }}", server.url());
    let patient = |keys: &str| format!("{keys}\ntimeout = \"30s\"");
    let command = "command = [\"sh\", \"-c\", \"echo no queue >&2; exit 3\"]";
    let scenario = |calm: Scenario| {
        calm.table(&probe("shaky", "json", &patient(&of(&server))))
            .table(&probe("silent", "json", &format!("{}\ntimeout = \"50ms\"", of(&silent))))
            .table(&probe("huge", "json", &patient(&of(&huge))))
            .table(&probe("broken", "command", &patient(command)))
            .table(&threshold("silent.x", "max < 1", ""))
    };
    let is_enough = |run: &Run| {
        has_happened(run, "probe_recovered", "shaky")
            && ["silent", "huge", "broken"].iter().all(|probe| has_happened(run, "probe_failed", probe))
    };
    completed_with(&scratch, "failing", scenario, is_enough)
        .assert_code(99)
        .assert_says("silent.x max < 1 (was no sample)")
        .assert_says("warning: probe `shaky` fails");
    let run = scratch.run("failing");
    assert_eq!(books(&run, "shaky")["failures"], 2);
    assert!(books(&run, "shaky")["looks"].as_u64().is_some_and(|looks| looks > 0));
    assert_eq!(books(&run, "silent")["last_error"], "no answer within 50.0 ms");
    assert_eq!(books(&run, "huge")["last_error"], "the answer is longer than 4 MiB");
    assert_eq!(books(&run, "broken")["last_error"], "it ended with exit status: 3: no queue");
    let events = events(&run);
    assert_eq!(events.matches("probe_failed,shaky: the status is 503").count(), 1, "{events}");
    assert_eq!(events.matches("probe_recovered,shaky: after 2 failures").count(), 1, "{events}");
    assert_eq!(events.matches("probe_failed,silent").count(), 1, "once, though it never got well: {events}");
    assert!(!run.rows().is_empty());
}

#[test]
fn a_slow_probe_delays_no_other() {
    let (scratch, shop) = (Scratch::new(), Shop::open());
    let slow = Scripted::server(|_| Reply::json("{\"x\": 1}").after(Duration::from_mins(10)));
    let quick = Scripted::server(|_| Reply::json("{\"x\": 1}"));
    let of = |server: &Scripted| format!("url = \"{}\"\nmetrics = {{ x = \"/x\" }}\ntimeout = \"1h\"", server.url());
    let scenario =
        calm(shop.url()).table(&probe("slow", "json", &of(&slow))).table(&probe("quick", "json", &of(&quick)));
    let run = ended_with(&scratch, "slow", &scenario, |run| slow.requests() > 0 && sampled(run, "quick", "x") > 5);
    assert_eq!(
        (slow.requests(), &books(&run, "slow")["failures"]),
        (1, &0.into()),
        "given up at the end, which is no failure"
    );
    assert!(books(&run, "quick")["looks"].as_u64().is_some_and(|looks| looks > 1), "{}", books(&run, "quick"));
}

/// A page of figures that is only to be had over TLS, at this address, from an authority that nobody else trusts.
fn secured(address: SocketAddr, own: &Certificate) -> Nginx {
    let lines = format!(
        "listen {address} ssl;\n ssl_certificate {};\n ssl_certificate_key {};",
        own.certificate.display(),
        own.key.display()
    );
    let figures = r#"location /figures { return 200 '{"depth": 12}'; }
        location /metrics { return 200 "depth 12\n"; }
        location / { return 204; }"#;
    Nginx::serving_also(&lines, figures)
}

/// The same figures as JSON and as Prometheus has them, from the target itself.
fn looked_at_over_tls(address: SocketAddr, tls: &str) -> Scenario {
    let url = format!("https://{address}");
    let mut scenario = calm(&url);
    if !tls.is_empty() {
        scenario = scenario.table(&format!("[target.tls]\n{tls}"));
    }
    scenario
        .table(&probe("json", "json", "url = \"{{ target }}/figures\"\nmetrics = { depth = \"/depth\" }"))
        .table(&probe("prom", "prometheus", &format!("url = \"{url}/metrics\"\nmetrics = {{ depth = \"depth\" }}")))
}

fn have_both_seen(run: &Run) -> bool {
    ["json", "prom"].iter().all(|probe| sampled(run, probe, "depth") > 0)
}

#[test]
fn probes_trust_over_tls_whom_the_load_trusts() {
    let (authority, address) = (Authority::new(), free_address().expect("a free port"));
    let _nginx = secured(address, &authority.certify(&["127.0.0.1"]));
    let scratch = Scratch::new();
    let ca_cert = format!("ca_cert = \"{}\"", authority.file().display());
    let run = ended_with(&scratch, "trusted", &looked_at_over_tls(address, &ca_cert), have_both_seen);
    for probe in ["json", "prom"] {
        assert_eq!(books(&run, probe)["failures"], 0, "{}", books(&run, probe));
        let depths = values(&samples(&run), probe, "depth");
        assert!(!depths.is_empty() && depths.iter().all(|depth| (depth - 12.0).abs() < f64::EPSILON), "{depths:?}");
    }
}

#[test]
fn probes_look_at_no_certificate_where_the_load_does_not() {
    let (authority, address) = (Authority::new(), free_address().expect("a free port"));
    let _nginx = secured(address, &authority.certify_expired(&["shop.example"]));
    let scratch = Scratch::new();
    let scenario = looked_at_over_tls(address, "insecure = true");
    let samples = samples(&ended_with(&scratch, "insecure", &scenario, have_both_seen));
    assert!(["json", "prom"].iter().all(|probe| !values(&samples, probe, "depth").is_empty()));
}

#[test]
fn a_probe_says_what_is_wrong_with_a_certificate() {
    let (authority, address) = (Authority::new(), free_address().expect("a free port"));
    let _nginx = secured(address, &authority.certify_expired(&["127.0.0.1"]));
    let (scratch, shop) = (Scratch::new(), Shop::open());
    // Of another host than the load's, so that the system's authorities are asked.
    let keys = format!("url = \"https://{address}/figures\"\nmetrics = {{ depth = \"/depth\" }}");
    let scenario = calm(shop.url()).table(&probe("elsewhere", "json", &keys));
    let run = ended_with(&scratch, "refused", &scenario, |run| has_happened(run, "probe_failed", "elsewhere"));
    let books = books(&run, "elsewhere");
    assert_eq!(books["samples"], 0, "{books}");
    let error = books["last_error"].as_str().expect("it fails");
    assert!(error.contains("certificate"), "{error}");
}

#[test]
fn this_machine_is_sampled() {
    let (scratch, shop) = (Scratch::new(), Shop::open());
    let scenario = calm(shop.url()).table(&probe("here", "host", ""));
    let run = ended_with(&scratch, "host", &scenario, |run| {
        ["cpu_percent", "memory_used_percent"].iter().all(|metric| sampled(run, "here", metric) > 2)
    });
    let samples = samples(&run);
    let busy = values(&samples, "here", "cpu_percent");
    assert!(!busy.is_empty() && busy.iter().all(|busy| (0.0..=100.0).contains(busy)), "{busy:?}");
    let used = values(&samples, "here", "memory_used_percent");
    assert!(!used.is_empty() && used.iter().all(|used| *used > 0.0 && *used < 100.0), "{used:?}");
}

#[test]
fn a_database_answers_to_sql_and_to_presets() {
    let (scratch, database) = (Scratch::new(), Database::create());
    database.ask("CREATE TABLE orders (status text, total numeric); INSERT INTO orders VALUES ('open', 1.5), ('paid', 2), ('paid', 3)");
    // Proving a password takes a debug build some time.
    let patient = "timeout = \"30s\"";
    let url = format!("url = \"{}\"\n{patient}\n", database.socket_url());
    let own = "sql = \"SELECT status, count(*) AS orders, sum(total) AS total, NULL::int AS nothing FROM orders GROUP BY status\"";
    let scenario = |calm: Scenario| {
        let own = calm
            .table(&probe("orders", "postgres", &format!("url = \"{}\"\n{patient}\n{own}", database.url())))
            .table(&probe("writes", "postgres", &format!("{url}sql = \"DELETE FROM orders RETURNING 1 AS n\"")))
            .table(&probe("up", "postgres", &format!("{url}sql = \"SELECT true AS up\"")))
            .table(&threshold("orders.total", "max == 5", "filter = { status = \"paid\" }"));
        ["activity", "database", "statements", "locks", "pool"].iter().fold(own, |scenario, preset| {
            scenario.table(&probe(preset, "postgres", &format!("{url}preset = \"{preset}\"")))
        })
    };
    let sampled_last = [("orders", "total"), ("up", "up"), ("activity", "connections"), ("pool", "connections")];
    let is_enough = move |run: &Run| {
        let has_sampled = |(probe, metric): &(&str, &str)| sampled(run, probe, metric) > 2;
        sampled_last.iter().all(has_sampled)
            && ["database", "locks"].iter().all(|preset| has_sampled_any(run, preset))
            && sampled(run, "statements", "mean_ms") > 0
            && has_happened(run, "probe_failed", "writes")
    };
    completed_with(&scratch, "database", scenario, is_enough).assert_ran();
    let run = scratch.run("database");
    let samples = samples(&run);
    let paid = samples.iter().find(|sample| sample.metric == "orders" && sample.tags == "status=paid");
    assert_eq!(paid.map(|sample| sample.value), Some(2.0));
    assert!(values(&samples, "orders", "nothing").is_empty(), "NULL is no sample");
    assert_eq!(values(&samples, "up", "up").first(), Some(&1.0));
    assert!(books(&run, "writes")["last_error"].as_str().is_some_and(|error| error.contains("read-only transaction")));
    assert_eq!(database.ask("SELECT count(*) FROM orders"), "3");

    for preset in ["activity", "database", "locks", "pool"] {
        assert_eq!(books(&run, preset)["failures"], 0, "{}", books(&run, preset));
    }
    assert_eq!(books(&run, "activity")["never_seen"], Value::Null);
    assert!(values(&samples, "activity", "connections").iter().all(|connections| *connections >= 1.0));
    assert!(values(&samples, "pool", "connections").iter().any(|connections| *connections >= 1.0));
    assert_eq!(books(&run, "locks")["never_seen"], Value::Null);
    // The probe on orders is what ran the most; its text is a tag.
    let statement = samples.iter().find(|sample| sample.probe == "statements" && sample.metric == "mean_ms");
    let statement = statement.expect("a statement that was run");
    assert!(statement.value > 0.0 && statement.tags.contains("query_id="), "{}", statement.tags);
    let manifest = fs::read_to_string(run.path().join("run.json")).expect("a run has run.json");
    assert!(!manifest.contains(PASSWORD), "secrets stay out of run.json");
}

#[test]
fn check_tells_of_probes_and_runs_none() {
    let scratch = Scratch::new();
    let scenario = calm("http://127.0.0.1:1")
        .table(&probe("app", "json", "url = \"{{ target }}/m?token=hunter2\"\nmetrics = { x = \"/x\" }"))
        .table(&probe("db", "postgres", "url = \"postgres://me:hunter2@127.0.0.1:1/shop\"\npreset = \"locks\""))
        .table(&probe("left", "command", "command = [\"touch\", \"was here\"]"))
        .table(&threshold("app.x", "max < 1", ""));
    let file = scratch.write("s.toml", &scenario.text());
    let checked = drumfire().arg("check").arg(file).finish();
    checked.assert_code(0);
    for part in [
        "app  json\n    fetches     http://127.0.0.1:1/m?token=[redacted]\n",
        "db  postgres\n    connects to postgres://me@127.0.0.1:1/shop\n",
        "left  command\n    runs        touch 'was here'\n",
        "\n  app.x max < 1\n",
    ] {
        assert!(checked.stdout.contains(part), "{part} in {}", checked.stdout);
    }
    assert!(!checked.stdout.contains("hunter2"), "{}", checked.stdout);
}
