//! TLS, by nginx: what is trusted, what is refused before the load, and what the rows say of handshakes.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use drumfire_tests::certificates::{Authority, Certificate};
use drumfire_tests::nginx::{HELLO, Nginx, free_address};
use drumfire_tests::patience::eventually;
use drumfire_tests::relay::{Relay, Treatment};
use drumfire_tests::run::{count, errors, statuses};
use drumfire_tests::scenario::Scenario;
use drumfire_tests::scratch::Scratch;
use rustix::process::Signal;

/// An nginx that also listens at this address, secured by this certificate.
fn secured(address: SocketAddr, own: &Certificate, also: &str) -> Nginx {
    let (certificate, key) = (own.certificate.display(), own.key.display());
    let lines = format!(
        "listen {address} ssl;\n ssl_certificate {certificate};\n ssl_certificate_key {key};\n ssl_session_cache shared:s:1m;\n {also}"
    );
    Nginx::serving_also(&lines, HELLO)
}

fn address() -> SocketAddr {
    free_address().expect("a free port")
}

#[test]
fn both_versions_are_spoken_and_only_the_first_request_of_a_connection_has_a_handshake() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let (authority, address) = (Authority::new(), address());
        let own = authority.certify(&["localhost", "127.0.0.1"]);
        let _nginx = secured(address, &own, &format!("ssl_protocols {version};"));
        let scratch = Scratch::new();
        let hit = scratch.drumfire_hit("run", &format!("https://{address}/"));
        hit.arg("--ca-cert").arg(authority.file()).args(["-c", "3", "-n", "60"]).finish().assert_ran();
        let rows = scratch.run("run").complete_rows();
        assert_eq!(statuses(&rows), BTreeMap::from([(200, 60)]), "{version}");
        let shaken: Vec<_> = rows.iter().filter(|row| row.tls_ns > 0).collect();
        assert_eq!(shaken.len(), count(rows.iter().map(|row| row.connection)).len(), "{version}");
        assert!(shaken.iter().all(|row| row.connect_ns > 0), "{version}");
    }
}

#[test]
fn a_certificate_that_is_not_trusted_stops_the_run_before_the_load() {
    let authority = Authority::new();
    let good = authority.certify(&["127.0.0.1"]);
    let other = authority.certify(&["shop.example"]);
    let expired = authority.certify_expired(&["127.0.0.1"]);
    for (own, knows, wanted) in
        [(&good, false, "--ca-cert"), (&other, true, "another name"), (&expired, true, "expired")]
    {
        let address = address();
        let nginx = secured(address, own, "");
        let scratch = Scratch::new();
        let mut hit = scratch.drumfire_hit("run", &format!("https://{address}/")).args(["-n", "1"]);
        if knows {
            hit = hit.arg("--ca-cert").arg(authority.file());
        }
        hit.finish().assert_code(2).assert_says(wanted);
        assert_eq!(nginx.witnessed().len(), 0, "nothing was sent");
        assert!(!scratch.join("run").exists(), "no run directory was made");
    }
}

#[test]
fn any_certificate_will_do_where_it_is_said_and_that_is_warned_of() {
    let (authority, address) = (Authority::new(), address());
    let _nginx = secured(address, &authority.certify_expired(&["shop.example"]), "");
    let scratch = Scratch::new();
    let hit = scratch.drumfire_hit("run", &format!("https://{address}/")).args(["--insecure", "-n", "4"]);
    let finished = hit.finish();
    finished.assert_ran();
    assert!(finished.stderr.contains("warning: no certificate is looked at"), "{}", finished.stderr);
    assert_eq!(statuses(&scratch.run("run").complete_rows()), BTreeMap::from([(200, 4)]));
}

#[test]
fn the_name_that_is_asked_for_is_the_one_that_the_certificate_must_have() {
    let (authority, address) = (Authority::new(), address());
    let _nginx = secured(address, &authority.certify(&["shop.example"]), "");
    let scratch = Scratch::new();
    let named = scratch.drumfire_hit("named", &format!("https://{address}/")).arg("--ca-cert").arg(authority.file());
    named.args(["--server-name", "shop.example", "-n", "2"]).finish().assert_ran();
    let port = address.port();
    let resolved = scratch.drumfire_hit("resolved", "https://shop.example/").arg("--ca-cert").arg(authority.file());
    resolved.args(["--resolve", &format!("shop.example:443=127.0.0.1:{port}"), "-n", "2"]).finish().assert_ran();
    assert_eq!(statuses(&scratch.run("resolved").complete_rows()), BTreeMap::from([(200, 2)]));
}

#[test]
fn a_client_certificate_is_shown_to_a_server_that_wants_one() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let (authority, address) = (Authority::new(), address());
        let wants = format!(
            "ssl_protocols {version}; ssl_verify_client on; ssl_client_certificate {};",
            authority.file().display()
        );
        let _nginx = secured(address, &authority.certify(&["127.0.0.1"]), &wants);
        let client = authority.certify(&["client"]);
        let scratch = Scratch::new();
        let hit = |name| {
            scratch
                .drumfire_hit(name, &format!("https://{address}/"))
                .arg("--ca-cert")
                .arg(authority.file())
                .args(["-n", "3"])
        };
        let with = hit("with").arg("--client-cert").arg(&client.certificate).arg("--client-key").arg(&client.key);
        with.finish().assert_ran();
        assert_eq!(statuses(&scratch.run("with").complete_rows()), BTreeMap::from([(200, 3)]), "{version}");
        hit("without").finish();
        assert_eq!(statuses(&scratch.run("without").complete_rows()), BTreeMap::from([(400, 3)]), "{version}");
    }
}

#[test]
fn a_version_that_is_too_low_is_refused() {
    let (authority, address) = (Authority::new(), address());
    let _nginx = secured(address, &authority.certify(&["127.0.0.1"]), "ssl_protocols TLSv1.2;");
    let scratch = Scratch::new();
    let hit = scratch.drumfire_hit("run", &format!("https://{address}/")).arg("--ca-cert").arg(authority.file());
    hit.args(["--tls-min", "1.3", "-n", "1"]).finish().assert_code(2).assert_says("--tls-min");
}

#[test]
fn plain_http_at_the_port_is_named_as_what_it_is() {
    let nginx = Nginx::serving(HELLO);
    let scratch = Scratch::new();
    let url = nginx.url().replace("http://", "https://");
    scratch.drumfire_hit("run", &url).args(["-n", "1"]).finish().assert_code(2).assert_says("plain http");
}

#[test]
fn a_file_that_is_no_certificate_is_named() {
    let nginx = Nginx::serving(HELLO);
    let scratch = Scratch::new();
    let file = scratch.write("ca.pem", "not a certificate");
    let url = nginx.url().replace("http://", "https://");
    scratch.drumfire_hit("run", &url).arg("--ca-cert").arg(file).finish().assert_code(2).assert_says("ca.pem");
}

/// One virtual user, whose every request is on a new connection; the first that the relay sees only looks whether
/// somebody is there.
fn rows_through(treatment: Treatment, tls_timeout: &str) -> Vec<drumfire_tests::run::Row> {
    let (authority, address) = (Authority::new(), address());
    let _nginx = secured(address, &authority.certify(&["127.0.0.1"]), "");
    let relay = Relay::to(address, move |connection| if connection == 0 { Treatment::Forward } else { treatment });
    let scratch = Scratch::new();
    let scenario = Scenario::to(&format!("https://{}", relay.address()))
        .table(&format!("tls_timeout = \"{tls_timeout}\"\n[target.tls]\nca_cert = \"{}\"", authority.file().display()))
        .request("home", "path = \"/\"")
        .times(3, "home");
    // A run in which nothing was answered has failed.
    scratch.drumfire_run("run", &scenario.text()).finish().assert_code(1);
    scratch.run("run").complete_rows()
}

#[test]
fn a_handshake_that_takes_too_long_is_a_tls_timeout() {
    let rows = rows_through(Treatment::Silence, "100ms");
    assert_eq!(errors(&rows), BTreeMap::from([("tls_timeout", 3)]));
    let least = Duration::from_millis(100).as_nanos() as u64;
    assert!(rows.iter().all(|row| row.tls_ns >= least && row.lag_ns.is_none()), "{rows:?}");
}

#[test]
fn a_handshake_that_is_broken_off_or_answered_with_garbage_has_failed() {
    for treatment in [Treatment::Close, Treatment::Garbage] {
        assert_eq!(errors(&rows_through(treatment, "30s")), BTreeMap::from([("tls_failed", 3)]), "{treatment:?}");
    }
}

#[test]
fn who_is_stopped_in_the_look_before_the_load_goes_on_with_it() {
    let (authority, address) = (Authority::new(), address());
    let _nginx = secured(address, &authority.certify(&["127.0.0.1"]), "");
    let (begin, begun) = std::sync::mpsc::channel();
    let relay = Relay::to(address, move |connection| {
        if connection == 0 {
            begun.recv().expect("it is told when to go on");
        }
        Treatment::Forward
    });
    let scratch = Scratch::new();
    let hit = scratch.drumfire_hit("run", &format!("https://{}/", relay.address()));
    let running = hit.arg("--ca-cert").arg(authority.file()).args(["-n", "1"]).start();
    eventually("it looks", || (relay.connections() == 1).then_some(()));
    running.signal(Signal::STOP);
    running.signal(Signal::CONT);
    begin.send(()).expect("the relay waits");
    running.finish().assert_ran();
}

#[test]
fn large_answers_and_large_bodies_go_through_record_by_record() {
    const MEGABYTES: u64 = 100;
    let (authority, address) = (Authority::new(), address());
    let scratch = Scratch::new();
    let file = std::fs::File::create(scratch.join("large.bin")).expect("a file");
    file.set_len(MEGABYTES << 20).expect("a sparse file");
    let own = authority.certify(&["127.0.0.1"]);
    let (certificate, key) = (own.certificate.display(), own.key.display());
    let lines = format!("listen {address} ssl; ssl_certificate {certificate}; ssl_certificate_key {key};");
    let root = scratch.path().display();
    let locations = format!(
        "location /large.bin {{ root {root}; }} location /sink {{ proxy_pass http://127.0.0.1:1; proxy_request_buffering on; error_page 502 =201 /taken; }} location = /taken {{ return 201; }}"
    );
    let _nginx = Nginx::serving_also(&lines, &locations);
    let scenario = Scenario::to(&format!("https://{address}"))
        .table(&format!("[target.tls]\nca_cert = \"{}\"", authority.file().display()))
        .request("down", "path = \"/large.bin\"")
        .request("up", "path = \"/sink\"\nmethod = \"POST\"\nbody_file = \"large.bin\"")
        .flow("both", r#"[{ request = "down" }, { request = "up" }]"#)
        .times(1, "both");
    scratch.drumfire_run("run", &scenario.text()).finish().assert_ran();
    let rows = scratch.run("run").complete_rows();
    assert_eq!(errors(&rows), BTreeMap::from([("", 2)]));
    assert!(rows[0].bytes_received > MEGABYTES << 20, "{rows:?}");
    assert!(rows[1].bytes_sent > MEGABYTES << 20 && rows[1].status == 201, "{rows:?}");
}
