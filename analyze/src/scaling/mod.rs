//! Runs against different numbers of instances of the target, held against each other: how throughput grows with them.
//!
//! In: loaded runs, each with a tag that says how many instances there were. Out: what was measured with each number, a verdict,
//! the Universal Scalability Law; as sections, too. The mathematics is in `statistics`; nothing here reads files or knows renderers.

mod configuration;
mod drawn;
mod sections;
mod steady;
mod verdict;

use std::collections::BTreeMap;

use serde::Serialize;

pub use self::configuration::{Configuration, Estimate};
pub use self::steady::Limit;
use self::steady::Steady;
pub use self::verdict::{Unclear, Verdict};
use crate::compare::labels;
use crate::load::Run;
use crate::statistics::scalability::{Fit, Measurement};

/// The tag that tells how many instances there were, unless another is asked for.
pub const INSTANCES: &str = "instances";
/// How sure intervals are.
const CONFIDENCE: f64 = 0.95;

/// How throughput grows with the number of instances.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Scaling {
    /// The tag that tells how many there are.
    pub by: String,
    /// How sure each interval is.
    pub confidence: f64,
    /// What throughput does.
    #[serde(flatten)]
    pub verdict: Verdict,
    /// What was measured, by the number of instances.
    pub configurations: Vec<Configuration>,
    /// The law, where there are numbers enough.
    pub law: Option<Fit>,
    /// Runs that say nothing of the target, with why.
    pub left_out: Vec<LeftOut>,
    /// What speaks against believing a run, though it was looked at.
    pub warnings: Vec<LeftOut>,
    /// Whether a run was left out because the generator was the limit.
    #[serde(skip)]
    pub has_invalid: bool,
}

/// A run, and what speaks against it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// The run.
    pub run: String,
    /// Why.
    pub reasons: Vec<String>,
}

impl Scaling {
    /// Of runs that are told apart by a tag. `None` where they are not: fewer than two numbers of instances among them.
    pub fn of(runs: &[Run], by: &str) -> Option<Self> {
        let mut groups: BTreeMap<Count, Vec<(String, Steady)>> = BTreeMap::new();
        let (mut left_out, mut warnings, mut has_invalid) = (Vec::new(), Vec::new(), false);
        for (run, label) in runs.iter().zip(labels(runs)) {
            let validity = &run.summary.validity;
            let Some(count) = instances(run, by) else {
                left_out.push(LeftOut {
                    run: label,
                    reasons: vec![format!("it has no tag `{by}` that is a number above 0")],
                });
                continue;
            };
            // The number of instances is one of those there are, whatever becomes of the run.
            let group = groups.entry(Count(count)).or_default();
            if validity.blames_the_generator() {
                has_invalid = true;
                left_out.push(LeftOut { run: label, reasons: validity.reasons.clone() });
            } else if let Some(steady) = Steady::of(run) {
                if !validity.reasons.is_empty() {
                    warnings.push(LeftOut { run: label.clone(), reasons: validity.reasons.clone() });
                }
                group.push((label, steady));
            } else {
                left_out.push(LeftOut { run: label, reasons: vec!["it has no arrivals".to_owned()] });
            }
        }
        if groups.len() < 2 {
            return None;
        }
        groups.retain(|_, runs| !runs.is_empty());
        let measured: Vec<_> =
            groups.into_iter().map(|(count, runs)| configuration::Measured::of(count.0, runs)).collect();
        let configurations = configuration::all(&measured, CONFIDENCE);
        Some(Self {
            by: by.to_owned(),
            confidence: CONFIDENCE,
            verdict: verdict::judge(&measured, CONFIDENCE),
            law: law(&measured),
            configurations,
            left_out,
            warnings,
            has_invalid,
        })
    }
}

/// How many instances a run says that there were.
pub fn instances(run: &Run, by: &str) -> Option<f64> {
    let count: f64 = run.log.manifest.tags.get(by)?.trim().parse().ok()?;
    (count.is_finite() && count > 0.0).then_some(count)
}

/// The law through what was measured where the target was at its limit: of others nobody knows how much they would take.
fn law(measured: &[configuration::Measured]) -> Option<Fit> {
    let at_its_limit = measured.iter().filter(|one| one.limit == Limit::Target);
    let measurement = |one: &'_ configuration::Measured| {
        let throughput = one.throughput();
        Some((one.instances, throughput.value.filter(|_| throughput.shortage.is_none())?, throughput.clone()))
    };
    let all: Vec<_> = at_its_limit.filter_map(measurement).collect();
    let measurements: Vec<Measurement<'_>> = all
        .iter()
        .map(|(instances, per_second, figure)| Measurement {
            instances: *instances,
            per_second: *per_second,
            resamples: &figure.resamples,
            freedom: figure.freedom,
        })
        .collect();
    Fit::new(&measurements, CONFIDENCE)
}

/// A number of instances, in order.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Count(f64);

impl Eq for Count {}

impl PartialOrd for Count {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Count {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
