//! The report as somebody reads and uses it: pages of real runs, in a browser.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::fs;

use drumfire_tests::browser::{DESK, PHONE, Page, Scheme};
use drumfire_tests::python::brought;
use drumfire_tests::reported::{HOSTILE_SHOWN, LONG, SHOP, THIRTY, read_through};
use serde_json::{Value, json};

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
                const marks = [...chart.querySelectorAll('.trace path, .heatmaplayer image')];
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
fn a_dark_system_has_a_dark_page_and_back() {
    let mut page = read_through(&SHOP, DESK);
    let looks = "(() => {
        const lightness = (colour) => Math.max(...colour.match(/[\\d.]+/g).slice(0, 3).map(Number));
        const style = getComputedStyle(document.body);
        const charts = [...document.querySelectorAll('.js-plotly-plot')];
        const labels = charts.map((chart) => lightness(getComputedStyle(chart.querySelector('.xtick text')).fill));
        return [lightness(style.backgroundColor) < 64, lightness(style.color) > 192, labels.every((label) => label > 128)];
    })()";
    page.prefer(Scheme::Dark);
    page.wait_until(&format!("{looks}.every((is) => is)"));
    page.prefer(Scheme::Light);
    page.wait_until(&format!("!{looks}.some((is) => is)"));
    assert_nothing_was_said_against(&mut page);
}

#[test]
fn it_fits_a_phone_and_a_desk_with_long_names_and_many_requests() {
    for (html, screen) in [(&SHOP, PHONE), (&THIRTY, PHONE), (&LONG, PHONE), (&THIRTY, DESK)] {
        let mut page = read_through(html, screen);
        let widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]");
        assert_eq!(widths, json!([screen.width, screen.width]), "the page does not scroll sideways on {screen:?}");
        assert_none(
            &mut page,
            "numbers that are broken into lines",
            "[...document.querySelectorAll('td')].filter((cell) => getComputedStyle(cell).textAlign === 'right').filter((cell) => {
                const range = document.createRange();
                range.selectNodeContents(cell);
                return new Set([...range.getClientRects()].map(({ top }) => Math.round(top))).size > 1;
            }).map((cell) => cell.textContent)",
        );
        assert_none(
            &mut page,
            "labels of axes that lie on each other",
            "[...document.querySelectorAll('.js-plotly-plot')].flatMap((chart) => ['xtick', 'ytick'].flatMap((axis) => {
                const labels = [...chart.querySelectorAll(`.${axis} text`)];
                const boxes = labels.map((label) => label.getBoundingClientRect());
                const meet = (one, other) => one.left < other.right - 1 && other.left < one.right - 1
                    && one.top < other.bottom - 4 && other.top < one.bottom - 4;
                return labels.filter((_, place) => boxes.slice(0, place).some((other) => meet(boxes[place], other)))
                    .map((label) => `${label.textContent} in ${chart.closest('figure').textContent.slice(0, 60)}`);
            }))",
        );
    }
}

#[test]
fn on_paper_every_chart_is_there_in_light_colours() {
    let mut page = Page::open(&SHOP, DESK);
    page.prefer(Scheme::Dark);
    page.wait_until(
        "document.querySelectorAll('figure [role=img]').length === document.querySelectorAll('figure').length",
    );
    // Behind the page's own, which has drawn what had not come into view.
    page.evaluate(
        "addEventListener('beforeprint', () => {
            const ticks = [...document.querySelectorAll('figure')].map((figure) => figure.querySelector('.xtick text'));
            window.printed = { drawn: ticks.filter((tick) => tick).length, colour: getComputedStyle(ticks[0]).fill };
        })",
    );
    let pdf = page.pdf();
    assert!(pdf.starts_with(b"%PDF-"), "it is a PDF");
    let pages = pdf.windows(12).filter(|bytes| *bytes == b"/Type /Page\n").count();
    assert!((3..40).contains(&pages), "{pages} pages");
    let figures = page.evaluate("document.querySelectorAll('figure').length");
    assert_eq!(page.evaluate("printed.drawn"), figures, "every chart is drawn for paper");
    assert_eq!(page.evaluate("Math.max(...printed.colour.match(/\\d+/g).map(Number)) < 128"), true, "ink is dark");
    assert_nothing_was_said_against(&mut page);
}

#[test]
fn whoever_cannot_see_or_has_no_mouse_can_read_it() {
    for (html, screen, scheme) in
        [(&SHOP, DESK, Scheme::Light), (&SHOP, PHONE, Scheme::Dark), (&THIRTY, DESK, Scheme::Dark)]
    {
        let mut page = read_through(html, screen);
        page.prefer(scheme);
        assert_accessible(&mut page);
    }
}

/// Holds a page against the rules of axe-core. What it calls minor or moderate is advice.
#[track_caller]
fn assert_accessible(page: &mut Page) {
    let script = brought("axe_playwright_python/axe.min.js");
    page.evaluate(&fs::read_to_string(script).expect("a script is a text"));
    let violations = page.evaluate("axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)");
    let serious: Vec<String> = violations
        .as_array()
        .expect("axe lists what it finds")
        .iter()
        .filter(|found| ["serious", "critical"].contains(&found["impact"].as_str().unwrap_or_default()))
        .map(|found| {
            format!(
                "{}: {}",
                found["help"],
                found["nodes"].as_array().map_or(Value::Null, |nodes| {
                    nodes.iter().take(3).map(|node| json!([node["html"], node["failureSummary"]])).collect()
                })
            )
        })
        .collect();
    assert!(serious.is_empty(), "{serious:#?}");
}
