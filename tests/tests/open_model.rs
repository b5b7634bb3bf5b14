//! The open model: arrivals come by the schedule, whatever the answers do, and every one of them is a row.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::time::Duration;

use drumfire_tests::alone::alone;
use drumfire_tests::nginx::{HELLO, Nginx};
use drumfire_tests::run::{Row, Run, errors};
use drumfire_tests::scratch::Scratch;
use drumfire_tests::scripted::{Reply, Scripted};

/// A scenario of one request; `load` is the executor and what it needs.
fn scenario(url: &str, load: &str) -> String {
    format!(
        r#"
name = "open"
[target]
base_url = "{url}"
request_timeout = "1m"
[requests.hello]
method = "GET"
path = "/hello"
[flows]
visit = [{{ request = "hello" }}]
[[scenarios]]
name = "steady"
flow = "visit"
{load}
"#
    )
}

fn scheduled(rows: &[Row]) -> Vec<u64> {
    let mut instants: Vec<u64> = rows.iter().map(|row| row.scheduled_ns).collect();
    instants.sort_unstable();
    instants
}

fn gaps(instants: &[u64]) -> Vec<u64> {
    instants.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// What was to be requested when, in order.
fn schedule_of(run: &Run) -> Vec<(u64, String)> {
    let mut schedule: Vec<_> = run.complete_rows().into_iter().map(|row| (row.scheduled_ns, row.request)).collect();
    schedule.sort_unstable();
    schedule
}

#[test]
fn an_even_schedule_is_kept_to_the_last_arrival() {
    let _turn = alone();
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let load = r#"
executor = "constant-arrival-rate"
arrival = "even"
rate = "500/s"
duration = "4s"
max_connections = 64
"#;
    scratch.drumfire_run("even", &scenario(&nginx.url(), load)).arg("--cores").arg("0").finish().assert_ran();
    let rows = scratch.run("even").complete_rows();

    assert_eq!(rows.len(), 2_000);
    assert_eq!(nginx.witnessed().len(), 2_000, "the server saw them all");
    let gaps = gaps(&scheduled(&rows));
    assert!(
        gaps.iter().all(|&gap| gap == 2_000_000),
        "equally spaced: {:?}..{:?}",
        gaps.iter().min(),
        gaps.iter().max()
    );

    let mut lags: Vec<(u64, u64)> =
        rows.iter().map(|row| (row.scheduled_ns, row.lag_ns.expect("all were sent"))).collect();
    lags.sort_unstable();
    // One of a thousand that is on time will do: a machine that stalls delays some, an engine that falls behind delays all of
    // them, at one percent by 20 ms after two seconds.
    for two_seconds in lags.chunks(1_000) {
        let least_ns = two_seconds.iter().map(|&(_, lag_ns)| lag_ns).min();
        assert!(least_ns < Some(10_000_000), "all arrivals of two seconds lag, by {least_ns:?} ns at the least");
    }
}

#[test]
fn a_ramp_brings_as_many_arrivals_as_the_area_under_it() {
    let _turn = alone();
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let load = r#"
executor = "ramping-arrival-rate"
arrival = "even"
start_rate = "0/s"
stages = [{ duration = "2s", target = "1000/s" }]
max_connections = 64
"#;
    scratch.drumfire_run("ramp", &scenario(&nginx.url(), load)).finish().assert_ran();
    let instants = scheduled(&scratch.run("ramp").complete_rows());

    assert!(instants.len().abs_diff(1_000) <= 1, "half of 2 s × 1,000/s: {}", instants.len());
    let first_half = instants.iter().filter(|&&at| at < 1_000_000_000).count();
    assert!(first_half.abs_diff(250) <= 1, "a quarter of them in the first half: {first_half}");
}

#[test]
fn poisson_arrivals_are_independent_of_each_other() {
    let _turn = alone();
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let load = r#"
executor = "constant-arrival-rate"
arrival = "poisson"
rate = "2000/s"
duration = "2s"
max_connections = 64
"#;
    scratch.drumfire_run("poisson", &scenario(&nginx.url(), load)).args(["--seed", "1"]).finish().assert_ran();
    let instants = scheduled(&scratch.run("poisson").complete_rows());

    // The seed is given, so these are the same figures every time; the bounds are five standard deviations.
    assert!(instants.len().abs_diff(4_000) <= 316, "{} arrivals", instants.len());
    let gaps = gaps(&instants);
    let longer_than_mean = gaps.iter().filter(|&&gap| gap > 500_000).count() as f64 / gaps.len() as f64;
    assert!((longer_than_mean - (-1.0_f64).exp()).abs() < 0.04, "gaps are exponential: {longer_than_mean}");
    let mut by_tenth = [0_u32; 200];
    for at in instants {
        by_tenth[(at / 10_000_000) as usize] += 1;
    }
    let mean = f64::from(by_tenth.iter().sum::<u32>()) / 200.0;
    let variance = by_tenth.iter().map(|&count| (f64::from(count) - mean).powi(2)).sum::<f64>() / 199.0;
    assert!((variance / mean - 1.0).abs() < 0.5, "counts disperse as Poisson's do: {}", variance / mean);
}

#[test]
fn the_same_seed_makes_the_same_requests_at_the_same_times_on_any_number_of_cores() {
    let _turn = alone();
    let (scratch, nginx) = (Scratch::new(), Nginx::serving(HELLO));
    let scenario = format!(
        r#"
name = "mixed"
[target]
base_url = "{}"
[requests.rare]
method = "GET"
path = "/rare"
[requests.common]
method = "GET"
path = "/common"
[flows]
rare = [{{ request = "rare" }}]
common = [{{ request = "common" }}]
[[scenarios]]
name = "mixed"
executor = "constant-arrival-rate"
arrival = "poisson"
rate = "500/s"
duration = "1s"
max_connections = 32
mix = {{ rare = 0.2, common = 0.8 }}
"#,
        nginx.url()
    );
    let run = |name: &str, arguments: [&str; 4]| {
        scratch.drumfire_run(name, &scenario).args(arguments).finish().assert_ran();
        schedule_of(&scratch.run(name))
    };
    let on_one = run("one", ["--seed", "7", "--cores", "0"]);
    let on_two = run("two", ["--seed", "7", "--cores", "0,1"]);
    let other_seed = run("other", ["--seed", "8", "--cores", "0"]);

    assert!(on_one == on_two, "{} and {} arrivals", on_one.len(), on_two.len());
    assert!(on_one != other_seed, "another seed makes other requests");
    let rare = on_one.iter().filter(|(_, request)| request == "rare").count();
    assert!((50..=150).contains(&rare), "the weights are kept: {rare} of {}", on_one.len());
}

#[test]
fn arrivals_do_not_wait_for_answers_that_do_not_come() {
    let scratch = Scratch::new();
    let server = Scripted::server(|asked| if asked.nth == 0 { Reply::ok() } else { Reply::never() });
    let load = r#"
executor = "constant-arrival-rate"
arrival = "even"
rate = "100/s"
duration = "1s"
max_connections = 4
"#;
    let scenario = scenario(&server.url(), load).replace(r#""1m""#, r#""2s""#);
    scratch.drumfire_run("silent", &scenario).finish().assert_ran();
    let rows = scratch.run("silent").complete_rows();

    assert_eq!(rows.len(), 100);
    assert!(gaps(&scheduled(&rows)).iter().all(|&gap| gap == 10_000_000), "the schedule went on");
    let errors = errors(&rows);
    assert!(errors["timeout"] > 0 && errors["dropped"] > 0, "{errors:?}");
    let dropped = rows.iter().filter(|row| row.error == "dropped");
    assert!(dropped.clone().all(|row| row.lag_ns.is_none() && row.connection.is_none()), "dropped is never sent");
    assert!(most_at_once(&rows) <= 4, "no more than max_connections at once: {}", most_at_once(&rows));
}

/// The most requests that were on their way at the same instant.
fn most_at_once(rows: &[Row]) -> i32 {
    let mut changes: Vec<(u64, i32)> = Vec::new();
    for row in rows {
        if let (Some(sent), Some(ended)) = (row.sent_ns(), row.ended_ns()) {
            changes.extend([(sent, 1), (ended, -1)]);
        }
    }
    // At the same instant, an end comes before a start.
    changes.sort_unstable();
    changes
        .iter()
        .scan(0, |now, (_, change)| {
            *now += change;
            Some(*now)
        })
        .max()
        .unwrap_or(0)
}

#[test]
fn the_wait_for_a_connection_is_lag_and_not_hidden() {
    let scratch = Scratch::new();
    let server = Scripted::server(|_| Reply::ok().after(Duration::from_millis(50)));
    let load = r#"
executor = "constant-arrival-rate"
arrival = "even"
rate = "100/s"
duration = "200ms"
max_connections = 1
"#;
    scratch.drumfire_run("queue", &scenario(&server.url(), load)).arg("--cores").arg("0").finish().assert_ran();
    let mut rows = scratch.run("queue").complete_rows();

    rows.sort_by_key(|row| row.scheduled_ns);
    assert_eq!(rows.len(), 20);
    for (place, row) in rows.iter().enumerate() {
        assert_eq!(row.status, 200, "{row:?}");
        // Each of those before it kept the only connection for 50 ms.
        let sent = row.sent_ns().expect("what was answered was sent");
        assert!(sent >= place as u64 * 50_000_000, "sent before its turn: {row:?}");
    }
}
