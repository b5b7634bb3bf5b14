//! The report as somebody works with it: zoom, lines on and off, tables in another order, by mouse and by keyboard.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use drumfire_tests::browser::{DESK, Page};
use drumfire_tests::reported::{SHOP, THIRTY, read_through};
use serde_json::{Value, json};

/// The charts over time.
const OVER_TIME: &str =
    "[...document.querySelectorAll('.js-plotly-plot')].filter((chart) => chart.layout.xaxis.type === 'date')";

/// The button of this name.
fn button(name: &str) -> String {
    format!(
        "[...document.querySelectorAll('button')]
            .find((button) => (button.getAttribute('aria-label') ?? button.textContent) === '{name}')"
    )
}

/// The stretches of time that the charts over time show: one, where all show the same.
fn stretches(page: &mut Page) -> Vec<Value> {
    let all = page.evaluate(&format!("[...new Set({OVER_TIME}.map((chart) => chart.layout.xaxis.range.join(' – ')))]"));
    all.as_array().expect("a list").clone()
}

/// Waits until the charts over time all show one stretch, and another than before; returns it.
#[track_caller]
fn moved_from(page: &mut Page, before: &Value) -> Value {
    let ranges = format!("{OVER_TIME}.map((chart) => chart.layout.xaxis.range.join(' – '))");
    page.wait_until(&format!("new Set({ranges}).size === 1 && {ranges}[0] !== {before}"));
    stretches(page).remove(0)
}

#[test]
fn all_charts_over_time_are_zoomed_together_and_back() {
    let mut page = read_through(&SHOP, DESK);
    let charts = page.evaluate(&format!("{OVER_TIME}.length")).as_u64().expect("a number");
    assert!(charts > 3, "{charts} charts over time");
    let all = stretches(&mut page);
    assert_eq!(all.len(), 1, "all charts show the same time: {all:?}");

    page.drag_over(&format!("{OVER_TIME}[1].querySelector('.nsewdrag')"), 0.25, 0.5);
    let dragged = moved_from(&mut page, &all[0]);
    page.click(&button("Show all"));
    assert_eq!(moved_from(&mut page, &dragged), all[0], "all is shown again");

    for name in ["Zoom in", "Later", "Earlier", "Zoom out"] {
        let before = stretches(&mut page).remove(0);
        page.evaluate(&format!("{}.focus()", button(name)));
        page.press("Enter");
        moved_from(&mut page, &before);
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
    let second = "document.querySelector('.js-plotly-plot').closest('figure').querySelectorAll('button[aria-pressed]')[1]";
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
    // The table of the thirty requests.
    let table = "[...document.querySelectorAll('main table')].find((table) => table.tBodies[0].rows.length >= 30)";
    let columns = page.evaluate(&format!("{table}.tHead.rows[0].cells.length")).as_u64().expect("a number");
    assert!(columns > 5, "{columns} columns");
    for column in 0..columns {
        let heading = format!("{table}.tHead.rows[0].cells[{column}]");
        page.click(&format!("{heading}.querySelector('button')"));
        let first = sorted_as(&mut page, table, column);
        page.evaluate(&format!("{heading}.querySelector('button').focus()"));
        page.press("Enter");
        let second = sorted_as(&mut page, table, column);
        assert_ne!(first, second, "a second time the other way round");
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
