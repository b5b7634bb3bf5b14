//! Reports of real runs, as pages: made once for all tests of a program.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use crate::alone::alone;
use crate::browser::{Page, Screen};
use crate::nginx::{HELLO, Nginx};
use crate::program::analyze;
use crate::scenario::Scenario;
use crate::scratch::Scratch;
use crate::shop::Shop;
use crate::written::{self, Request, answered};

/// A name that a scenario may have: the end of a script, markup, quotes, and marks that turn the direction of what follows.
pub const HOSTILE: &str =
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&amp;\u{202e}txt.exe\u{200f}";
/// How it is shown: what would change the text around it is written out.
pub const HOSTILE_SHOWN: &str =
    r#"</script><script>alert(1)</script><img src=x onerror=alert(2)>"'&amp;\u{202e}txt.exe\u{200f}"#;

/// Of a load that rises and falls on the demo shop: several requests, errors, thresholds, probes, and names that are hostile.
pub static SHOP: LazyLock<String> = LazyLock::new(|| {
    let shop = Shop::open();
    let hostile = quoted(HOSTILE);
    let scenario = Scenario::to(shop.url())
        .key(&format!("name = {hostile}\ntags = {{ note = {hostile} }}"))
        .request("products_list", "path = \"/api/products\"\nheaders = { Authorization = \"Bearer demo-professional\" }")
        .request("nowhere", "path = \"/nowhere\"\nexpect_status = 200")
        .request(&hostile, "path = \"/api/health\"\nexpect_status = 200\nchecks = { \"is well\" = \"status == 200\" }")
        .load(
            "arrivals",
            "executor = \"ramping-arrival-rate\"\narrival = \"poisson\"
             stages = [{ duration = \"1s\", target = \"100/s\" }, { duration = \"2s\", target = \"100/s\" }, { duration = \"1s\", target = \"0/s\" }]
             mix = { products_list = 0.6, nowhere = 0.1 }",
        )
        .load(
            "visitors",
            &format!("executor = \"constant-vus\"\nvus = 2\nduration = \"4s\"\nflow = {hostile}\ntags = {{ who = {hostile} }}"),
        )
        .table("[[thresholds]]\nmetric = \"http_req_failed\"\ncondition = \"rate < 1%\"")
        .table(
            "[[probes]]
             name = \"app\"
             kind = \"json\"
             url = \"{{ target }}/api/metrics\"
             interval = \"500ms\"
             metrics = { memory_mb = \"/process/memory_usage_mb\" }",
        );
    page_of(&scenario)
});

/// Of a run with thirty requests.
pub static THIRTY: LazyLock<String> = LazyLock::new(|| {
    let nginx = Nginx::serving(HELLO);
    let mut scenario = Scenario::to(&nginx.url());
    let mut mix = String::new();
    for number in 1..=30 {
        let name = format!("customers_by_region_and_order_of_the_year_{number}");
        scenario = scenario.request(&name, &format!("path = \"/customers/{number}/orders\""));
        _ = write!(mix, "{name} = 1, ");
    }
    let load = format!("executor = \"constant-arrival-rate\"\nrate = \"300/s\"\nduration = \"3s\"\nmix = {{ {mix} }}");
    page_of(&scenario.load("everything", &load))
});

/// Of a run that no load has made, in which a name of 300 characters goes on where a hostile one ends.
pub static LONG: LazyLock<String> = LazyLock::new(|| {
    let name: String = HOSTILE.chars().chain("x/".chars().cycle()).take(300).collect();
    let rows =
        (0..200).map(|number| answered(&name, number * 10_000_000, 1_000, 240_000_000 + number * 1_000)).collect();
    let scratch = Scratch::new();
    let run = scratch.join("run");
    written::write(&run, &[Request::named(&name)], &[rows]).expect("a run directory can be written");
    report_of(&run)
});

/// Opens a page and has a look at all its charts, as they are drawn when they come into view.
#[track_caller]
pub fn read_through(html: &str, screen: Screen) -> Page {
    let mut page = Page::open(html, screen);
    let figures = page.evaluate("document.querySelectorAll('figure').length").as_u64().expect("a number");
    assert!(figures > 5, "there is something to be drawn: {figures}");
    for figure in 0..figures {
        let figure = format!("document.querySelectorAll('figure')[{figure}]");
        // Whoever reads scrolls on where the charts above, drawn by and by, have moved this one out of sight.
        let scrolled = format!("{figure}.scrollIntoView({{ behavior: 'instant' }})");
        page.wait_until(&format!("({scrolled}, {figure}.querySelector('.js-plotly-plot .main-svg') !== null)"));
    }
    page
}

/// The report of a scenario's run. Whether it was valid, and its thresholds hold, does not matter.
fn page_of(scenario: &Scenario) -> String {
    let _turn = alone();
    let scratch = Scratch::new();
    let run = scratch.drumfire_run("run", &scenario.clone().text()).finish();
    assert!(matches!(run.code, Some(0 | 3 | 99)), "the run came to its end\n{}", run.account());
    report_of(&scratch.join("run"))
}

fn report_of(run: &Path) -> String {
    let page = run.with_extension("html");
    analyze().arg("report").arg(run).arg("-o").arg(&page).finish().assert_code(0);
    fs::read_to_string(page).expect("the report is a text")
}

/// A string, and a key, as TOML takes them.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}
