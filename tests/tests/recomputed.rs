//! Every figure of a summary, recomputed by DuckDB: of runs that are made up to be awkward.

#![allow(clippy::expect_used, clippy::panic, reason = "what fails in here fails the test")]

use drumfire_tests::program::summary_of;
use drumfire_tests::python::recomputed;
use drumfire_tests::run::Row;
use drumfire_tests::same::assert_same;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::written::{self, Request, answered, dropped, failed, numbers};
use serde_json::Value;

/// Writes a run of these rows, has both look at it, asserts that they agree, and returns what they agree on.
#[track_caller]
fn agreed(requests: &[Request], cores: &[Vec<Row>]) -> Value {
    let scratch = Scratch::new();
    let run = scratch.join("run");
    written::write(&run, requests, cores).expect("a run directory can be written");
    let (recomputed, summary) = (recomputed("recompute_in_sql.py", &run), summary_of(&run));
    for part in ["requests", "total", "checks"] {
        assert_same(part, &recomputed[part], &summary[part]);
    }
    assert_same("run.rows", &recomputed["run"]["rows"], &summary["run"]["rows"]);
    assert_same("run.elapsed_ns", &recomputed["run"]["elapsed_ns"], &summary["run"]["elapsed_ns"]);
    recomputed
}

#[test]
fn a_run_without_rows_has_counts_of_0_and_no_times() {
    let figures = agreed(&[Request::named("a")], &[Vec::new(), Vec::new()]);
    assert_eq!((&figures["total"]["count"], &figures["total"]["response_time_ns"]), (&Value::from(0), &Value::Null));
}

#[test]
fn a_run_of_one_row() {
    let figures = agreed(&[Request::named("a"), Request::named("never")], &[vec![answered("a", 5, 10, 1_000)]]);
    assert_eq!(figures["total"]["response_time_ns"]["p999"], 1_010);
}

#[test]
fn ranks_are_the_same_around_every_number_at_which_they_step() {
    let sizes = [1, 2, 3, 9, 10, 11, 19, 20, 21, 99, 100, 101, 199, 200, 999, 1_000, 1_001, 1_999, 2_000, 2_001];
    let requests: Vec<Request> = sizes.iter().map(|size| Request::named(&format!("of {size}"))).collect();
    let of_size = |size: usize| {
        let samples = numbers(size).enumerate();
        samples.map(move |(place, number)| answered(&format!("of {size}"), place as u64 * 1_000, number % 977, number))
    };
    agreed(&requests, &[sizes.into_iter().flat_map(of_size).collect()]);
}

#[test]
fn equal_times_are_told_apart_by_nobody() {
    let rows = |offset: u64| numbers(3_000).map(move |number| answered("a", number, 0, 1_000 + offset + number % 3));
    let figures = agreed(&[Request::named("a")], &[rows(0).collect(), rows(1).collect()]);
    assert_eq!(figures["total"]["service_time_ns"]["p999"], 1_003);
}

#[test]
fn times_that_nearly_fill_their_column_do_not_overflow() {
    let most = u64::try_from(i64::MAX).expect("it is positive");
    let rows = numbers(500).map(|number| answered("a", number, number % 100, most - number));
    let figures = agreed(&[Request::named("a")], &[rows.collect()]);
    assert!(figures["total"]["response_time_ns"]["max"].as_u64() > Some(most - 2_147_483_647));
}

#[test]
fn where_nothing_was_answered_there_are_no_times_of_answers() {
    let words = ["timeout", "connect_refused", "reset", "closed", "bad_response", "first_byte_timeout"];
    let row = |number: u64| failed("a", number, words[number as usize % words.len()]);
    let requests = [Request { name: "a".to_owned(), checks: vec!["ok".to_owned()] }];
    let figures = agreed(&requests, &[numbers(300).map(row).collect()]);
    assert_eq!((&figures["total"]["errors"], &figures["total"]["service_time_ns"]), (&Value::from(300), &Value::Null));
}

#[test]
fn dropped_arrivals_count_and_have_no_lag() {
    let rows = numbers(400).map(|number| match number % 4 {
        0 => dropped("a", number),
        1 => failed("a", number, "interrupted"),
        _ => answered("a", number, number % 50, number),
    });
    let requests = [Request { name: "a".to_owned(), checks: vec!["ok".to_owned(), "fast".to_owned()] }];
    let figures = agreed(&requests, &[rows.collect()]);
    assert!(figures["total"]["error_kinds"]["dropped"].as_u64() > Some(50), "{figures}");
}

#[test]
fn names_hold_commas_quotes_and_what_looks_like_the_end_of_a_line() {
    let names =
        ["a, b", "say \"hi\"", "\"", "a\u{2028}b\u{2029}", "no \\n line", "ünï ☂ 名", " blank ", "total", "1,\"2\",3"];
    let scenario = "free, \"paid\"";
    let row = |number: u64| Row {
        scenario: scenario.to_owned(),
        ..answered(names[number as usize % names.len()], number, number % 9, number)
    };
    let requests: Vec<Request> = names.iter().map(|name| Request::named(name)).collect();
    agreed(&requests, &[numbers(900).map(row).collect()]);
}

#[test]
fn statuses_and_checks_are_counted_by_request() {
    let checks = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let requests = [
        Request { name: "a".to_owned(), checks: checks(&["status is 200", "has, \"items\"", "fast"]) },
        Request { name: "b".to_owned(), checks: checks(&["ok"]) },
        Request::named("c"),
    ];
    let row = |number: u64| {
        let request = &requests[number as usize % 3];
        let row = answered(&request.name, number, number % 1_009, number % 50_021);
        Row {
            status: [200, 200, 201, 404, 503][number as usize % 5],
            failed_checks: number / 7 % (1 << request.checks.len()),
            bytes_received: number,
            ..row
        }
    };
    let unanswered = |number: u64| failed("b", number, ["timeout", "no_port", "no_value"][number as usize % 3]);
    let cores = [numbers(20_000).map(row).collect(), numbers(90).map(unanswered).collect()];
    let figures = agreed(&requests, &cores);
    assert!(figures["checks"][1]["fails"].as_u64() > Some(1_000), "{figures}");
}
