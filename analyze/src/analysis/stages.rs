//! The stages of a load: what is drawn behind every chart over time, and where the load stays the same.

use runlog::manifest::{Manifest, Scenario, StageEnd};
use runlog::units::Nanos;

use crate::section::Band;

/// The stages of the first scenario that has several, by when they begin: one load is drawn behind the charts, and not the
/// bands of several across each other.
pub fn stages(manifest: &Manifest) -> Vec<Band> {
    let staged = manifest.scenarios.iter().find(|scenario| scenario.stages.len() > 1);
    let Some(scenario) = staged else { return Vec::new() };
    let begins = std::iter::once(Nanos::ZERO).chain(scenario.stages.iter().map(|stage| stage.at_ns));
    (begins.zip(&scenario.stages).zip(1..))
        .map(|((from, &StageEnd { at_ns: to, .. }), number)| Band { name: format!("stage {number}"), from, to })
        .collect()
}

/// A stretch of time in which the load is to be the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plateau {
    /// When it begins, since t=0.
    pub from: Nanos,
    /// When it ends.
    pub to: Nanos,
    /// Arrivals per second, or virtual users.
    pub target: f64,
}

/// The plateaus of the scenario whose load varies most, in order. A load without stages is none.
pub fn plateaus(manifest: &Manifest) -> Vec<Plateau> {
    let range = |scenario: &Scenario| {
        let targets = || scenario.stages.iter().map(|stage| stage.target);
        targets().fold(0.0, f64::max) - targets().fold(f64::MAX, f64::min)
    };
    let staged = manifest.scenarios.iter().filter(|scenario| scenario.stages.len() > 1);
    let Some(scenario) = staged.max_by(|one, other| range(one).total_cmp(&range(other))) else { return Vec::new() };
    let mut plateaus: Vec<Plateau> = Vec::new();
    for pair in scenario.stages.windows(2) {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made_up;

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
        let found: Vec<_> = plateaus(&staged(&spike))
            .iter()
            .map(|p| (p.from.0 / 1_000_000_000, p.to.0 / 1_000_000_000, p.target))
            .collect();
        assert_eq!(found, [(10, 70, 100.0), (80, 260, 2000.0), (270, 450, 100.0)]);
        assert_eq!(plateaus(&staged(&[(10, 100.0), (20, 200.0), (30, 300.0)])), []);
        assert_eq!(plateaus(&staged(&[(10, 100.0)])), [], "a load without stages");
    }
}
