//! A checked scenario becomes a plan: places become ids, text becomes bytes, stages become schedules.

use runlog::units::{Nanos, Rate, Thousands};

use super::choice::Mix;
use super::program::{Errand, Part, Programs};
use super::resolve::Captured;
use super::schedule::{ArrivalSchedule, Ramp, Spacing, Stage, VuSchedule};
use super::{Load, Plan, Probe, Replay, Scenario, Target};
use crate::scenario::{self, Arrival, Stages, limits};
use crate::tls::TlsError;

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
    /// A probe cannot be secured as it is wanted.
    #[error("probe `{probe}`: {source}")]
    Probe {
        /// Its name.
        probe: String,
        /// Why not.
        source: TlsError,
    },
}

/// Compiles a scenario for a target; `captured` is what the setup has captured.
///
/// # Errors
/// Where scaling leads out of bounds.
pub fn compile(
    scenario: &scenario::Scenario,
    options: &Options,
    captured: &Captured,
    target: Target,
) -> Result<Plan, Error> {
    let mut programs = Programs::new(scenario, captured);
    let mut scenarios = Vec::with_capacity(scenario.workloads.len());
    let mut replays = Vec::new();
    for workload in &scenario.workloads {
        scenarios.push(compiled_scenario(workload, options, &mut programs, &mut replays)?);
    }
    let (requests, messages, flows, groups) = programs.finish();
    let probe = |probe: &scenario::Probe| {
        let wrong = |source| Error::Probe { probe: probe.name.clone(), source };
        Probe::new(probe, options.time_scale).map_err(wrong)
    };
    let probes = scenario.probes.iter().map(probe).collect::<Result<_, _>>()?;
    Ok(Plan {
        name: scenario.name.clone(),
        scenarios,
        target,
        requests,
        messages,
        flows,
        groups,
        replays,
        thresholds: scenario.thresholds.clone(),
        probes,
        probe_thresholds: scenario.probe_thresholds.clone(),
        tags: scenario.tags.clone(),
        seed: options.seed,
        resolved: scenario.resolved.clone(),
    })
}

/// What is done once before the load, or after it: nothing where a scenario has no such steps.
pub fn errand(
    scenario: &scenario::Scenario,
    part: Part,
    seed: u64,
    captured: &Captured,
    target: &Target,
) -> Option<Errand> {
    (!part.steps(scenario).is_empty()).then(|| Errand::new(scenario, part, seed, captured, target.clone()))
}

fn compiled_scenario(
    workload: &scenario::Workload,
    options: &Options,
    programs: &mut Programs<'_>,
    replays: &mut Vec<Replay>,
) -> Result<Scenario, Error> {
    let scaling = Scaling { scenario: &workload.name, options, start_time: workload.start_time };
    let (flows, ends_after) = match &workload.load {
        scenario::Load::Replay { trace, .. } => {
            let (replay, flow) = programs.replay(workload, trace);
            replays.push(replay);
            (vec![(flow, 1.0)], None)
        }
        _ => programs.flows(workload),
    };
    let (load, max_connections) = match &workload.load {
        scenario::Load::Arrivals { rate, arrival, most, max_connections } => {
            let spacing = match arrival {
                Arrival::Even => Spacing::Even,
                Arrival::Poisson => Spacing::Poisson,
            };
            let most = most.iter().copied().chain(ends_after).min();
            (Load::Open(ArrivalSchedule::new(scaling.rates(rate)?, spacing, most)), *max_connections)
        }
        scenario::Load::Vus { users, iterations } => {
            let vus = VuSchedule::new(scaling.users(users)?);
            let connections = vus.peak().div_ceil(workload.pipeline);
            (Load::Closed { vus, iterations: *iterations, ends_after }, connections)
        }
        scenario::Load::Replay { trace, speed, max_connections } => {
            let pace = options.time_scale / speed;
            let start = Nanos((workload.start_time.0 as f64 * options.time_scale) as u64);
            let schedule = ArrivalSchedule::traced(trace.clone(), start, pace);
            if schedule.duration() > limits::LONGEST_TIME {
                return Err(scaling.too_long());
            }
            (Load::Open(schedule), *max_connections)
        }
    };
    #[expect(clippy::expect_used, reason = "validation has refused every mix without a weight above zero")]
    let mix = Mix::new(&flows).expect("a mix with a weight above zero");
    Ok(Scenario {
        name: workload.name.clone(),
        executor: workload.executor,
        load,
        mix,
        max_connections,
        pipeline: workload.pipeline,
        cookies: workload.cookies,
        connections: workload.connections,
        graceful_stop: workload.graceful_stop,
        graceful_ramp_down: workload.graceful_ramp_down,
        replay: matches!(workload.load, scenario::Load::Replay { .. }).then(|| replays.len() - 1),
        tags: workload.tags.clone(),
    })
}

/// The command line's factors on the schedule of a scenario.
struct Scaling<'a> {
    scenario: &'a str,
    options: &'a Options,
    /// When the schedule begins: nothing happens before.
    start_time: Nanos,
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
        // Of a stage that takes time at least a nanosecond stays; one that does not is a jump.
        let scaled = |duration: Nanos| Nanos(((duration.0 as f64 * factor) as u64).max(duration.0.min(1)));
        let start = target(stages.start);
        let mut scaled_stages = Vec::with_capacity(stages.stages.len() + 2);
        if self.start_time > Nanos::ZERO {
            scaled_stages.push(Stage { duration: scaled(self.start_time), target: 0.0 });
            scaled_stages.push(Stage { duration: Nanos::ZERO, target: start });
        }
        scaled_stages.extend(
            stages.stages.iter().map(|&(duration, end)| Stage { duration: scaled(duration), target: target(end) }),
        );
        let before = if self.start_time > Nanos::ZERO { 0.0 } else { start };
        let ramp = Ramp::new(before, &scaled_stages);
        if ramp.duration() > limits::LONGEST_TIME {
            return Err(self.too_long());
        }
        Ok(ramp)
    }

    fn too_long(&self) -> Error {
        let figure = "more than a year".to_owned();
        self.beyond("--time-scale", self.options.time_scale, figure, "366 days".to_owned())
    }

    fn beyond(&self, flag: &'static str, factor: f64, figure: String, most: String) -> Error {
        Error::Beyond { flag, factor, figure, scenario: self.scenario.to_owned(), most }
    }
}
