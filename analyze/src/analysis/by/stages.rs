//! When the stages of a scenario were followed.

use runlog::course::Course;
use runlog::manifest::Scenario;
use runlog::tally::Stretch;
use runlog::units::Nanos;

/// The stages of a scenario.
pub struct Stages {
    /// Its name.
    pub scenario: String,
    /// When each of them ended.
    ends: Vec<Nanos>,
}

impl Stages {
    /// Those of a scenario in a run that took this course.
    pub fn of(scenario: &Scenario, course: &Course) -> Self {
        let ends = scenario.stages.iter().map(|stage| course.run_time(stage.at_ns).unwrap_or(Stretch::WHOLE.to));
        Self { scenario: scenario.name.clone(), ends: ends.collect() }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.ends.len()
    }

    /// The place of the stage in which an instant lies; `None` behind all of them.
    #[inline]
    pub fn at(&self, instant: Nanos) -> Option<usize> {
        let place = self.ends.partition_point(|&end| end <= instant);
        (place < self.ends.len()).then_some(place)
    }

    /// The stage at this place. `None` where there are not so many.
    pub fn stretch(&self, place: usize) -> Option<Stretch> {
        let from = place.checked_sub(1).map_or(Some(Nanos::ZERO), |before| self.ends.get(before).copied())?;
        Some(Stretch { from, to: *self.ends.get(place)? })
    }

    /// What comes behind all of them.
    pub fn rest(&self) -> Stretch {
        Stretch { from: self.ends.last().copied().unwrap_or_default(), ..Stretch::WHOLE }
    }
}

/// How long it is that at least one of them lasts.
pub fn covered(mut stretches: Vec<Stretch>) -> Nanos {
    stretches.sort_unstable_by_key(|stretch| stretch.from);
    let (mut length, mut until) = (Nanos::ZERO, Nanos::ZERO);
    for Stretch { from, to } in stretches {
        length = length.after(to.since(from.max(until)));
        until = until.max(to);
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_instant_counts_once_however_many_stretches_it_is_in(ends in proptest::collection::vec((0_u64..50, 0_u64..50), 0..8)) {
            let stretches: Vec<_> = ends.iter().map(|&(from, to)| Stretch { from: Nanos(from), to: Nanos(to) }).collect();
            let instants = (0..50).filter(|&at| stretches.iter().any(|stretch| stretch.has(at))).count();
            prop_assert_eq!(covered(stretches), Nanos(instants as u64));
        }
    }
}
