//! How the load went: its stages as ramps and plateaus, and the response times in stretches long enough for a percentile.

use runlog::course;
use runlog::manifest::{Manifest, Model, Scenario};
use runlog::metric::Metric;
use runlog::units::{Nanos, Percentile};
use runlog::windows::Window;

use crate::load::Run;

/// A stretch of time in which the load is to be the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Plateau {
    /// When it begins, since t=0.
    pub from: Nanos,
    /// When it ends.
    pub to: Nanos,
    /// Arrivals per second, or virtual users.
    pub target: f64,
}

/// The plateaus of the scenario whose load varies most, in order, as they were followed. A load without stages is none.
pub(super) fn plateaus(manifest: &Manifest, course: &course::Course) -> Vec<Plateau> {
    let range = |scenario: &Scenario| {
        let targets = || scenario.stages.iter().map(|stage| stage.target);
        targets().fold(0.0, f64::max) - targets().fold(f64::MAX, f64::min)
    };
    let staged = manifest.scenarios.iter().filter(|scenario| scenario.stages.len() > 1);
    let Some(scenario) = staged.max_by(|one, other| range(one).total_cmp(&range(other))) else { return Vec::new() };
    let mut plateaus: Vec<Plateau> = Vec::new();
    let is_scaled = scenario.model == Model::Open && scenario.executor != "replay";
    for pair in course.followed(&scenario.stages, is_scaled).windows(2) {
        let [before, stage] = pair else { continue };
        let (from, to, target) = (before.at_ns, stage.at_ns, stage.target);
        if target <= 0.0 || (target - before.target).abs() > target * 0.01 || to <= from {
            continue;
        }
        match plateaus.last_mut() {
            Some(last) if last.to == from && (last.target - target).abs() <= target * 0.01 => last.to = to,
            _ => plateaus.push(Plateau { from, to, target }),
        }
    }
    plateaus
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use runlog::manifest::StageEnd;

    use crate::analysis::server::made_up;

    fn staged(stages: &[(u64, f64)]) -> Manifest {
        let mut manifest = made_up::manifest();
        manifest.scenarios[0].stages =
            stages.iter().map(|&(at, target)| StageEnd { at_ns: Nanos::from_secs(at), target }).collect();
        manifest
    }

    #[test]
    fn plateaus_are_where_the_target_stays() {
        let spike = [
            (10, 100.0),
            (70, 100.0),
            (80, 2000.0),
            (260, 2000.0),
            (270, 100.0),
            (300, 100.0),
            (450, 100.0),
            (460, 0.0),
        ];
        let found: Vec<_> = plateaus(&staged(&spike), &course::Course::planned())
            .iter()
            .map(|p| (p.from.0 / 1_000_000_000, p.to.0 / 1_000_000_000, p.target))
            .collect();
        assert_eq!(found, [(10, 70, 100.0), (80, 260, 2000.0), (270, 450, 100.0)]);
        assert_eq!(plateaus(&staged(&[(10, 100.0), (20, 200.0), (30, 300.0)]), &course::Course::planned()), []);
        assert_eq!(plateaus(&staged(&[(10, 100.0)]), &course::Course::planned()), [], "a load without stages");
    }
}
