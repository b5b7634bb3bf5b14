//! Placeholders: what arrives at the server, wherever a value comes from and whatever is in it.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;

use drumfire_tests::alone::alone;
use drumfire_tests::program::Program;
use drumfire_tests::request::Request;
use drumfire_tests::run::{count, errors};
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Reply, Scripted};
use serde_json::{Value, json};

/// What nobody wants in a request line, a header, a form or JSON.
const HOSTILE: [&str; 12] = [
    "plain",
    "a b",
    "\"quoted\" and \\slashed\\",
    "line\r\nHost: evil\r\n\r\nGET /evil HTTP/1.1",
    "a&b=c;d",
    "../../etc/passwd?x#y",
    "caf\u{e9} \u{4f60}\u{597d} \u{1f525}",
    "100% {{ vars.never }} ${NEVER}",
    "'; DROP TABLE users; --",
    "\u{0}\u{1}\u{7f}\t",
    "+%2B%00",
    "null",
];

/// Runs a scenario, and reads what came, strictly.
#[track_caller]
fn sent(server: &Scripted, program: Program) -> Vec<Request> {
    program.finish().assert_ran();
    server.asked().iter().map(Request::of).collect()
}

#[track_caller]
fn sent_by(scenario: impl FnOnce(Scenario) -> Scenario) -> Vec<Request> {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let text = scenario(Scenario::to(&server.url())).text();
    let requests = sent(&server, scratch.drumfire_run("run", &text));
    assert_eq!(scratch.run("run").complete_rows().len(), requests.len(), "a row for each request");
    requests
}

#[test]
fn a_value_comes_from_wherever_it_is_said_to() {
    let scratch = Scratch::new();
    let server = Scripted::server(|asked| match asked.line.as_str() {
        "GET /login" => Reply::json(r#"{"token": "t0k"}"#),
        _ => Reply::ok(),
    });
    scratch.write("words.csv", "id,word\n1,lamp\n");
    let text = Scenario::to(&server.url())
        .key(r#"vars = { tier = "free", limit = 20, flag = true, half = 0.5, given = "of the file" }"#)
        .feeder("words", r#"file = "words.csv""#)
        .table(r#"[setup]
steps = [{ request = "login", capture = { token = "json:/token" } }]"#)
        .request("login", r#"path = "/login""#)
        .request(
            "all",
            r#"path = "/{{ vars.tier }}/{{ limit }}/{{ vars.flag }}/{{ vars.half }}/{{ vars.given }}/{{ env.FROM_OUTSIDE }}/${FROM_OUTSIDE}/{{ env.NOWHERE :- no }}/{{ setup.token }}/{{ data.words.word }}/{{ vars.own }}/{{ vars.step }}/{{ iteration }}""#,
        )
        .flow("visit", r#"[{ request = "all", vars = { step = "of the step" } }]"#)
        .load(
            "visits",
            r#"executor = "per-vu-iterations"
iterations = 3
flow = "visit"
vars = { own = "of the scenario" }"#,
        )
        .text();
    let program =
        scratch.drumfire_run("run", &text).args(["--var", "given=on the line"]).env("FROM_OUTSIDE", "out/side");
    let requests = sent(&server, program);

    assert_eq!(requests[0].target, "/login");
    let segments: Vec<String> = requests[1..].iter().map(|request| request.segments().join("|")).collect();
    // `${…}` was in the file's text before the path was looked at, so its slash divides; that of `{{ … }}` does not.
    let before = "free|20|true|0.5|on the line|out/side|out|side|no|t0k|lamp|of the scenario|of the step|";
    assert_eq!(segments, ["0", "1", "2"].map(|iteration| format!("{before}{iteration}")));
}

#[test]
fn whatever_a_feeder_holds_every_request_is_well_formed() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let lines = HOSTILE.map(|value| format!("{}\n", json!({ "v": value }))).concat();
    scratch.write("hostile.jsonl", &lines);
    let value = "{{ data.hostile.v }}";
    let text = Scenario::to(&server.url())
        .feeder("hostile", "file = \"hostile.jsonl\"\norder = \"sequential\"")
        .request("path", &format!("path = \"/a/{value}/b?q={value}&z=1\""))
        .request("query", &format!("path = \"/q\"\nquery = {{ q = \"{value}\", z = 1 }}"))
        .request("json", &format!("method = \"POST\"\npath = \"/j\"\njson = {{ v = \"{value}\", w = \"<{value}>\" }}"))
        .request("form", &format!("method = \"POST\"\npath = \"/f\"\nform = {{ v = \"{value}\", w = \"1\" }}"))
        .request("body", &format!("method = \"POST\"\npath = \"/b\"\nbody = \"<{value}>\""))
        .flow("all", r#"[{ request = "path" }, { request = "query" }, { request = "json" }, { request = "form" }, { request = "body" }]"#)
        .times(u32::try_from(HOSTILE.len()).expect("they are few"), "all")
        .text();
    let requests = sent(&server, scratch.drumfire_run("run", &text));

    assert_eq!(requests.len(), 5 * HOSTILE.len());
    for (requests, value) in requests.chunks(5).zip(HOSTILE) {
        let [path, query, json, form, body] = requests else { panic!("five requests") };
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(path.segments(), ["a", value, "b"]);
        assert_eq!(path.query(), [pair("q", value), pair("z", "1")]);
        assert_eq!(query.query(), [pair("q", value), pair("z", "1")]);
        assert_eq!(json.json(), json!({ "v": value, "w": format!("<{value}>") }));
        assert_eq!(form.form(), [pair("v", value), pair("w", "1")]);
        assert_eq!(body.text(), format!("<{value}>"));
    }
}

#[test]
fn a_header_never_breaks_out_of_its_line() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let lines = HOSTILE.map(|value| format!("{}\n", json!({ "v": value }))).concat();
    scratch.write("hostile.jsonl", &lines);
    let text = Scenario::to(&server.url())
        .feeder("hostile", "file = \"hostile.jsonl\"\norder = \"sequential\"")
        .request(
            "header",
            r#"path = "/h"
headers = { X-Value = "<{{ data.hostile.v }}>", Cookie = "a={{ data.hostile.v }}" }"#,
        )
        .times(u32::try_from(HOSTILE.len()).expect("they are few"), "header")
        .text();
    let requests = sent(&server, scratch.drumfire_run("run", &text));

    let rows = scratch.run("run").complete_rows();
    assert_eq!(rows.len(), HOSTILE.len());
    assert_eq!(errors(&rows).get("").copied().unwrap_or(0), requests.len(), "what was not sent says so");
    for request in &requests {
        let names: Vec<&str> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names.iter().filter(|name| name.eq_ignore_ascii_case("x-value")).count(), 1, "{names:?}");
        assert_eq!(request.target, "/h");
        let value = request.header("x-value");
        assert!(value.starts_with('<') && value.ends_with('>'), "{value:?}");
    }
    let harmless = HOSTILE.iter().filter(|value| !value.contains(|c: char| c.is_control()));
    for value in harmless {
        let wanted = format!("<{value}>");
        assert!(requests.iter().any(|request| request.header("x-value") == wanted), "{wanted} did not arrive");
    }
}

#[test]
fn what_is_random_is_of_its_kind() {
    let requests = sent_by(|scenario| {
        scenario
            .request(
                "random",
                r#"method = "POST"
path = "/r"
json = { int = "{{ rand.int(1, 3) }}", float = "{{ rand.float(0, 1) }}", price = "{{ rand.float(1, 100, 2) }}", choice = '{{ rand.choice("a", "b") }}', uuid = "{{ rand.uuid }}", text = "{{ rand.string(8) }}", dna = '{{ rand.string(20, "acgt") }}', now = "{{ now }}", s = "{{ now.unix }}", ms = "{{ now.unix_ms }}", vu = "{{ vu }}", iteration = "{{ iteration }}", number = "{{ rand.int(1, 3) | string }}" }"#,
            )
            .times(60, "random")
    });

    let bodies: Vec<Value> = requests.iter().map(Request::json).collect();
    let number = |body: &Value, name: &str| body[name].as_f64().expect("a number");
    let string = |body: &Value, name: &str| body[name].as_str().expect("a string").to_owned();
    for body in &bodies {
        assert!(body["int"].as_u64().is_some_and(|int| (1..=3).contains(&int)), "{body}");
        assert!((0.0..=1.0).contains(&number(body, "float")), "{body}");
        assert!((1.0..=100.0).contains(&number(body, "price")), "{body}");
        let uuid = string(body, "uuid");
        assert_eq!(uuid.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{body}");
        assert_eq!(uuid.as_bytes()[14], b'4', "{body}");
        assert_eq!(string(body, "text").len(), 8, "{body}");
        assert!(string(body, "dna").len() == 20 && string(body, "dna").chars().all(|c| "acgt".contains(c)), "{body}");
        let (seconds, millis) = (number(body, "s"), number(body, "ms"));
        assert!((millis / 1000.0 - seconds).abs() < 2.0 && seconds > 1.7e9, "{body}");
        let now = string(body, "now");
        assert!(now.len() == 24 && now.starts_with("20") && now.ends_with('Z'), "{body}");
        assert!(["1", "2", "3"].contains(&string(body, "number").as_str()), "{body}");
    }
    let seen = |name: &str| count(bodies.iter().map(|body| body[name].to_string()));
    assert_eq!(seen("int").keys().collect::<Vec<_>>(), ["1", "2", "3"], "both ends and what is between");
    assert_eq!(seen("choice").keys().collect::<Vec<_>>(), [r#""a""#, r#""b""#]);
    assert_eq!(seen("uuid").len(), 60, "no UUID comes twice");
    assert_eq!(seen("iteration").len(), 60);
    assert_eq!(seen("vu").len(), 1);
}

#[test]
fn a_hundred_adjustments_are_one_request() {
    let requests = sent_by(|scenario| {
        scenario
            .request(
                "bulk_adjust",
                r#"method = "POST"
path = "/api/bulk/inventory"
json = { adjustments = { "$repeat" = 100, "$item" = { product_id = "prod-{{ rand.int(1, 10000) }}", quantity = "{{ rand.int(-10, 100) }}", reason = '{{ rand.choice("restock", "sale", "damage") }}', line = "{{ index }}" } } }"#,
            )
            .times(2, "bulk_adjust")
    });

    let bodies: Vec<Value> = requests.iter().map(Request::json).collect();
    assert_eq!(bodies.len(), 2);
    assert_ne!(bodies[0], bodies[1], "every request is made anew");
    for body in &bodies {
        let adjustments = body["adjustments"].as_array().expect("an array");
        assert_eq!(adjustments.len(), 100);
        for (line, adjustment) in adjustments.iter().enumerate() {
            assert_eq!(adjustment["line"], json!(line));
            assert!(adjustment["product_id"].as_str().is_some_and(|id| id.starts_with("prod-")), "{adjustment}");
            let quantity = adjustment["quantity"].as_i64().expect("a whole number");
            assert!((-10..=100).contains(&quantity), "{adjustment}");
        }
    }
}

#[test]
fn a_piece_of_text_is_repeated_with_what_separates_it() {
    let requests = sent_by(|scenario| {
        scenario
            .request(
                "lines",
                r#"method = "POST"
path = "/l"
body = '[{{ repeat(3, ", ") }}{{ index }}:{{ rand.int(7, 7) }}{{ end }}]'
headers = { Content-Type = "text/plain" }"#,
            )
            .times(1, "lines")
    });
    assert_eq!(requests[0].text(), "[0:7, 1:7, 2:7]");
}

#[test]
fn a_variable_that_is_nowhere_is_told_before_the_load() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let text = Scenario::to(&server.url())
        .request("never", r#"path = "/{{ env.DRUMFIRE_TESTS_NOWHERE }}""#)
        .times(5, "never")
        .text();
    let finished = scratch.drumfire_run("run", &text).finish();
    finished.assert_code(2).assert_says("run.toml:5:10").assert_says("DRUMFIRE_TESTS_NOWHERE");
    assert_eq!(server.requests(), 0, "nothing is sent");
}

/// The requests of an open load that is random in every way there is, by seed and processors.
fn multiset(seed: &str, cores: &str) -> BTreeMap<String, usize> {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::ok()));
    let rows: Vec<String> = (0..50).map(|id| format!("{id},word{id}\n")).collect();
    scratch.write("words.csv", &format!("id,word\n{}", rows.concat()));
    let text = Scenario::to(&server.url())
        .feeder("any", r#"file = "words.csv""#)
        .feeder("next", "file = \"words.csv\"\norder = \"sequential\"")
        .request(
            "a",
            r#"path = "/a/{{ rand.int(1, 1000000) }}/{{ data.any.word }}/{{ data.next.id }}/{{ rand.uuid }}""#,
        )
        .request(
            "b",
            r#"method = "POST"
path = "/b"
json = { x = "{{ rand.float(0, 1) }}", y = "{{ data.any.id }}", z = "{{ rand.string(5) }}" }"#,
        )
        .flow(
            "first",
            r#"[{ request = "a" }, { think = "1ms..20ms" }, { repeat = "1..3", steps = [{ request = "b" }] }]"#,
        )
        .load(
            "open",
            r#"executor = "constant-arrival-rate"
rate = "200/s"
duration = "500ms"
arrival = "poisson"
mix = { first = 2, b = 1 }"#,
        )
        .text();
    let requests = sent(&server, scratch.drumfire_run("run", &text).args(["--seed", seed, "--cores", cores]));
    assert_eq!(requests.len(), scratch.run("run").complete_rows().len(), "nothing was dropped");
    count(requests.iter().map(|request| format!("{} {} {}", request.method, request.target, request.text())))
}

#[test]
fn a_seed_makes_the_same_requests_on_any_number_of_cores() {
    let _turn = alone();
    let one = multiset("7", "0");
    assert!(one.len() > 50, "{one:?}");
    assert_eq!(one, multiset("7", "0"), "the same again");
    assert_eq!(one, multiset("7", "0,1"), "the same on two cores");
    assert_ne!(one, multiset("8", "0"), "another seed makes others");
}
