//! One self-contained page: style, script and data are in it, and its policy forbids it to load anything.

use std::io::Write;

use askama::Template;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use plotly::Plot;
use runlog::text::printable;
use sha2::{Digest, Sha256};

use super::{Renderer, plot, value};
use crate::failure::Failure;
use crate::report::Report;
use crate::section::{Chart, Level, Part, Section, Value};

const STYLE: &str = include_str!("../../templates/report.css");
const SCRIPT: &str = include_str!("../../templates/report.js");

/// The page.
pub struct Html<'a> {
    /// What stands before the reports of several runs: how they compare. Nothing for a run alone.
    pub comparison: &'a [Section],
}

impl Renderer for Html<'_> {
    fn render(&self, reports: &[Report], out: &mut dyn Write) -> Result<(), Failure> {
        let figures: Vec<Plot> = charts(self.comparison, reports).map(plot::figure).collect();
        let library = if figures.is_empty() { String::new() } else { plotly_script() };
        let page = Page {
            policy: policy(&library),
            comparison: self.comparison,
            reports,
            figures: harmless(&figures.iter().map(Plot::to_json).collect::<Vec<_>>().join(",\n")),
            library,
        };
        Ok(out.write_all(page.render()?.as_bytes())?)
    }
}

/// What the template is filled with. Only style, scripts and figures go in unescaped: none holds text from outside but
/// the figures, which are made harmless.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    policy: String,
    comparison: &'a [Section],
    reports: &'a [Report],
    figures: String,
    library: String,
}

impl Page<'_> {
    fn title(&self) -> String {
        let names: Vec<String> = self.reports.iter().map(|report| self.heading(report)).collect();
        names.join(", ")
    }

    /// The name of a run; of several runs, which may be of one scenario, with where each is.
    fn heading(&self, report: &Report) -> String {
        match self.reports {
            [_] => name_of(report),
            _ => format!("{}: {}", name_of(report), printable(&report.summary.run.directory)),
        }
    }
}

fn name_of(report: &Report) -> String {
    printable(&report.summary.run.name)
}

fn charts<'a>(comparison: &'a [Section], reports: &'a [Report]) -> impl Iterator<Item = &'a Chart> {
    let sections = comparison.iter().chain(reports.iter().flat_map(|report| &report.sections));
    let parts = sections.flat_map(|section| &section.parts);
    parts.filter_map(|part| if let Part::Chart(chart) = part { Some(chart) } else { None })
}

/// plotly.js alone: the crate's offline sources have it as the first of two scripts, and the second sets formulas.
fn plotly_script() -> String {
    let sources = Plot::offline_js_sources();
    let script = sources.split_once('>').and_then(|(_, rest)| rest.split_once("</script>"));
    // A browser reads every line end as `\n`, also where it takes the hash.
    script.map_or_else(String::new, |(script, _)| script.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Nothing is loaded; the scripts and the style are named by their hashes. Plotly makes an empty style element, and sets
/// style attributes.
fn policy(library: &str) -> String {
    let hash = |text: &str| format!("'sha256-{}'", BASE64.encode(Sha256::digest(text)));
    format!(
        "default-src 'none'; script-src {} {}; style-src-elem {} {}; style-src-attr 'unsafe-inline'; \
         img-src data: blob:; base-uri 'none'; form-action 'none'",
        hash(library),
        hash(SCRIPT),
        hash(STYLE),
        hash("")
    )
}

/// JSON that cannot end the script element which holds it.
fn harmless(json: &str) -> String {
    json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026")
}

const fn class_of(level: Level) -> &'static str {
    match level {
        Level::Good => "good",
        Level::Note => "note",
        Level::Warning => "warning",
        Level::Bad => "bad",
    }
}

const fn class_of_cell(cell: &Value) -> &'static str {
    match cell {
        Value::Passed(true) => " good",
        Value::Passed(false) => " bad",
        _ => "",
    }
}
