//! What stands in the rows: every request, in a group as `GROUP::REQUEST`, and where redirects are followed
//! `REQUEST::redirect` for those on the way.

use std::collections::{BTreeMap, BTreeSet};

use runlog::row::{FailedChecks, RequestId};

use super::{Check, Request};
use crate::plan::bytes;
use crate::scenario::steps::{each_call, within};
use crate::scenario::{self, Scenario, Step, Workload};

/// A request within a group, or within none.
type Use = (Option<String>, usize);

/// What is known of a use.
#[derive(Debug, Default)]
struct Known {
    /// What is captured of its answers.
    captures: BTreeSet<String>,
    /// The flows that it is part of.
    flows: BTreeSet<String>,
}

/// Finds the entry of a request.
pub(super) struct Naming {
    entries: BTreeMap<Use, RequestId>,
    redirects: BTreeMap<Use, RequestId>,
}

/// The entries for steps that are done outside of the load, and how they are found.
pub(super) fn entries_of(scenario: &Scenario, steps: &[Step]) -> (Vec<Request>, Naming) {
    let mut uses = BTreeMap::new();
    collect(steps, None, &mut uses);
    named(scenario, &uses)
}

/// The entries for the rows of a scenario, and how they are found.
pub(super) fn entries(scenario: &Scenario) -> (Vec<Request>, Naming) {
    let mut uses: BTreeMap<Use, Known> = BTreeMap::new();
    let flows = scenario.workloads.iter().flat_map(|workload| &workload.mix);
    for &(flow, _) in flows {
        let flow = &scenario.flows[flow];
        collect(&flow.steps, Some(&flow.name), &mut uses);
    }
    for request in scenario.workloads.iter().flat_map(|workload| replayed(scenario, workload)) {
        uses.entry((None, request)).or_default();
    }
    let mut apart = BTreeMap::new();
    collect(&scenario.setup, None, &mut apart);
    collect(&scenario.teardown, None, &mut apart);
    let used = |request: usize| uses.keys().any(|(_, used)| *used == request);
    let idle: Vec<Use> = (0..scenario.requests.len())
        .filter(|&request| !used(request) && !apart.contains_key(&(None, request)))
        .map(|request| (None, request))
        .collect();
    for place in idle {
        uses.entry(place).or_default();
    }
    named(scenario, &uses)
}

/// The request that a trace means by a name: a request's own, or that of an earlier run's row, in whatever group it was.
pub(super) fn traced(scenario: &Scenario, name: &str) -> Option<usize> {
    let place = |name: &str| scenario.requests.iter().position(|request| request.name == name);
    place(name).or_else(|| name.match_indices("::").find_map(|(at, colons)| place(&name[at + colons.len()..])))
}

/// The requests that the trace of a replay names.
pub(super) fn replayed(scenario: &Scenario, workload: &Workload) -> impl Iterator<Item = usize> {
    let names = match &workload.load {
        scenario::Load::Replay { trace, .. } => trace.names(),
        _ => &[],
    };
    names.iter().filter_map(|name| traced(scenario, &name.name))
}

fn named(scenario: &Scenario, uses: &BTreeMap<Use, Known>) -> (Vec<Request>, Naming) {
    let mut requests = Vec::new();
    let mut naming = Naming { entries: BTreeMap::new(), redirects: BTreeMap::new() };
    for (place, known) in uses {
        naming.entries.insert(place.clone(), RequestId(requests.len() as u16));
        requests.push(entry(scenario, place, known));
    }
    for (place, known) in uses.iter().filter(|((_, request), _)| scenario.requests[*request].follow_redirects > 0) {
        naming.redirects.insert(place.clone(), RequestId(requests.len() as u16));
        requests.push(redirect_entry(entry(scenario, place, known)));
    }
    (requests, naming)
}

impl Naming {
    /// The entry of a request within a group, and of the redirects on its way.
    pub(super) fn find(&self, group: Option<&str>, request: usize) -> (RequestId, Option<RequestId>) {
        let place = (group.map(str::to_owned), request);
        (self.entries.get(&place).copied().unwrap_or_default(), self.redirects.get(&place).copied())
    }
}

/// Which requests the steps of a flow, or of none, send in which groups, and what is captured of each.
fn collect(steps: &[Step], flow: Option<&str>, uses: &mut BTreeMap<Use, Known>) {
    each_call(steps, &mut |group, call| {
        let known = uses.entry((group.map(str::to_owned), call.request)).or_default();
        known.flows.extend(flow.map(str::to_owned));
        known.captures.extend(call.captures.iter().map(|(name, _)| name.clone()));
    });
}

fn entry(scenario: &Scenario, (group, request): &Use, known: &Known) -> Request {
    let request = &scenario.requests[*request];
    let check = |check: &scenario::Check| Check { name: check.name.clone(), check: Some(check.check.clone()) };
    let captured = |name: &String| Check { name: capture_check(name), check: None };
    let mut tags = request.tags.clone();
    if let Some(group) = group {
        tags.insert("group".to_owned(), group.clone());
    }
    Request {
        name: within(group.as_deref(), &request.name),
        method: request.method.clone(),
        path: request.path.shown.clone(),
        shown: bytes::shown(request, &scenario.target),
        expect_status: request.expect_status.clone(),
        checks: request
            .checks
            .iter()
            .map(check)
            .chain(known.captures.iter().map(captured))
            .take(FailedChecks::MOST)
            .collect(),
        tags,
        flows: known.flows.iter().cloned().collect(),
    }
}

/// The name of the check that a capture is.
pub(super) fn capture_check(name: &str) -> String {
    format!("captures {name}")
}

fn redirect_entry(mut request: Request) -> Request {
    request.name.push_str("::redirect");
    request.expect_status = vec![(300, 399)];
    request.checks.clear();
    request
}
