//! How much load a target copes with, as a run tells that went through several: up to which load an objective held, from where on
//! throughput no longer follows the load, and where response times take off.

use runlog::metric::Metric;
use runlog::outcome::Failure;
use runlog::threshold::Threshold;
use runlog::units::{Nanos, Percentile};
use runlog::windows::{Mishap, Window};
use serde::{Serialize, Serializer};

use super::objective::{Objective, percentile_of, value};
use super::steps::{Load, Step, Stretches};
use crate::load::Run;
use crate::statistics::split::{Outcome, split};

/// Throughput follows the load where it is so much of what it would be if it went on as at low loads.
const FOLLOWS: f64 = 0.95;
/// Of virtual users there have to be so many times more than at the knee, for it to be one.
const BEYOND: f64 = 1.25;
/// Response times have taken off where they are so many times what they are at low loads.
const TAKEN_OFF: f64 = 2.0;
/// Low loads are those up to so much of the highest.
const LOW: f64 = 0.5;

/// How much load the target of a run copes with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Capacity {
    /// The run, by its directory.
    pub run: String,
    /// What loads are counted in.
    #[serde(serialize_with = "load_word")]
    pub load: Load,
    /// The conditions, as people read them.
    pub objective: Vec<String>,
    /// So many of them, the last, were assumed, as nobody has set any.
    pub assumed: usize,
    /// What comes of the objective.
    #[serde(flatten)]
    pub found: Found,
    /// The highest load that throughput follows; absent where it follows to the end, or nothing can be told.
    pub throughput_follows_up_to: Option<f64>,
    /// The load from which on response times are more than twice what they are at low loads; absent where they are nowhere.
    pub response_time_takes_off_from: Option<f64>,
    /// The steps of the load that were looked at, ascending.
    pub steps: Vec<StepOfLoad>,
    /// Which times `takes_off` is of.
    #[serde(skip)]
    pub times: (Metric, Percentile),
}

/// Up to which load the objective holds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Found {
    /// It lies between two loads that there were.
    Between {
        /// The highest at which it held.
        holds_up_to: f64,
        /// The next, at which it did not.
        fails_from: f64,
        /// Answers per second that were as wanted, at the former.
        completed_per_s: f64,
    },
    /// It held at the highest load that there was: the target's limit is beyond.
    AtLeast {
        /// That load.
        holds_up_to: f64,
        /// Answers per second that were as wanted.
        completed_per_s: f64,
    },
    /// It did not hold at the lowest load that there was.
    Below {
        /// That load.
        fails_from: f64,
    },
    /// There are too few answers to say.
    Unknown,
}

/// What happened at a load.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepOfLoad {
    /// The load, in the mean.
    pub load: f64,
    /// How long it lasted.
    pub lasted_ns: Nanos,
    /// Arrivals per second.
    pub scheduled_per_s: f64,
    /// Answers per second that were as wanted.
    pub completed_per_s: f64,
    /// The share of arrivals that failed.
    pub error_rate: Option<f64>,
    /// Response times, as far as there are enough.
    pub response_time_ns: [Option<f64>; 3],
    /// What each condition was held against; in nanoseconds, or as a share of one.
    pub values: Vec<Option<f64>>,
    /// Whether the objective held; unknown where there was too little to tell.
    pub held: Option<bool>,
    /// The conditions that did not, by their places.
    #[serde(skip)]
    failed: Vec<usize>,
    /// The percentile that the objective is about.
    #[serde(skip)]
    looked_at_ns: Option<f64>,
}

/// The percentiles of response times that steps have.
pub const PERCENTILES: [Percentile; 3] = [Percentile::P50, Percentile::P95, Percentile::P99];

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands references")]
fn load_word<S: Serializer>(load: &Load, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(match load {
        Load::Rate => "arrivals_per_s",
        Load::Users => "virtual_users",
    })
}

/// Answers that came in a window and were as wanted.
pub fn wanted_answers(window: &Window) -> u64 {
    let unwanted = window.mishaps.iter().filter(|(mishap, _)| matches!(mishap, Mishap::Status(_)));
    window.answered.saturating_sub(unwanted.map(|(_, count)| count).sum())
}

/// Arrivals that were over in a window, whatever became of them; those that nobody waited for until the end are not.
pub fn ended(window: &Window) -> u64 {
    let is_over = |mishap: &Mishap| matches!(mishap, Mishap::Failure(failure) if *failure != Failure::Interrupted);
    let unanswered = window.mishaps.iter().filter(|(mishap, _)| is_over(mishap));
    window.answered + unanswered.map(|(_, count)| count).sum::<u64>()
}

impl Capacity {
    /// Of a run, by these conditions. `None` where it had no load.
    pub fn of(run: &Run, asked: &[Threshold]) -> Option<Self> {
        let objective = Objective::new(asked, &run.log.manifest);
        let windows = run.windows.together(|_| true);
        let stretches = Stretches::of_run(run, &windows).up_to_the_highest();
        let looked = Looked::at(run, &windows, &objective, &stretches);
        let steps: Vec<StepOfLoad> = stretches.steps().iter().map(|step| looked.step(step)).collect();
        if steps.is_empty() {
            return None;
        }
        let load = Load::of(&run.log.manifest);
        Some(Self {
            run: run.summary.run.directory.clone(),
            load,
            objective: objective.conditions.iter().map(ToString::to_string).collect(),
            assumed: objective.assumed,
            found: found(&steps),
            throughput_follows_up_to: match load {
                Load::Rate => behind_the_schedule(&steps),
                Load::Users => saturated(&steps),
            },
            response_time_takes_off_from: taken_off(&steps),
            times: objective.times(),
            steps,
        })
    }

    /// The step at which the objective ceases to hold, and those of its conditions that do not.
    pub fn failing(&self) -> Option<(&StepOfLoad, &[usize])> {
        let (Found::Between { fails_from, .. } | Found::Below { fails_from }) = self.found else { return None };
        let is_first = |step: &&StepOfLoad| step.load >= fails_from && step.held == Some(false);
        self.steps.iter().find(is_first).map(|step| (step, step.failed.as_slice()))
    }
}

/// A run as its stretches have it, all together and for each condition.
struct Looked<'a> {
    objective: &'a Objective,
    width: Nanos,
    all: Vec<Window>,
    of_condition: Vec<Vec<Window>>,
}

impl<'a> Looked<'a> {
    fn at(run: &Run, windows: &[Window], objective: &'a Objective, stretches: &Stretches) -> Self {
        let manifest = &run.log.manifest;
        let requests = manifest.requests.len().max(1);
        let of_condition = objective.conditions.iter().map(|condition| {
            let counts = |cell: usize| {
                let (scenario, request) =
                    (manifest.scenarios.get(cell / requests), manifest.requests.get(cell % requests));
                scenario
                    .zip(request)
                    .is_some_and(|(scenario, request)| manifest.counts_for(condition, scenario, request))
            };
            stretches.of(&run.windows.together(counts))
        });
        Self { objective, width: stretches.width, all: stretches.of(windows), of_condition: of_condition.collect() }
    }

    fn step(&self, step: &Step) -> StepOfLoad {
        let all = step.together(&self.all);
        let lasted = step.length(self.width);
        let per_second = |count: u64| count as f64 / lasted.as_secs_f64();
        let conditions = self.objective.conditions.iter().zip(&self.of_condition);
        let values: Vec<Option<f64>> =
            conditions.map(|(condition, windows)| value(condition, &step.together(windows))).collect();
        let holds = |(condition, value): (&Threshold, &Option<f64>)| Some(condition.condition.holds((*value)?));
        let held: Vec<Option<bool>> = self.objective.conditions.iter().zip(&values).map(holds).collect();
        let (metric, percentile) = self.objective.times();
        StepOfLoad {
            load: step.load,
            lasted_ns: lasted,
            scheduled_per_s: per_second(all.arrivals),
            completed_per_s: per_second(wanted_answers(&all)),
            error_rate: (all.arrivals > 0).then(|| all.failed as f64 / all.arrivals as f64),
            response_time_ns: PERCENTILES.map(|percentile| percentile_of(&all, Metric::ResponseTime, percentile)),
            looked_at_ns: percentile_of(&all, metric, percentile),
            held: together(&held),
            failed: (0..held.len()).filter(|place| held[*place] == Some(false)).collect(),
            values,
        }
    }
}

/// Whether all hold. One that does not is enough to know that.
fn together(held: &[Option<bool>]) -> Option<bool> {
    if held.contains(&Some(false)) { Some(false) } else { (!held.contains(&None)).then_some(true) }
}

/// The number of steps, from the lowest on, at which something holds.
fn parted<'a>(steps: impl IntoIterator<Item = &'a StepOfLoad>, held: impl Fn(&StepOfLoad) -> Option<bool>) -> usize {
    let outcome = |step: &StepOfLoad| Outcome { weight: step.lasted_ns.as_secs_f64(), held: held(step) };
    split(&steps.into_iter().map(outcome).collect::<Vec<_>>())
}

fn found(steps: &[StepOfLoad]) -> Found {
    let known: Vec<&StepOfLoad> = steps.iter().filter(|step| step.held.is_some()).collect();
    let place = parted(known.iter().copied(), |step| step.held);
    let (below, above) = known.split_at(place);
    match (below.last(), above.first()) {
        (Some(last), Some(next)) => {
            Found::Between { holds_up_to: last.load, fails_from: next.load, completed_per_s: last.completed_per_s }
        }
        (Some(last), None) => Found::AtLeast { holds_up_to: last.load, completed_per_s: last.completed_per_s },
        (None, Some(next)) => Found::Below { fails_from: next.load },
        (None, None) => Found::Unknown,
    }
}

/// The steps of low load: the lowest where there is none.
fn low(steps: &[StepOfLoad]) -> &[StepOfLoad] {
    let most = steps.last().map_or(0.0, |step| step.load);
    let count = steps.iter().filter(|step| step.load <= LOW * most).count();
    &steps[..count.max(1).min(steps.len())]
}

/// The highest rate at which as much of what is scheduled is answered as is at low rates. `None` where that goes on to the end.
fn behind_the_schedule(steps: &[StepOfLoad]) -> Option<f64> {
    let share = |step: &StepOfLoad| step.completed_per_s / step.scheduled_per_s;
    let usual = low(steps).iter().map(share).fold(0.0, f64::max);
    let place = parted(steps, |step| Some(share(step) >= FOLLOWS * usual));
    (place < steps.len()).then(|| place.checked_sub(1).map(|last| steps[last].load)).flatten()
}

/// The number of users from which on more of them get no more answers. `None` where they still do at the end.
fn saturated(steps: &[StepOfLoad]) -> Option<f64> {
    let most = steps.iter().map(|step| step.completed_per_s).fold(0.0, f64::max);
    let knee = steps.iter().find(|step| step.completed_per_s >= FOLLOWS * most)?.load;
    (steps.last()?.load >= BEYOND * knee).then_some(knee)
}

/// The load from which on response times are more than what they may be of those at low loads. `None` where they are nowhere.
fn taken_off(steps: &[StepOfLoad]) -> Option<f64> {
    let usual = low(steps).iter().filter_map(|step| step.looked_at_ns).reduce(f64::min)?;
    let place = parted(steps, |step| Some(step.looked_at_ns? <= TAKEN_OFF * usual));
    steps[place..].iter().find(|step| step.looked_at_ns.is_some()).map(|step| step.load)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made_up::{MadeUp, answered};
    use crate::analysis::objective::condition;
    use runlog::row::Row;

    /// A rate that goes up by 10/s every second, at a target that answers 100 a second, one after the other.
    fn ramp(seconds: u64) -> Vec<Row> {
        let service = Nanos::from_millis(10);
        let mut free = Nanos::ZERO;
        let mut rows = Vec::new();
        for second in 0..seconds {
            let rate = 10 * (second + 1);
            for place in 0..rate {
                let scheduled = Nanos(Nanos::from_secs(second).0 + place * 1_000_000_000 / rate);
                free = free.max(scheduled).after(service);
                rows.push(answered(scheduled, 0, free.since(scheduled), 200));
            }
        }
        rows
    }

    fn capacity(rows: Vec<Row>, asked: &[&str]) -> Capacity {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let run = MadeUp { rows, ..MadeUp::default() }.written(folder.path());
        let asked: Vec<Threshold> = asked.iter().map(|text| condition(text).expect("a condition")).collect();
        Capacity::of(&run, &asked).expect("a load")
    }

    #[test]
    fn a_target_of_a_hundred_a_second_copes_with_a_hundred_a_second() {
        let found = capacity(ramp(20), &["p(95) < 50ms"]);
        let Found::Between { holds_up_to, fails_from, completed_per_s } = found.found else { panic!("{found:?}") };
        // The answer to the last arrival of a second comes in the next.
        assert_eq!((holds_up_to, fails_from, completed_per_s), (100.0, 110.0, 99.0));
        assert_eq!(found.throughput_follows_up_to, Some(100.0));
        assert_eq!(found.response_time_takes_off_from, Some(110.0));
        let (step, failed) = found.failing().expect("it fails");
        assert_eq!((step.load, failed), (110.0, &[0][..]));
    }

    #[test]
    fn a_target_that_was_never_at_its_limit_copes_with_at_least_what_there_was() {
        let found = capacity(ramp(9), &["p(50) < 50ms"]);
        assert_eq!(found.found, Found::AtLeast { holds_up_to: 80.0, completed_per_s: 80.0 });
        assert_eq!((found.throughput_follows_up_to, found.response_time_takes_off_from), (None, None));
    }

    #[test]
    fn an_objective_that_never_holds_is_said_and_too_few_answers_are_too() {
        assert!(matches!(capacity(ramp(20), &["p(50) < 1ms"]).found, Found::Below { fails_from } if fails_from < 30.0));
        assert_eq!(capacity(ramp(2), &["p(99) < 1ms"]).found, Found::Unknown);
    }

    #[test]
    fn errors_count_though_they_are_quick() {
        let mut rows = ramp(20);
        for row in rows.iter_mut().filter(|row| row.scheduled_ns >= Nanos::from_secs(5).0) {
            row.status = 503;
        }
        let found = capacity(rows, &["p(50) < 1h"]);
        let Found::Between { holds_up_to, .. } = found.found else { panic!("{found:?}") };
        assert!((holds_up_to - 50.0).abs() < 1e-9, "{holds_up_to}");
        assert_eq!(found.throughput_follows_up_to, Some(50.0), "throughput is of answers as wanted");
        assert_eq!(found.failing().expect("it fails").1, [1], "the error rate, which is assumed");
    }

    #[test]
    fn what_comes_after_the_highest_load_does_not_count() {
        let mut rows = ramp(20);
        let last = rows.iter().map(Row::end_ns).max().expect("rows");
        // It is slow for long, though next to nothing is asked of it.
        for place in 0..400 {
            rows.push(answered(Nanos(last + place * 100_000_000), 0, Nanos::from_secs(3), 200));
        }
        let Found::Between { holds_up_to, .. } = capacity(rows, &["p(50) < 50ms"]).found else { panic!("between") };
        assert!((holds_up_to - 100.0).abs() < 10.0, "{holds_up_to}");
    }
}
