//! The report as somebody works with it: zoom, lines on and off, tables in another order, by mouse and by keyboard.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use drumfire_tests::browser::{DESK, Page};
use drumfire_tests::reported::{SHOP, THIRTY, read_through};
use serde_json::{Value, json};

/// The stretch of time that each chart over time shows.
const STRETCHES: &str = "[...document.querySelectorAll('.js-plotly-plot')]
    .filter((chart) => chart.layout.xaxis.type === 'date').map((chart) => chart.layout.xaxis.range.join(' – '))";

/// The button of this name.
fn button(name: &str) -> String {
    format!(
        "[...document.querySelectorAll('button')]
            .find((button) => (button.getAttribute('aria-label') ?? button.textContent) === '{name}')"
    )
}

/// Waits until the charts over time all show the same stretch, and not this one; returns it.
#[track_caller]
fn moved_from(page: &mut Page, before: &Value) -> Value {
    page.wait_until(&format!("new Set({STRETCHES}).size === 1 && {STRETCHES}[0] !== {before}"));
    page.evaluate(&format!("{STRETCHES}[0]"))
}

#[test]
fn all_charts_over_time_are_zoomed_together_and_back() {
    let mut page = read_through(&SHOP, DESK);
    let all = page.evaluate(STRETCHES);
    let all = all.as_array().expect("a list");
    assert!(all.len() > 3 && all.iter().all(|stretch| *stretch == all[0]), "all charts show the same time: {all:?}");

    page.drag_over("document.querySelector('.js-plotly-plot .nsewdrag')", 0.25, 0.5);
    let mut shown = moved_from(&mut page, &all[0]);
    page.click(&button("Show all"));
    shown = moved_from(&mut page, &shown);
    assert_eq!(shown, all[0], "all is shown again");

    for name in ["Zoom in", "Later", "Earlier", "Zoom out"] {
        page.evaluate(&format!("{}.focus()", button(name)));
        page.press("Enter");
        shown = moved_from(&mut page, &shown);
    }
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn a_line_is_put_away_and_brought_back_by_its_button() {
    let mut page = read_through(&SHOP, DESK);
    let visible = "(() => {
        const chart = document.querySelector('.js-plotly-plot');
        const buttons = [...chart.closest('figure').querySelectorAll('button[aria-pressed]')];
        return [buttons.map((button) => button.getAttribute('aria-pressed') === 'true'), chart.data.map((line) => line.visible !== false),
            chart.querySelectorAll('.trace .js-line').length];
    })()";
    let second =
        "document.querySelector('.js-plotly-plot').closest('figure').querySelectorAll('button[aria-pressed]')[1]";
    assert_eq!(page.evaluate(visible), json!([[true, true], [true, true], 2]));
    page.click(second);
    page.wait_until(&format!("JSON.stringify({visible}) === '[[true,false],[true,false],1]'"));
    page.evaluate(&format!("{second}.focus()"));
    page.press("Enter");
    page.wait_until(&format!("JSON.stringify({visible}) === '[[true,true],[true,true],2]'"));
    assert_eq!(page.complaints(), Vec::<String>::new());
}

#[test]
fn a_table_is_sorted_by_any_of_its_headings() {
    let mut page = Page::open(&THIRTY, DESK);
    // Of the thirty requests, and their total.
    let table = "[...document.querySelectorAll('main table')].find((table) => table.tBodies[0].rows.length === 31)";
    let columns = page.evaluate(&format!("{table}.tHead.rows[0].cells.length")).as_u64().expect("a number");
    assert!(columns > 5, "{columns} columns");
    let last = format!("{table}.tBodies[0].rows[30].textContent");
    let total = page.evaluate(&last);
    for column in 0..columns {
        let heading = format!("{table}.tHead.rows[0].cells[{column}]");
        page.click(&format!("{heading}.querySelector('button')"));
        let first = sorted_as(&mut page, table, column);
        page.evaluate(&format!("{heading}.querySelector('button').focus()"));
        page.press("Enter");
        let second = sorted_as(&mut page, table, column);
        assert_ne!(first, second, "a second time the other way round");
        assert_eq!(page.evaluate(&last), total, "the total stays below");
    }
    assert_eq!(page.complaints(), Vec::<String>::new());
}

/// How a table says that it is sorted by a column, after a look at whether it is, and by no other.
#[track_caller]
fn sorted_as(page: &mut Page, table: &str, column: u64) -> String {
    let seen = page.evaluate(&format!(
        "(() => {{
            const table = {table};
            const said = [...table.tHead.rows[0].cells].map((heading) => heading.getAttribute('aria-sort'));
            const cells = [...table.tBodies[0].rows].slice(0, 30).map((row) => row.cells[{column}]);
            return [said.map((how, place) => how && place).filter((place) => place !== null), said[{column}],
                cells.map((cell) => cell.dataset.number ? Number(cell.dataset.number) : cell.textContent)];
        }})()"
    ));
    assert_eq!(seen[0], json!([column]), "sorted by this column and no other");
    let how = seen[1].as_str().expect("a column says how it is sorted").to_owned();
    let mut numbers: Vec<f64> = seen[2].as_array().expect("a list").iter().filter_map(Value::as_f64).collect();
    if how == "descending" {
        numbers.reverse();
    }
    assert!(numbers.is_sorted(), "{how} by column {column}: {}", seen[2]);
    how
}
