//! Whatever a placeholder is filled with, what comes out is one well-formed request, by a parser that is not ours.
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

use std::collections::BTreeMap;

use engine::plan::choice::{Choices, Purpose};
use engine::plan::template::{Missing, Scene};
use engine::plan::{Captured, Options, Plan, Target, compile};
use engine::scenario::{self, Variables};
use proptest::prelude::*;
use runlog::row::ScenarioId;
use runlog::tags::Tags;
use runlog::units::Nanos;

const SCENARIO: &str = r#"
[target]
base_url = "http://h/v1"
[requests.first]
path = "/"
[requests.filled]
method = "POST"
path = "/a/{{ x }}/{{ x | raw }}?q={{ x }}&r={{ rand.int(1, 9) }}"
query = { s = "{{ x }}" }
headers = { X-Value = "<{{ x }}>", X-Id = "{{ rand.uuid }}", X-Now = "{{ now }}" }
json = { text = "a {{ x }} b", n = "{{ rand.int(-5, 5) }}", list = { "$repeat" = 3, "$item" = { i = "{{ index }}", v = "{{ x }}", f = "{{ rand.float(0, 1, 2) }}" } } }
[requests.form]
method = "PUT"
path = "/form"
form = { "a b" = "{{ x }}", c = "d" }
[requests.text]
method = "POST"
path = "/text"
headers = { Content-Type = "application/json; charset=utf-8" }
body = '{"quoted": "{{ x }}", "n": {{ iteration }}}'
[flows]
all = [{ request = "first", capture = { x = "body" } }, { request = "filled" }, { request = "form" }, { request = "text" }]
[[scenarios]]
executor = "constant-vus"
vus = 1
duration = "1s"
"#;

fn plan() -> Plan {
    let variables = Variables { given: BTreeMap::new(), environment: &|_| None };
    let scenario = scenario::check("t.toml", "t", SCENARIO.to_owned(), &variables, &Tags::new());
    let scenario = scenario.unwrap_or_else(|error| panic!("{error}"));
    let address = ([127, 0, 0, 1], 80).into();
    let target = Target::new(&scenario.target, |_, _| Ok(vec![address])).expect("a target");
    compile(&scenario, &Options::with_seed(1), &Captured::new(), target).expect("a plan")
}

/// The request of this name, with `x` filled in.
fn written(plan: &Plan, name: &str, x: Option<&[u8]>) -> Result<Vec<u8>, Missing> {
    let place = plan.requests.iter().position(|request| request.name == name).expect(name);
    let message = plan.messages.iter().find(|message| usize::from(message.request.0) == place).expect(name);
    let mut choices = Choices::new(1, ScenarioId(0), Purpose::Vu(0));
    let mut scene = Scene {
        choices: &mut choices,
        captured: &[x.map(Into::into)],
        seed: 1,
        scenario: ScenarioId(0),
        number: 7,
        iteration: 3,
        vu: 2,
        unix: Nanos::from_secs(1_800_000_000),
    };
    let mut out = Vec::new();
    message.parts.write(&mut scene, None, None, &mut out).map(|()| out)
}

/// What an independent parser makes of a request: method, path, headers and body. The body is as long as is said.
fn parsed(bytes: &[u8]) -> (String, String, BTreeMap<String, Vec<u8>>, Vec<u8>) {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(end) = request.parse(bytes).expect("a well-formed head") else {
        panic!("the head has no end: {}", String::from_utf8_lossy(bytes));
    };
    let mut found = BTreeMap::new();
    for header in request.headers.iter() {
        let twice = found.insert(header.name.to_ascii_lowercase(), header.value.to_vec());
        assert_eq!(twice, None, "{}", header.name);
    }
    let length = String::from_utf8_lossy(&found["content-length"]).into_owned();
    assert_eq!(length, (bytes.len() - end).to_string(), "the length of the body");
    let text = |text: Option<&str>| text.expect("a request line").to_owned();
    (text(request.method), text(request.path), found, bytes[end..].to_vec())
}

fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped =
            (byte == b'%').then(|| u8::from_str_radix(std::str::from_utf8(&after[..2]).ok()?, 16).ok()).flatten();
        bytes.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    bytes
}

proptest! {
    #[test]
    fn a_filled_request_is_well_formed_and_says_what_it_was_filled_with(x in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b'\r'), Just(b'\n'), Just(b'"'), Just(b'\\'), Just(b'&'), Just(b'%')], 0..24)) {
        let plan = plan();
        let (method, path, headers, body) = parsed(&written(&plan, "filled", Some(&x)).expect("filled"));
        prop_assert_eq!(method, "POST");
        let (before, query) = path.split_once('?').expect("a query");
        let segments: Vec<&str> = before.splitn(5, '/').collect();
        prop_assert_eq!(&segments[..3], &["", "v1", "a"]);
        prop_assert_eq!(decoded(segments[3]), x.clone());
        // What stands raw may bring its own question mark, but nothing that could end the line.
        prop_assert!(query.bytes().all(|byte| byte.is_ascii_graphic()));
        let last = query.rsplit_once("&s=").expect("the query's table");
        prop_assert_eq!(decoded(last.1), x.clone());
        let blanks: Vec<u8> = x.iter().map(|byte| if byte.is_ascii_control() && *byte != b'\t' { b' ' } else { *byte }).collect();
        prop_assert_eq!(&headers["x-value"], &[b"<".as_slice(), &blanks, b">"].concat());
        let json: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        let text = String::from_utf8_lossy(&x).into_owned();
        prop_assert_eq!(&json["text"], &serde_json::json!(format!("a {text} b")));
        prop_assert!(json["n"].as_i64().is_some_and(|n| (-5..=5).contains(&n)));
        let list = json["list"].as_array().expect("a list");
        prop_assert_eq!(list.len(), 3);
        for (place, item) in list.iter().enumerate() {
            prop_assert_eq!(&item["i"], &serde_json::json!(place));
            prop_assert_eq!(item["v"].as_str(), Some(text.as_str()));
            prop_assert!(item["f"].is_f64());
        }
    }

    #[test]
    fn forms_and_bodies_that_are_text_hold_their_values_as_well(x in proptest::collection::vec(any::<u8>(), 0..24)) {
        let plan = plan();
        let (_, _, headers, body) = parsed(&written(&plan, "form", Some(&x)).expect("filled"));
        prop_assert_eq!(&headers["content-type"], b"application/x-www-form-urlencoded");
        let body = String::from_utf8(body).expect("ASCII");
        let value = body.strip_prefix("a%20b=").and_then(|rest| rest.strip_suffix("&c=d")).expect("a form");
        prop_assert_eq!(decoded(value), x.clone());
        let (_, _, _, body) = parsed(&written(&plan, "text", Some(&x)).expect("filled"));
        let json: serde_json::Value = serde_json::from_slice(&body).expect("JSON");
        prop_assert_eq!(json["quoted"].as_str(), Some(&*String::from_utf8_lossy(&x)));
        prop_assert_eq!(&json["n"], &serde_json::json!(3));
    }
}

#[test]
fn without_a_value_there_is_no_request() {
    assert_eq!(written(&plan(), "filled", None), Err(Missing));
}

#[test]
fn the_same_choices_make_the_same_request() {
    let plan = plan();
    assert_eq!(written(&plan, "filled", Some(b"x")), written(&plan, "filled", Some(b"x")));
    assert_eq!(
        plan.messages[0].fixed.as_deref().map(|bytes| bytes.starts_with(b"GET /v1/ HTTP/1.1\r\nHost: h\r\n")),
        Some(true)
    );
}
