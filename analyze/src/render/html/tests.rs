//! A report that has everything, with the names that people do not expect.

use std::collections::BTreeSet;
use std::path::Path;

use runlog::tally::Stretch;
use runlog::units::{Bytes, Nanos};

use super::*;
use crate::section::{Axis, Band, Bars, Chart, Fact, Finding, HeatMap, Line, Mark, Table, Unit, Value};

/// How much there is of it.
#[derive(Clone, Copy)]
struct Size {
    requests: usize,
    windows: usize,
}

/// What a person still reads through.
const SMALL: Size = Size { requests: 2, windows: 4 };
/// As many lines and windows as an analysis makes.
const LARGE: Size = Size { requests: 30, windows: 600 };

/// Quotes, markup, the end of a script, marks that turn the direction of what follows, and 300 characters.
fn hostile() -> String {
    let begin = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;\u{202e}txt.exe\u{202c} שלום ";
    let filled: String = begin.chars().chain("x/".chars().cycle()).take(300).collect();
    filled
}

fn requests(size: Size) -> Vec<String> {
    let named = |number| match number {
        0 => hostile(),
        1 => "a-name-without-a-place-to-break-".repeat(9),
        _ => format!("GET /api/v2/customers/{{id}}/orders/{number}"),
    };
    (0..size.requests).map(named).collect()
}

/// A wave around a level: each line another one.
fn wave(count: usize, number: usize, level: f64) -> Vec<Option<f64>> {
    let at = |place: usize| place as f64 / count as f64 * 18.0 + number as f64;
    (0..count).map(|place| Some(level * (1.0 + 0.4 * at(place).sin() + 0.03 * (at(place) * 37.0).cos()))).collect()
}

fn over_time(size: Size, title: &'static str, unit: Unit, lines: Vec<Line>) -> Chart {
    let at = (0..size.windows).map(|place| Nanos::from_millis(500 * (2 * place as u64 + 1))).collect();
    let note = "What it is, and how to read it: where the lines part, answers are late or missing.".into();
    Chart { title: title.into(), note, axis: Axis::Time(at), unit, stacked: false, lines }
}

/// With a gap, and a value alone in it.
fn response_times(size: Size) -> Chart {
    let line = |(name, number)| Line::new(name, wave(size.windows, number, 2e6 * 4_f64.powf(number as f64)));
    let mut lines: Vec<Line> = [("p50", 0), ("p90", 1), ("p99", 2), ("max", 3)].map(line).into();
    let gap = size.windows / 4..size.windows - 1;
    lines[1].values[gap.clone()].fill(None);
    lines[1].values[gap.start.midpoint(gap.end)] = Some(2e7);
    lines.push(Line::new("baseline p99", wave(size.windows, 2, 2.4e7)).drawn(Mark::Dashed));
    over_time(size, "Response time", Unit::Time, lines)
}

fn by_request(size: Size) -> Chart {
    let lines = requests(size).into_iter().enumerate();
    let line = |(number, name)| Line::new(name, wave(size.windows, number, 400.0));
    over_time(size, "Completed, by request", Unit::PerSecond, lines.map(line).collect())
}

fn statuses(size: Size) -> Chart {
    let lines = vec![Line::new("200", wave(size.windows, 1, 900.0)), Line::new("503", wave(size.windows, 2, 90.0))];
    Chart { stacked: true, ..over_time(size, "Status codes", Unit::PerSecond, lines) }
}

fn one_line(size: Size, title: &'static str, unit: Unit, level: f64) -> Chart {
    over_time(size, title, unit, vec![Line::new("all", wave(size.windows, 3, level))])
}

fn percentile_curve(size: Size) -> Chart {
    let shares: Vec<f64> = (0..size.windows / 2).map(|place| 1.0 - 10_f64.powf(place as f64 / -60.0)).collect();
    let curve = |number| wave(shares.len(), number, 1e6);
    let lines = requests(size).into_iter().take(6).enumerate();
    Chart {
        title: "Percentiles".into(),
        note: "How long the share of the samples took that is no slower.".into(),
        unit: Unit::Time,
        stacked: false,
        lines: lines.map(|(number, name)| Line::new(name, curve(number))).collect(),
        axis: Axis::Percentile(shares),
    }
}

fn capacity() -> Chart {
    let rates: Vec<f64> = (1..=12).map(|step| f64::from(step) * 250.0).collect();
    let values = |factor: f64| rates.iter().map(|rate| Some(rate.min(2000.0) * factor)).collect();
    Chart {
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
    }
}

fn heat_map(size: Size) -> HeatMap {
    let (bands, windows) = (size.windows as u64 / 12 + 2, size.windows as u64 / 4);
    let lower = |band: u64| Nanos((1e5 * 1.2_f64.powf(band as f64)) as u64);
    let count = |band: u64, window: u64| {
        let distance = band as f64 - 14.0 - 4.0 * (window as f64 / 18.0).sin();
        (4000.0 * (-distance * distance / 14.0).exp()) as u64 + u64::from(band == 40 && window.is_multiple_of(7))
    };
    HeatMap {
        title: "Response times over time".into(),
        note: "How many arrivals took how long, window by window.".into(),
        at: (0..windows).map(|window| Nanos::from_secs(4 * window + 2)).collect(),
        bands: (0..bands).map(lower).collect(),
        highest: lower(bands),
        counts: (0..bands).map(|band| (0..windows).map(|window| count(band, window)).collect()).collect(),
    }
}

fn phases(size: Size) -> Bars {
    let part = |name: &'static str, level: f64| Line::new(name, wave(size.requests, 1, level));
    Bars {
        title: "Phases".into(),
        note: "The mean of each part of the service time.".into(),
        unit: Unit::Time,
        names: requests(size).into_iter().map(Into::into).collect(),
        parts: vec![part("connect", 2e5), part("TLS", 6e5), part("first byte", 4e6), part("transfer", 9e5)],
    }
}

fn table(size: Size) -> Table {
    let numbers = ["count", "rate", "errors", "p50", "p99", "max", "received", "change", "between"];
    let mut table = Table::new(&["", "request"], &numbers);
    for (number, name) in (1..).zip(requests(size)) {
        let time = |factor: u64| Nanos(number * 7_919 % 101 * 1_000 * factor);
        table.push(vec![
            Value::Passed(number % 3 > 0),
            name.into(),
            Value::Count(number * 9_973 % 1_001),
            Value::per_second(number as f64 * 1.5),
            Value::share(number % 5, 1_000),
            time(1).into(),
            time(900).into(),
            if number % 2 == 0 { Value::Absent } else { time(4_000_000).into() },
            Bytes(number * 1_234_567).into(),
            Value::Change(number as f64 / 8.0 - 1.0),
            Value::Between(Nanos(number * 1_000), Nanos(number * 1_100)),
        ]);
    }
    let mut total = vec![Value::Absent, "total".into(), Value::Count(123_456)];
    total.resize(table.columns.len(), Value::Absent);
    table.push_total(total);
    table
}

fn verdict() -> Vec<Part> {
    vec![
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
        ]),
    ]
}

fn run() -> Vec<Part> {
    vec![
        Part::Facts(vec![
            Fact::new("name", hostile()),
            Fact::new("started", Value::Instant(1_767_225_600_000_000_000)),
        ]),
        Part::Command(format!("drumfire run scenarios/load.toml --seed 42 --tag '{}'", hostile())),
    ]
}

fn charts_over_time(size: Size) -> Vec<Part> {
    vec![
        Part::Chart(response_times(size)),
        Part::Chart(by_request(size)),
        Part::Chart(statuses(size)),
        Part::Chart(one_line(size, "Received", Unit::BytesPerSecond, 4e6)),
        Part::Chart(one_line(size, "Busy", Unit::Share, 0.4)),
        Part::HeatMap(heat_map(size)),
    ]
}

/// A report that has each kind of part.
fn everything(size: Size) -> Report {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runlog/fixtures/fifty-rows");
    let mut report = Report::of_all(&[fixture], Stretch::WHOLE, &[]).expect("the fixture can be read").remove(0);
    report.summary.run.name = hostile();
    report.sections = vec![
        Section::new("Verdict", verdict()),
        Section::new("Run", run()),
        Section::new("Requests", vec![Part::Table(table(size))]),
        Section::new("Over time", charts_over_time(size)),
        Section::new("Distributions", vec![Part::Chart(percentile_curve(size)), Part::Bars(phases(size))]),
        Section::new(hostile(), vec![Part::Chart(capacity())]),
    ];
    let second = |number: usize| Nanos::from_secs((size.windows * number / 4) as u64);
    let stage = |number| Band { name: format!("stage {number}"), from: second(number - 1), to: second(number) };
    report.stages = (1..=4).map(stage).collect();
    report
}

fn rendered(reports: &[Report]) -> String {
    let mut page = Vec::new();
    Html { comparison: &[] }.render(reports, &mut page).expect("in memory");
    String::from_utf8(page).expect("UTF-8")
}

/// A page without the style, the scripts and the library, which are files of their own.
fn without_files(page: &str) -> String {
    let between = |begin: &str, end: &str| page.split_once(begin).and_then(|(_, rest)| rest.split_once(end));
    let (library, _) = between("id=\"library\">", "</script>").expect("a library");
    let (policy, _) = between("\"Content-Security-Policy\" content=\"", "\"").expect("a policy");
    page.replace(library, "…").replace(SCRIPT, "…").replace(STYLE, "…").replace(policy, "…")
}

/// The values of an attribute.
fn values_of<'a>(page: &'a str, attribute: &str) -> Vec<&'a str> {
    page.split(attribute).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

#[test]
fn each_kind_of_part_is_on_the_page() {
    insta::assert_snapshot!(without_files(&rendered(&[everything(SMALL)])));
}

#[test]
fn a_hostile_name_is_text_wherever_it_stands() {
    let page = without_files(&rendered(&[everything(SMALL)]));
    for markup in ["<script>alert", "<img", "</script><script>", "\u{202e}"] {
        assert!(!page.contains(markup), "{markup}");
    }
}

#[test]
fn a_page_of_several_runs_has_each_section_once_and_a_link_to_it() {
    let page = without_files(&rendered(&[everything(SMALL), everything(SMALL)]));
    let ids = values_of(&page, " id=\"");
    let known: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(known.len(), ids.len(), "no id is there twice: {ids:?}");
    let links = values_of(&page, "href=\"#");
    assert_eq!(links.len(), 1 + 2 * (1 + 6), "past the contents; to each run and each of its sections");
    for place in links.iter().chain(&values_of(&page, "aria-labelledby=\"")) {
        assert!(known.contains(place), "{place}");
    }
}

#[test]
fn a_large_page_is_a_few_megabytes() {
    let page = rendered(&[everything(LARGE), everything(LARGE), everything(LARGE)]);
    assert!(page.len() < 3 << 20, "{} bytes", page.len());
}
