//! The report as somebody reads and uses it: pages of real runs, in a browser.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::fs;

use drumfire_tests::browser::{DESK, PHONE, Page, Scheme, Screen};
use drumfire_tests::python::python;
use drumfire_tests::reported::{HOSTILE_SHOWN, LONG, SHOP, THIRTY};
use serde_json::{Value, json};

/// The charts over time that have been drawn, and whether something is shown of another stretch than in the first of them.
const ON_TIME: &str = "[...document.querySelectorAll('.js-plotly-plot')].filter((chart) => chart.layout.xaxis.type === 'date')";

/// Opens a page and has a look at all its charts, as they are drawn when they come into view.
#[track_caller]
fn read_through(html: &str, screen: Screen) -> Page {
    let mut page = Page::open(html, screen);
    let figures = page.evaluate("document.querySelectorAll('figure').length").as_u64().expect("a number");
    assert!(figures > 5, "there is something to be drawn: {figures}");
    for figure in 0..figures {
        let figure = format!("document.querySelectorAll('figure')[{figure}]");
        page.evaluate(&format!("{figure}.scrollIntoView({{ behavior: 'instant' }})"));
        page.wait_until(&format!("{figure}.querySelector('.js-plotly-plot .main-svg') !== null"));
    }
    page
}

#[track_caller]
fn assert_nothing_was_said_against(page: &mut Page) {
    let complaints = page.complaints();
    assert!(complaints.is_empty(), "{complaints:#?}");
    let from_elsewhere: Vec<String> =
        page.loaded().into_iter().skip(1).filter(|address| !address.starts_with("data:")).collect();
    assert!(from_elsewhere.is_empty(), "the page loads {from_elsewhere:#?}");
}

/// The words of what an expression finds, which are to be none.
#[track_caller]
fn assert_none(page: &mut Page, what: &str, expression: &str) {
    assert_eq!(page.evaluate(expression), json!([]), "{what}");
}

#[test]
fn every_chart_is_drawn_from_data_and_nothing_goes_wrong() {
    for html in [&SHOP, &THIRTY, &LONG] {
        let mut page = read_through(html, DESK);
        let without_marks = "[...document.querySelectorAll('.js-plotly-plot')]
            .filter((chart) => {
                const marks = [...chart.querySelectorAll('.plot .trace path, .plot .trace image, .plot .heatmaplayer image, .plot .points path')];
                const areas = marks.map((mark) => mark.getBoundingClientRect()).map(({ width, height }) => Math.max(width, height));
                const values = chart.data.flatMap((trace) => [...(trace.z?.flat() ?? trace.y ?? trace.x)]).filter(Number.isFinite);
                return values.length === 0 || Math.max(0, ...areas) < 1;
            })
            .map((chart) => chart.closest('figure').textContent.slice(0, 80))";
        assert_none(&mut page, "charts without data or without marks", without_marks);
        assert_nothing_was_said_against(&mut page);
        assert!(html.len() < 3 << 20, "a page of {} bytes", html.len());
    }
}

#[test]
fn names_from_outside_are_text() {
    for html in [&SHOP, &LONG] {
        let mut page = read_through(html, DESK);
        let shown = page.evaluate("document.querySelector('main').textContent");
        assert!(shown.as_str().expect("a text").contains(HOSTILE_SHOWN), "the name is shown as it is");
        assert_none(
            &mut page,
            "elements that came out of a name",
            "[...document.querySelectorAll('img, body script:not([type]), [onerror], [src]')].map((element) => element.outerHTML)",
        );
        assert_none(
            &mut page,
            "texts with marks that turn the direction of what follows",
            "[...document.querySelectorAll('body *')].filter((element) => !['SCRIPT', 'STYLE'].includes(element.tagName))
                .flatMap((element) => [...element.childNodes]).filter((node) => node.nodeType === 3)
                .map((node) => node.data).filter((text) => /[\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]/.test(text))",
        );
        assert_nothing_was_said_against(&mut page);
    }
}

#[test]
fn whoever_cannot_see_or_has_no_mouse_can_read_it() {
    for (html, screen, scheme) in [(&SHOP, DESK, Scheme::Light), (&SHOP, PHONE, Scheme::Dark), (&THIRTY, DESK, Scheme::Dark)] {
        let mut page = read_through(html, screen);
        page.prefer(scheme);
        assert_accessible(&mut page);
    }
}

/// Holds a page against the rules of axe-core. What it calls minor or moderate is advice.
#[track_caller]
fn assert_accessible(page: &mut Page) {
    let python = python().expect("Python is installed");
    let lib = python.ancestors().nth(2).expect("an environment has folders").join("lib");
    let found = fs::read_dir(lib).expect("an environment has a lib folder").filter_map(Result::ok);
    let script = found.map(|version| version.path().join("site-packages/axe_playwright_python/axe.min.js")).find(|path| path.is_file());
    page.evaluate(&fs::read_to_string(script.expect("axe-core is installed")).expect("a script is a text"));
    let violations = page.evaluate("axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)");
    let serious: Vec<String> = violations
        .as_array()
        .expect("axe lists what it finds")
        .iter()
        .filter(|found| ["serious", "critical"].contains(&found["impact"].as_str().unwrap_or_default()))
        .map(|found| format!("{}: {}", found["help"], found["nodes"].as_array().map_or(Value::Null, |nodes| {
            nodes.iter().take(3).map(|node| json!([node["html"], node["failureSummary"]])).collect()
        })))
        .collect();
    assert!(serious.is_empty(), "{serious:#?}");
}
