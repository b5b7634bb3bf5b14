//! Baselines: the figures that a run is held against, hand-written or saved from runs.
//!
//! In: a TOML file of `baselines/`, checked once, every mistake with its place; or what was measured of runs. Out: a
//! [`Baseline`] that cannot be wrong, and the same as text again. It knows nothing of verdicts, renderers or row files.

mod confidence;
pub mod digest;
mod entry;
pub mod measure;
pub mod measured;
mod parse;
mod probes;
mod problem;
mod save;
pub mod unit;
mod write;

pub use self::confidence::{confidence, widening};
pub use self::measure::Measure;
pub use self::parse::parse;
pub use self::problem::{Invalid, Problem};
pub use self::save::saved;
use self::unit::Unit;
pub use crate::time::Time;

/// What runs are held against.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Baseline {
    /// The name of the scenario it belongs to; a hand-written one may be for any.
    pub name: Option<String>,
    /// Which time the percentiles, the mean and the extremes are of.
    pub time: Time,
    /// Where its figures come from; nothing where they are hand-written.
    pub saved: Option<Saved>,
    /// How much worse than the figures a run may be.
    pub max_regression: MaxRegression,
    /// The figures of requests, in the order of the file.
    pub requests: Vec<Expected>,
    /// The figures of all requests together.
    pub total: Vec<Figure>,
    /// The limits of what was sampled from the system under test, in the order of the file.
    pub probes: Vec<Budget>,
}

/// Where the figures of a baseline come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The runs: at least one.
    pub runs: Vec<SavedRun>,
    /// The version of Drumfire that saved it.
    pub drumfire_version: String,
    /// The digest of what the runs did: see [`digest::of`].
    pub scenario_sha256: String,
}

/// A run that figures were saved from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedRun {
    /// The name of its directory.
    pub name: String,
    /// The wall time of its t=0, nanoseconds since the Unix epoch.
    pub started_unix_ns: u64,
}

/// The figures of one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Expected {
    /// The request's name.
    pub request: String,
    /// At least one, no measure twice.
    pub figures: Vec<Figure>,
}

/// A figure to hold a run's against.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// What it is a figure of.
    pub measure: Measure,
    /// In nanoseconds, as a share of one, or per second: see [`Measure::unit`].
    pub value: f64,
    /// How far runs of the same are apart by chance: as a share of the value, of error rates (which may be 0) as a
    /// difference of shares. Unknown where there is none.
    pub noise: Option<f64>,
}

impl Figure {
    /// The noise in the unit of the value.
    pub fn noise_floor(&self) -> Option<f64> {
        match self.measure {
            Measure::ErrorRate => self.noise,
            _ => self.noise.map(|noise| noise * self.value),
        }
    }
}

/// The limits of one number of what a probe sampled. They are limits: no regression is allowed on top.
#[derive(Debug, Clone, PartialEq)]
pub struct Budget {
    /// The probe's name.
    pub probe: String,
    /// The metric's name, as in `probes.csv`.
    pub metric: String,
    /// Which number of its samples.
    pub measure: Measure,
    /// The unit of the limits.
    pub unit: Unit,
    /// What a sample of 1 is in that unit: 1,000,000 for a metric `…_ms` with limits in nanoseconds.
    pub scale: f64,
    /// The most it may be.
    pub at_most: Option<f64>,
    /// The least it must be.
    pub at_least: Option<f64>,
}

/// How much worse a run may be, as shares of the baseline's figures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MaxRegression {
    /// For measures that are not named.
    pub default: Option<f64>,
    /// For these; no measure twice.
    pub of: Vec<(Measure, f64)>,
}

impl MaxRegression {
    /// What is allowed where nobody says anything: 10 %, as in the requirement.
    pub const USUAL: f64 = 0.10;

    /// What is allowed for a measure: its own share, else the default, else [`Self::USUAL`].
    pub fn allowed(&self, measure: Measure) -> f64 {
        let own = self.of.iter().find(|(this, _)| *this == measure).map(|&(_, share)| share);
        own.or(self.default).unwrap_or(Self::USUAL)
    }

    /// Sets a share, of a measure or of those that are not named.
    pub fn set(&mut self, measure: Option<Measure>, share: f64) {
        match measure {
            None => self.default = Some(share),
            Some(measure) => {
                self.of.retain(|(this, _)| *this != measure);
                self.of.push((measure, share));
            }
        }
    }

    /// These, with those in place of what both have.
    #[must_use]
    pub fn overridden_by(&self, those: &Self) -> Self {
        let mut all = Self { default: those.default.or(self.default), of: self.of.clone() };
        for &(measure, share) in &those.of {
            all.set(Some(measure), share);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_measure_outweighs_what_is_said_of_all() {
        let mut file = MaxRegression::default();
        assert_eq!(Some(file.allowed(Measure::P95)), Some(0.10));
        file.set(None, 0.05);
        file.set(Some(Measure::P99), 0.20);
        let mut asked = MaxRegression::default();
        asked.set(None, 0.15);
        let both = file.overridden_by(&asked);
        assert_eq!((both.allowed(Measure::P95), both.allowed(Measure::P99)), (0.15, 0.20));
        asked.set(Some(Measure::P99), 0.30);
        assert_eq!(Some(file.overridden_by(&asked).allowed(Measure::P99)), Some(0.30));
    }
}
