//! What the series of a run are told apart by: label sets of the run, of its scenarios, and of the requests in them.

use prometheus::proto::LabelPair;
use runlog::manifest::{Manifest, Request, Scenario};
use runlog::row::{RequestId, ScenarioId};
use runlog::tags::Tags;

use super::labels::{TagNames, merged, pairs};
use crate::worker::breakdown::Layout;

/// Stands for the names of what is counted together.
const OTHERS: &str = "(others)";

/// The label sets of a run.
pub struct Naming {
    run: String,
    manifest: &'static Manifest,
    tags: TagNames,
}

/// A pair of a scenario and a request that is told apart, or what is counted together.
pub struct Pair {
    /// Its labels.
    pub labels: Vec<LabelPair>,
    /// The names of its checks.
    pub checks: Vec<String>,
    /// Whether it is what is counted together.
    pub is_others: bool,
}

impl Naming {
    /// That of a run that is called `run`.
    pub fn new(run: &str, manifest: &'static Manifest) -> Self {
        let scenarios = manifest.scenarios.iter().map(|scenario| &scenario.tags);
        let requests = manifest.requests.iter().map(|request| &request.tags);
        let all = std::iter::once(&manifest.tags).chain(scenarios).chain(requests);
        let tags = TagNames::of(all.flat_map(Tags::keys).map(String::as_str));
        Self { run: run.to_owned(), manifest, tags }
    }

    /// What the run is called.
    pub fn run(&self) -> &str {
        &self.run
    }

    /// The labels of the run and its tags, and some of the series' own.
    pub fn of_run(&self, own: &[(&str, &str)]) -> Vec<LabelPair> {
        self.labels(own, &[&self.manifest.tags])
    }

    /// The labels of each scenario.
    pub fn of_scenarios(&self) -> Vec<Vec<LabelPair>> {
        let each = self.manifest.scenarios.iter();
        each.map(|scenario| self.labels(&[("scenario", &scenario.name)], &[&scenario.tags, &self.manifest.tags]))
            .collect()
    }

    /// Those of each pair that is told apart, in the order of their places.
    pub fn of_pairs(&self, layout: &Layout) -> Vec<Pair> {
        layout.pairs().map(|ids| ids.map_or_else(|| self.others(), |ids| self.pair(ids))).collect()
    }

    fn pair(&self, (scenario, request): (ScenarioId, RequestId)) -> Pair {
        let scenario: &Scenario = &self.manifest.scenarios[usize::from(scenario.0)];
        let request: &Request = &self.manifest.requests[usize::from(request.0)];
        let own = [("scenario", scenario.name.as_str()), ("request", request.name.as_str())];
        // As in thresholds, a request's tags come before its scenario's.
        let labels = self.labels(&own, &[&request.tags, &scenario.tags, &self.manifest.tags]);
        Pair { labels, checks: request.checks.clone(), is_others: false }
    }

    fn others(&self) -> Pair {
        let labels = self.of_run(&[("scenario", OTHERS), ("request", OTHERS)]);
        Pair { labels, checks: vec![OTHERS.to_owned()], is_others: true }
    }

    fn labels(&self, own: &[(&str, &str)], tags: &[&Tags]) -> Vec<LabelPair> {
        let tags = merged(tags);
        let own = std::iter::once(("run", self.run.as_str())).chain(own.iter().copied());
        pairs(own.chain(self.tags.labels(&tags)))
    }
}
