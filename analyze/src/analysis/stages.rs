//! The stages of a load: what is drawn behind every chart over time.

use runlog::manifest::{Manifest, StageEnd};
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
