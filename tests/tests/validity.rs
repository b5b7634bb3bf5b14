//! Validity: the generator says so when it, and not the server, was the limit.

use drumfire_tests::alone::alone;
use drumfire_tests::nginx::{HELLO, Nginx};
use drumfire_tests::program::summary_of;
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
    assert_eq!(summary_of(run.path())["validity"]["verdict"], "invalid");
}

#[test]
fn a_modest_rate_is_only_as_valid_as_it_was_punctual() {
    let _turn = alone();
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let finished = scratch.drumfire_run("run", &scenario(&nginx.url(), "100/s")).args(["--cores", "0"]).finish();
    finished.assert_ran();
    let run = scratch.run("run");
    let rows = run.complete_rows();

    assert_eq!(rows.len(), 100);
    assert_eq!(finished.code == Some(3), run.verdict() == "invalid", "the exit code says the same as the verdict");
    let late = rows.iter().filter(|row| row.lag_ns.is_none_or(|lag| lag > 1_000_000)).count();
    // On a machine that is busy with other things even this rate may come late, and then it is right to say so.
    if late <= 1 {
        assert_ne!(run.verdict(), "invalid", "all came in time: {:?}", run.reasons());
    }
}
