//! A run as a sequence of equal windows of time: what is resampled, because neighbouring requests are alike.

use runlog::metric::Metric;
use runlog::sketch::Sketch;
use runlog::units::Nanos;

/// What happened in a window of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Window {
    /// The times of the arrivals that were answered (response time, service time, … in nanoseconds).
    pub times: Sketch,
    /// How many arrivals there were, answered or not.
    pub arrivals: u64,
    /// How many of them failed.
    pub failed: u64,
}

impl Window {
    /// What these came to together, of a metric's times.
    pub fn together(windows: &[runlog::windows::Window], metric: Metric) -> Self {
        let mut sum = Self::default();
        for window in windows {
            sum.arrivals += window.arrivals;
            sum.failed += window.failed;
            if let Some(times) = window.times_of(metric) {
                sum.times.merge(times.sketch);
            }
        }
        sum
    }
}

/// Equal windows of one run, of one request or any other group of arrivals, in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Windows {
    /// How long each window is.
    pub width: Nanos,
    /// The windows, without gaps: a window in which nothing happened is there too.
    pub windows: Vec<Window>,
}

impl Windows {
    /// The times of all windows.
    pub fn times(&self) -> Sketch {
        let mut all = Sketch::default();
        for window in &self.windows {
            all.merge(&window.times);
        }
        all
    }
}
