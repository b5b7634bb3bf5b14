//! How the load went: rates, failures and response times in stretches long enough for a percentile.

use runlog::metric::Metric;
use runlog::units::{Nanos, Percentile};
use runlog::windows::Window;

use crate::load::Run;

/// What happened in a stretch of time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Bin {
    /// When it begins.
    pub from: Nanos,
    /// When it ends.
    pub to: Nanos,
    /// Arrivals per second that were scheduled in it.
    pub rate: f64,
    /// Their 95th percentile of response time.
    pub p95_ns: Option<u64>,
    /// The share of them that failed.
    pub failed: f64,
}

/// So many arrivals are to be in a bin: with fewer its p95 is that of one or two answers.
const ENOUGH: u64 = 40;

/// All requests together, window by window.
pub(super) struct Course {
    width: Nanos,
    windows: Vec<Window>,
}

impl Course {
    /// Of a run.
    pub fn of(run: &Run) -> Self {
        Self { width: run.windows.width, windows: run.windows.together(|_| true) }
    }

    /// The run in equal bins, each as short as a window is or as it takes for enough arrivals to be in most.
    pub fn bins(&self) -> Vec<Bin> {
        let arrivals: u64 = self.windows.iter().map(|window| window.arrivals).sum();
        let mean = (arrivals / self.windows.len().max(1) as u64).max(1);
        let of_each = (ENOUGH.div_ceil(mean) as usize).max(1);
        let width = Nanos(self.width.0 * of_each as u64);
        let chunks = self.windows.chunks(of_each).zip(0_u64..);
        chunks.map(|(chunk, number)| Bin::of(chunk, Nanos(width.0 * number), width)).collect()
    }

    /// What happened between two instants, all of it together.
    pub fn between(&self, from: Nanos, to: Nanos) -> Bin {
        let width = self.width.0.max(1);
        let (first, last) = ((from.0.div_ceil(width)) as usize, (to.0 / width) as usize);
        let within = self.windows.get(first..last.min(self.windows.len())).unwrap_or_default();
        Bin::of(within, from, to.since(from))
    }
}

impl Bin {
    fn of(windows: &[Window], from: Nanos, width: Nanos) -> Self {
        let sum = Window::together(windows);
        let p95_ns = sum.times_of(Metric::ResponseTime).and_then(|times| times.percentile(Percentile::P95));
        let failed = if sum.arrivals == 0 { 0.0 } else { sum.failed as f64 / sum.arrivals as f64 };
        Self { from, to: from.after(width), rate: sum.arrivals as f64 / width.as_secs_f64(), p95_ns, failed }
    }
}
