//! Runs made of chance and a seed, for tests: lognormal times around a level that moves from window to window.

use runlog::units::Nanos;

use super::chance::Chance;
use super::windows::{Window, Windows};

/// A service that answers in lognormal times; the logarithm of its level is an AR(1) process.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// How many windows of a second.
    pub windows: usize,
    /// How many answers in each.
    pub per_window: usize,
    /// The median of all times.
    pub typical_ns: f64,
    /// Standard deviation of the level's logarithm.
    pub between: f64,
    /// Correlation of a window's level with the one before.
    pub memory: f64,
    /// Standard deviation of the logarithm of times within a window.
    pub within: f64,
    /// The share of arrivals that fail.
    pub failing: f64,
}

impl Default for Service {
    fn default() -> Self {
        Self { windows: 60, per_window: 30, typical_ns: 10e6, between: 0.1, memory: 0.5, within: 0.3, failing: 0.0 }
    }
}

impl Service {
    /// The run of this seed.
    pub fn run(self, seed: u64) -> Windows {
        let mut chance = Chance::new(seed);
        let mut level = normal(&mut chance);
        let windows = (0..self.windows).map(|_| {
            let fresh = (1.0 - self.memory * self.memory).sqrt();
            level = self.memory * level + fresh * normal(&mut chance);
            let mut time_ns = || self.typical_ns * (self.between * level + self.within * normal(&mut chance)).exp();
            let times = (0..self.per_window).map(|_| time_ns() as u64).collect();
            let failed = (0..self.per_window).filter(|_| chance.fraction() < self.failing).count() as u64;
            Window { times, arrivals: self.per_window as u64, failed }
        });
        Windows { width: Nanos::from_secs(1), windows: windows.collect() }
    }
}

/// So many windows, each with the same ten times.
pub fn even(windows: usize) -> Windows {
    let times = (1..=10).map(|tenth| tenth * 1_000_000).collect();
    let window = Window { times, arrivals: 10, failed: 0 };
    Windows { width: Nanos::from_secs(1), windows: vec![window; windows] }
}

/// Normally distributed with mean 0 and variance 1 (Box, Muller: A Note on the Generation of Random Normal Deviates, 1958).
pub(crate) fn normal(chance: &mut Chance) -> f64 {
    (-2.0 * (1.0 - chance.fraction()).ln()).sqrt() * (std::f64::consts::TAU * chance.fraction()).cos()
}
