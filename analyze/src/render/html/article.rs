//! What a page is made of: how several runs compare, and then each run.

use runlog::text::printable;

use crate::report::Report;
use crate::section::{Band, Part, Section};

/// A part of the page with a heading of its own.
pub(super) struct Article<'a> {
    /// The heading.
    pub title: String,
    /// What there is to it, in reading order.
    pub sections: &'a [Section],
    /// What is drawn behind its charts over time.
    pub stages: &'a [Band],
}

impl<'a> Article<'a> {
    /// How runs compare, where they are compared, and then each of them.
    pub fn all(comparison: &'a [Section], reports: &'a [Report]) -> Vec<Self> {
        let side_by_side = Self { title: "Side by side".to_owned(), sections: comparison, stages: &[] };
        let first = (!comparison.is_empty()).then_some(side_by_side);
        let runs = reports.iter().map(|report| Self {
            title: title(report, reports.len()),
            sections: &report.sections,
            stages: &report.stages,
        });
        first.into_iter().chain(runs).collect()
    }

    /// Whether the facts of a section are what is looked for first: beside the sentence to read first, or of a section of their own.
    pub fn has_key_figures(section: &Section) -> bool {
        let has_headline = section.parts.iter().any(|part| matches!(part, Part::Headline(_)));
        has_headline || section.parts.iter().all(|part| matches!(part, Part::Facts(_)))
    }
}

/// The name of a run; among others, which may be of one scenario, with where it is.
fn title(report: &Report, runs: usize) -> String {
    let run = &report.summary.run;
    if runs > 1 { printable(&format!("{}: {}", run.name, run.directory)) } else { printable(&run.name) }
}
