//! The report as a browser shows it.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::fs;
use std::path::Path;

use drumfire_tests::browser::Browser;
use drumfire_tests::program::analyze;
use drumfire_tests::scratch::Scratch;
use serde_json::json;

const DESKTOP: (u32, u32) = (1280, 900);
const PHONE: (u32, u32) = (360, 740);

/// The page of the run of fifty rows.
fn opened(scratch: &Scratch, window: (u32, u32)) -> Browser {
    let run = scratch.join("fifty-rows");
    fs::create_dir(&run).expect("writable");
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../runlog/fixtures/fifty-rows");
    for entry in fs::read_dir(fixture).expect("the fixture") {
        let entry = entry.expect("the fixture");
        fs::copy(entry.path(), run.join(entry.file_name())).expect("writable");
    }
    analyze().arg("report").arg(&run).finish().assert_ran();
    Browser::open(&run.join("report.html"), window)
}

/// Scrolls to each chart until it is drawn.
fn draw_all(browser: &mut Browser) {
    let charts = browser.value_of("document.querySelectorAll('.chart').length").as_u64().expect("a number");
    assert!(charts >= 5, "{charts}");
    for chart in 0..charts {
        browser.value_of(&format!("document.querySelectorAll('.chart')[{chart}].scrollIntoView()"));
        browser.wait_for(&format!("document.querySelectorAll('.chart')[{chart}].querySelector('.main-svg') !== null"));
    }
}

/// The stretches of time that charts show, each once.
const STRETCHES: &str = "[...new Set([...document.querySelectorAll('.js-plotly-plot')]
    .filter((chart) => chart.layout.xaxis.type === 'date').map((chart) => chart.layout.xaxis.range.join()))]";

#[test]
fn every_chart_is_drawn_and_the_page_complains_of_nothing() {
    let scratch = Scratch::new();
    let mut browser = opened(&scratch, DESKTOP);
    draw_all(&mut browser);
    let lines =
        "[...document.querySelectorAll('.chart')].every((chart) => chart.querySelector('.trace path') !== null)";
    assert_eq!(browser.value_of(lines), json!(true));
    let described = "[...document.querySelectorAll('.chart')].every((chart) => chart.ariaLabel.length > 20)";
    assert_eq!(browser.value_of(described), json!(true));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn all_charts_over_time_are_zoomed_together() {
    let scratch = Scratch::new();
    let mut browser = opened(&scratch, DESKTOP);
    draw_all(&mut browser);
    let whole = browser.value_of(STRETCHES);
    assert_eq!(whole.as_array().map(Vec::len), Some(1), "{whole}");
    browser.value_of("document.querySelector('#timeline [value=in]').click()");
    let half = browser.value_of(STRETCHES);
    assert_eq!(half.as_array().map(Vec::len), Some(1), "{half}");
    assert_ne!(half, whole);
    browser.value_of("document.querySelector('#timeline [value=all]').click()");
    assert_eq!(browser.value_of(STRETCHES), whole);
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_name_hides_its_line() {
    let scratch = Scratch::new();
    let mut browser = opened(&scratch, DESKTOP);
    draw_all(&mut browser);
    let seen = "[...document.querySelector('.legend + .chart').data].map((line) => line.visible)";
    let before = browser.value_of(seen);
    browser.value_of("document.querySelector('.legend button').click()");
    let after = browser.value_of(seen);
    assert_eq!((&before[0], &after[0]), (&json!(true), &json!(false)));
    assert_eq!(before[1], after[1], "and no other");
    assert_eq!(browser.value_of("document.querySelector('.legend button').ariaPressed"), json!("false"));
}

#[test]
fn a_table_is_sorted_by_its_figures_and_the_total_stays_last() {
    let scratch = Scratch::new();
    let mut browser = opened(&scratch, DESKTOP);
    browser.value_of(
        "table = [...document.querySelectorAll('table')].find((table) => table.querySelector('.total'));
         heading = table.querySelector('th.number'); heading.querySelector('button').click()",
    );
    assert_eq!(browser.value_of("heading.ariaSort"), json!("descending"));
    let counts = browser
        .value_of("[...table.tBodies[0].rows].map((row) => Number(row.cells[heading.cellIndex].dataset.number))");
    let counts: Vec<f64> = counts.as_array().expect("rows").iter().filter_map(serde_json::Value::as_f64).collect();
    let (total, requests) = counts.split_last().expect("a total");
    assert!(requests.len() > 1 && requests.is_sorted_by(|one, other| one >= other), "{counts:?}");
    assert!((requests.iter().sum::<f64>() - total).abs() < 0.5, "{counts:?}");
}

#[test]
fn colours_follow_the_system_while_the_page_is_open() {
    let scratch = Scratch::new();
    let mut browser = opened(&scratch, DESKTOP);
    draw_all(&mut browser);
    let colour = "document.querySelector('.js-plotly-plot').data[0].line.color";
    let light = browser.value_of(colour);
    let dark = json!({"features": [{"name": "prefers-color-scheme", "value": "dark"}]});
    browser.command("Emulation.setEmulatedMedia", &dark);
    browser.wait_for(&format!("{colour} !== {light}"));
}

#[test]
fn charts_that_nobody_has_looked_at_are_printed() {
    let scratch = Scratch::new();
    let mut browser = opened(&scratch, DESKTOP);
    browser.wait_for("typeof Plotly === 'object' && document.querySelector('details.numbers') !== null");
    let printed = browser.command("Page.printToPDF", &json!({}));
    assert!(printed["data"].as_str().is_some_and(|pdf| pdf.len() > 50_000), "with charts in it");
    let drawn = "document.querySelectorAll('.js-plotly-plot').length === document.querySelectorAll('.chart').length";
    assert_eq!(browser.value_of(drawn), json!(true));
    assert_eq!(browser.complaints(), [""; 0]);
}

#[test]
fn a_phone_shows_the_page_without_moving_it_sideways() {
    let scratch = Scratch::new();
    let mut browser = opened(&scratch, PHONE);
    draw_all(&mut browser);
    assert_eq!(browser.value_of("[document.documentElement.scrollWidth, innerWidth]"), json!([360, 360]));
}
