//! Flows: what a virtual user does in one iteration, request by request, as the server sees it.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;

use drumfire_tests::run::{count, errors};
use drumfire_tests::scripted::{Asked, Reply};
use drumfire_tests::visit::visit;

#[test]
fn what_is_captured_goes_into_the_requests_that_follow() {
    let script = |asked: &Asked| match asked.line.as_str() {
        "GET /start" => Reply::with(
            200,
            &[("X-Id", "from header"), ("Set-Cookie", "session=from-cookie; Path=/")],
            r#"{"id": "from/json", "count": 12, "deep": [{"x": "first"}, {"x": "second"}], "text": "order=4711;"}"#,
        ),
        _ => Reply::ok(),
    };
    let visit = visit(1, script, |scenario| {
        scenario
            .request("start", "path = \"/start\"")
            .request(
                "next",
                r#"method = "POST"
path = "/{{ vars.json }}/{{ vars.header }}/{{ vars.cookie }}/{{ vars.regex }}/{{ vars.whole }}"
headers = { X-Again = "{{ header }}" }
json = { id = "{{ vars.json }}", count = "{{ vars.count | number }}", text = "{{ vars.count }}", body = "{{ vars.body }}" }"#,
            )
            .flow(
                "visit",
                r#"[{ request = "start", capture = { json = "json:/id", count = "json:/count", header = "header:x-id", cookie = "cookie:session", regex = "regex:order=([0-9]+)", whole = "regex:sec[a-z]+", body = "body" } }, { request = "next" }]"#,
            )
    });
    let next = &visit.requests[1];
    assert_eq!(next.segments(), ["from/json", "from header", "from-cookie", "4711", "second"]);
    assert_eq!(next.header("x-again"), "from header");
    let body = next.json();
    assert_eq!(
        (body["id"].as_str(), body["count"].as_u64(), body["text"].as_str()),
        (Some("from/json"), Some(12), Some("12"))
    );
    assert!(body["body"].as_str().is_some_and(|text| text.starts_with("{\"id\"")), "{body}");
    assert!(visit.failed_checks.is_empty(), "{:?}", visit.failed_checks);
}

#[test]
fn a_capture_that_finds_nothing_is_a_failed_check_and_the_request_that_needs_it_is_not_sent() {
    let script = |asked: &Asked| match asked.nth_on_connection {
        0 => Reply::json(r#"{"other": 1}"#),
        _ => Reply::json(r#"{"id": 5}"#),
    };
    let visit = visit(2, script, |scenario| {
        scenario
            .request("start", "path = \"/start\"")
            .request("next", "path = \"/next/{{ vars.id }}\"")
            .request("last", "path = \"/last\"")
            .flow(
                "visit",
                r#"[{ request = "start", capture = { id = "json:/id" } }, { request = "next" }, { request = "last" }]"#,
            )
    });
    assert_eq!(visit.lines(), ["GET /start", "GET /last", "GET /start", "GET /next/5", "GET /last"]);
    assert_eq!(visit.failures_of("start", "captures id"), 1, "{:?}", visit.failed_checks);
    assert_eq!(errors(&visit.rows), BTreeMap::from([("", 5), ("no_value", 1)]));
    let missing = visit.rows.iter().find(|row| row.error == "no_value").expect("there is one");
    assert_eq!((missing.request.as_str(), missing.lag_ns, missing.bytes_sent), ("next", None, 0));
}

#[test]
fn what_an_iteration_captures_is_gone_in_the_next() {
    let script = |asked: &Asked| match asked.nth_on_connection {
        0 => Reply::json(r#"{"id": 5}"#),
        _ => Reply::json("{}"),
    };
    let visit = visit(2, script, |scenario| {
        scenario
            .request("start", "path = \"/start\"")
            .request("next", "path = \"/next/{{ vars.id :- none }}\"")
            .flow("visit", r#"[{ request = "start", capture = { id = "json:/id" } }, { request = "next" }]"#)
    });
    assert_eq!(visit.lines(), ["GET /start", "GET /next/5", "GET /start", "GET /next/none"]);
}

#[test]
fn conditions_on_the_status_decide_which_way_is_taken() {
    let script = |asked: &Asked| match asked.line.as_str() {
        "GET /first" => Reply::with([201, 404, 503][asked.nth % 3], &[], ""),
        _ => Reply::ok(),
    };
    // Two requests in each iteration: the first ones are the 0th, the 2nd and the 4th.
    let visit = visit(3, script, |scenario| {
        scenario
            .request("first", "path = \"/first\"\nexpect_status = [201, 404, 503]")
            .request("made", "path = \"/made\"")
            .request("gone", "path = \"/gone\"")
            .request("broken", "path = \"/broken\"")
            .flow(
                "visit",
                r#"[{ request = "first" }, { if = "status == 201", steps = [{ request = "made" }], else = [{ request = "gone", if = "status in [4xx]" }, { request = "broken", if = "status >= 500" }] }]"#,
            )
    });
    let lines = visit.lines();
    assert_eq!(lines, ["GET /first", "GET /made", "GET /first", "GET /broken", "GET /first", "GET /gone"]);
}

#[test]
fn conditions_on_values_compare_text_and_numbers() {
    let conditions = [
        ("vars.tier == \\\"free\\\"", true),
        ("vars.tier != \\\"free\\\"", false),
        ("vars.count < 10", true),
        ("vars.count >= 10", false),
        ("vars.tier contains \\\"re\\\"", true),
        ("vars.tier matches \\\"^f.*e$\\\"", true),
        ("not vars.tier exists", false),
        ("vars.never exists", false),
        ("not vars.never exists", true),
        ("vars.id == \\\"5\\\"", true),
        ("status == 200", true),
    ];
    let steps: Vec<String> = conditions
        .iter()
        .enumerate()
        .map(|(place, (condition, _))| {
            format!("{{ request = \"at\", vars = {{ place = {place} }}, if = \"{condition}\" }}")
        })
        .collect();
    let script = |_: &Asked| Reply::json(r#"{"id": 5}"#);
    let visit = visit(1, script, |scenario| {
        scenario
            .key(r#"vars = { tier = "free", count = 9 }"#)
            .request("start", "path = \"/start\"")
            .request("at", "path = \"/at/{{ vars.place }}\"")
            .flow(
                "visit",
                &format!(
                    "[{{ request = \"start\", capture = {{ id = \"json:/id\", never = \"json:/never\" }} }}, {}]",
                    steps.join(", ")
                ),
            )
    });
    let taken = conditions.iter().enumerate().filter(|(_, (_, holds))| *holds);
    let wanted: Vec<String> = taken.map(|(place, _)| format!("GET /at/{place}")).collect();
    assert_eq!(visit.lines()[1..], wanted);
}

#[test]
fn steps_are_repeated_as_often_as_it_says() {
    let visit = visit(
        20,
        |_| Reply::ok(),
        |scenario| {
            scenario
            .request("start", "path = \"/start\"")
            .request("three", "path = \"/three\"")
            .request("some", "path = \"/some\"")
            .flow(
                "visit",
                r#"[{ request = "start" }, { repeat = 3, steps = [{ request = "three" }] }, { repeat = "1..3", steps = [{ request = "some" }, { repeat = 2, steps = [{ request = "three" }] }] }]"#,
            )
        },
    );
    let names = visit.names().join(" ");
    let iterations: Vec<&str> = names.split("start").skip(1).map(str::trim).collect();
    assert_eq!(iterations.len(), 20);
    let seen = count(iterations.iter().map(|iteration| {
        let rest = iteration.strip_prefix("three three three").expect("three times");
        assert_eq!(rest.replace(" some three three", ""), "", "whole repetitions: {iteration}");
        rest.matches("some").count()
    }));
    assert_eq!(seen.keys().copied().collect::<Vec<_>>(), [1, 2, 3], "{seen:?}");
}

#[test]
fn groups_name_their_requests() {
    let visit = visit(
        1,
        |_| Reply::ok(),
        |scenario| {
            scenario.request("home", "path = \"/home\"").request("pay", "path = \"/pay\"").flow(
            "visit",
            r#"[{ request = "home" }, { group = "checkout", steps = [{ request = "home" }, { group = "money", steps = [{ request = "pay" }] }] }, { request = "pay" }]"#,
        )
        },
    );
    assert_eq!(visit.names(), ["home", "checkout::home", "checkout::money::pay", "pay"]);
    assert_eq!(visit.lines(), ["GET /home", "GET /home", "GET /pay", "GET /pay"]);
}

#[test]
fn think_times_lie_between_their_bounds() {
    let visit = visit(
        4,
        |_| Reply::ok(),
        |scenario| {
            scenario.request("a", "path = \"/a\"").request("b", "path = \"/b\"").flow(
            "visit",
            r#"[{ request = "a" }, { think = "40ms..80ms" }, { request = "b" }, { think = "50ms", if = "status == 200" }, { think = "10s", if = "status != 200" }, { think = "exponential(1ms)" }, { think = "lognormal(1ms, 0.5)" }]"#,
        )
        },
    );
    let pauses: Vec<u64> =
        visit.rows.windows(2).map(|pair| pair[1].scheduled_ns - pair[0].ended_ns().expect("it was sent")).collect();
    assert_eq!(pauses.len(), 7);
    // Scheduled, not slept: a busy machine does not change them.
    assert!(pauses.iter().step_by(2).all(|pause| (40_000_000..=81_000_000).contains(pause)), "{pauses:?}");
    assert!(pauses.iter().skip(1).step_by(2).all(|pause| (50_000_000..500_000_000).contains(pause)), "{pauses:?}");
}
