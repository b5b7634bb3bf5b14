//! A checked scenario becomes a plan: places become ids, text becomes bytes, stages become schedules.

use std::io;
use std::net::SocketAddr;

use runlog::row::RequestId;
use runlog::units::{Nanos, Rate, Thousands};

use super::choice::Mix;
use super::schedule::{ArrivalSchedule, Ramp, Spacing, Stage, VuSchedule};
use super::{Check, Flow, FlowId, Load, Plan, Request, Scenario, StatusCondition, Step, Target, request};
use crate::scenario::{self, Arrival, Stages, limits};

/// What the command line has to say about a scenario.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Makes the same requests in the same order at the same scheduled times.
    pub seed: u64,
    /// All durations of the schedules are multiplied by this; above zero.
    pub time_scale: f64,
    /// All arrival rates and numbers of virtual users are multiplied by this; above zero.
    pub rate_scale: f64,
}

impl Options {
    /// With the schedules as they are written.
    pub const fn with_seed(seed: u64) -> Self {
        Self { seed, time_scale: 1.0, rate_scale: 1.0 }
    }
}

/// Why a scenario cannot become a plan.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody knows the host.
    #[error("cannot find the host `{host}` of {base_url}: {reason}")]
    Unresolved {
        /// The host.
        host: String,
        /// The URL that names it.
        base_url: String,
        /// What the resolver says.
        reason: String,
    },
    /// Scaling has led out of what a run can have.
    #[error("{flag} {factor} makes {figure} of scenario `{scenario}`: at most {most} can be run")]
    Beyond {
        /// The flag as it is written.
        flag: &'static str,
        /// Its value.
        factor: f64,
        /// What it leads to.
        figure: String,
        /// Where.
        scenario: String,
        /// The bound.
        most: String,
    },
}

/// Compiles a scenario. `resolve` finds the addresses of a host.
///
/// # Errors
/// Where the host has no address, or scaling leads out of bounds.
pub fn compile(
    scenario: &scenario::Scenario,
    options: &Options,
    resolve: impl FnOnce(&str, u16) -> io::Result<Vec<SocketAddr>>,
) -> Result<Plan, Error> {
    let scenarios = scenario.workloads.iter().map(|workload| compiled_scenario(workload, options));
    Ok(Plan {
        name: scenario.name.clone(),
        scenarios: scenarios.collect::<Result<_, _>>()?,
        target: target(&scenario.target, resolve)?,
        request_timeout: scenario.request_timeout,
        requests: scenario.requests.iter().map(|request| compiled_request(request, &scenario.target)).collect(),
        flows: scenario.flows.iter().map(flow).collect(),
        thresholds: scenario.thresholds.clone(),
        tags: scenario.tags.clone(),
        seed: options.seed,
        resolved: scenario.resolved.clone(),
    })
}

fn target(
    target: &scenario::Target,
    resolve: impl FnOnce(&str, u16) -> io::Result<Vec<SocketAddr>>,
) -> Result<Target, Error> {
    let host = target.url.host_name();
    let unresolved =
        |reason: String| Error::Unresolved { host: host.to_owned(), base_url: target.shown.clone(), reason };
    let addresses = resolve(host, target.url.port).map_err(|error| unresolved(error.to_string()))?;
    if addresses.is_empty() {
        return Err(unresolved("it has no address".to_owned()));
    }
    Ok(Target { base_url: target.shown.clone(), addresses })
}

fn compiled_request(request: &scenario::Request, target: &scenario::Target) -> Request {
    let check = |check: &scenario::Check| Check {
        name: check.name.clone(),
        condition: StatusCondition { ranges: check.statuses.clone() },
    };
    Request {
        name: request.name.clone(),
        method: request.method.clone(),
        path: request.path.shown.clone(),
        bytes: request::bytes(request, target),
        shown: request::shown(request, target),
        is_head: request.method == "HEAD",
        expect_status: request.expect_status.clone(),
        checks: request.checks.iter().map(check).collect(),
        tags: request.tags.clone(),
    }
}

fn flow(flow: &scenario::Flow) -> Flow {
    let step = |step: &scenario::Step| match *step {
        // Validation has bounded the number of requests by what an id can hold.
        scenario::Step::Request(place) => Step::Request(RequestId(place as u16)),
        scenario::Step::Think { from, to } => Step::Think { from, to },
    };
    Flow { name: flow.name.clone(), steps: flow.steps.iter().map(step).collect() }
}

fn compiled_scenario(workload: &scenario::Workload, options: &Options) -> Result<Scenario, Error> {
    let scaling = Scaling { scenario: &workload.name, options };
    let (load, max_connections) = match &workload.load {
        scenario::Load::Arrivals { rate, arrival, most, max_connections } => {
            let spacing = match arrival {
                Arrival::Even => Spacing::Even,
                Arrival::Poisson => Spacing::Poisson,
            };
            (Load::Open(ArrivalSchedule::new(scaling.rates(rate)?, spacing, *most)), *max_connections)
        }
        scenario::Load::Vus { users, iterations } => {
            let vus = VuSchedule::new(scaling.users(users)?);
            let connections = vus.peak().div_ceil(workload.pipeline);
            (Load::Closed { vus, iterations: *iterations }, connections)
        }
    };
    let weights: Vec<(FlowId, f64)> =
        workload.mix.iter().map(|&(place, weight)| (FlowId(place as u16), weight)).collect();
    #[expect(clippy::expect_used, reason = "validation has refused every mix without a weight above zero")]
    let mix = Mix::new(&weights).expect("a mix with a weight above zero");
    Ok(Scenario {
        name: workload.name.clone(),
        executor: workload.executor,
        load,
        mix,
        max_connections,
        pipeline: workload.pipeline,
        graceful_stop: workload.graceful_stop,
        tags: workload.tags.clone(),
    })
}

/// The command line's factors on the schedule of a scenario.
struct Scaling<'a> {
    scenario: &'a str,
    options: &'a Options,
}

impl Scaling<'_> {
    fn rates(&self, rates: &Stages<Rate>) -> Result<Ramp, Error> {
        let factor = self.options.rate_scale;
        let ramp = self.ramp(rates, |rate| rate.as_per_second() * factor)?;
        if ramp.peak() > limits::HIGHEST_RATE {
            let most = Rate::per_second(limits::HIGHEST_RATE).unwrap_or_default().to_string();
            let peak = Rate::per_second(ramp.peak()).map_or_else(|| "more".to_owned(), |peak| peak.to_string());
            return Err(self.beyond("--rate-scale", factor, format!("{peak} the peak rate"), most));
        }
        Ok(ramp)
    }

    fn users(&self, users: &Stages<u32>) -> Result<Ramp, Error> {
        let factor = self.options.rate_scale;
        // Users that there are do not vanish: a small part of one is still one.
        let scaled = |users: u32| if users == 0 { 0.0 } else { (f64::from(users) * factor).round().max(1.0) };
        let ramp = self.ramp(users, scaled)?;
        if ramp.peak() > f64::from(limits::MOST_CONNECTIONS) {
            let most = Thousands(limits::MOST_CONNECTIONS.into()).to_string();
            let figure = format!("{} virtual users", Thousands(ramp.peak() as u64));
            return Err(self.beyond("--rate-scale", factor, figure, most));
        }
        Ok(ramp)
    }

    fn ramp<T: Copy>(&self, stages: &Stages<T>, target: impl Fn(T) -> f64) -> Result<Ramp, Error> {
        let factor = self.options.time_scale;
        let scaled: Vec<Stage> = stages
            .stages
            .iter()
            .map(|&(duration, end)| {
                // Of a stage that takes time at least a nanosecond stays; one that does not is a jump.
                let least = duration.0.min(1);
                Stage { duration: Nanos(((duration.0 as f64 * factor) as u64).max(least)), target: target(end) }
            })
            .collect();
        let ramp = Ramp::new(target(stages.start), &scaled);
        if ramp.duration() > limits::LONGEST_TIME {
            return Err(self.beyond("--time-scale", factor, "more than a year".to_owned(), "366 days".to_owned()));
        }
        Ok(ramp)
    }

    fn beyond(&self, flag: &'static str, factor: f64, figure: String, most: String) -> Error {
        Error::Beyond { flag, factor, figure, scenario: self.scenario.to_owned(), most }
    }
}
