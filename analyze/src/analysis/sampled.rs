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

    /// What all cores have at once: the mean of each core's samples, added up.
    pub fn level(&self, of: impl Fn(&EngineSample) -> u64) -> Vec<Option<f64>> {
        let mean = |samples: &Vec<&EngineSample>| {
            samples.iter().map(|sample| of(sample) as f64).sum::<f64>() / samples.len() as f64
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
        // A sample is of the second before it, and may come a little early or late: half a second back is well inside.
        let half = Nanos(EVERY.0 / 2);
        let mut buckets: Vec<BTreeMap<usize, Vec<&EngineSample>>> = vec![BTreeMap::new(); self.buckets.count];
        for sample in self.samples {
            let place = self.buckets.place(Nanos(sample.time_ns).since(half)) as usize;
            buckets[place].entry(sample.core).or_default().push(sample);
        }
        let value = |cores: BTreeMap<usize, Vec<&EngineSample>>| {
            let cores: Vec<Vec<&EngineSample>> = cores.into_values().collect();
            (!cores.is_empty()).then(|| round(value(&cores))).filter(|value| value.is_finite())
        };
        buckets.into_iter().map(value).collect()
    }
}

/// To a ten-thousandth, which is more than a chart shows.
fn round(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

fn share(samples: &Vec<&EngineSample>) -> f64 {
    let sum = |of: fn(&EngineSample) -> u64| samples.iter().fold(0_u64, |sum, sample| sum.saturating_add(of(sample)));
    sum(|sample| sample.busy_ns) as f64 / sum(|sample| sample.wall_ns) as f64
}
