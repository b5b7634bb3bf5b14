//! `drumfire-analyze report`: one page of HTML.

use std::path::{Path, PathBuf};

use clap::Args;
use runlog::tally::Stretch;

use super::baseline::read_baseline;
use super::gate::held_against;
use super::{print, write};
use crate::analysis;
use crate::baseline::Baseline;
use crate::compare::{self, Lineup, Standing, Yardstick};
use crate::exit;
use crate::failure::Failure;
use crate::load::{self, Detail, Run};
use crate::render::{Renderer, html::Html};
use crate::report::Report;
use crate::scaling::{INSTANCES, Scaling};
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
    let against = asked.baseline.as_deref().map(Against::open).transpose()?;
    let runs = load::load_all(&asked.runs, Stretch::WHOLE, Detail::OverTime)?;
    let Compared { together, each } = Compared::of(&runs, against.as_ref())?;
    let analyses = plugins.before_last_of(analysis::REPORT);
    let mut reports = runs.into_iter().map(|run| Report::of(run, &analyses)).collect::<Result<Vec<_>, _>>()?;
    for (report, found) in reports.iter_mut().zip(each) {
        report.hold_against(found);
    }
    let mut page = Vec::new();
    Html { comparison: &together }.render(&reports, &mut page)?;
    let path = asked.output.clone().unwrap_or_else(|| page_of(&asked.runs[0]));
    write(&path, &page)?;
    print(format!("{}\n", path.display()).as_bytes())?;
    Ok(exit::PASSED)
}

/// What runs are held against, where that is not the first of them.
enum Against {
    /// The figures of a file.
    Baseline { file: PathBuf, figures: Box<Baseline> },
    /// Another run.
    Run(Box<Run>),
}

impl Against {
    /// A file is a baseline, unless it is what a run was written to.
    fn open(path: &Path) -> Result<Self, Failure> {
        if load::is_run(path) {
            return Ok(Self::Run(Box::new(load::load(path)?)));
        }
        Ok(Self::Baseline { file: path.to_owned(), figures: Box::new(read_baseline(path)?) })
    }
}

/// What came of holding runs against each other, and against a baseline.
struct Compared {
    /// Of all together; nothing of a run alone.
    together: Vec<Section>,
    /// Of each run by itself: sentences for its verdict, each with what it comes from.
    each: Vec<Vec<(Finding, Vec<Section>)>>,
}

impl Compared {
    fn of(runs: &[Run], against: Option<&Against>) -> Result<Self, Failure> {
        let mut compared = Self { together: Vec::new(), each: vec![Vec::new(); runs.len()] };
        if let Some(Against::Baseline { file, figures }) = against {
            compared.at_the_gate(runs, file, figures)?;
        }
        if let Some(scaling) = Scaling::of(runs, INSTANCES) {
            compared.together.extend(scaling.with_verdict_first());
        }
        match (against, runs) {
            (Some(Against::Run(base)), others) => compared.side_by_side(base, others),
            (_, [base, others @ ..]) if !others.is_empty() => compared.side_by_side(base, others),
            _ => {}
        }
        Ok(compared)
    }

    fn at_the_gate(&mut self, runs: &[Run], file: &Path, baseline: &Baseline) -> Result<(), Failure> {
        let name = file.display().to_string();
        let mut standings = Vec::with_capacity(runs.len());
        for ((run, label), found) in runs.iter().zip(compare::labels(runs)).zip(&mut self.each) {
            let result = held_against(run, baseline, file, &baseline.max_regression)?;
            let standing = Standing::of_gate(label, &result);
            let sections = result.with_verdict_first().into_iter().chain(compare::limits(run, &result)).collect();
            found.push((standing.sentence(Yardstick::Baseline(&name)), sections));
            standings.push(standing);
        }
        if runs.len() > 1 {
            let headline = compare::sentence(standings, Yardstick::Baseline(&name));
            self.together.push(Section::new("Against the baseline", vec![Part::Headline(headline)]));
        }
        Ok(())
    }

    /// Holds the others, which are the last of the runs, against a base.
    fn side_by_side(&mut self, base: &Run, others: &[Run]) {
        let lineup = Lineup::new(base, others);
        self.together.extend(lineup.sections());
        let before = self.each.len() - others.len();
        for (found, held) in self.each[before..].iter_mut().zip(lineup.held()) {
            found.push(held);
        }
    }
}

/// In a directory, or beside a file.
fn page_of(run: &Path) -> PathBuf {
    if run.is_file() { run.with_added_extension("html") } else { run.join("report.html") }
}
