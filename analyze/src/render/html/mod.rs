//! One self-contained page: style, script, data and the library that draws are in it, and its policy forbids it to load
//! anything. What is drawn goes into the page as numbers; how it looks is the page's (`templates/script`).

mod article;
mod cell;
mod figures;
mod library;
mod policy;
#[cfg(test)]
mod tests;

use std::io::{self, Write};

use askama::Template;
use runlog::text::printable;

use self::article::Article;
use self::cell::{Cell, is_wide};
use self::figures::Figures;
use self::library::Library;
use super::{Renderer, value};
use crate::failure::Failure;
use crate::report::Report;
use crate::section::{Level, Part, Section};

const STYLE: &str = concat!(
    include_str!("../../../templates/style/page.css"),
    include_str!("../../../templates/style/parts.css"),
    include_str!("../../../templates/style/charts.css"),
    include_str!("../../../templates/style/print.css"),
);

/// One module: what comes first is used by what follows.
const SCRIPT: &str = concat!(
    include_str!("../../../templates/script/units.js"),
    include_str!("../../../templates/script/looks.js"),
    include_str!("../../../templates/script/axes.js"),
    include_str!("../../../templates/script/figure.js"),
    include_str!("../../../templates/script/words.js"),
    include_str!("../../../templates/script/chart.js"),
    include_str!("../../../templates/script/time.js"),
    include_str!("../../../templates/script/tables.js"),
    include_str!("../../../templates/script/page.js"),
);

/// The page.
pub struct Html<'a> {
    /// What stands before the reports of several runs: how they compare. Nothing for a run alone.
    pub comparison: &'a [Section],
}

impl Renderer for Html<'_> {
    fn render(&self, reports: &[Report], out: &mut dyn Write) -> Result<(), Failure> {
        let articles = Article::all(self.comparison, reports);
        let figures = Figures::of(&articles);
        let library = if figures.is_empty() { None } else { Some(Library::packed()?) };
        let page = Page {
            policy: policy::of(library.as_ref().map(|library| library.script.as_str()), SCRIPT, STYLE),
            title: reports.iter().map(|report| printable(&report.summary.run.name)).collect::<Vec<_>>().join(", "),
            articles,
            figures: harmless(&serde_json::to_string(&figures).map_err(io::Error::from)?),
            library: library.as_ref().map_or("", |library| &library.packed),
        };
        Ok(out.write_all(page.render()?.as_bytes())?)
    }
}

/// What the template is filled with. Only style, script, figures and the packed library go in unescaped: none holds text
/// from outside but the figures, which are made harmless.
#[derive(Template)]
#[template(path = "report.html")]
struct Page<'a> {
    policy: String,
    title: String,
    articles: Vec<Article<'a>>,
    figures: String,
    library: &'a str,
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

/// What stands before a sentence, so that it does not depend on a colour.
const fn sign_of(level: Level) -> &'static str {
    match level {
        Level::Good => "✓",
        Level::Note => "i",
        Level::Warning => "!",
        Level::Bad => "✕",
    }
}
