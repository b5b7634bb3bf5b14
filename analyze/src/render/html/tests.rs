//! A report that has everything, with the names that people do not expect.

use std::path::{Path, PathBuf};

use runlog::tally::Stretch;
use runlog::units::{Bytes, Nanos};

use super::*;
use crate::section::{Axis, Band, Bars, Chart, Column, Fact, Finding, HeatMap, Kind, Line, Mark, Table, Unit, Value};

const WINDOWS: usize = 600;
const REQUESTS: usize = 30;

/// Quotes, markup, the end of a script, marks that turn the direction of what follows, and 300 characters.
fn hostile() -> String {
    let begin = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;\u{202e}txt.exe\u{202c} שלום ";
    let filled: String = begin.chars().chain("x/".chars().cycle()).take(300).collect();
    filled
}

fn requests() -> Vec<String> {
    let named = |number| match number {
        0 => hostile(),
        1 => "a-name-without-a-place-to-break-".repeat(9),
        _ => format!("GET /api/v2/customers/{{id}}/orders/{number}"),
    };
    (0..REQUESTS).map(named).collect()
}

/// A wave around a level: each line another one.
fn wave(count: usize, number: usize, level: f64) -> Vec<Option<f64>> {
    let at = |place: usize| place as f64 / count as f64 * 18.0 + number as f64;
    (0..count).map(|place| Some(level * (1.0 + 0.4 * at(place).sin() + 0.03 * (at(place) * 37.0).cos()))).collect()
}

fn over_time(title: &'static str, unit: Unit, stacked: bool, lines: Vec<Line>) -> Part {
    let at = (0..WINDOWS).map(|place| Nanos::from_millis(500 * (2 * place as u64 + 1))).collect();
    let note = "What it is, and how to read it: where the lines part, answers are late or missing.".into();
    Part::Chart(Chart { title: title.into(), note, axis: Axis::Time(at), unit, stacked, lines })
}

fn response_times() -> Vec<Line> {
    let level = |number: usize| 2e6 * 4_f64.powi(number as i32);
    let named = ["p50", "p90", "p99", "max"].iter().zip(0..);
    let mut lines: Vec<Line> =
        named.map(|(name, number)| Line::new(*name, wave(WINDOWS, number, level(number)))).collect();
    lines[1].values[200..260].fill(None);
    lines[1].values[230] = Some(2e7);
    lines.push(Line::new("baseline p99", wave(WINDOWS, 2, 2.4e7)).drawn(Mark::Dashed));
    lines
}

fn percentile_curve() -> Part {
    let shares: Vec<f64> = (0..200).map(|place| 1.0 - 10_f64.powf(-f64::from(place) / 40.0)).collect();
    let curve =
        |number: usize| shares.iter().map(move |share| Some(1e6 * (1.0 - share).powf(-0.3 - 0.05 * number as f64)));
    let lines = requests().into_iter().take(6).enumerate();
    Part::Chart(Chart {
        title: "Percentiles".into(),
        note: "How long the share of the samples took that is no slower.".into(),
        unit: Unit::Time,
        stacked: false,
        lines: lines.map(|(number, name)| Line::new(name, curve(number).collect())).collect(),
        axis: Axis::Percentile(shares),
    })
}

fn capacity() -> Part {
    let rates: Vec<f64> = (1..=12).map(|step| f64::from(step) * 250.0).collect();
    let values = |factor: f64| rates.iter().map(|rate| Some(rate.min(2000.0) * factor)).collect();
    Part::Chart(Chart {
        title: "Capacity".into(),
        note: "What came back of what was asked for.".into(),
        unit: Unit::PerSecond,
        stacked: false,
        lines: vec![
            Line::new("completed", values(1.0)),
            Line::new("fitted", values(1.04)).drawn(Mark::Dashed),
            Line::new("single steps", values(0.97)).drawn(Mark::Points),
        ],
        axis: Axis::Rate(rates),
    })
}

fn heat_map() -> Part {
    let (bands, windows) = (48, 150_u64);
    let lower = |band: i32| Nanos((1e5 * 1.2_f64.powi(band)) as u64);
    let count = |band: i32, window: u64| {
        let distance = f64::from(band) - 14.0 - 4.0 * (window as f64 / 18.0).sin();
        (4000.0 * (-distance * distance / 14.0).exp()) as u64 + u64::from(band == 40 && window % 7 == 0)
    };
    Part::HeatMap(HeatMap {
        title: "Response times over time".into(),
        note: "How many arrivals took how long, window by window.".into(),
        at: (0..windows).map(|window| Nanos::from_secs(4 * window + 2)).collect(),
        bands: (0..bands).map(lower).collect(),
        highest: lower(bands),
        counts: (0..bands).map(|band| (0..windows).map(|window| count(band, window)).collect()).collect(),
    })
}

fn phases() -> Part {
    let part = |name: &'static str, level: f64| Line::new(name, wave(REQUESTS, 1, level));
    Part::Bars(Bars {
        title: "Phases".into(),
        note: "The mean of each part of the service time.".into(),
        unit: Unit::Time,
        names: requests().into_iter().map(Into::into).collect(),
        parts: vec![part("connect", 2e5), part("TLS", 6e5), part("first byte", 4e6), part("transfer", 9e5)],
    })
}

fn table() -> Part {
    let numbers = ["count", "rate", "errors", "p50", "p90", "p99", "p99.9", "max", "received", "change"];
    let mut table = Table::new(&["", "request"], &numbers);
    table.columns.push(Column::new("between", Kind::Number));
    for (number, name) in (1..).zip(requests()) {
        let time = |factor: u64| Value::Time(Nanos(number * 7_919 % 101 * 1_000 * factor));
        table.push(vec![
            Value::Passed(number % 3 > 0),
            name.into(),
            Value::Count(number * 9_973 % 1_001),
            Value::per_second(number as f64 * 1.7),
            Value::share(number % 5, 1_000),
            time(1),
            time(30),
            time(900),
            time(90_000),
            if number % 4 == 0 { Value::Absent } else { time(4_000_000) },
            Bytes(number * 1_234_567).into(),
            Value::Change(number as f64 / 10.0 - 1.0),
            Value::Between(Nanos(number * 1_000), Nanos(number * 1_100)),
        ]);
    }
    let mut total = vec![Value::Absent, "total".into(), Value::Count(123_456)];
    total.resize(table.columns.len(), Value::Absent);
    table.push_total(total);
    Part::Table(table)
}

fn verdict() -> Section {
    let parts = vec![
        Part::Headline(Finding::new(Level::Bad, "Failed: 2 of 4 thresholds do not hold; the measurement is valid.")),
        Part::Findings(vec![
            Finding::new(Level::Good, "every arrival is a row"),
            Finding::new(Level::Note, hostile()),
            Finding::new(Level::Warning, "the busiest core was at work for ").and(Value::Share(0.93)),
            Finding::new(Level::Bad, "p95 of `list` is above 500 ms"),
        ]),
        Part::Facts(vec![
            Fact::new("requests", Value::Count(1_234_567)),
            Fact::new("rate", Value::per_second(2_057.0)),
            Fact::new("errors", Value::Share(0.0123)),
            Fact::new("p99", Nanos::from_millis(43)),
            Fact::new("received", Bytes(81_234_567)),
        ]),
    ];
    Section::new("Verdict", parts)
}

fn sections() -> Vec<Section> {
    let shares = |number| wave(WINDOWS, number, 0.4);
    let each = |level: f64| {
        let lines = requests().into_iter().enumerate();
        lines.map(|(number, name)| Line::new(name, wave(WINDOWS, number, level))).collect()
    };
    vec![
        verdict(),
        Section::new(
            "Run",
            vec![
                Part::Facts(vec![
                    Fact::new("name", hostile()),
                    Fact::new("started", Value::Instant(1_767_225_600_000_000_000)),
                    Fact::new("target", "http://127.0.0.1:8080"),
                ]),
                Part::Command(format!("drumfire run scenarios/load.toml --seed 42 --tag '{}'", hostile())),
            ],
        ),
        Section::new("Requests", vec![table()]),
        Section::new(
            "Over time",
            vec![
                over_time("Response time", Unit::Time, false, response_times()),
                over_time("Completed, by request", Unit::PerSecond, false, each(400.0)),
                over_time(
                    "Status codes",
                    Unit::PerSecond,
                    true,
                    vec![Line::new("200", wave(WINDOWS, 1, 900.0)), Line::new("503", wave(WINDOWS, 2, 90.0))],
                ),
                over_time("Bytes", Unit::BytesPerSecond, false, vec![Line::new("received", wave(WINDOWS, 3, 4e6))]),
                over_time(
                    "Busy",
                    Unit::Share,
                    false,
                    vec![Line::new("mean core", shares(1)), Line::new("busiest", shares(2))],
                ),
                heat_map(),
            ],
        ),
        Section::new("Percentile curves", vec![percentile_curve(), phases()]),
        Section::new(hostile(), vec![capacity()]),
    ]
}

fn everything() -> Report {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runlog/fixtures/fifty-rows");
    let mut report = report_of(fixture);
    report.summary.run.name = hostile();
    report.sections = sections();
    let stage = |number: u64| Band {
        name: format!("stage {number}"),
        from: Nanos::from_secs(150 * (number - 1)),
        to: Nanos::from_secs(150 * number),
    };
    report.stages = (1..=4).map(stage).collect();
    report
}

fn report_of(run: PathBuf) -> Report {
    Report::of_all(&[run], Stretch::WHOLE, &[]).expect("the fixture can be read").remove(0)
}

fn rendered(reports: &[Report]) -> String {
    let mut page = Vec::new();
    Html { comparison: &[] }.render(reports, &mut page).expect("in memory");
    String::from_utf8(page).expect("UTF-8")
}

#[test]
fn x() {
    std::fs::write("/tmp/h-page/all.html", rendered(&[everything()])).unwrap();
    std::fs::write("/tmp/h-page/two.html", rendered(&[everything(), everything()])).unwrap();
}
