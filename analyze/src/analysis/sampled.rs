//! What the engine sampled of itself, once a second and core, put together to as many places as a chart can show.

use std::collections::BTreeMap;

use runlog::samples::EngineSample;
use runlog::units::Nanos;

use super::buckets::{Buckets, OF_PAGE};
use crate::section::Axis;

/// The engine samples itself once a second.
const EVERY: Nanos = Nanos::from_secs(1);

/// Samples of all cores, over time.
pub struct Sampled<'a> {
    samples: &'a [EngineSample],
    buckets: Buckets,
}

impl<'a> Sampled<'a> {
    /// These samples; `None` where there are none.
    pub fn of(samples: &'a [EngineSample]) -> Option<Self> {
        let last = samples.iter().map(|sample| sample.time_ns).max()?;
        Some(Self { samples, buckets: Buckets::covering(Nanos(last).since(EVERY), EVERY, OF_PAGE) })
    }

    /// The time axis.
    pub fn axis(&self) -> Axis {
        Axis::Time(self.buckets.middles())
    }

    /// What all cores have at once: the mean of each core's seconds, added up. Shards of one load may have cores of the same
    /// number: they have a second in common, and each has its own.
    pub fn level(&self, of: impl Fn(&EngineSample) -> u64) -> Vec<Option<f64>> {
        let mean = |samples: &Vec<&EngineSample>| {
            let mut seconds: BTreeMap<u64, f64> = BTreeMap::new();
            for sample in samples {
                *seconds.entry(inside(sample).0 / EVERY.0).or_default() += of(sample) as f64;
            }
            seconds.values().sum::<f64>() / seconds.len() as f64
        };
        self.each(|cores| cores.iter().map(mean).sum())
    }

    /// The latest that any core was.
    pub fn latest(&self, of: impl Fn(&EngineSample) -> u64) -> Vec<Option<f64>> {
        self.each(|cores| cores.iter().flatten().map(|sample| of(sample) as f64).fold(0.0, f64::max))
    }

    /// The share of its time that the mean core was at work.
    pub fn busy(&self) -> Vec<Option<f64>> {
        self.each(|cores| cores.iter().map(share).sum::<f64>() / cores.len() as f64)
    }

    /// The share of its time that the busiest core was at work.
    pub fn busiest(&self) -> Vec<Option<f64>> {
        self.each(|cores| cores.iter().map(share).fold(0.0, f64::max))
    }

    /// A value for each bucket, from the samples of each core in it; none where there is no sample.
    fn each(&self, value: impl Fn(&[Vec<&EngineSample>]) -> f64) -> Vec<Option<f64>> {
        let mut buckets: Vec<BTreeMap<usize, Vec<&EngineSample>>> = vec![BTreeMap::new(); self.buckets.count];
        for sample in self.samples {
            let place = self.buckets.place(inside(sample)) as usize;
            buckets[place].entry(sample.core).or_default().push(sample);
        }
        let value = |cores: BTreeMap<usize, Vec<&EngineSample>>| {
            let cores: Vec<Vec<&EngineSample>> = cores.into_values().collect();
            (!cores.is_empty()).then(|| round(value(&cores))).filter(|value| value.is_finite())
        };
        buckets.into_iter().map(value).collect()
    }
}

/// An instant well inside the time that a sample is of: that before it, and the last is of less than a second.
fn inside(sample: &EngineSample) -> Nanos {
    let length = if sample.wall_ns == 0 { EVERY.0 } else { sample.wall_ns };
    Nanos(sample.time_ns).since(Nanos(length / 2))
}

/// To a ten-thousandth, which is more than a chart shows.
fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

fn share(samples: &Vec<&EngineSample>) -> f64 {
    let sum = |of: fn(&EngineSample) -> u64| samples.iter().fold(0_u64, |sum, sample| sum.saturating_add(of(sample)));
    sum(|sample| sample.busy_ns) as f64 / sum(|sample| sample.wall_ns) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(millis: u64, core: usize, vus: u64) -> EngineSample {
        let wall_ns = Nanos::from_secs(1).0.min(Nanos::from_millis(millis).0);
        EngineSample { time_ns: Nanos::from_millis(millis).0, core, vus, wall_ns, ..EngineSample::default() }
    }

    fn users(samples: &[EngineSample]) -> Vec<Option<f64>> {
        Sampled::of(samples).expect("samples").level(|sample| sample.vus)
    }

    #[test]
    fn cores_of_the_same_number_are_not_taken_for_one() {
        let one_shard = [sample(1_000, 0, 10), sample(1_000, 1, 5), sample(2_001, 0, 20), sample(2_000, 1, 5)];
        assert_eq!(users(&one_shard), [Some(15.0), Some(25.0)]);
        let two = [sample(1_000, 0, 10), sample(1_002, 0, 30), sample(2_000, 0, 20), sample(2_001, 0, 40)];
        assert_eq!(users(&two), [Some(40.0), Some(60.0)]);
    }

    #[test]
    fn a_last_sample_that_comes_early_is_none_of_another_shard() {
        let last = EngineSample { wall_ns: Nanos::from_millis(200).0, ..sample(2_200, 0, 8) };
        assert_eq!(users(&[sample(1_000, 0, 10), sample(2_000, 0, 12), last]), [Some(10.0), Some(10.0)]);
    }
}
