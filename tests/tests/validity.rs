//! Validity: the generator says so when it, and not the server, was the limit.

use drumfire_tests::alone::alone;
use drumfire_tests::nginx::{HELLO, Nginx};
use drumfire_tests::program::analyze;
use drumfire_tests::scratch::Scratch;

fn scenario(url: &str, rate: &str) -> String {
    format!(
        r#"
name = "validity"
[target]
base_url = "{url}"
request_timeout = "1s"
[requests.hello]
method = "GET"
path = "/hello"
[flows]
visit = [{{ request = "hello" }}]
[[scenarios]]
name = "steady"
executor = "constant-arrival-rate"
arrival = "even"
rate = "{rate}"
duration = "1s"
max_connections = 256
graceful_stop = "1s"
flow = "visit"
"#
    )
}

#[test]
fn a_rate_far_beyond_one_core_is_no_valid_measurement() {
    let _turn = alone();
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    // No build on any machine of today makes half a million requests a second on one core.
    let finished = scratch.drumfire_run("run", &scenario(&nginx.url(), "500000/s")).args(["--cores", "0"]).finish();
    finished.assert_code(3);
    let run = scratch.run("run");

    assert_eq!(run.verdict(), "invalid");
    assert!(!run.reasons().is_empty(), "it says why");
    assert_eq!(run.complete_rows().len(), 500_000, "what could not be sent is a row as well");
    let summary = analyze().arg("summary").arg(run.path()).arg("--json").finish().json();
    assert_eq!(summary["validity"]["verdict"], "invalid");
}

#[test]
fn a_modest_rate_is_not_held_against_the_generator() {
    let _turn = alone();
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let scenario = scenario(&nginx.url(), "100/s");
    scratch.drumfire_run("run", &scenario).args(["--cores", "0"]).finish().assert_code(0);
    let run = scratch.run("run");

    // A busy machine may make a few arrivals late, and then the verdict is `suspect`.
    assert_ne!(run.verdict(), "invalid", "{:?}", run.reasons());
    assert_eq!(run.complete_rows().len(), 100);
}
