//! The stages of a load as they were followed: what is drawn behind every chart over time, and where the load stays the same.

use runlog::control::Control;
use runlog::course::{Course, Pause};
use runlog::directory::Run;
use runlog::manifest::{Manifest, Model, Scenario};
use runlog::units::Nanos;

use crate::section::Band;

/// The stages of the first scenario that has several, by when they begin: one load is drawn behind the charts, and not the
/// bands of several across each other. Where the load was changed by hand, pauses and other rates are bands of their own.
pub fn stages(run: &Run, elapsed: Nanos) -> Vec<Band> {
    let course = Control::course(&run.events);
    let staged = run.manifest.scenarios.iter().find(|scenario| scenario.stages.len() > 1);
    let changed = run.manifest.scenarios.first().filter(|_| !course.is_planned());
    let Some(scenario) = staged.or(changed) else { return Vec::new() };
    let ends: Vec<Nanos> = scenario.stages.iter().map(|stage| stage.at_ns).collect();
    bands(&ends, &course, elapsed)
}

fn bands(ends: &[Nanos], course: &Course, elapsed: Nanos) -> Vec<Band> {
    let end = ends.last().and_then(|end| course.run_time(*end)).unwrap_or(elapsed);
    let pauses = course.pauses().iter().flat_map(|pause: &Pause| [Some(pause.from), pause.until]);
    let rates = course.rates().iter().map(|(from, _)| course.run_time(*from));
    let stages = ends.iter().map(|end| course.run_time(*end));
    let changes = pauses.chain(rates).flatten().filter(|at| *at < end);
    let mut cuts: Vec<Nanos> = changes.chain(stages.flatten()).chain([Nanos::ZERO, end]).collect();
    cuts.sort_unstable();
    cuts.dedup();
    let pairs = cuts.iter().zip(cuts.iter().skip(1));
    pairs.map(|(&from, &to)| Band { name: name(ends, course, from), from, to }).collect()
}

/// What the load is called from an instant on.
fn name(ends: &[Nanos], course: &Course, from: Nanos) -> String {
    let scheduled = course.schedule_time(from);
    let factor = course.factor_at(scheduled);
    let stage = ends.partition_point(|end| *end <= scheduled) + 1;
    let scaled = if (factor - 1.0).abs() > f64::EPSILON { format!(" ×{factor}") } else { String::new() };
    match (course.pause_at(from).is_some(), ends.len()) {
        (true, _) => "paused".to_owned(),
        (false, 1) if scaled.is_empty() => "as planned".to_owned(),
        (false, 1) => scaled.trim_start().to_owned(),
        (false, _) => format!("stage {stage}{scaled}"),
    }
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

/// The plateaus of the scenario whose load varies most, in order, as they were followed. A load without stages is none.
pub fn plateaus(manifest: &Manifest, course: &Course) -> Vec<Plateau> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made_up;
    use runlog::change::Change;
    use runlog::manifest::StageEnd;

    const fn s(seconds: u64) -> Nanos {
        Nanos::from_secs(seconds)
    }

    fn said(ends: &[u64], changes: &[(u64, Change)]) -> String {
        let course = Course::of(changes.iter().map(|&(at, change)| (s(at), change)));
        let ends: Vec<Nanos> = ends.iter().map(|&end| s(end)).collect();
        let bands = bands(&ends, &course, s(100));
        let said = bands.iter().map(|band| format!("{} to {}", band.name, band.to.0 / 1_000_000_000));
        said.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn stages_are_bands_with_pauses_and_other_rates_in_between() {
        assert_eq!(said(&[10, 20], &[]), "stage 1 to 10, stage 2 to 20");
        let changes = [(5, Change::Pause), (8, Change::Resume), (15, Change::Rate(1.5))];
        assert_eq!(
            said(&[10, 20], &changes),
            "stage 1 to 5, paused to 8, stage 1 to 13, stage 2 to 15, stage 2 ×1.5 to 23"
        );
        assert_eq!(said(&[20], &changes), "as planned to 5, paused to 8, as planned to 15, ×1.5 to 23");
        assert_eq!(said(&[10, 20], &[(15, Change::Pause)]), "stage 1 to 10, stage 2 to 15, paused to 100");
    }

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
        let found: Vec<_> = plateaus(&staged(&spike), &Course::planned())
            .iter()
            .map(|p| (p.from.0 / 1_000_000_000, p.to.0 / 1_000_000_000, p.target))
            .collect();
        assert_eq!(found, [(10, 70, 100.0), (80, 260, 2000.0), (270, 450, 100.0)]);
        assert_eq!(plateaus(&staged(&[(10, 100.0), (20, 200.0), (30, 300.0)]), &Course::planned()), []);
        assert_eq!(plateaus(&staged(&[(10, 100.0)]), &Course::planned()), [], "a load without stages");
    }
}
