//! Connections: how long they are kept, where they start from and lead to, and how long opening them may take.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::time::Duration;

use drumfire_tests::nginx::{HELLO, Nginx};
use drumfire_tests::program::is_refused;
use drumfire_tests::relay::{Relay, Treatment};
use drumfire_tests::run::{Row, count, errors, statuses};
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Reply, Scripted};

/// How many requests each connection carried.
fn per_connection(rows: &[Row]) -> BTreeSet<usize> {
    count(rows.iter().map(|row| row.connection)).into_values().collect()
}

fn address_of(url: &str) -> SocketAddr {
    url.trim_start_matches("http://").parse().expect("an address")
}

#[test]
fn a_connection_is_closed_after_as_many_requests_as_are_wanted() {
    let nginx = Nginx::serving(HELLO);
    let scratch = Scratch::new();
    let hit = scratch.drumfire_hit("run", &nginx.url()).args(["-c", "2", "--cores", "0", "-n", "70"]);
    hit.args(["--requests-per-connection", "7"]).finish().assert_ran();
    let rows = scratch.run("run").complete_rows();
    assert_eq!(statuses(&rows), BTreeMap::from([(200, 70)]));
    assert!(per_connection(&rows).iter().all(|&requests| requests <= 7), "{:?}", per_connection(&rows));
    let seen = count(nginx.witnessed().iter().map(|line| line.rsplit(' ').next().unwrap_or_default().to_owned()));
    assert!(seen.len() >= 10 && seen.values().all(|&requests| requests <= 7), "{seen:?}");
}

#[test]
fn requests_that_share_a_connection_are_counted_together() {
    let nginx = Nginx::serving(HELLO);
    let scratch = Scratch::new();
    let hit = scratch.drumfire_hit("run", &nginx.url()).args(["-c", "1", "--pipeline", "4", "-n", "60"]);
    hit.args(["--requests-per-connection", "6"]).finish().assert_ran();
    let rows = scratch.run("run").complete_rows();
    assert_eq!(statuses(&rows), BTreeMap::from([(200, 60)]));
    assert!(per_connection(&rows).iter().all(|&requests| requests <= 6), "{:?}", per_connection(&rows));
}

#[test]
fn every_iteration_begins_on_a_new_connection_where_that_is_said() {
    let server = Scripted::server(|_| Reply::ok());
    let scratch = Scratch::new();
    let scenario = Scenario::to(&server.url())
        .request("home", "path = \"/\"")
        .flow("thrice", r#"[{ repeat = 3, steps = [{ request = "home" }] }]"#)
        .load("visits", "executor = \"per-vu-iterations\"\niterations = 5\nvus = 2\nflow = \"thrice\"\nconnections = \"per-iteration\"");
    scratch.drumfire_run("run", &scenario.text()).finish().assert_ran();
    let rows = scratch.run("run").complete_rows();
    assert_eq!((rows.len(), server.connections()), (30, 10));
    assert_eq!(per_connection(&rows), BTreeSet::from([3]));
    assert_eq!(rows.iter().filter(|row| row.connect_ns > 0).count(), 10);
}

#[test]
fn connections_are_closed_and_opened_anew_at_a_rate() {
    let server = Scripted::server(|_| Reply::ok());
    let scratch = Scratch::new();
    let hit =
        scratch.drumfire_hit("run", &server.url()).args(["-c", "4", "-r", "400/s", "-d", "1s", "--churn", "40/s"]);
    hit.finish().assert_ran();
    let rows = scratch.run("run").complete_rows();
    assert_eq!(errors(&rows), BTreeMap::from([("", 400)]), "nothing fails by it");
    let connections = server.connections();
    // Forty and the first four; fewer where the machine stalls and one is due twice at once.
    assert!((10..=50).contains(&connections), "{connections} connections");
}

#[test]
fn connections_that_are_open_before_the_load_cost_no_request_anything() {
    for load in [["-c", "5", "-n", "50"].as_slice(), &["-c", "5", "-r", "200/s", "-n", "50"]] {
        let nginx = Nginx::serving(HELLO);
        let scratch = Scratch::new();
        scratch.drumfire_hit("run", &nginx.url()).args(load).arg("--warm-up").finish().assert_ran();
        let run = scratch.run("run");
        let rows = run.complete_rows();
        assert_eq!(statuses(&rows), BTreeMap::from([(200, 50)]));
        assert!(rows.iter().all(|row| row.connect_ns == 0), "{rows:?}");
        let events = std::fs::read_to_string(run.path().join("events.csv")).expect("events");
        assert!(events.contains("warmed_up,5 connections open"), "{events}");
    }
}

#[test]
fn a_unix_socket_is_a_target_like_another() {
    let scratch = Scratch::new();
    let socket = scratch.join("n.sock");
    let nginx = Nginx::serving_also(&format!("listen unix:{};", socket.display()), HELLO);
    let url = format!("unix:{}:/hello?a=b", socket.display());
    scratch.drumfire_hit("run", &url).args(["-c", "2", "-n", "20"]).finish().assert_ran();
    assert_eq!(statuses(&scratch.run("run").complete_rows()), BTreeMap::from([(200, 20)]));
    assert!(nginx.witnessed().iter().all(|line| line.starts_with("200 GET /hello?a=b ")));
    assert_eq!(scratch.run("run").manifest()["target"], format!("unix:{}", socket.display()));
}

#[test]
fn a_socket_that_is_not_there_is_said_before_the_load() {
    let scratch = Scratch::new();
    let url = format!("unix:{}", scratch.join("nobody.sock").display());
    scratch.drumfire_hit("run", &url).finish().assert_code(2).assert_says("nobody.sock");
}

#[test]
fn connections_start_from_the_addresses_that_are_named_in_turns() {
    let nginx = Nginx::serving(
        "location / { if ($remote_addr = 127.0.0.2) { return 202; } if ($remote_addr = 127.0.0.3) { return 203; } return 403; }",
    );
    let scratch = Scratch::new();
    let hit = scratch.drumfire_hit("run", &nginx.url()).args(["-c", "4", "-n", "80", "--requests-per-connection", "1"]);
    hit.args(["--source", "127.0.0.2", "--source", "127.0.0.3"]).finish().assert_ran();
    let statuses = statuses(&scratch.run("run").complete_rows());
    assert_eq!(statuses.keys().copied().collect::<Vec<_>>(), [202, 203], "{statuses:?}");
    assert!(statuses.values().all(|&requests| requests >= 38), "{statuses:?}");
}

#[test]
fn an_address_that_is_not_this_machines_is_said_before_the_load() {
    let nginx = Nginx::serving(HELLO);
    let scratch = Scratch::new();
    let hit = scratch.drumfire_hit("run", &nginx.url()).args(["--source", "192.0.2.1"]);
    hit.finish().assert_code(2).assert_says("192.0.2.1 is no address of this machine");
}

#[test]
fn a_name_is_looked_up_for_every_connection_where_that_is_wanted() {
    let nginx = Nginx::serving(HELLO);
    let scratch = Scratch::new();
    let url = nginx.url().replace("127.0.0.1", "localhost");
    let hit = scratch.drumfire_hit("run", &url).args(["-c", "2", "-n", "20", "--requests-per-connection", "2"]);
    let finished = hit.args(["--dns", "per-connection", "--ip", "v4"]).finish();
    finished.assert_ran().assert_says("10 look-ups of the name");
    let rows = scratch.run("run").complete_rows();
    assert_eq!(statuses(&rows), BTreeMap::from([(200, 20)]));
}

#[test]
fn a_family_that_the_host_has_no_address_of_is_said_before_the_load() {
    let scratch = Scratch::new();
    let hit = scratch.drumfire_hit("run", "http://127.0.0.1:9/").args(["--ip", "v6"]);
    hit.finish().assert_code(2).assert_says("no IPv6 address");
    let hit = scratch.drumfire_hit("run", "http://nobody.invalid/");
    hit.finish().assert_code(2).assert_says("nobody.invalid");
}

#[test]
fn a_proxy_is_asked_for_a_tunnel_for_every_connection() {
    let nginx = Nginx::serving(HELLO);
    let relay = Relay::to(address_of(&nginx.url()), |_| Treatment::Tunnel);
    let scratch = Scratch::new();
    let scenario = Scenario::to("http://shop.example:8080")
        .table(&format!("proxy = \"http://{}\"\nproxy_authorization = \"Basic c2VjcmV0\"", relay.address()))
        .request("home", "path = \"/\"")
        .load(
            "visits",
            "executor = \"per-vu-iterations\"\niterations = 6\nflow = \"home\"\nrequests_per_connection = 2",
        );
    scratch.drumfire_run("run", &scenario.text()).finish().assert_ran();
    let run = scratch.run("run");
    assert_eq!(statuses(&run.complete_rows()), BTreeMap::from([(200, 6)]));
    // One more looks whether somebody is there.
    let heads = relay.heads();
    assert_eq!(heads.len(), 4);
    let asked =
        "CONNECT shop.example:8080 HTTP/1.1\r\nHost: shop.example:8080\r\nProxy-Authorization: Basic c2VjcmV0\r\n\r\n";
    assert!(heads.iter().all(|head| head == asked), "{heads:?}");
    assert!(!run.manifest().to_string().contains("c2VjcmV0"), "a secret is kept out");
}

#[test]
fn a_proxy_that_refuses_is_said_before_the_load_or_in_the_rows() {
    let nginx = Nginx::serving(HELLO);
    let scratch = Scratch::new();
    let refusing = Relay::to(address_of(&nginx.url()), |_| Treatment::Refuse(407));
    let proxy = format!("http://{}", refusing.address());
    let hit = scratch.drumfire_hit("none", "http://shop.example/").args(["--proxy", &proxy]);
    hit.finish().assert_code(2).assert_says("proxy_authorization");

    let later =
        Relay::to(address_of(&nginx.url()), |nth| if nth == 0 { Treatment::Tunnel } else { Treatment::Refuse(502) });
    let proxy = format!("http://{}", later.address());
    let hit = scratch.drumfire_hit("run", "http://shop.example/").args(["--proxy", &proxy, "-c", "1", "-n", "3"]);
    hit.finish();
    assert_eq!(errors(&scratch.run("run").complete_rows()), BTreeMap::from([("proxy_refused", 3)]));
}

#[test]
fn a_first_byte_that_comes_too_late_has_a_word_of_its_own_and_its_connection_is_not_used_again() {
    let server = Scripted::server(|asked| match asked.nth {
        0 => Reply::ok().after(Duration::from_secs(30)),
        _ => Reply::ok(),
    });
    let scratch = Scratch::new();
    let hit = scratch.drumfire_hit("run", &server.url()).args(["-c", "1", "-n", "3", "--first-byte-timeout", "2s"]);
    hit.finish().assert_ran();
    let rows = scratch.run("run").complete_rows();
    assert_eq!(errors(&rows), BTreeMap::from([("", 2), ("first_byte_timeout", 1)]));
    assert_eq!(statuses(&rows).get(&200), Some(&2));
    assert_eq!(server.connections(), 2);
    let late: Vec<_> = rows.iter().filter(|row| row.error == "first_byte_timeout").map(|row| row.connection).collect();
    assert!(rows.iter().filter(|row| row.status == 200).all(|row| !late.contains(&row.connection)));
}

#[test]
fn a_body_is_sent_when_the_server_asks_for_it_or_has_taken_its_time() {
    // The server reads the whole request before it answers: the body comes after a second of waiting for `100 Continue`.
    let server = Scripted::server(|_| Reply::ok());
    let scratch = Scratch::new();
    let hit = scratch.drumfire_hit("run", &server.url()).args(["-c", "1", "-n", "1", "-b", "hello"]);
    hit.args(["-H", "Expect: 100-continue"]).finish().assert_ran();
    let rows = scratch.run("run").complete_rows();
    assert_eq!(statuses(&rows), BTreeMap::from([(200, 1)]));
    assert!(rows[0].duration_ns.is_some_and(|took| took >= 1_000_000_000), "{rows:?}");

    // nginx asks for it at once.
    let nginx = Nginx::serving(
        "location / { proxy_pass http://127.0.0.1:1; error_page 502 =200 /ok; } location = /ok { return 200; }",
    );
    let hit = scratch.drumfire_hit("asked", &nginx.url()).args(["-c", "1", "-n", "5", "-b", "hello"]);
    hit.args(["-H", "Expect: 100-continue"]).finish().assert_ran();
    let rows = scratch.run("asked").complete_rows();
    assert_eq!(statuses(&rows), BTreeMap::from([(200, 5)]));
    // A machine that stalls can make some of them take as long.
    assert!(rows.iter().any(|row| row.duration_ns.is_some_and(|took| took < 1_000_000_000)), "{rows:?}");
}

#[test]
fn a_limit_that_stands_in_the_way_is_named_with_the_command_that_lifts_it() {
    let nginx = Nginx::serving(HELLO);
    let scratch = Scratch::new();
    let hit = scratch.drumfire_hit("run", &nginx.url()).args(["-c", "1000000", "-d", "1s"]);
    hit.finish().assert_code(2).assert_says("ulimit -n");
}

#[test]
fn the_driver_is_named_and_so_is_why_it_is_not_the_best() {
    let nginx = Nginx::serving(HELLO);
    let scratch = Scratch::new();
    let finished = scratch.drumfire_hit("run", &nginx.url()).args(["-c", "1", "-n", "1"]).finish();
    finished.assert_ran();
    let driver = scratch.run("run").manifest()["engine"]["driver"].to_string();
    if is_refused("io_uring") {
        assert!(driver.contains("epoll"), "{driver}");
        finished.assert_says("io_uring is refused");
    } else {
        assert!(driver.contains("uring") || finished.stderr.contains("warning: driven by"), "{driver}");
    }
}
