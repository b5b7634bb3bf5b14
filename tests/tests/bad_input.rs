//! Wrong input: exit code 2 and a message that says where it is wrong and what would be right, before any load.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use drumfire_tests::program::{Finished, drumfire};
use drumfire_tests::scratch::Scratch;

/// A file without a mistake; line 1 is `name`.
const RIGHT: &str = r#"name = "mistakes"
[target]
base_url = "http://127.0.0.1:9"
request_timeout = "10s"
[requests.products]
method = "GET"
path = "/products"
[requests.orders]
method = "GET"
path = "/orders"
[flows]
browse = [{ request = "products" }]
order = [{ request = "orders" }]
[[scenarios]]
name = "visits"
executor = "constant-arrival-rate"
rate = "100/s"
duration = "1s"
mix = { browse = 0.5, order = 0.5 }
"#;

/// What `check` says of the file with `right` replaced by `wrong`.
fn checked(right: &str, wrong: &str) -> Finished {
    assert_eq!(RIGHT.matches(right).count(), 1, "`{right}` stands once in the file");
    let scratch = Scratch::new();
    let file = scratch.write("wrong.toml", &RIGHT.replace(right, wrong));
    let out = scratch.join("run");
    let run = drumfire().arg("run").arg(&file).arg("--out").arg(&out).finish();
    let check = drumfire().arg("check").arg(&file).finish();
    assert_eq!(
        (run.code, check.code),
        (Some(2), Some(2)),
        "run and check agree\n{}\n{}",
        run.account(),
        check.account()
    );
    assert!(!out.exists(), "nothing was begun\n{}", run.account());
    check
}

/// Asserts a message that points at the line (and a column of it) where the mistake is, and says each of these.
#[track_caller]
fn assert_points_at(finished: &Finished, mistake: &str, wrong: &str, says: &[&str]) {
    let line = RIGHT.lines().position(|line| line.contains(mistake)).expect("the mistake's line") + 1;
    let place = format!("wrong.toml:{line}:");
    finished.assert_code(2).assert_says(&place);
    let column = finished.stderr.split(&place).nth(1).unwrap_or_default();
    assert!(column.starts_with(|c: char| c.is_ascii_digit()), "no column behind {place}\n{}", finished.account());
    finished.assert_says(wrong);
    for part in says {
        finished.assert_says(part);
    }
    assert_eq!(finished.stderr.matches("wrong.toml:").count(), 1, "one message\n{}", finished.account());
}

#[test]
fn the_file_without_a_mistake_is_accepted() {
    let scratch = Scratch::new();
    let file = scratch.write("right.toml", RIGHT);
    drumfire().arg("check").arg(file).finish().assert_code(0);
}

#[test]
fn an_unknown_key_is_named_with_the_one_that_was_meant() {
    let finished = checked("request_timeout", "request_timeot");
    assert_points_at(&finished, "request_timeout", "request_timeot", &["request_timeout"]);
}

#[test]
fn a_duration_in_a_unit_that_does_not_exist_is_refused() {
    let finished = checked(r#""10s""#, r#""10 parsecs""#);
    assert_points_at(&finished, r#""10s""#, "10 parsecs", &["a duration", "such as"]);
}

#[test]
fn a_rate_without_a_unit_is_refused() {
    let finished = checked(r#""100/s""#, r#""100""#);
    assert_points_at(&finished, r#""100/s""#, "100", &["/s"]);
}

#[test]
fn a_request_that_does_not_exist_is_named_with_the_one_that_was_meant() {
    let finished = checked(r#"request = "products""#, r#"request = "prodcts""#);
    assert_points_at(&finished, r#"request = "products""#, "prodcts", &["products"]);
}

#[test]
fn a_flow_that_does_not_exist_is_named_with_the_one_that_was_meant() {
    let finished = checked("browse = 0.5", "brwse = 0.5");
    assert_points_at(&finished, "browse = 0.5", "brwse", &["browse"]);
}

#[test]
fn weights_that_sum_to_zero_are_refused() {
    let finished = checked("{ browse = 0.5, order = 0.5 }", "{ browse = 0.0, order = 0.0 }");
    assert_points_at(&finished, "browse = 0.5", "mix", &[]);
}

#[test]
fn port_0_is_refused() {
    let finished = checked("http://127.0.0.1:9", "http://127.0.0.1:0");
    assert_points_at(&finished, "http://127.0.0.1:9", "http://127.0.0.1:0", &["port"]);
}

#[test]
fn what_is_not_toml_is_refused() {
    let finished = checked("[flows]", "[flows");
    assert_points_at(&finished, "[flows]", "[flows", &[]);
}

#[test]
fn an_executor_that_does_not_exist_is_named_with_the_one_that_was_meant() {
    let finished = checked("constant-arrival-rate", "constant-arival-rate");
    assert_points_at(&finished, "constant-arrival-rate", "constant-arival-rate", &["constant-arrival-rate"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let scratch = Scratch::new();
    let file = scratch.join("nowhere.toml");
    for command in ["run", "check"] {
        drumfire().arg(command).arg(&file).finish().assert_code(2).assert_says("nowhere.toml");
    }
}

#[test]
fn a_command_line_that_makes_no_sense_is_refused() {
    let scratch = Scratch::new();
    for wrong in [["-c", "0"], ["-d", "2 parsecs"], ["-r", "fast"], ["--no-such-flag", "1"], ["--cores", "9999"]] {
        scratch.drumfire_hit("run", "http://127.0.0.1:9/").args(wrong).finish().assert_code(2).assert_says(wrong[0]);
    }
    scratch.drumfire_hit("run", "ftp://127.0.0.1/").args(["-d", "1s"]).finish().assert_code(2).assert_says("ftp");
    assert!(!scratch.join("run").exists(), "nothing was begun");
}

#[test]
fn the_name_of_a_file_cannot_command_the_terminal_nor_forge_lines() {
    let scratch = Scratch::new();
    let hostile = "load\u{1b}[2J\nvalid measurement.toml";
    let shown = "load\\u{1b}[2J\\nvalid measurement.toml";
    let missing = drumfire().arg("run").arg(scratch.join(hostile)).finish();
    let wrong = drumfire().arg("run").arg(scratch.write(hostile, &RIGHT.replace("mix", "mixed"))).finish();
    for finished in [missing, wrong] {
        assert_eq!(finished.code, Some(2), "{}", finished.account());
        assert!(finished.stderr.contains(shown), "{}", finished.account());
        assert!(!finished.stderr.contains('\u{1b}') && !finished.stderr.contains("\nvalid"), "{:?}", finished.stderr);
    }
}
