//! `drumfire-analyze report`: one page of HTML.

use std::path::{Path, PathBuf};

use clap::Args;
use runlog::tally::Stretch;

use super::baseline::read_baseline;
use super::gate::held_against;
use super::{print, write};
use crate::analysis;
use crate::baseline::Baseline;
use crate::compare::{self, Lineup, Standing};
use crate::exit;
use crate::failure::Failure;
use crate::load::{self, Detail, Run};
use crate::render::{Renderer, html::Html};
use crate::report::Report;
use crate::section::{Finding, Part, Section};
use crate::sql::plugin::Plugins;

/// `drumfire-analyze report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// Run directories, or summary files
    #[arg(value_name = "RUN", required = true)]
    runs: Vec<PathBuf>,
    /// Where to write the page [default: report.html in the first run directory, or beside the first file]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// What the runs are held against: a baseline (a TOML file, as for gate) or a run. Several runs are held against the
    /// first without it
    #[arg(short, long, value_name = "FILE|RUN")]
    baseline: Option<PathBuf>,
    /// A folder of analyses in SQL, shown as well: see docs/sql.md
    #[arg(long, value_name = "DIR")]
    analyses: Option<PathBuf>,
}

/// Writes the page and says where it is.
///
/// # Errors
/// Where a run or the baseline cannot be read, do not belong together, or the page cannot be written.
pub fn run(asked: &ReportArgs) -> Result<u8, Failure> {
    let plugins = Plugins::of(asked.analyses.as_deref())?;
    let yardstick = asked.baseline.as_deref().map(Yardstick::open).transpose()?;
    let runs = load::load_all(&asked.runs, Stretch::WHOLE, Detail::OverTime)?;
    let held = Held::new(&runs, yardstick.as_ref())?;
    let analyses = plugins.before_last_of(analysis::REPORT);
    let mut reports = runs.into_iter().map(|run| Report::of(run, &analyses)).collect::<Result<Vec<_>, _>>()?;
    for (report, said) in reports.iter_mut().zip(held.of_each) {
        said.into_iter().for_each(|(sentence, sections)| report.hold_against(sentence, sections));
    }
    let mut page = Vec::new();
    Html { comparison: &held.comparison }.render(&reports, &mut page)?;
    let path = asked.output.clone().unwrap_or_else(|| page_of(&asked.runs[0]));
    write(&path, &page)?;
    print(format!("{}\n", path.display()).as_bytes())?;
    Ok(exit::PASSED)
}

/// What runs are held against.
enum Yardstick {
    /// The figures of a file.
    Baseline(PathBuf, Baseline),
    /// Another run.
    Run(Box<Run>),
}

impl Yardstick {
    /// A file is a baseline, unless it is what a run was written to.
    fn open(path: &Path) -> Result<Self, Failure> {
        if load::is_run(path) {
            return Ok(Self::Run(Box::new(load::load(path)?)));
        }
        Ok(Self::Baseline(path.to_owned(), read_baseline(path)?))
    }
}

/// What came of holding runs against each other, and against a yardstick.
struct Held {
    /// Of all of them together; nothing where a run is alone.
    comparison: Vec<Section>,
    /// Of each by itself: sentences for its verdict, with sections.
    of_each: Vec<Vec<(Finding, Vec<Section>)>>,
}

impl Held {
    fn new(runs: &[Run], yardstick: Option<&Yardstick>) -> Result<Self, Failure> {
        let mut held = Self { comparison: Vec::new(), of_each: vec![Vec::new(); runs.len()] };
        match (yardstick, runs) {
            (Some(Yardstick::Run(base)), others) => held.side_by_side(base, others),
            (_, [base, others @ ..]) if !others.is_empty() => held.side_by_side(base, others),
            _ => {}
        }
        if let Some(Yardstick::Baseline(file, baseline)) = yardstick {
            held.at_the_gate(runs, file, baseline)?;
        }
        Ok(held)
    }

    /// The others are the last of the runs.
    fn side_by_side(&mut self, base: &Run, others: &[Run]) {
        let lineup = Lineup::new(base, others);
        self.comparison = lineup.sections();
        let before = self.of_each.len() - others.len();
        for (each, held) in self.of_each[before..].iter_mut().zip(lineup.held()) {
            each.push(held);
        }
    }

    fn at_the_gate(&mut self, runs: &[Run], file: &Path, baseline: &Baseline) -> Result<(), Failure> {
        let name = file.display().to_string();
        let mut standings = Vec::with_capacity(runs.len());
        for ((run, label), each) in runs.iter().zip(compare::labels(runs)).zip(&mut self.of_each) {
            let result = held_against(run, baseline, file, &baseline.max_regression)?;
            let standing = Standing::of_gate(label, &result);
            let sections = result.with_verdict_first().into_iter().chain(compare::limits(run, &result)).collect();
            each.insert(0, (standing.sentence(compare::Yardstick::Baseline(&name)), sections));
            standings.push(standing);
        }
        if let Some(verdict) = self.comparison.first_mut() {
            let said = compare::sentence(standings, compare::Yardstick::Baseline(&name));
            verdict.parts.insert(0, Part::Headline(said));
        }
        Ok(())
    }
}

/// In a directory, or beside a file.
fn page_of(run: &Path) -> PathBuf {
    if run.is_file() { run.with_added_extension("html") } else { run.join("report.html") }
}
