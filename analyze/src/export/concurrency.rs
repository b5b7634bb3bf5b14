//! How many virtual users were at work when, from the samples that the generator took of itself once a second.

use std::collections::BTreeMap;

use runlog::samples::EngineSample;

/// Virtual users at work on all cores, by the second that ended with the sample.
#[derive(Debug)]
pub(super) struct Concurrency {
    by_second: BTreeMap<u64, u64>,
}

const SECOND_NS: u64 = 1_000_000_000;

impl Concurrency {
    /// Those of `engine.csv`.
    pub(super) fn new(samples: &[EngineSample]) -> Self {
        let mut by_second = BTreeMap::new();
        for sample in samples {
            *by_second.entry(sample.time_ns.saturating_sub(1) / SECOND_NS).or_default() += sample.vus;
        }
        Self { by_second }
    }

    /// How many at this instant: in its second, else the last one before; nothing before the first sample.
    pub(super) fn at(&self, time_ns: u64) -> u64 {
        self.by_second.range(..=time_ns / SECOND_NS).next_back().map_or(0, |(_, &vus)| vus)
    }

    /// How many in each second of which there are samples.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = u64> + '_ {
        self.by_second.values().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cores_of_a_second_add_up() {
        let sample = |time_ns, vus| EngineSample { time_ns, vus, ..EngineSample::default() };
        let concurrency = Concurrency::new(&[sample(SECOND_NS, 3), sample(SECOND_NS, 4), sample(3 * SECOND_NS, 9)]);
        let at = [0, SECOND_NS - 1, SECOND_NS, 2 * SECOND_NS, 9 * SECOND_NS].map(|time| concurrency.at(time));
        assert_eq!(at, [7, 7, 7, 9, 9]);
        assert_eq!(Concurrency::new(&[]).at(5), 0);
    }
}
