//! The charts, against an obvious count of the same rows.

use std::collections::BTreeMap;

use analyze::analysis;
use analyze::load;
use analyze::report::Report;
use analyze::section::{Chart, Line, Part};
use runlog::outcome::Failure;
use runlog::row::{Names, RequestId, Row, ScenarioId};

use crate::runs::FiftyRows;

const SECOND: u64 = 1_000_000_000;
const SECONDS: u64 = 90;

/// Twenty thousand rows over a minute and a half, some of them never sent or never answered.
fn rows() -> Vec<Row> {
    let mut state = 42_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) % below
    };
    let mut rows = Vec::new();
    for _ in 0..20_000 {
        let row = Row {
            scheduled_ns: random(SECONDS * SECOND),
            lag_ns: Some(random(1_000_000)),
            duration_ns: Some(1_000 + random(2 * SECOND)),
            scenario: ScenarioId(0),
            request: RequestId(0),
            status: 200,
            bytes_sent: 100 + random(100),
            bytes_received: random(10_000),
            ..Row::default()
        };
        rows.push(match random(20) {
            0 => Row { error: Some(Failure::Dropped), lag_ns: None, duration_ns: None, status: 0, ..row },
            1 => Row { error: Some(Failure::Timeout), status: 0, ..row },
            2 => Row { status: 503, ..row },
            _ => row,
        });
    }
    rows
}

fn charts(rows: &[Row]) -> Vec<Chart> {
    let run = FiftyRows::copied();
    let mut text = Vec::new();
    let names = Names::new(["steady", "burst"], ["list", "search, all", "order"]);
    for row in rows {
        text.extend_from_slice(&row.line(&names));
    }
    run.replace_rows(&String::from_utf8(text).expect("UTF-8"));
    let ended = rows.iter().map(Row::end_ns).max().expect("there are rows");
    run.edit_manifest(|manifest| manifest["ending"]["elapsed_ns"] = ended.into());
    let report = Report::of(load::load(&run.path()).expect("a run"), analysis::REPORT).expect("rows");
    let parts = report.sections.into_iter().flat_map(|section| section.parts);
    parts.filter_map(|part| if let Part::Chart(chart) = part { Some(chart) } else { None }).collect()
}

fn line<'a>(charts: &'a [Chart], title: &str, name: &str) -> &'a Line {
    let chart = charts.iter().find(|chart| chart.title == title).expect("the chart");
    chart.lines.iter().find(|line| line.name == name).expect("the line")
}

/// The values of rows by the second that they belong to.
fn by_second(rows: &[Row], at: fn(&Row) -> u64, value: fn(&Row) -> Option<u64>) -> BTreeMap<u64, Vec<u64>> {
    let mut seconds: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for row in rows {
        seconds.entry(at(row) / SECOND).or_default().extend(value(row));
    }
    for values in seconds.values_mut() {
        values.sort_unstable();
    }
    seconds
}

#[test]
fn percentiles_of_a_second_are_within_a_128th_of_the_nearest_ranks_of_its_sorted_values() {
    let rows = rows();
    let charts = charts(&rows);
    for (title, value) in
        [("Response time", Row::response_ns as fn(&Row) -> Option<u64>), ("Lag", |row: &Row| row.lag_ns)]
    {
        let seconds = by_second(&rows, |row| row.scheduled_ns, value);
        for (name, per_mille) in [("p50", 500), ("p90", 900), ("p99", 990), ("max", 1000)] {
            let drawn = &line(&charts, title, name).values;
            for (place, values) in &seconds {
                let rank = (values.len() * per_mille).div_ceil(1000);
                let (exact, drawn) = (values[rank - 1] as f64, drawn[*place as usize].expect("a value"));
                let above = drawn / exact - 1.0;
                assert!((0.0..=1.0 / 128.0).contains(&above), "{title} {name}, second {place}: {drawn} for {exact}");
                assert!(name != "max" || above.abs() < f64::EPSILON, "{title}, second {place}");
            }
        }
    }
}

#[test]
fn rates_count_every_row_once() {
    let rows = rows();
    let charts = charts(&rows);
    let sum = |title, name| line(&charts, title, name).values.iter().flatten().sum::<f64>();
    let count = |wanted: fn(&Row) -> bool| rows.iter().filter(|row| wanted(row)).count() as f64;
    let pairs = [
        (sum("Scheduled and completed", "scheduled"), 20_000.0),
        (sum("Scheduled and completed", "completed"), count(|row| row.error.is_none())),
        (sum("Errors", "dropped"), count(|row| row.error == Some(Failure::Dropped))),
        (sum("Errors", "timeout"), count(|row| row.error == Some(Failure::Timeout))),
        (sum("Errors", "status 5xx"), count(|row| row.status == 503)),
        (sum("Statuses", "200"), count(|row| row.error.is_none() && row.status == 200)),
        (sum("Statuses", "503"), count(|row| row.status == 503)),
        (sum("Bytes", "sent"), rows.iter().map(|row| row.bytes_sent as f64).sum()),
        (sum("Bytes", "received"), rows.iter().map(|row| row.bytes_received as f64).sum()),
    ];
    for (drawn, counted) in pairs {
        assert!((drawn - counted).abs() < 1e-6, "{drawn} for {counted}");
    }
}

#[test]
fn answers_are_counted_when_they_came() {
    let rows = rows();
    let charts = charts(&rows);
    let answered: Vec<Row> = rows.into_iter().filter(|row| row.error.is_none()).collect();
    let drawn = &line(&charts, "Scheduled and completed", "completed").values;
    for (place, values) in by_second(&answered, Row::end_ns, Row::response_ns) {
        assert_eq!(drawn[place as usize], Some(values.len() as f64), "second {place}");
    }
}

#[test]
fn where_nothing_was_there_is_a_gap_and_no_zero() {
    let row = |at| Row { scheduled_ns: at, lag_ns: Some(5), duration_ns: Some(7), status: 200, ..Row::default() };
    let charts = charts(&[row(0), row(3 * SECOND)]);
    let drawn = &line(&charts, "Response time", "p50").values;
    assert_eq!(drawn.len(), 31, "tenths of a second, for a short run");
    assert_eq!((drawn[0], drawn[1], drawn[30]), (Some(12.0), None, Some(12.0)));
    assert_eq!(line(&charts, "Scheduled and completed", "scheduled").values[1], Some(0.0));
}

#[test]
fn the_generator_is_drawn_from_all_cores_together() {
    let charts = charts(&rows());
    let title = "In flight and waiting";
    assert_eq!(line(&charts, title, "connections").values, [Some(4.0), Some(4.0), Some(4.0)]);
    assert_eq!(line(&charts, "How busy the generator was", "busiest core").values, [Some(0.1), Some(0.1), Some(0.1)]);
}

/// Windows of four and eight seconds: buckets of a chart are made of as many of them each.
#[test]
fn an_even_rate_is_even_however_long_the_run() {
    for minutes in [41, 75, 90] {
        let row = |number: u64| Row {
            scheduled_ns: number * SECOND / 2,
            lag_ns: Some(5),
            duration_ns: Some(7),
            status: 200,
            bytes_sent: 10,
            ..Row::default()
        };
        let charts = charts(&(0..minutes * 120).map(row).collect::<Vec<_>>());
        for (title, name, rate) in [
            ("Scheduled and completed", "scheduled", 2.0),
            ("Scheduled and completed", "completed", 2.0),
            ("Statuses", "200", 2.0),
            ("Bytes", "sent", 20.0),
        ] {
            let drawn = &line(&charts, title, name).values;
            assert!((300..=601).contains(&drawn.len()), "{minutes}: {}", drawn.len());
            // The end of the run cuts off the last.
            let whole = &drawn[..drawn.len() - 1];
            assert!(whole.iter().all(|value| *value == Some(rate)), "{title}, {name}, {minutes} minutes: {whole:?}");
        }
    }
}
