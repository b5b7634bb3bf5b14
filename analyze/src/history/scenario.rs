//! Which of the scenarios that runs are of is looked at.

use runlog::manifest::Manifest;
use serde::Serialize;

use crate::baseline::digest;

/// A scenario, by what it is called and what it does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ScenarioOfHistory {
    /// Its name.
    pub name: String,
    /// The digest of what it does, as in baselines.
    pub sha256: String,
}

impl ScenarioOfHistory {
    /// What a run did.
    pub fn of(manifest: &Manifest) -> Self {
        Self { name: manifest.name.clone(), sha256: digest::of(manifest) }
    }

    /// Its name and, as names may be the same, the beginning of its digest.
    pub fn shown(&self) -> String {
        format!("{} (sha256 {:.12})", self.name, self.sha256)
    }
}

/// The one that most runs are of; of several, the one that was run last. `None` without any.
pub fn most_frequent(oldest_first: &[ScenarioOfHistory]) -> Option<&ScenarioOfHistory> {
    // The last of several largest ones.
    oldest_first.iter().max_by_key(|scenario| oldest_first.iter().filter(|other| other == scenario).count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_runs_count_and_then_the_newest() {
        let scenarios = |names: &str| -> Vec<ScenarioOfHistory> {
            let scenario = |name: char| ScenarioOfHistory { name: name.into(), sha256: String::new() };
            names.chars().map(scenario).collect()
        };
        let chosen = |names| most_frequent(&scenarios(names)).map(|scenario| scenario.name.clone());
        assert_eq!(chosen("aabab").as_deref(), Some("a"));
        assert_eq!(chosen("abab").as_deref(), Some("b"));
        assert_eq!(chosen("abba").as_deref(), Some("a"));
        assert_eq!(chosen(""), None);
    }
}
