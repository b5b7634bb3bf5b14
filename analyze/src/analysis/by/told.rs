//! How the rows of a run are told apart: by which key a row has which label, and how long a rate of those with one is over.

use runlog::control::Control;
use runlog::course::Course;
use runlog::manifest::{Manifest, Request, Scenario};
use runlog::row::{Batch, Columns};
use runlog::tally::{Grouping, Stretch};
use runlog::units::Nanos;

use super::stages::{Stages, covered};
use super::{Key, MOST_GROUPS};
use crate::load::Run;

/// How rows of one run are told apart: each key has a list of labels, and a group is a place in each.
pub struct Told {
    keys: Vec<Labels>,
    /// The key of these that is the scenario.
    scenario: Option<usize>,
    within: Stretch,
}

/// The labels of a key, and which of them a row has.
struct Labels {
    labels: Vec<String>,
    of: Source,
}

/// Where the label of a row comes from.
enum Source {
    /// Its request in its scenario: the place of a label for each request of each scenario.
    Cell {
        /// How many requests there are.
        requests: usize,
        /// The places.
        places: Vec<usize>,
    },
    /// The class of its status; the first where there was no answer.
    Status,
    /// When it was scheduled: the stages of each scenario.
    Stage(Vec<Stages>),
    /// The same: the first window, and their length.
    Window(u64, Nanos),
}

impl Labels {
    fn of(key: &Key, run: &Run, within: Stretch) -> Self {
        let manifest = &run.log.manifest;
        match key {
            Key::Request => Self::of_cells(manifest, |_, request| request.name.clone()),
            Key::Scenario => Self::of_cells(manifest, |scenario, _| scenario.name.clone()),
            Key::Flow => Self::of_cells(manifest, |_, request| match request.flows.as_slice() {
                [] => "–".to_owned(),
                flows => flows.join(", "),
            }),
            Key::Tag(tag) => Self::of_cells(manifest, |scenario, request| {
                manifest.tag(scenario, request, tag).unwrap_or("–").to_owned()
            }),
            Key::Status => {
                let classes = (1..10).map(|class| format!("{class}xx"));
                Self { labels: std::iter::once("no answer".to_owned()).chain(classes).collect(), of: Source::Status }
            }
            Key::Stage => Self::of_stages(manifest, &Control::course(&run.log.events)),
            &Key::Window(length) => {
                let to = run.summary.run.elapsed_ns.min(within.to);
                let (first, last) = (within.from.0 / length.0, to.0 / length.0);
                let labels = (first..=last.max(first)).map(|number| Nanos(number.saturating_mul(length.0)).to_string());
                Self { labels: labels.take(MOST_GROUPS + 1).collect(), of: Source::Window(first, length) }
            }
        }
    }

    fn of_cells(manifest: &Manifest, label: impl Fn(&Scenario, &Request) -> String) -> Self {
        let mut labels: Vec<String> = Vec::new();
        let mut places = Vec::new();
        for scenario in &manifest.scenarios {
            for request in &manifest.requests {
                let label = label(scenario, request);
                let place = labels.iter().position(|known| *known == label);
                places.push(place.unwrap_or(labels.len()));
                if place.is_none() {
                    labels.push(label);
                }
            }
        }
        Self { labels, of: Source::Cell { requests: manifest.requests.len(), places } }
    }

    fn of_stages(manifest: &Manifest, course: &Course) -> Self {
        let stages: Vec<Stages> = manifest.scenarios.iter().map(|scenario| Stages::of(scenario, course)).collect();
        let most = stages.iter().map(Stages::count).max().unwrap_or(0);
        let labels = (1..=most).map(|number| format!("stage {number}"));
        // What is scheduled when all stages are over: the last users of a ramp that finish.
        Self { labels: labels.chain(["afterwards".to_owned()]).collect(), of: Source::Stage(stages) }
    }

    /// The place of a row's label. Rows beyond the last window are in it.
    #[inline]
    fn place(&self, batch: &Batch, place: usize) -> usize {
        let scheduled = Nanos(batch.scheduled_ns[place]);
        match &self.of {
            Source::Cell { requests, places } => {
                places[usize::from(batch.scenario[place].0) * requests + usize::from(batch.request[place].0)]
            }
            Source::Status if batch.error[place].is_some() => 0,
            Source::Status => usize::from(batch.status[place] / 100).min(9),
            Source::Stage(stages) => {
                stages[usize::from(batch.scenario[place].0)].at(scheduled).unwrap_or(self.labels.len() - 1)
            }
            Source::Window(first, length) => ((scheduled.0 / length.0 - first) as usize).min(self.labels.len() - 1),
        }
    }

    /// The times in which rows can have been scheduled that have the label at this place, and are of this scenario where one is
    /// named. `None` where a label says nothing of that.
    fn stretches(&self, place: usize, scenario: Option<&str>) -> Option<Vec<Stretch>> {
        match &self.of {
            Source::Cell { .. } | Source::Status => None,
            Source::Stage(of_scenarios) => {
                let wanted = of_scenarios.iter().filter(|stages| scenario.is_none_or(|name| name == stages.scenario));
                let is_behind = place + 1 == self.labels.len();
                let stretch = |stages: &Stages| if is_behind { Some(stages.rest()) } else { stages.stretch(place) };
                Some(wanted.filter_map(stretch).collect())
            }
            Source::Window(first, length) => {
                let from = Nanos((first + place as u64).saturating_mul(length.0));
                Some(vec![Stretch { from, to: from.after(*length) }])
            }
        }
    }
}

impl Told {
    /// By these keys, in a stretch of the run.
    pub fn of(keys: &[Key], run: &Run, within: Stretch) -> Self {
        let scenario = keys.iter().position(|key| *key == Key::Scenario);
        Self { keys: keys.iter().map(|key| Labels::of(key, run, within)).collect(), scenario, within }
    }

    /// How many groups there may be.
    pub fn most(&self) -> usize {
        self.keys.iter().fold(1, |most, key| most.saturating_mul(key.labels.len()))
    }

    /// The labels of a group.
    pub fn labels(&self, group: usize) -> Vec<String> {
        self.keys.iter().zip(self.places(group)).map(|(key, place)| key.labels[place].clone()).collect()
    }

    /// The places of its labels.
    fn places(&self, mut group: usize) -> Vec<usize> {
        let mut places = Vec::with_capacity(self.keys.len());
        for key in self.keys.iter().rev() {
            places.push(group % key.labels.len());
            group /= key.labels.len();
        }
        places.reverse();
        places
    }

    /// How long the time is that the rate of a group is over: as much of what is looked at as lies in its window, and in which one of
    /// its scenarios was in its stage.
    pub fn length(&self, group: usize, elapsed: Nanos) -> Nanos {
        let places = self.places(group);
        let scenario = self.scenario.map(|key| self.keys[key].labels[places[key]].as_str());
        let mut all = vec![self.within.and(Stretch { from: Nanos::ZERO, to: elapsed })];
        for (key, &place) in self.keys.iter().zip(&places) {
            if let Some(of_key) = key.stretches(place, scenario) {
                all = all.iter().flat_map(|one| of_key.iter().map(|other| one.and(*other))).collect();
            }
        }
        covered(all)
    }
}

impl Grouping for Told {
    fn columns(&self) -> Columns {
        Columns::SCHEDULED_NS.and(Columns::SCENARIO).and(Columns::REQUEST).and(Columns::STATUS).and(Columns::ERROR)
    }

    #[inline]
    fn group(&self, batch: &Batch, place: usize) -> Option<usize> {
        if !self.within.has(batch.scheduled_ns[place]) {
            return None;
        }
        Some(self.keys.iter().fold(0, |group, key| group * key.labels.len() + key.place(batch, place)))
    }
}
