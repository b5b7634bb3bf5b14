//! Replay: what a trace says, when it says it.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::BTreeSet;

use drumfire_tests::alone::alone;
use drumfire_tests::request::Request;
use drumfire_tests::run::{Row, count};
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Asked, Reply, Scripted};

const MS: u64 = 1_000_000;

/// What came of a trace.
struct Replayed {
    requests: Vec<Request>,
    rows: Vec<Row>,
}

impl Replayed {
    /// Names, with the milliseconds at which they were to be sent.
    fn schedule(&self) -> Vec<(u64, &str)> {
        self.rows.iter().map(|row| (row.scheduled_ns / MS, row.request.as_str())).collect()
    }

    /// The lines that came, in the order of the alphabet: what was sent at once may come in any order.
    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<String> =
            self.requests.iter().map(|request| format!("{} {}", request.method, request.target)).collect();
        lines.sort();
        lines
    }
}

/// Replays a trace of this name with further keys, in a file with further requests.
#[track_caller]
fn replayed(
    name: &str,
    trace: &str,
    keys: &str,
    script: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
    more: impl FnOnce(Scenario) -> Scenario,
) -> Replayed {
    let (scratch, server) = (Scratch::new(), Scripted::server(script));
    scratch.write(name, trace);
    scratch.write("products.csv", "id\n7\n8\n");
    let scenario = more(Scenario::to(&server.url()));
    let text = scenario.load("again", &format!("executor = \"replay\"\ntrace = \"{name}\"\n{keys}")).text();
    scratch.drumfire_run("run", &text).finish().assert_ran();
    let mut rows = scratch.run("run").complete_rows();
    rows.sort_by_key(|row| row.scheduled_ns);
    Replayed { requests: server.asked().iter().map(Request::of).collect(), rows }
}

const LOG: &str = r#"10.0.0.1 - - [01/Feb/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 512 "-" "curl/8"
10.0.0.2 - ada [01/Feb/2026:13:00:01 +0100] "GET /api/products/17?x=1&y=%20 HTTP/1.1" 200 512 "http://a/" "Mozilla \"x\""
10.0.0.2 - - [01/Feb/2026:12:00:01 +0000] "POST /api/orders HTTP/1.1" 201 10
10.0.0.3 - - [01/Feb/2026:12:00:01 +0000] "GET /api/products/18 HTTP/2.0" 404 3 "-" "-"
10.0.0.9 - - [01/Feb/2026:12:00:01 +0000] "\x16\x03\x01" 400 157 "-" "-"
this is no line of a log
10.0.0.3 - - [01/Feb/2026:12:00:01 +0000] "GET /sp ace HTTP/1.1" 400 3 "-" "-"
"#;

#[test]
fn an_access_log_is_sent_again_at_its_times() {
    // The log knows seconds only: the three of the second one are spread over it.
    let cases =
        [("", [0, 1000, 1333, 1666]), ("speed = 2", [0, 500, 666, 833]), ("speed = 0.8", [0, 1250, 1666, 2083])];
    for (speed, times) in cases {
        let replayed = replayed("access.log", LOG, speed, |_| Reply::ok(), |scenario| scenario);
        let names = ["GET /", "GET /api/products/{}", "POST /api/orders", "GET /api/products/{}"];
        assert_eq!(replayed.schedule(), times.into_iter().zip(names).collect::<Vec<_>>(), "{speed}");
        assert_eq!(
            replayed.lines(),
            ["GET /", "GET /api/products/17?x=1&y=%20", "GET /api/products/18", "POST /api/orders"]
        );
    }
}

#[test]
fn a_table_is_sent_again_with_its_methods_bodies_and_names() {
    let _turn = alone();
    let trace = "time,method,path,body,request\n\
                 1.2,POST,/api/orders/5?a=b,\"{\"\"quantity\"\": 2}\",\n\
                 1.0,,/first,,start\n\
                 1.1,DELETE,/api/orders/5,,\n\
                 1.3,PUT,caf\u{e9} au lait,x,named\n";
    let replayed = replayed("trace.csv", trace, "", |_| Reply::ok(), |scenario| scenario);
    assert_eq!(
        replayed.schedule(),
        [(0, "start"), (100, "DELETE /api/orders/{}"), (200, "POST /api/orders/{}"), (300, "named")]
    );
    assert_eq!(
        replayed.lines(),
        ["DELETE /api/orders/5", "GET /first", "POST /api/orders/5?a=b", "PUT /caf%C3%A9%20au%20lait"]
    );
    let body =
        |method: &str| replayed.requests.iter().find(|request| request.method == method).expect("it came").text();
    assert_eq!((body("POST").as_str(), body("PUT").as_str()), ("{\"quantity\": 2}", "x"));
}

#[test]
fn times_may_be_dates_and_nanoseconds() {
    let dates = "time,path\n2026-02-01T12:00:00.250Z,/b\n2026-02-01T12:00:00Z,/a\n";
    let nanoseconds = "time_ns,path\n250000000,/b\n0,/a\n";
    for trace in [dates, nanoseconds] {
        let replayed = replayed("trace.csv", trace, "speed = 5", |_| Reply::ok(), |scenario| scenario);
        assert_eq!(replayed.schedule(), [(0, "GET /a"), (50, "GET /b")]);
    }
}

#[test]
fn a_name_of_a_request_is_that_request() {
    let trace = "time,request\n0,order\n0.1,order\n0.2,gone\n";
    let script = |asked: &Asked| match asked.line.as_str() {
        "GET /gone" => Reply::with(302, &[("Location", "/there")], ""),
        _ => Reply::ok(),
    };
    let replayed = replayed("trace.csv", trace, "vars = { tier = \"pro\" }", script, |scenario| {
        scenario
            .feeder("products", "file = \"products.csv\"\norder = \"sequential\"")
            .request(
                "order",
                "method = \"POST\"\npath = \"/orders\"\njson = { tier = \"{{ vars.tier }}\", id = \"{{ data.products.id }}\" }\nchecks = { \"is made\" = \"status == 201\" }",
            )
            .request("gone", "path = \"/gone\"\nfollow_redirects = 2")
    });
    assert_eq!(replayed.lines(), ["GET /gone", "GET /there", "POST /orders", "POST /orders"]);
    let posts = replayed.requests.iter().filter(|request| request.method == "POST");
    // Cores do not wait for each other: they may come in any order.
    let bodies: BTreeSet<String> = posts.map(Request::text).collect();
    assert_eq!(bodies, [r#"{"tier":"pro","id":"7"}"#, r#"{"tier":"pro","id":"8"}"#].map(str::to_owned).into());
    let names: Vec<&str> = replayed.rows.iter().map(|row| row.request.as_str()).collect();
    assert_eq!(names, ["order", "order", "gone::redirect", "gone"]);
    assert_eq!(replayed.rows.iter().filter(|row| row.failed_checks == 1).count(), 2, "checks are made");
}

#[test]
fn many_requests_of_one_instant_are_all_sent() {
    let lines: Vec<String> = (0..300).map(|number| format!("0,/{number}\n")).collect();
    let trace = format!("time,path\n{}", lines.concat());
    let replayed = replayed("trace.csv", &trace, "max_connections = 8", |_| Reply::ok(), |scenario| scenario);
    assert_eq!(replayed.rows.len(), 300);
    assert!(replayed.rows.iter().all(|row| row.scheduled_ns == 0 && row.request == "GET /{}" && row.status == 200));
    assert_eq!(count(replayed.lines()).len(), 300);
}

#[test]
fn an_earlier_run_is_made_again_at_the_same_times() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let requests = |scenario: Scenario| {
        scenario.request("a", "path = \"/a\"").request("b", "method = \"POST\"\npath = \"/b/17\"\nbody = \"x\"")
    };
    let first = requests(Scenario::to(&server.url()))
        .load(
            "steady",
            "executor = \"constant-arrival-rate\"\narrival = \"poisson\"\nrate = \"100/s\"\nduration = \"400ms\"\nmix = { a = 1, b = 2 }",
        )
        .text();
    scratch.drumfire_run("first", &first).finish().assert_ran();
    let again = requests(Scenario::to(&server.url())).load("again", "executor = \"replay\"\ntrace = \"first\"").text();
    scratch.drumfire_run("again", &again).args(["--cores", "0,1"]).finish().assert_ran();
    let bare =
        Scenario::to(&server.url()).load("again", "executor = \"replay\"\ntrace = \"first\"\nspeed = 2.0").text();
    scratch.drumfire_run("bare", &bare).finish().assert_ran();

    let schedule = |name: &str, factor: u64| {
        let rows = scratch.run(name).complete_rows();
        let begin = rows.iter().map(|row| row.scheduled_ns).min().expect("there are rows");
        count(rows.into_iter().map(|row| ((row.scheduled_ns - begin) * factor / 1000, row.request)))
    };
    let first = schedule("first", 1);
    assert!(first.len() > 15, "{first:?}");
    assert_eq!(first, schedule("again", 1));
    // Half a nanosecond may be lost.
    let near = |map: std::collections::BTreeMap<(u64, String), usize>| -> Vec<(u64, String)> {
        map.into_keys().map(|(at, name)| ((at + 500) / 1000, name)).collect()
    };
    assert_eq!(near(first), near(schedule("bare", 2)));
    let lines = count(server.asked().into_iter().map(|asked| asked.line));
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines.values().all(|times| times % 3 == 0), "the same three times: {lines:?}");
}

#[test]
fn a_run_with_groups_and_redirects_is_made_again_request_by_request() {
    let script = |asked: &Asked| match asked.line.as_str() {
        "GET /old" => Reply::with(302, &[("Location", "/new")], ""),
        _ => Reply::ok(),
    };
    let (scratch, server) = (Scratch::new(), Scripted::server(script));
    let requests = |scenario: Scenario| {
        scenario
            .request("pay", "method = \"POST\"\npath = \"/pay\"\nbody = \"money\"")
            .request("old", "path = \"/old\"\nfollow_redirects = 3")
    };
    let first = requests(Scenario::to(&server.url()))
        .flow(
            "visit",
            r#"[{ request = "pay" }, { group = "checkout", steps = [{ request = "pay" }, { request = "old" }] }]"#,
        )
        .times(3, "visit")
        .text();
    scratch.drumfire_run("first", &first).finish().assert_ran();
    let before = count(server.asked().into_iter().map(|asked| asked.line));
    let again = requests(Scenario::to(&server.url())).load("again", "executor = \"replay\"\ntrace = \"first\"").text();
    scratch.drumfire_run("again", &again).finish().assert_ran();
    let after = count(server.asked().into_iter().map(|asked| asked.line));
    let doubled = before.iter().map(|(line, times)| (line.clone(), times * 2)).collect();
    assert_eq!(after, doubled, "the same requests once more");
}

#[test]
fn a_trace_that_cannot_be_used_is_refused() {
    for (name, trace, says) in [
        ("trace.csv", "path\n/a\n", "time"),
        ("trace.csv", "time\n1\n", "path"),
        ("trace.csv", "time,path\n1,/a\nsoon,/b\n", "line 3"),
        ("trace.csv", "time,path,method\n1,/a,GET\n2,/b,GE T\n", "line 3"),
        ("trace.csv", "time,path\n", "no request"),
        ("access.log", "nothing\n", "no request"),
        ("access.log", "", "is empty"),
    ] {
        let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
        scratch.write(name, trace);
        let text =
            Scenario::to(&server.url()).load("again", &format!("executor = \"replay\"\ntrace = \"{name}\"")).text();
        let finished = scratch.drumfire_run("run", &text).finish();
        finished.assert_code(2).assert_says("run.toml:7:9").assert_says(name).assert_says(says);
        assert_eq!(server.requests(), 0);
    }
    let scratch = Scratch::new();
    let text = Scenario::to("http://127.0.0.1:9").load("again", "executor = \"replay\"\ntrace = \"gone\"").text();
    scratch.drumfire_run("run", &text).finish().assert_code(2).assert_says("run.toml:7:9").assert_says("gone");
}
