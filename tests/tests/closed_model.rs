//! The closed model: a virtual user waits for its answer before it goes on.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::{BTreeMap, BTreeSet};

use drumfire_tests::alone::alone;
use drumfire_tests::nginx::{HELLO, Nginx};
use drumfire_tests::run::{Row, statuses};
use drumfire_tests::scratch::Scratch;

fn scenario(url: &str, flow: &str, load: &str) -> String {
    format!(
        r#"
name = "closed"
[target]
base_url = "{url}"
[requests.hello]
method = "GET"
path = "/hello"
[flows]
visit = {flow}
[[scenarios]]
name = "users"
flow = "visit"
{load}
"#
    )
}

/// Each virtual user's rows, in the order of their times.
fn by_user(rows: Vec<Row>) -> BTreeMap<(usize, u64), Vec<Row>> {
    let mut users: BTreeMap<_, Vec<Row>> = BTreeMap::new();
    for row in rows {
        users.entry(row.vu.expect("a virtual user made it")).or_default().push(row);
    }
    for rows in users.values_mut() {
        rows.sort_by_key(|row| row.scheduled_ns);
    }
    users
}

/// The shortest time from the end of a user's request to when the same user was ready for the next one.
fn shortest_pause(users: &BTreeMap<(usize, u64), Vec<Row>>) -> i128 {
    users
        .values()
        .flat_map(|rows| rows.windows(2))
        .map(|pair| i128::from(pair[1].scheduled_ns) - i128::from(pair[0].ended_ns().expect("it was sent")))
        .min()
        .expect("somebody made more than one request")
}

#[test]
fn so_many_requests_are_exactly_so_many() {
    let _turn = alone();
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    scratch.drumfire_hit("exact", &nginx.url()).args(["-n", "500", "-c", "8"]).finish().assert_ran();
    let rows = scratch.run("exact").complete_rows();

    assert_eq!(statuses(&rows), BTreeMap::from([(200, 500)]));
    assert_eq!(nginx.witnessed().len(), 500, "the server saw no more");
    let connections: BTreeSet<_> = rows.iter().map(|row| row.connection).collect();
    assert!(connections.len() <= 8, "{connections:?}");
}

#[test]
fn for_so_long_ends_in_order() {
    let _turn = alone();
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    scratch.drumfire_hit("timed", &nginx.url()).args(["-d", "2s", "-c", "8"]).finish().assert_ran();
    let run = scratch.run("timed");

    let rows = run.complete_rows();
    assert_eq!(run.ended(), "completed");
    assert_eq!(statuses(&rows).get(&200), Some(&nginx.witnessed().len()), "the server saw what was answered");
}

#[test]
fn a_virtual_user_does_one_thing_at_a_time() {
    let _turn = alone();
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let load = r#"
executor = "per-vu-iterations"
vus = 3
iterations = 200
"#;
    let scenario = scenario(&nginx.url(), r#"[{ request = "hello" }]"#, load);
    scratch.drumfire_run("users", &scenario).finish().assert_ran();
    let users = by_user(scratch.run("users").complete_rows());

    assert_eq!(users.len(), 3);
    assert!(shortest_pause(&users) >= 0, "a request began before the one before had ended");
}

#[test]
fn a_ramp_of_users_reaches_its_target() {
    let _turn = alone();
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let load = r#"
executor = "ramping-vus"
stages = [{ duration = "400ms", target = 4 }, { duration = "2s", target = 4 }]
"#;
    let scenario = scenario(&nginx.url(), r#"[{ request = "hello" }, { think = "10ms" }]"#, load);
    scratch.drumfire_run("ramp", &scenario).finish().assert_ran();
    let users = by_user(scratch.run("ramp").complete_rows());

    assert_eq!(users.len(), 4);
    // A machine that stalls lets them come later, and several at once; nothing lets one come before it is wanted.
    for ((_, number), rows) in &users {
        let (began, wanted) = (rows[0].scheduled_ns, (number + 1) * 100_000_000);
        assert!(began + 1_000 >= wanted, "user {number} began at {began} ns, and is not wanted before {wanted} ns");
    }
}

#[test]
fn thinking_is_neither_load_nor_lag() {
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let load = r#"
executor = "per-vu-iterations"
iterations = 5
"#;
    let scenario = scenario(&nginx.url(), r#"[{ request = "hello" }, { think = "200ms" }]"#, load);
    scratch.drumfire_run("thinker", &scenario).finish().assert_ran();
    let rows = scratch.run("thinker").complete_rows();

    assert_eq!(rows.len(), 5);
    let pause = shortest_pause(&by_user(rows));
    assert!(pause >= 200_000_000, "ready again after {pause} ns");
}
