//! Runs side by side: who they are, and how each stands to the first.

use std::panic::resume_unwind;
use std::slice;
use std::thread::{self, ScopedJoinHandle};

use runlog::validity;

use super::diff::{Compared, Diff, diff};
use super::label::labels;
use super::sections::beside_the_run;
use super::sentence::{Yardstick, sentence};
use super::standing::Standing;
use crate::baseline::Measure;
use crate::baseline::measured::{MeasuredGroup, MeasuredRun, measured};
use crate::load::Run;
use crate::section::{Finding, Level, Part, Section};
use crate::time::Time;

/// How sure it is that not one of a comparison's verdicts is wrong by chance; what `diff` takes unless told otherwise.
pub const CONFIDENCE: f64 = 0.95;

/// Runs side by side, of which all are held against the first.
#[derive(Debug)]
pub struct Lineup<'r> {
    pub(super) base: Entrant<'r>,
    pub(super) others: Vec<Held<'r>>,
}

/// A run of a lineup.
#[derive(Debug)]
pub(super) struct Entrant<'r> {
    /// What it is called: no other has the same label.
    pub(super) label: String,
    pub(super) run: &'r Run,
    measured: MeasuredRun,
}

/// A run with what came of holding it against the first.
#[derive(Debug)]
pub(super) struct Held<'r> {
    pub(super) entrant: Entrant<'r>,
    pub(super) diff: Diff,
}

impl<'r> Lineup<'r> {
    /// Holds runs against a base by their response times, one by one, as `diff` does.
    pub fn new(base: &'r Run, others: &'r [Run]) -> Self {
        let mut labels = labels(std::iter::once(base).chain(others)).into_iter();
        let mut entrant = |run: &'r Run| Entrant {
            label: labels.next().unwrap_or_default(),
            run,
            measured: measured(&run.summary, &[], Time::Response),
        };
        let held = |entrant: Entrant<'r>| {
            let sides = [base, entrant.run].map(slice::from_ref);
            Held { diff: diff(sides[0], sides[1], Time::Response, CONFIDENCE, 0.0), entrant }
        };
        let first = entrant(base);
        // Resampling is what takes long.
        let others = thread::scope(|scope| {
            let threads: Vec<_> = others.iter().map(entrant).map(|entrant| scope.spawn(|| held(entrant))).collect();
            let joined = threads.into_iter().map(ScopedJoinHandle::join);
            joined.map(|held| held.unwrap_or_else(|panic| resume_unwind(panic))).collect()
        });
        Self { base: first, others }
    }

    /// All of it, the verdict first.
    pub fn sections(&self) -> Vec<Section> {
        let mut sections = vec![self.verdict(), self.runs(), self.requests(), self.differences()];
        sections.extend(self.overlays());
        sections
    }

    /// How a run stands to the base, and what that comes from; in the order of the runs. Not of the base itself.
    pub fn held(&self) -> impl Iterator<Item = (Finding, Vec<Section>)> {
        self.others.iter().map(|Held { entrant, diff }| {
            let base = self.base.label.as_str();
            let standing = Standing::of_diff(entrant.label.clone(), diff);
            (standing.sentence(Yardstick::Run(base)), beside_the_run(diff, base))
        })
    }

    /// What the runs are called, the base first.
    pub fn labels(&self) -> impl Iterator<Item = &str> {
        self.entrants().map(|(entrant, _)| entrant.label.as_str())
    }

    /// The sentence to read if only one is read, and what speaks against believing it.
    fn verdict(&self) -> Section {
        let standings = self.others.iter().map(|held| Standing::of_diff(held.entrant.label.clone(), &held.diff));
        let mut headline = sentence(standings.collect(), Yardstick::Run(&self.base.label));
        let mut findings: Vec<Finding> =
            self.entrants().filter_map(|(entrant, _)| not_valid(&entrant.label, entrant.run)).collect();
        if !findings.is_empty() {
            headline.level = Level::Bad;
        }
        let is_other = |held: &&Held<'_>| !held.diff.is_same_scenario;
        let others: Vec<&str> = self.others.iter().filter(is_other).map(|held| held.entrant.label.as_str()).collect();
        if !others.is_empty() {
            let finding = Finding::new(Level::Warning, "not of the scenario of ").and(self.base.label.clone());
            findings.push(finding.and(", and differences may come from that: ").and(others.join(", ")));
        }
        let mut parts = vec![Part::Headline(headline)];
        parts.extend((!findings.is_empty()).then_some(Part::Findings(findings)));
        Section::new("Comparison", parts)
    }

    /// The runs, the base first, each with its comparison where it has one.
    pub(super) fn entrants(&self) -> impl Iterator<Item = (&Entrant<'r>, Option<&Diff>)> {
        let others = self.others.iter().map(|held| (&held.entrant, Some(&held.diff)));
        std::iter::once((&self.base, None)).chain(others)
    }
}

impl Entrant<'_> {
    /// The figures of a request, or of all requests together.
    pub(super) fn group(&self, request: Option<&str>) -> Option<&MeasuredGroup> {
        match request {
            None => Some(&self.measured.total),
            Some(request) => self.measured.requests.iter().find(|group| group.request == request),
        }
    }
}

/// Why a run is not to be compared, where the generator was measured and not the target.
pub fn not_valid(label: &str, run: &Run) -> Option<Finding> {
    let validity = &run.summary.validity;
    let finding = || Finding::new(Level::Bad, "the measurement is not valid: ").and(label.to_owned());
    (validity.verdict == validity::Verdict::Invalid).then(|| finding().and(": ").and(validity.reasons.join("; ")))
}

impl MeasuredGroup {
    /// A figure, where there are enough samples to speak of it.
    pub(super) fn known(&self, measure: Measure) -> Option<f64> {
        self.figure(measure).filter(|figure| figure.samples >= measure.samples_needed()).map(|figure| figure.value)
    }
}

impl Diff {
    /// What came of a request, or of all requests together.
    pub(super) fn of(&self, request: Option<&str>) -> Option<&Compared> {
        match request {
            None => Some(&self.total),
            Some(request) => self.requests.iter().find(|compared| compared.request == request),
        }
    }
}
