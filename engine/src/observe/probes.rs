//! What comes of the probes: rows of `probes.csv`, events when one fails and when it is well again, thresholds, books.

use std::collections::BTreeSet;
use std::io;

use runlog::manifest::{Manifest, ProbeBooks};
use runlog::probe::tags_to_text;
use runlog::samples::ProbeSample;
use runlog::threshold::ThresholdResult;
use runlog::units::{Nanos, Thousands};

use super::finding::Finding;
use super::gauge::GaugeTrial;
use super::samples::Samples;
use super::standing::ThresholdNow;
use crate::clock::Clock;
use crate::plan::{Plan, Probe};
use crate::probe::{Beside, Sample, Told, What};
use crate::publish::ProbeValue;

/// Who watches the probes of a run.
pub struct ProbeWatch {
    beside: Beside,
    watched: Vec<Watched>,
    trials: Vec<GaugeTrial>,
}

/// A probe, and how it fares.
struct Watched {
    probe: &'static Probe,
    books: ProbeBooks,
    /// Metrics that are known beforehand and that it has not seen yet.
    unseen: BTreeSet<&'static str>,
    /// How often it has failed since it last saw something.
    failed_in_a_row: u64,
    /// What it saw when it looked last.
    last: Vec<Sample>,
    /// Its first failure, until a person is told of it.
    warning: Option<String>,
}

impl ProbeWatch {
    /// Sets the probes of a plan to work; nothing where it has none.
    ///
    /// # Errors
    /// Where there is no thread for them.
    pub fn start(plan: &'static Plan, manifest: &'static Manifest, clock: Clock) -> io::Result<Option<Self>> {
        if plan.probes.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            beside: Beside::start(&plan.probes, clock)?,
            watched: plan.probes.iter().map(Watched::new).collect(),
            trials: manifest.probe_thresholds.iter().map(GaugeTrial::new).collect(),
        }))
    }

    /// Takes note of what the probes have told since this was last done. Returns what came to light by it.
    pub fn hear(&mut self, samples: &mut Samples) -> Vec<Finding> {
        let told: Vec<Told> = self.beside.told().collect();
        told.into_iter().flat_map(|told| self.take_note(told, samples)).collect()
    }

    /// What a person should know while the run lasts: each probe that fails for the first time. Each is told once.
    pub fn warnings(&mut self) -> Vec<String> {
        self.watched.iter_mut().filter_map(|watched| watched.warning.take()).collect()
    }

    /// How the thresholds on what they sample stand.
    pub fn standings(&self) -> impl Iterator<Item = ThresholdNow> {
        self.trials.iter().map(GaugeTrial::standing)
    }

    /// What each probe has seen when it looked last; nothing of one that could not.
    pub fn seen_last(&self) -> impl Iterator<Item = ProbeValue> {
        self.watched.iter().flat_map(|watched| {
            watched.last.iter().map(|sample| {
                let mut tags = watched.probe.tags.clone();
                tags.extend(sample.tags.clone());
                ProbeValue { probe: &watched.probe.name, metric: sample.metric.clone(), tags, value: sample.value }
            })
        })
    }

    /// Ends the probes. Returns their books, and what came of the thresholds.
    pub fn end(self, samples: &mut Samples) -> (Vec<ProbeBooks>, Vec<ThresholdResult>) {
        let Self { beside, mut watched, mut trials } = self;
        for told in beside.end() {
            note(&mut watched[told.probe], &mut trials, told.at, told.what, samples);
        }
        let results = trials.iter_mut().map(GaugeTrial::result).collect();
        (watched.into_iter().map(Watched::closed).collect(), results)
    }

    fn take_note(&mut self, told: Told, samples: &mut Samples) -> Vec<Finding> {
        note(&mut self.watched[told.probe], &mut self.trials, told.at, told.what, samples);
        self.trials.iter_mut().flat_map(|trial| trial.judge(told.at)).collect()
    }
}

fn note(watched: &mut Watched, trials: &mut [GaugeTrial], at: Nanos, what: What, samples: &mut Samples) {
    match what {
        What::Seen(seen) => {
            watched.saw(at, samples);
            for sample in &seen {
                watched.keep(at, sample, trials, samples);
            }
            watched.last = seen;
            samples.flush_probes();
        }
        What::Failed(why) => watched.failed(at, why, samples),
    }
}

impl Watched {
    fn new(probe: &'static Probe) -> Self {
        Self {
            probe,
            books: ProbeBooks { name: probe.name.clone(), ..ProbeBooks::default() },
            unseen: probe.metrics.iter().map(String::as_str).collect(),
            failed_in_a_row: 0,
            last: Vec::new(),
            warning: None,
        }
    }

    fn saw(&mut self, at: Nanos, samples: &mut Samples) {
        self.books.looks += 1;
        if self.failed_in_a_row > 0 {
            let times = if self.failed_in_a_row == 1 { "failure" } else { "failures" };
            let detail = format!("{}: after {} {times}", self.probe.name, Thousands(self.failed_in_a_row));
            samples.happened(at, "probe_recovered", detail);
            self.failed_in_a_row = 0;
        }
    }

    fn failed(&mut self, at: Nanos, why: String, samples: &mut Samples) {
        if self.books.failures == 0 {
            self.warning = Some(format!("probe `{}` fails: {why}", self.probe.name));
        }
        self.last.clear();
        self.books.failures += 1;
        self.failed_in_a_row += 1;
        if self.failed_in_a_row == 1 {
            samples.happened(at, "probe_failed", format!("{}: {why}", self.probe.name));
        }
        self.books.last_error = why;
    }

    fn keep(&mut self, at: Nanos, sample: &Sample, trials: &mut [GaugeTrial], samples: &mut Samples) {
        let Sample { metric, tags: own, value } = sample;
        let value = *value;
        self.books.samples += 1;
        self.unseen.remove(metric.as_str());
        let mut tags = self.probe.tags.clone();
        tags.extend(own.clone());
        for trial in trials {
            trial.hear(at, &self.probe.name, metric, &tags, value);
        }
        let (probe, tags) = (self.probe.name.clone(), tags_to_text(&tags));
        samples.probe(ProbeSample { time_ns: at.0, probe, metric: metric.clone(), tags, value });
    }

    fn closed(self) -> ProbeBooks {
        let never_seen = self.unseen.into_iter().map(str::to_owned).collect();
        ProbeBooks { never_seen, ..self.books }
    }
}
