//! What people see, for runs that are made up: at the sizes of terminals, with and without colours.

use ratatui_core::buffer::Buffer;
use ratatui_core::layout::Rect;
use ratatui_core::text::Line;
use runlog::spread::Spread;
use runlog::units::{Nanos, Rate};
use runlog::validity::{Validity, Verdict};

use super::painter::Painter;
use super::view::{Keys, Size, lines};
use crate::observe::history::Point;
use crate::observe::pulse::Recent;
use crate::observe::standing::{StageNow, Standing, ThresholdNow};

const USUAL: Size = Size { columns: 80, rows: 24 };
const LARGE: Size = Size { columns: 200, rows: 50 };
const SMALL: Size = Size { columns: 50, rows: 20 };

fn rate(per_second: f64) -> Rate {
    Rate::per_second(per_second).expect("a rate")
}

fn spread(times_us: impl IntoIterator<Item = u64>) -> Spread {
    let mut spread = Spread::default();
    times_us.into_iter().for_each(|time| spread.record(time * 1_000));
    spread
}

/// A run that has ramped up, with a burst of slow answers on the way.
pub fn well() -> Standing {
    let point = |second: u32| Point {
        rate: rate(f64::from((second * 80).min(2_000) + second % 3 * 7)),
        p99: Some(Nanos::from_micros(if (20..23).contains(&second) {
            38_600
        } else {
            4_000 + u64::from(second % 5) * 90
        })),
    };
    let stage = |scenario: &str, stage, now: &str, target: &str, left| StageNow {
        scenario: scenario.to_owned(),
        stage,
        now: now.to_owned(),
        target: target.to_owned(),
        left: Some(Nanos::from_secs(left)),
    };
    let held = |threshold: &str, value: &str| ThresholdNow {
        threshold: threshold.to_owned(),
        seen: Some((value.to_owned(), true)),
    };
    Standing {
        name: "api-load".to_owned(),
        target: "http://127.0.0.1:8080".to_owned(),
        now: Nanos::from_millis(42_300),
        planned: Nanos::from_secs(90),
        state: None,
        recent: Recent {
            until: Nanos::from_secs(42),
            requests: rate(1_998.0),
            arrivals: rate(2_001.0),
            in_flight: 64,
            connections: 128,
            backlog: 0,
            vus: 12,
            response: spread((0..2_000).map(|n| 900 + n * 2)).figures(),
            busy: 0.34,
            pacer_lag: Some(Nanos::from_micros(38)),
        },
        scheduled: Some(rate(2_000.0)),
        users: Some(12),
        response: spread((0..60_000).map(|n| 900 + n / 12)).figures(),
        done: 60_412,
        failed: 123,
        dropped: 0,
        trouble: [("timeout", 98), ("status 503", 20), ("reset", 5)].map(|(word, n)| (word.to_owned(), n)).into(),
        history: (0..42).map(point).collect(),
        scenarios: vec![
            stage("browse", (2, 4), "2,000/s", "2,000/s", 12),
            stage("free_tier", (1, 3), "12 users", "100 users", 48),
        ],
        thresholds: vec![
            held("http_req_duration p(95) < 500ms over 30.0 s", "4.70 ms"),
            held("http_req_failed rate < 1%", "0.20 %"),
        ],
        judged_later: 2,
        validity: Validity { verdict: Verdict::Valid, reasons: Vec::new() },
    }
}

/// A run that goes wrong in every way there is.
fn badly() -> Standing {
    let reasons = [
        "the generator fell behind its schedule: 1,312 of 60,412 arrivals were put off while its core had no time left; \
         give it more cores (--cores) or a lower rate",
        "812 of 60,412 arrivals found every connection busy: either the server is saturated or max_connections is too \
         low; the wait is in their response time",
    ];
    let well = well();
    let trouble = [("timeout", 9_800), ("status 503", 2_310), ("connect_refused", 812), ("reset", 44), ("closed", 12)];
    let mut thresholds = well.thresholds.clone();
    thresholds.push(ThresholdNow {
        threshold: "http_req_duration{request:products_list,tier:free} p(99) < 250ms over 30.0 s".to_owned(),
        seen: Some(("1.24 s".to_owned(), false)),
    });
    thresholds.push(ThresholdNow { threshold: "shop.memory_mb max < 512".to_owned(), seen: None });
    Standing {
        name: "stress\u{1b}[2J".to_owned(),
        state: Some("stopping …".to_owned()),
        now: Nanos::from_millis(95_000),
        recent: Recent { backlog: 312, busy: 0.997, pacer_lag: Some(Nanos::from_millis(212)), ..well.recent },
        failed: 12_978,
        dropped: 1_020,
        trouble: trouble.map(|(word, n)| (word.to_owned(), n)).into(),
        scenarios: well.scenarios.iter().map(|stage| StageNow { left: None, ..stage.clone() }).collect(),
        thresholds,
        judged_later: 0,
        validity: Validity { verdict: Verdict::Invalid, reasons: reasons.map(str::to_owned).into() },
        ..well
    }
}

/// A run before its first second is over.
fn at_first() -> Standing {
    Standing {
        now: Nanos::from_millis(300),
        recent: Recent::default(),
        response: None,
        done: 0,
        failed: 0,
        trouble: Vec::new(),
        history: Vec::new(),
        users: None,
        thresholds: Vec::new(),
        ..well()
    }
}

/// The lines as they stand on a terminal of this size.
fn drawn(lines: &[Line<'_>], size: Size) -> Buffer {
    let mut buffer = Buffer::empty(Rect::new(0, 0, size.columns, lines.len() as u16));
    for (y, line) in (0..).zip(lines) {
        buffer.set_line(0, y, line, size.columns);
    }
    buffer
}

/// As text; with `painter` with what it tells the terminal of each style, in angle brackets.
fn text(lines: &[Line<'_>], size: Size, painter: Option<&Painter>) -> String {
    let buffer = drawn(lines, size);
    let rows = buffer.content.chunks(usize::from(size.columns)).map(|cells| {
        let (mut row, mut style) = (String::new(), String::new());
        for cell in cells {
            let wanted = painter.map_or(String::new(), |painter| painter.style(cell));
            if wanted != style {
                row.extend(["‹", wanted.trim_start_matches("\x1b[").trim_end_matches('m'), "›"]);
                style = wanted;
            }
            row.push_str(cell.symbol());
        }
        row.trim_end().to_owned()
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn plain(standing: &Standing, size: Size) -> String {
    text(&lines(standing, size, Keys::Short), size, None)
}

#[test]
fn a_run_that_goes_well() {
    for (name, size) in [("well_usual", USUAL), ("well_large", LARGE), ("well_small", SMALL)] {
        insta::assert_snapshot!(name, plain(&well(), size));
    }
}

#[test]
fn a_run_that_goes_badly() {
    for (name, size) in [("badly_usual", USUAL), ("badly_large", LARGE), ("badly_small", SMALL)] {
        insta::assert_snapshot!(name, plain(&badly(), size));
    }
}

#[test]
fn a_run_before_its_first_second_is_over() {
    insta::assert_snapshot!("at_first_usual", plain(&at_first(), USUAL));
}

#[test]
fn all_keys_where_somebody_asks_for_them() {
    insta::assert_snapshot!("keys_usual", text(&lines(&well(), USUAL, Keys::All), USUAL, None));
}

#[test]
fn colours_and_weights() {
    for (name, standing) in [("well", well()), ("badly", badly())] {
        for (with, has_colours) in [("with", true), ("without", false)] {
            let lines = lines(&standing, USUAL, Keys::Short);
            let text = text(&lines, USUAL, Some(&Painter::new(has_colours)));
            insta::assert_snapshot!(format!("{name}_{with}_colours"), text);
        }
    }
}

#[test]
fn whatever_the_size_there_is_a_line_of_what_was_before() {
    for standing in [well(), badly(), at_first()] {
        for columns in [0, 1, 2, 11, 12, 30, 41, 59, 60, 80, 119, 120, 200, 400] {
            for rows in (0..26).chain([40, 60]) {
                let size = Size { columns, rows };
                let lines = lines(&standing, size, Keys::All);
                assert!(!lines.is_empty() && lines.len() < usize::from(rows.max(2)), "{size:?}: {} lines", lines.len());
                assert_eq!(drawn(&lines, size).area.width, columns);
            }
        }
    }
}
