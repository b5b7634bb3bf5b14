//! Setup and teardown: done once, before and after the load, and not part of it.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::fs;

use drumfire_tests::program::Finished;
use drumfire_tests::request::Request;
use drumfire_tests::run::{count, errors};
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Asked, Reply, Scripted};
use rustix::process::Signal;

const TOKEN: &str = "t0k-3n-0f-the-setup";
const LOGIN: &str = r#"[setup]
steps = [{ request = "login", capture = { token = "json:/token" } }]"#;

/// A shop with a login, some load and a logout.
fn shop(url: &str) -> Scenario {
    Scenario::to(url)
        .request("login", "method = \"POST\"\npath = \"/login\"\njson = { password = \"${PASSWORD:-none}\" }")
        .request("visit", "path = \"/visit\"\nheaders = { Authorization = \"Bearer {{ vars.token }}\" }")
        .request("logout", "method = \"DELETE\"\npath = \"/session/{{ setup.token }}\"")
        .load(
            "visits",
            "executor = \"per-vu-iterations\"\nvus = 2\niterations = 20\nflow = \"visit\"\nvars = { token = \"{{ setup.token }}\" }",
        )
}

fn at_the_shop(asked: &Asked) -> Reply {
    match asked.line.as_str() {
        "POST /login" => Reply::json(&format!(r#"{{"token": "{TOKEN}"}}"#)),
        _ => Reply::ok(),
    }
}

/// The lines that came, each followed by how often it came in a row.
fn in_turn(server: &Scripted) -> Vec<String> {
    let mut lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    lines.dedup();
    lines
}

/// Asserts that there was one message, and neither load nor a run directory.
#[track_caller]
fn assert_no_run(scratch: &Scratch, server: &Scripted, finished: &Finished) {
    let visits = server.asked().iter().filter(|asked| asked.line == "GET /visit").count();
    assert_eq!(visits, 0, "no load\n{}", finished.account());
    assert!(!scratch.join("run").exists(), "no run directory\n{}", finished.account());
    assert_eq!(finished.stdout, "", "{}", finished.account());
    assert_eq!(finished.stderr.trim_end().lines().count(), 1, "one message\n{}", finished.account());
}

#[test]
fn what_the_setup_captures_is_there_for_the_load_and_the_teardown() {
    let (scratch, server) = (Scratch::new(), Scripted::server(at_the_shop));
    let text = shop(&server.url()).table(LOGIN).table("[teardown]\nsteps = [{ request = \"logout\" }]").text();
    scratch.drumfire_run("run", &text).finish().assert_ran();

    assert_eq!(in_turn(&server), ["POST /login", "GET /visit", &format!("DELETE /session/{TOKEN}")]);
    let requests: Vec<Request> = server.asked().iter().map(Request::of).collect();
    let visits: Vec<&Request> = requests.iter().filter(|request| request.method == "GET").collect();
    assert!(visits.iter().all(|request| request.header("authorization") == format!("Bearer {TOKEN}")));
    let rows = scratch.run("run").complete_rows();
    assert_eq!(count(rows.iter().map(|row| row.request.as_str())), [("visit", visits.len())].into(), "not measured");
}

#[test]
fn the_setup_is_a_flow_like_any_other() {
    let (scratch, server) = (
        Scratch::new(),
        Scripted::server(|asked| match asked.line.as_str() {
            "GET /first" => Reply::with(302, &[("Location", "/second"), ("Set-Cookie", "s=1")], ""),
            "GET /second" => Reply::with(200, &[("X-Token", "abc")], "").then_close(),
            _ => Reply::ok(),
        }),
    );
    let text = Scenario::to(&server.url())
        .request("first", "path = \"/first\"\nfollow_redirects = 2")
        .request("third", "path = \"/third/{{ vars.token }}/{{ vars.n :- none }}\"")
        .request("visit", "path = \"/visit/{{ setup.token }}\"")
        .table(
            r#"[setup]
steps = [{ request = "first", capture = { token = "header:x-token" } }, { think = "1ms..2ms" }, { repeat = 2, steps = [{ request = "third", if = "status == 200" }] }, { if = "vars.token == \"abc\"", steps = [{ request = "third", vars = { n = "yes" } }] }]"#,
        )
        .times(1, "visit")
        .text();
    scratch.drumfire_run("run", &text).finish().assert_ran();
    let requests = server.asked();
    let lines: Vec<&str> = requests.iter().map(|asked| asked.line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "GET /first",
            "GET /second",
            "GET /third/abc/none",
            "GET /third/abc/none",
            "GET /third/abc/yes",
            "GET /visit/abc"
        ]
    );
    assert_eq!(Request::of(&requests[2]).header("cookie"), "s=1");
    assert_eq!(scratch.run("run").complete_rows().len(), 1);
}

#[test]
fn a_setup_that_is_refused_is_no_run() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::with(403, &[], "go away")));
    let finished = scratch.drumfire_run("run", &shop(&server.url()).table(LOGIN).text()).finish();
    finished.assert_code(1).assert_says("login").assert_says("403");
    assert_no_run(&scratch, &server, &finished);
    assert_eq!(server.requests(), 1);
}

#[test]
fn a_setup_without_an_answer_is_no_run() {
    for reply in [Reply::of("").then_close(), Reply::of("").then_reset(), Reply::of("SSH-2.0-x\r\n"), Reply::never()] {
        let (scratch, server) = (Scratch::new(), Scripted::server(move |_| reply.clone()));
        let text = shop(&server.url()).request_timeout("2s").table(LOGIN).text();
        let finished = scratch.drumfire_run("run", &text).finish();
        finished.assert_code(1).assert_says("login").assert_says("no answer");
        assert_no_run(&scratch, &server, &finished);
        assert_eq!(server.requests(), 1, "asked once\n{}", finished.account());
    }
}

#[test]
fn a_step_that_gets_no_answer_in_time_is_not_sent_again() {
    let script = |asked: &Asked| if asked.line == "POST /login" { at_the_shop(asked) } else { Reply::never() };
    let (scratch, server) = (Scratch::new(), Scripted::server(script));
    let text = shop(&server.url())
        .request("order", "method = \"POST\"\npath = \"/order\"\nbody = \"one\"")
        .table("[setup]\nsteps = [{ request = \"login\", capture = { token = \"json:/token\" } }, { request = \"order\" }]")
        .request_timeout("2s")
        .text();
    let finished = scratch.drumfire_run("run", &text).finish();
    finished.assert_code(1).assert_says("order").assert_says("no answer");
    assert_no_run(&scratch, &server, &finished);
    let orders = server.asked().iter().filter(|asked| asked.line == "POST /order").count();
    assert_eq!(orders, 1, "an order that may have been taken is not placed again");
}

#[test]
fn a_setup_that_does_not_find_its_token_is_no_run() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::json(r#"{"error": "no"}"#)));
    let finished = scratch.drumfire_run("run", &shop(&server.url()).table(LOGIN).text()).finish();
    finished.assert_code(1).assert_says("login").assert_says("captures token");
    assert_no_run(&scratch, &server, &finished);
}

#[test]
fn a_setup_at_which_nobody_listens_is_no_run() {
    let (scratch, mut server) = (Scratch::new(), Scripted::server(at_the_shop));
    let text = shop(&server.url()).table(LOGIN).text();
    server.stop();
    let finished = scratch.drumfire_run("run", &text).finish();
    finished.assert_code(1).assert_says("login").assert_says(&server.url());
    assert_no_run(&scratch, &server, &finished);
}

#[test]
fn what_is_wrong_with_the_files_is_told_before_the_setup() {
    let (scratch, server) = (Scratch::new(), Scripted::server(at_the_shop));
    let text = shop(&server.url())
        .table(LOGIN)
        .feeder("products", "file = \"missing.csv\"")
        .request("product", "path = \"/{{ data.products.id }}\"")
        .text();
    scratch.drumfire_run("run", &text).finish().assert_code(2).assert_says("missing.csv");
    assert_eq!(server.requests(), 0, "nobody logs in for a run that will not be");
}

#[test]
fn what_is_wrong_with_the_folder_is_told_before_the_setup() {
    let (scratch, server) = (Scratch::new(), Scripted::server(at_the_shop));
    let text = shop(&server.url()).table(LOGIN).text();
    fs::create_dir(scratch.join("run")).expect("a folder can be made");
    scratch.write("run/mine.txt", "precious");
    scratch.drumfire_run("run", &text).finish().assert_code(2);
    assert_eq!(server.requests(), 0, "nobody logs in for a run that will not be");
}

#[test]
fn a_signal_ends_a_setup_that_hangs() {
    let (scratch, server) = (Scratch::new(), Scripted::server(|_| Reply::never()));
    let running = scratch.drumfire_run("run", &shop(&server.url()).table(LOGIN).text()).start();
    server.wait_for_requests(1);
    running.signal(Signal::INT);
    let finished = running.finish();
    finished.assert_code(130);
    assert_no_run(&scratch, &server, &finished);
    assert_eq!(server.requests(), 1);
}

#[test]
fn the_teardown_is_done_after_a_signal_too() {
    let (scratch, server) = (Scratch::new(), Scripted::server(at_the_shop));
    let text = shop(&server.url()).table(LOGIN).table("[teardown]\nsteps = [{ request = \"logout\" }]").text();
    let running = scratch.drumfire_run("run", &text.replace("= 20", "= 1000000000")).start();
    server.wait_for_requests(20);
    running.signal(Signal::INT);
    running.finish().assert_code(130);

    assert_eq!(scratch.run("run").ended(), "interrupted");
    let rows = scratch.run("run").complete_rows();
    let lines: Vec<String> = server.asked().into_iter().map(|asked| asked.line).collect();
    let logouts = lines.iter().filter(|line| line.starts_with("DELETE")).count();
    assert_eq!(logouts, 1);
    // Nothing is sent behind it, but what was cut off before it may arrive later.
    let behind = lines.iter().rev().take_while(|line| !line.starts_with("DELETE")).count();
    let cut_off = errors(&rows).get("interrupted").copied().unwrap_or_default();
    assert!(behind <= cut_off, "{behind} behind the logout, {cut_off} cut off");
}

#[test]
fn a_teardown_that_fails_leaves_the_run_as_it_is() {
    let script =
        |asked: &Asked| if asked.line.starts_with("DELETE") { Reply::with(500, &[], "") } else { at_the_shop(asked) };
    let (scratch, server) = (Scratch::new(), Scripted::server(script));
    let text = shop(&server.url()).table(LOGIN).table("[teardown]\nsteps = [{ request = \"logout\" }]").text();
    let finished = scratch.drumfire_run("run", &text).finish();
    finished.assert_code(1).assert_says("teardown").assert_says("logout").assert_says("500");
    assert_eq!(scratch.run("run").ended(), "completed");
    scratch.run("run").complete_rows();
    finished.assert_says("response time");
}

#[test]
fn what_the_setup_learns_is_shown_nowhere() {
    let (scratch, server) = (Scratch::new(), Scripted::server(at_the_shop));
    let text = shop(&server.url()).table(LOGIN).table("[teardown]\nsteps = [{ request = \"logout\" }]").text();
    let finished = scratch.drumfire_run("run", &text).env("PASSWORD", "hunter2-of-the-setup").finish();
    finished.assert_ran();

    let mut shown = vec![("the screen".to_owned(), finished.account())];
    for entry in fs::read_dir(scratch.join("run")).expect("there is a run directory") {
        let path = entry.expect("a folder can be read").path();
        shown.push((path.display().to_string(), fs::read_to_string(&path).expect("all of it is text")));
    }
    assert!(shown.len() > 3, "{shown:?}");
    for (place, text) in shown {
        for secret in [TOKEN, "hunter2-of-the-setup"] {
            assert!(!text.contains(secret), "{secret} stands in {place}: {text}");
        }
    }
}
