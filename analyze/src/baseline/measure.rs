//! Which numbers a baseline can have: of the arrivals of a request, and of the samples of a probe.

use std::fmt;

use runlog::units::Percentile;
use serde::{Serialize, Serializer};

use super::unit::Unit;

/// A number that arrivals or samples come down to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Measure {
    /// The median.
    P50,
    /// The 90th percentile, by nearest rank as everywhere.
    P90,
    /// The 95th percentile.
    P95,
    /// The 99th percentile.
    P99,
    /// The 99.9th percentile.
    P999,
    /// The sum over the number.
    Mean,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// The latest sample.
    Last,
    /// Arrivals without an answer or with a status that was not wanted, as a share of all.
    ErrorRate,
    /// Arrivals that did not fail, per second. Errors are no throughput: a server that fails fast would look better.
    Throughput,
}

impl Measure {
    /// Those of requests.
    pub const OF_REQUESTS: [Self; 9] = [
        Self::P50,
        Self::P90,
        Self::P95,
        Self::P99,
        Self::P999,
        Self::Mean,
        Self::Max,
        Self::ErrorRate,
        Self::Throughput,
    ];

    /// Those of what probes sample.
    pub const OF_PROBES: [Self; 9] =
        [Self::P50, Self::P90, Self::P95, Self::P99, Self::P999, Self::Mean, Self::Min, Self::Max, Self::Last];

    /// Its name in a file. `avg`, k6's word for the mean, is understood as well.
    pub const fn name(self) -> &'static str {
        match self {
            Self::P50 => "p50",
            Self::P90 => "p90",
            Self::P95 => "p95",
            Self::P99 => "p99",
            Self::P999 => "p999",
            Self::Mean => "mean",
            Self::Min => "min",
            Self::Max => "max",
            Self::Last => "last",
            Self::ErrorRate => "error_rate",
            Self::Throughput => "throughput",
        }
    }

    /// The one of these that has this name.
    pub fn named(name: &str, of: &[Self]) -> Option<Self> {
        of.iter().copied().find(|measure| measure.name() == name || (*measure == Self::Mean && name == "avg"))
    }

    /// The unit of a request's number. What a probe's number is in is for its budget to say.
    pub const fn unit(self) -> Unit {
        match self {
            Self::ErrorRate => Unit::Share,
            Self::Throughput => Unit::PerSecond,
            _ => Unit::Time,
        }
    }

    /// Whether more of it is better: of throughput only.
    pub const fn is_better_when_higher(self) -> bool {
        matches!(self, Self::Throughput)
    }

    /// The percentile that it is.
    pub const fn percentile(self) -> Option<Percentile> {
        match self {
            Self::P50 => Some(Percentile::P50),
            Self::P90 => Some(Percentile::P90),
            Self::P95 => Some(Percentile::P95),
            Self::P99 => Some(Percentile::P99),
            Self::P999 => Some(Percentile::P999),
            _ => None,
        }
    }

    /// How many samples it takes to speak of it.
    pub fn samples_needed(self) -> u64 {
        self.percentile().map_or(1, Percentile::samples_needed)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Measure {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rarer_what_is_asked_for_the_more_samples_it_takes() {
        let needed = [Measure::P50, Measure::P90, Measure::P95, Measure::P99, Measure::P999, Measure::Throughput];
        assert_eq!(needed.map(Measure::samples_needed), [6, 29, 59, 299, 2995, 1]);
    }

    #[test]
    fn names_are_unique_and_the_mean_has_two() {
        for measure in Measure::OF_REQUESTS {
            assert_eq!(Measure::named(measure.name(), &Measure::OF_REQUESTS), Some(measure));
        }
        assert_eq!(Measure::named("avg", &Measure::OF_PROBES), Some(Measure::Mean));
        assert_eq!(Measure::named("throughput", &Measure::OF_PROBES), None);
    }
}
