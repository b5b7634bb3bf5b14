//! What was found out about one run: what renderers are given.

use runlog::summary::Summary;

use crate::analysis::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::Section;

/// A run's figures, and what analyses made of them.
#[derive(Debug)]
pub struct Report {
    /// The figures, for programs.
    pub summary: Summary,
    /// The sections, for people.
    pub sections: Vec<Section>,
}

impl Report {
    /// Has analyses look at a run, one after another.
    ///
    /// # Errors
    /// Where its rows cannot be read.
    pub fn of(run: Run, analyses: &[&dyn Analysis]) -> Result<Self, Failure> {
        let mut sections = Vec::new();
        for analysis in analyses {
            sections.extend(analysis.sections(&run)?);
        }
        Ok(Self { summary: run.summary, sections })
    }
}
