//! The confidence intervals of percentiles, recomputed by scipy.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use drumfire_tests::program::summary_of;
use drumfire_tests::python::recomputed;
use drumfire_tests::scratch::Scratch;
use drumfire_tests::written::{self, Request, answered, dropped, numbers};
use serde_json::Value;

const TIMES: [&str; 4] = ["response_time_ns", "service_time_ns", "ttfb_ns", "lag_ns"];

/// Asserts that a group has the intervals that scipy found for it, and says of how many samples they are.
#[track_caller]
fn assert_intervals(recomputed: &Value, reported: &Value) {
    let name = &recomputed["request"];
    assert_eq!(name, &reported["request"]);
    for time in TIMES {
        let (recomputed, reported) = (&recomputed[time], &reported[time]);
        assert_eq!(recomputed.is_null(), reported.is_null(), "{time} of {name}");
        for key in ["samples", "ci95"] {
            assert_eq!(recomputed[key], reported[key], "{key} of {time} of {name}: recomputed and reported");
        }
    }
}

/// From the fewest samples that have an interval, over those whose upper end is the largest sample, to those with room above.
#[test]
fn intervals_are_those_of_order_statistics_around_every_size_at_which_they_begin() {
    let sizes = [1, 4, 5, 6, 7, 28, 29, 35, 36, 58, 59, 71, 72, 298, 299, 367, 368, 2_994, 2_995, 3_687, 3_688, 10_000];
    let requests: Vec<Request> = sizes.iter().map(|size| Request::named(&format!("of {size}"))).collect();
    let of_size = |size: usize| {
        let samples = numbers(size).enumerate();
        samples.map(move |(place, number)| answered(&format!("of {size}"), place as u64 * 1_000, number % 977, number))
    };
    let rows = sizes.into_iter().flat_map(of_size).chain(numbers(50).map(|number| dropped("of 59", number)));
    let scratch = Scratch::new();
    let run = scratch.join("run");
    written::write(&run, &requests, &[rows.collect()]).expect("a run directory can be written");

    let (recomputed, summary) = (recomputed("intervals.py", &run), summary_of(&run));
    let groups = recomputed["requests"].as_array().expect("a list");
    assert_eq!(groups.len(), sizes.len());
    for (place, group) in groups.iter().enumerate() {
        assert_intervals(group, &summary["requests"][place]);
    }
    assert_intervals(&recomputed["total"], &summary["total"]);
    let p999_of_fewer = &recomputed["requests"][17]["service_time_ns"]["ci95"]["p999"];
    assert!(p999_of_fewer.is_null(), "2,994 samples are too few: {p999_of_fewer}");
}
