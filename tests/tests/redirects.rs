//! Redirects and cookies: where a virtual user goes because an answer says so, and what it takes along.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;

use drumfire_tests::request::Request;
use drumfire_tests::run::{count, errors};
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Asked, Reply, Scripted};
use drumfire_tests::visit::visit;

fn moved(status: u16, location: &str) -> Reply {
    Reply::with(status, &[("Location", location)], "over there")
}

/// A request with a body that follows so many redirects.
fn posting(follow: u32) -> impl FnOnce(Scenario) -> Scenario {
    move |scenario| {
        scenario
            .request(
                "visit",
                &format!(
                    "method = \"POST\"\npath = \"/old\"\nheaders = {{ X-Mine = \"1\" }}\njson = {{ a = 1 }}\nfollow_redirects = {follow}\nchecks = {{ \"is fine\" = \"status == 200\" }}"
                ),
            )
    }
}

#[test]
fn each_status_keeps_or_changes_the_method_and_the_body() {
    for (status, method) in [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")] {
        let script = move |asked: &Asked| if asked.nth == 0 { moved(status, "/new?x=1") } else { Reply::ok() };
        let visit = visit(1, script, posting(5));

        assert_eq!(visit.lines(), ["POST /old", &format!("{method} /new?x=1")], "{status}");
        let hop = &visit.requests[1];
        if method == "POST" {
            assert_eq!(hop.json(), visit.requests[0].json(), "{status}");
        } else {
            assert!(hop.body.is_empty() && hop.all("content-type").is_empty(), "{hop:?}");
        }
        assert_eq!(hop.header("x-mine"), "1", "{status}");
        let rows: Vec<_> = visit.rows.iter().map(|row| (row.request.as_str(), row.status)).collect();
        assert_eq!(rows, [("visit::redirect", status), ("visit", 200)]);
        assert!(visit.failed_checks.is_empty(), "the last answer counts: {:?}", visit.failed_checks);
    }
}

#[test]
fn a_request_that_has_become_a_get_stays_one() {
    let script = |asked: &Asked| match asked.line.as_str() {
        "POST /old" => moved(303, "/then"),
        "GET /then" => moved(307, "/new"),
        _ => Reply::ok(),
    };
    let visit = visit(1, script, posting(5));
    assert_eq!(visit.lines(), ["POST /old", "GET /then", "GET /new"]);
    assert!(visit.requests[2].body.is_empty());
}

#[test]
fn a_location_is_read_as_the_standard_says() {
    let cases = [
        ("sibling", "/a/sibling"),
        ("../up", "/up"),
        ("?q=1", "/a/b?q=1"),
        ("/root#part", "/root"),
        ("/sp ace", "/sp%20ace"),
        ("/caf\u{e9}", "/caf%C3%A9"),
        ("SELF/abs", "/abs"),
        ("SELF", "/"),
    ];
    for (location, target) in cases {
        let script = move |asked: &Asked| {
            let host = Request::of(asked).header("host").to_owned();
            let location = location.replace("SELF", &format!("http://{host}"));
            if asked.nth == 0 { moved(302, &location) } else { Reply::ok() }
        };
        let visit = visit(1, script, |scenario| scenario.request("visit", "path = \"/a/b\"\nfollow_redirects = 1"));
        assert_eq!(visit.lines(), ["GET /a/b", &format!("GET {target}")], "{location}");
    }
}

#[test]
fn a_circle_ends_where_it_says() {
    let visit = visit(2, |_| moved(302, "/old"), posting(3));
    let iteration = ["visit::redirect", "visit::redirect", "visit::redirect", "visit"];
    assert_eq!(visit.names(), [iteration, iteration].concat());
    assert_eq!(visit.failures_of("visit", "is fine"), 2);
}

#[test]
fn no_redirect_is_followed_where_nothing_is_said() {
    let visit = visit(1, |_| moved(302, "/new"), posting(0));
    assert_eq!((visit.lines(), visit.names()), (vec!["POST /old".to_owned()], vec!["visit"]));
}

#[test]
fn another_host_is_never_visited() {
    let other = Scripted::server(|_| Reply::ok());
    let url = other.url();
    for location in [format!("{url}/new"), url.replace("http://", "//"), "https://127.0.0.1/".to_owned()] {
        let visit = visit(1, move |_| moved(302, &location), posting(5));
        assert_eq!((visit.lines(), visit.names()), (vec!["POST /old".to_owned()], vec!["visit"]));
    }
    assert_eq!(other.requests(), 0);
}

#[test]
fn a_location_that_means_harm_does_none() {
    let long = format!("/{}", "x".repeat(20_000));
    for location in ["", " ", "http://", "//", "/a\tb", "/%", "/../../..", "javascript:alert(1)", &long] {
        let location = location.to_owned();
        // `visit` reads every request strictly.
        let visit = visit(1, move |asked| if asked.nth == 0 { moved(302, &location) } else { Reply::ok() }, posting(5));
        assert!(visit.requests.len() <= 2, "{:?}", visit.lines());
    }
}

#[test]
fn a_redirect_to_where_nobody_answers_ends_the_request() {
    let script = |asked: &Asked| match asked.line.as_str() {
        "POST /old" => moved(302, "/dead"),
        "GET /after" => Reply::ok(),
        // Only so often that a user who would try again without end comes to one.
        _ if asked.nth < 20 => Reply::of("").then_reset(),
        _ => Reply::ok(),
    };
    let visit = visit(1, script, |scenario| {
        scenario
            .request("old", "method = \"POST\"\npath = \"/old\"\nfollow_redirects = 5")
            .request("after", "path = \"/after\"")
            .flow("visit", r#"[{ request = "old" }, { request = "after" }]"#)
    });
    assert_eq!(visit.lines(), ["POST /old", "GET /dead", "GET /after"]);
    assert_eq!(visit.names(), ["old::redirect", "old", "after"]);
    assert_eq!(errors(&visit.rows), BTreeMap::from([("", 2), ("reset", 1)]));
}

#[test]
fn captures_and_conditions_are_of_the_last_answer() {
    let script = |asked: &Asked| match asked.line.as_str() {
        "GET /old" => moved(302, "/new"),
        "GET /new" => Reply::json(r#"{"id": 7}"#),
        _ => Reply::ok(),
    };
    let visit = visit(1, script, |scenario| {
        scenario
            .request("old", "path = \"/old\"\nfollow_redirects = 5")
            .request("after", "path = \"/after/{{ vars.id }}\"")
            .flow(
                "visit",
                r#"[{ request = "old", capture = { id = "json:/id" } }, { request = "after", if = "status == 200" }]"#,
            )
    });
    assert_eq!(visit.lines(), ["GET /old", "GET /new", "GET /after/7"]);
    assert!(visit.failed_checks.is_empty());
}

/// The cookies that came with each request of three iterations of two requests, of which the first gets one.
fn cookies(keys: &str) -> Vec<String> {
    let (scratch, server) = (
        Scratch::new(),
        Scripted::server(|asked| match asked.line.as_str() {
            "GET /set" => {
                let session = format!("session={}; Path=/; HttpOnly", asked.nth);
                Reply::with(200, &[("Set-Cookie", &session), ("Set-Cookie", "far=1; Path=/far")], "")
            }
            _ => Reply::ok(),
        }),
    );
    let text = Scenario::to(&server.url())
        .request("set", "path = \"/set\"")
        .request("get", "path = \"/get\"")
        .flow("visit", r#"[{ request = "set" }, { request = "get" }]"#)
        .load("visits", &format!("executor = \"per-vu-iterations\"\niterations = 3\nflow = \"visit\"\n{keys}"))
        .text();
    scratch.drumfire_run("run", &text).finish().assert_ran();
    let requests = server.asked();
    requests.iter().map(|asked| Request::of(asked).all("cookie").join(", ")).collect()
}

#[test]
fn cookies_live_as_long_as_it_says() {
    assert_eq!(cookies(""), ["", "session=0", "", "session=2", "", "session=4"]);
    assert_eq!(cookies("cookies = \"iteration\""), cookies(""));
    assert_eq!(cookies("cookies = \"vu\""), ["", "session=0", "session=0", "session=2", "session=2", "session=4"]);
    assert_eq!(cookies("cookies = \"off\""), [""; 6]);
}

#[test]
fn a_cookie_of_a_redirect_goes_along() {
    let script = |asked: &Asked| match asked.line.as_str() {
        "GET /login" => Reply::with(302, &[("Location", "/home"), ("Set-Cookie", "session=1; Path=/")], ""),
        _ => Reply::ok(),
    };
    let visit = visit(2, script, |scenario| scenario.request("visit", "path = \"/login\"\nfollow_redirects = 1"));
    let cookies: Vec<String> = visit.requests.iter().map(|request| request.all("cookie").join(", ")).collect();
    assert_eq!(cookies, ["", "session=1", "", "session=1"]);
}

#[test]
fn virtual_users_do_not_share_their_cookies() {
    let (scratch, server) = (
        Scratch::new(),
        Scripted::server(|asked| {
            let user = asked.line.rsplit('/').next().unwrap_or_default();
            Reply::with(200, &[("Set-Cookie", &format!("user={user}; Path=/"))], "")
        }),
    );
    let text = Scenario::to(&server.url())
        .request("visit", "path = \"/{{ vu }}\"")
        .load("visits", "executor = \"per-vu-iterations\"\nvus = 4\niterations = 5\nflow = \"visit\"\ncookies = \"vu\"")
        .text();
    scratch.drumfire_run("run", &text).finish().assert_ran();
    let requests: Vec<Request> = server.asked().iter().map(Request::of).collect();
    let seen = count(requests.iter().map(|request| (request.target.as_str(), request.all("cookie").join(", "))));
    assert_eq!(seen.len(), 8, "{seen:?}");
    for ((target, cookie), times) in seen {
        let user = target.trim_start_matches('/');
        let wanted = if times == 1 { String::new() } else { format!("user={user}") };
        assert_eq!((cookie, times), (wanted.clone(), if wanted.is_empty() { 1 } else { 4 }), "{target}");
    }
}
