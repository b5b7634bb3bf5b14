//! Who takes rows of which feeder: scenarios that share one take them in turns, and flows that need none take none.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::naming;
use super::template::Feed;
use crate::scenario::steps::each_call;
use crate::scenario::{self, Scenario, Vars, Workload};

/// The feeders as one scenario uses them. Where several scenarios share one they take its rows in turns, so that no row
/// of `once` is taken twice.
pub(super) fn feeds(scenario: &Scenario, workload: &Workload) -> BTreeMap<String, Feed> {
    let uses = |workload: &Workload, name: &str| uses_feed(scenario, workload, name);
    let feed = |(place, feeder): (usize, &scenario::Feeder)| {
        let sharing: Vec<&Workload> = scenario.workloads.iter().filter(|other| uses(other, &feeder.name)).collect();
        let turn = sharing.iter().position(|other| other.name == workload.name)?;
        let feed = Feed {
            table: Arc::clone(&feeder.table),
            order: feeder.order,
            at_end: feeder.at_end,
            place: place as u16,
            turn: (turn as u64, sharing.len() as u64),
        };
        Some((feeder.name.clone(), feed))
    };
    scenario.feeders.iter().enumerate().filter_map(feed).collect()
}

/// Whether a scenario's requests take values from a feeder, be it through variables.
fn uses_feed(scenario: &Scenario, workload: &Workload, feed: &str) -> bool {
    let vars = [&workload.vars, &scenario.vars];
    workload.mix.iter().any(|&(flow, _)| takes(scenario, &vars, &scenario.flows[flow].steps, &|name| name == feed))
        || naming::replayed(scenario, workload)
            .any(|request| request_takes(&scenario.requests[request], &|name| name == feed))
        || vars.into_iter().any(|vars| vars_take(vars, &|name| name == feed))
}

/// Whether steps take values from a feeder of a name that is wanted.
pub(super) fn takes(
    scenario: &Scenario,
    vars: &[&Vars],
    steps: &[scenario::Step],
    wanted: &impl Fn(&str) -> bool,
) -> bool {
    let mut taken = vars.iter().any(|vars| vars_take(vars, wanted));
    each_call(steps, &mut |_, call| {
        taken |= vars_take(&call.vars, wanted) || request_takes(&scenario.requests[call.request], wanted);
    });
    taken
}

fn request_takes(request: &scenario::Request, wanted: &impl Fn(&str) -> bool) -> bool {
    let headers = request.headers.iter().map(|header| &header.value);
    std::iter::once(&request.path).chain(&request.body).chain(headers).any(|template| template_takes(template, wanted))
}

fn vars_take(vars: &Vars, wanted: &impl Fn(&str) -> bool) -> bool {
    vars.values().any(|template| template_takes(template, wanted))
}

fn template_takes(template: &scenario::Template, wanted: &impl Fn(&str) -> bool) -> bool {
    template.fills().iter().any(|fill| matches!(&fill.value, scenario::Value::Data { feed, .. } if wanted(feed)))
}
