//! What was found out about one run: what renderers are given.

use std::path::PathBuf;

use runlog::summary::Summary;
use runlog::tally::Stretch;

use crate::analysis::{Analysis, stages};
use crate::failure::Failure;
use crate::load::{self, Detail, Run};
use crate::section::{Band, Finding, Part, Section};

/// A run's figures, and what analyses made of them.
#[derive(Debug)]
pub struct Report {
    /// The figures, for programs.
    pub summary: Summary,
    /// The sections, for people.
    pub sections: Vec<Section>,
    /// The stages of its load, drawn behind every chart over time.
    pub stages: Vec<Band>,
}

impl Report {
    /// Opens runs and has analyses look at each; of their rows, only those of a stretch are counted.
    ///
    /// # Errors
    /// Where a run cannot be read.
    pub fn of_all(runs: &[PathBuf], within: Stretch, analyses: &[&dyn Analysis]) -> Result<Vec<Self>, Failure> {
        let detail = analyses.iter().map(|analysis| analysis.detail()).max().unwrap_or(Detail::Figures);
        load::load_all(runs, within, detail)?.into_iter().map(|run| Self::of(run, analyses)).collect()
    }

    /// Has analyses look at a run, one after another.
    ///
    /// # Errors
    /// Where its rows cannot be read.
    pub fn of(run: Run, analyses: &[&dyn Analysis]) -> Result<Self, Failure> {
        let mut sections = Vec::new();
        for analysis in analyses {
            sections.extend(analysis.sections(&run)?);
        }
        let stages = stages(&run.log, run.summary.run.elapsed_ns);
        Ok(Self { summary: run.summary, sections, stages })
    }

    /// Adds what came of holding the run against others: sentences to its verdict, which is never better than they are, and
    /// behind it what they come from.
    pub fn hold_against(&mut self, found: Vec<(Finding, Vec<Section>)>) {
        let (said, sections): (Vec<Finding>, Vec<Vec<Section>>) = found.into_iter().unzip();
        if let Some(headline) = self.sections.first_mut().and_then(headline) {
            for sentence in said {
                headline.level = headline.level.max(sentence.level);
                headline.sentence.push(" ".into());
                headline.sentence.extend(sentence.sentence);
            }
        }
        let behind = self.sections.len().min(1);
        self.sections.splice(behind..behind, sections.into_iter().flatten());
    }
}

fn headline(section: &mut Section) -> Option<&mut Finding> {
    section.parts.iter_mut().find_map(|part| if let Part::Headline(headline) = part { Some(headline) } else { None })
}
