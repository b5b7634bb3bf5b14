//! Makes the README's picture of the report: gives the demo, opens its report in a browser, and takes a picture of its verdict
//! and first charts.
//!
//! ```text
//! tests/install && cargo build --release --workspace && target/release/picture
//! ```

use std::fs;
use std::path::Path;

use drumfire_tests::browser::Screen;
use drumfire_tests::program::drumfire;
use drumfire_tests::reported::read_through;
use drumfire_tests::scratch::Scratch;

const SCREEN: Screen = Screen { width: 1180, height: 1400, is_phone: false };
/// There is no room for the tables between the verdict and the charts.
const WITHOUT_TABLES: &str = "[...document.querySelectorAll('section')].slice(1)
    .forEach((section) => section.hidden = section.querySelector('figure') === null)";

fn main() -> anyhow::Result<()> {
    let scratch = Scratch::new();
    let run = scratch.join("demo");
    drumfire().arg("demo").arg("--out").arg(&run).finish().assert_code(0);
    let report = fs::read_to_string(run.join("report.html"))?;
    let mut page = read_through(&report, SCREEN);
    page.evaluate(WITHOUT_TABLES);
    page.evaluate("scrollTo({ top: 0, behavior: 'instant' })");
    fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/report.png"), page.screenshot())?;
    Ok(())
}
