//! A check in words: what was, what should have been, and why that matters or does not.

use runlog::units::Nanos;

use super::{Bound, Check, Missing, Outcome, Subject};
use crate::baseline::measured::Interval;
use crate::baseline::unit::{Unit, significant};
use crate::section::{Finding, Level, Value};

/// A number in its unit, to be shown.
pub fn value(unit: Unit, number: f64) -> Value {
    match unit {
        Unit::Time => Value::Time(Nanos(number.round() as u64)),
        Unit::Share => Value::Share(number),
        Unit::PerSecond => Value::per_second(number),
        Unit::Number => Value::Text(significant(number, 4).to_string().into()),
    }
}

impl Subject {
    /// What it is called.
    pub fn name(&self) -> String {
        match self {
            Self::Request { request } => request.clone(),
            Self::Total => "total".to_owned(),
            Self::Probe { probe, metric } => format!("{probe}: {metric}"),
        }
    }
}

impl Check {
    /// What the figure is called, in its subject. A number of a probe may have a limit to either side.
    pub fn figure(&self) -> String {
        match (&self.subject, self.bound) {
            (Subject::Probe { .. }, Bound::AtLeast) => format!("{} at least", self.measure),
            (Subject::Probe { .. }, Bound::AtMost) => format!("{} at most", self.measure),
            _ => self.measure.to_string(),
        }
    }

    /// The check as a sentence.
    pub fn finding(&self) -> Finding {
        let level = match self.outcome {
            Outcome::Passed | Outcome::Better => Level::Good,
            Outcome::WithinNoise | Outcome::NotEnoughData => Level::Warning,
            Outcome::Regressed | Outcome::Missing(_) => Level::Bad,
        };
        let beginning = Finding::new(level, self.subject.name()).and(" ").and(self.measure.name());
        match (self.outcome, self.value) {
            (Outcome::Missing(missing), _) => beginning.and(absence(missing)),
            (_, None) => beginning,
            (Outcome::NotEnoughData, Some(_)) => beginning
                .and(" is not known: it takes ")
                .count(self.measure.samples_needed())
                .and(" samples, and there are ")
                .count(self.samples),
            (_, Some(number)) => self.comparison(beginning.and(" was ").and(value(self.unit, number))),
        }
    }

    fn comparison(&self, finding: Finding) -> Finding {
        let finding = match self.change {
            Some(change) => finding.and(" (").and(Value::Change(change)).and(")"),
            None => finding,
        };
        let what = if matches!(self.subject, Subject::Probe { .. }) { "the limit of " } else { "the baseline's " };
        let mut finding = finding.and(" against ").and(what).and(value(self.unit, self.baseline));
        if self.max_regression > 0.0 && self.baseline > 0.0 {
            let allowed = match self.bound {
                Bound::AtMost => self.max_regression,
                Bound::AtLeast => -self.max_regression,
            };
            finding = finding.and("; allowed are ").and(Value::Change(allowed));
        }
        if let Some(Interval { low, high }) = self.interval {
            let between = finding.and("; the difference lies between ").and(Value::Change(low));
            finding = between.and(" and ").and(Value::Change(high));
        }
        match self.noise {
            Some(noise) => finding.and("; noise ").and(Value::Share(noise)),
            None => finding,
        }
    }
}

const fn absence(missing: Missing) -> &'static str {
    match missing {
        Missing::Request => " is missing: the run's scenario has no request of this name",
        Missing::Arrivals => " is missing: the run has no arrival of it",
        Missing::Answers => " is missing: none of the arrivals got an answer",
        Missing::Samples => " is missing: the run's probes sampled nothing of this name",
    }
}
