//! Windows are what a plain count of the rows finds, however these are shared out.

use super::*;
use crate::contribution::Contribution;
use crate::manifest::Request;
use crate::outcome::Failure;
use crate::row::{Batch, RequestId, Row};
use crate::sketch::Sketch;
use crate::tags::Tags;
use crate::tally::Tally;
use proptest::prelude::*;

fn requests() -> Vec<Request> {
    let request = |name: &str| Request {
        name: name.to_owned(),
        method: "GET".to_owned(),
        path: "/".to_owned(),
        expect_status: vec![(200, 299)],
        checks: Vec::new(),
        tags: Tags::new(),
        flows: Vec::new(),
    };
    vec![request("a"), request("b")]
}

/// A tenth of a second.
const WIDTH: Nanos = Nanos::from_millis(100);

/// What is gathered of these rows, of which two readers take a part each.
fn gathered(requests: &[Request], some: &[Row], others: &[Row]) -> Windows {
    let (mut one, mut other) = (Windowing::of(requests, WIDTH), Windowing::of(requests, WIDTH));
    one.add(&batch_of(some));
    other.add(&batch_of(others));
    one.merge(other);
    one.windows()
}

fn any_row() -> impl Strategy<Value = Row> {
    let times = (0_u64..3_000_000_000, 0_u64..1_000, 0_u64..900_000_000);
    (times, 0_u16..2, 0_usize..8).prop_map(|((scheduled_ns, lag, duration), request, fate)| {
        let (request, status) = (RequestId(request), [0, 503, 502, 404, 201, 200, 200, 200][fate]);
        let row = Row { scheduled_ns, request, status, bytes_sent: 9, ..Row::default() };
        match fate {
            0 => Row { error: Some(Failure::Dropped), bytes_sent: 0, ..row },
            _ => Row {
                lag_ns: Some(lag),
                duration_ns: Some(duration),
                ttfb_ns: Some(duration / 2),
                bytes_received: duration / 7,
                ..row
            },
        }
    })
}

fn batch_of(rows: &[Row]) -> Batch {
    Batch::of(rows, &crate::row::Names::new(["s"], ["a", "b"]))
}

proptest! {
    #[test]
    fn windows_hold_what_a_plain_count_of_the_rows_finds(rows in proptest::collection::vec(any_row(), 0..300), cut in 0_usize..300) {
        let requests = requests();
        let (some, others) = rows.split_at(cut.min(rows.len()));
        let windows = gathered(&requests, some, others);
        for (number, cells) in windows.iter().enumerate() {
            let within = |at: u64| (at / 100_000_000) as usize == number;
            for (cell, window) in cells.iter().enumerate() {
                let of_cell = || rows.iter().filter(move |row| usize::from(row.request.0) == cell);
                let scheduled = || of_cell().filter(|row| within(row.scheduled_ns));
                prop_assert_eq!(window.arrivals, scheduled().count() as u64);
                prop_assert_eq!(window.failed, scheduled().filter(|row| requests[cell].has_failed(row)).count() as u64);
                let ended = || of_cell().filter(|row| within(row.end_ns()));
                prop_assert_eq!(window.answered, ended().filter(|row| row.error.is_none()).count() as u64);
                prop_assert_eq!(window.bytes_sent, ended().map(|row| row.bytes_sent).sum::<u64>());
                prop_assert_eq!(window.bytes_received, ended().map(|row| row.bytes_received).sum::<u64>());
                prop_assert_eq!(window.mishaps.values().sum::<u64>(), ended().filter(|row| requests[cell].has_failed(row)).count() as u64);
                for (place, metric) in METRICS.iter().enumerate() {
                    let times = || scheduled().filter_map(|row| match metric.contribution(row, &requests[cell]) {
                        Contribution::Time(time) => time,
                        _ => None,
                    });
                    prop_assert_eq!(&window.times[place], &times().collect::<Sketch>());
                    prop_assert_eq!(window.longest_ns[place], times().max().unwrap_or(0));
                }
            }
        }
        prop_assert_eq!(windows.iter().flatten().map(|window| window.arrivals).sum::<u64>(), rows.len() as u64);
        let wide = windows.clone().widened(Nanos::from_secs(1));
        prop_assert_eq!(wide.iter().flatten().map(|window| window.arrivals).sum::<u64>(), rows.len() as u64);
        let json = serde_json::to_string(&windows).expect("plain data");
        prop_assert_eq!(serde_json::from_str::<Windows>(&json).expect("our own"), windows);
    }
}

#[test]
fn windows_are_few_and_can_be_put_together() {
    assert_eq!(Windows::width(Nanos::from_secs(60), 5, MOST), Nanos::from_millis(100));
    assert_eq!(Windows::width(Nanos::from_secs(3_600), 5, MOST), Nanos::from_secs(1));
    assert_eq!(Windows::width(Nanos::from_secs(3_600), 30, MOST), Nanos::from_secs(2));
    assert_eq!(Windows::width(Nanos::from_secs(36_000), 5, MOST), Nanos::from_secs(16));
}

/// What went wrong with each request, counted one row after the other.
fn faults_of(rows: &[Row], requests: &[Request]) -> BTreeMap<(usize, Fault), Vec<u64>> {
    let mut faults: BTreeMap<_, Vec<u64>> = BTreeMap::new();
    for row in rows {
        let request = usize::from(row.request.0);
        let fault = match (row.error, row.status) {
            (Some(failure), _) => Fault::Failure(failure),
            (None, status) if requests[request].expects(status) => continue,
            (None, status) => Fault::Status(status),
        };
        faults.entry((request, fault)).or_default().push(row.end_ns());
    }
    faults
}

proptest! {
    #[test]
    fn what_went_wrong_is_known_with_its_first_and_its_last_instant(rows in proptest::collection::vec(any_row(), 0..300), cut in 0_usize..300) {
        let requests = requests();
        let (some, others) = rows.split_at(cut.min(rows.len()));
        let windows = gathered(&requests, some, others);
        let counted = faults_of(&rows, &requests);
        prop_assert_eq!(windows.faults.iter().len(), counted.len());
        for (cell, fault, seen) in windows.faults.iter() {
            let at = &counted[&(cell, fault)];
            prop_assert_eq!(seen.count, at.len() as u64);
            prop_assert_eq!((Some(&seen.first.0), Some(&seen.last.0)), (at.iter().min(), at.iter().max()));
        }
        // Whoever reads which rows, the same comes of it.
        prop_assert_eq!(&windows, &gathered(&requests, &rows, &[]));
    }

    #[test]
    fn answers_are_counted_by_status_when_they_came(rows in proptest::collection::vec(any_row(), 0..300)) {
        let windows = gathered(&requests(), &rows, &[]);
        let answered = |status| rows.iter().filter(move |row| row.error.is_none() && row.status == status);
        for (number, statuses) in windows.statuses().enumerate() {
            for (&status, &count) in statuses {
                let came = answered(status).filter(|row| row.end_ns() / WIDTH.0 == number as u64);
                prop_assert_eq!(count, came.count() as u64);
            }
        }
        let all = |windows: &Windows| windows.statuses().flat_map(BTreeMap::values).sum::<u64>();
        prop_assert_eq!(all(&windows), rows.iter().filter(|row| row.error.is_none()).count() as u64);
        prop_assert_eq!(all(&windows.clone().widened(Nanos::from_secs(1))), all(&windows));
        prop_assert!(windows.check(rows.len() as u64, 2).is_ok());
    }
}

#[test]
fn windows_from_before_statuses_bytes_and_faults_were_kept_are_read() {
    let text = r#"{"width": 100000000, "windows": [[{"arrivals": 1, "failed": 0, "answered": 1,
        "times": [[5, 1], [5, 1], [5, 1], [5, 1]], "longest_ns": [5, 5, 5, 5]}]]}"#;
    let windows: Windows = serde_json::from_str(text).expect("an older file's windows");
    assert!(windows.check(1, 1).is_ok() && windows.faults.is_empty() && windows.statuses().len() == 0);
    assert_eq!(windows.together(|_| true)[0].bytes_sent, 0);
}

#[test]
fn windows_whose_faults_are_of_no_cell_or_more_than_the_rows_are_refused() {
    let mut windows = Windows::new(WIDTH);
    windows.faults.add(1, Fault::Status(503), Sightings::once(Nanos::ZERO));
    assert!(windows.check(0, 2).is_err(), "there are no rows");
    windows.cell(0, 0).arrivals = 1;
    assert!(windows.check(1, 2).is_ok());
    assert!(windows.check(1, 1).is_err(), "there is no such cell");
}

proptest! {
    #[test]
    fn cells_together_are_one_merged_with_the_other(rows in proptest::collection::vec(any_row(), 0..300)) {
        let windows = gathered(&requests(), &rows, &[]);
        for wanted in [&[0][..], &[1], &[0, 1]] {
            let mut merged = vec![Window::default(); windows.len()];
            for (sum, cells) in merged.iter_mut().zip(windows.iter()) {
                cells.iter().enumerate().filter(|(cell, _)| wanted.contains(cell)).for_each(|(_, window)| sum.merge(window));
            }
            prop_assert_eq!(&windows.together(|cell| wanted.contains(&cell)), &merged);
            let mut whole = Window::default();
            for window in &merged {
                whole.merge(window);
            }
            prop_assert_eq!(windows.whole(|cell| wanted.contains(&cell)), whole);
        }
    }
}
