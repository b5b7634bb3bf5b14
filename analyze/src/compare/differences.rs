//! What runs are told apart by before anything is measured: what was run, by which version, where, under which tags.

use std::borrow::Cow;
use std::collections::BTreeSet;

use runlog::manifest::Manifest;
use serde_json::{Map, Value as Json};

use super::lineup::Lineup;
use crate::baseline::digest;
use crate::section::{Fact, Finding, Level, Part, Section, Value};

/// What runs may differ in, with the value of each run. A run without it has none.
struct Trait {
    name: Cow<'static, str>,
    values: Vec<Option<String>>,
}

impl Trait {
    fn differs(&self) -> bool {
        self.values.iter().any(|value| *value != self.values[0])
    }
}

/// Of a scenario's digest as much as tells two apart.
const DIGITS: usize = 12;

/// What every run has.
fn of_all(runs: &[&Manifest]) -> Vec<Trait> {
    let of = |name: &'static str, value: fn(&Manifest) -> String| Trait {
        name: name.into(),
        values: runs.iter().map(|run| Some(value(run)).filter(|value| !value.is_empty())).collect(),
    };
    vec![
        of("scenario", |run| run.name.clone()),
        of("sha256", |run| digest::of(run).chars().take(DIGITS).collect()),
        of("seed", |run| run.seed.to_string()),
        of("planned", |run| run.planned_ns.to_string()),
        of("target", |run| run.target.clone()),
        of("version", |run| format!("Drumfire {}", run.drumfire_version)),
        of("generator", |run| run.host.name.clone()),
        of("processor", |run| format!("{}, {} CPUs", run.host.cpu, run.host.cpus)),
        of("kernel", |run| run.host.kernel.clone()),
        of("driver", |run| run.engine.driver.clone()),
        of("pacing", |run| run.engine.pacing.clone()),
        of("cores", |run| run.engine.cores.iter().map(ToString::to_string).collect::<Vec<_>>().join(",")),
    ]
}

/// The tags and variables that any of these has.
fn tags_and_variables(runs: &[&Manifest]) -> Vec<Trait> {
    let tags: BTreeSet<&String> = runs.iter().flat_map(|run| run.tags.keys()).collect();
    let names: BTreeSet<&String> = runs.iter().filter_map(|run| variables(run)).flat_map(Map::keys).collect();
    let tag = |key: &String| Trait {
        name: key.clone().into(),
        values: runs.iter().map(|run| run.tags.get(key).cloned()).collect(),
    };
    let variable = |name: &String| Trait {
        name: name.clone().into(),
        values: runs.iter().map(|run| Some(plain(variables(run)?.get(name)?))).collect(),
    };
    tags.into_iter().map(tag).chain(names.into_iter().map(variable)).collect()
}

/// The variables of a scenario file, as they were written or given.
fn variables(run: &Manifest) -> Option<&Map<String, Json>> {
    run.scenario.get("vars")?.as_object()
}

fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl Lineup<'_> {
    /// What differs between the runs, but for what was measured.
    pub(super) fn differences(&self) -> Section {
        let runs = self.manifests();
        let all = of_all(&runs).into_iter().chain(tags_and_variables(&runs));
        let facts: Vec<Fact> = all.filter(Trait::differs).map(|differing| self.fact(differing)).collect();
        let part = if facts.is_empty() {
            let note = "neither scenario, seed, version and machine differ, nor tags and variables";
            Part::Findings(vec![Finding::new(Level::Note, note)])
        } else {
            Part::Facts(facts)
        };
        Section::new("What differs between the runs", vec![part])
    }

    /// Each value with the runs that have it: `main (a, b); fix (c)`.
    fn fact(&self, differing: Trait) -> Fact {
        let mut holders: Vec<(&str, Vec<&str>)> = Vec::new();
        for (label, value) in self.labels().zip(&differing.values) {
            let value = value.as_deref().unwrap_or("–");
            match holders.iter_mut().find(|(known, _)| *known == value) {
                Some((_, labels)) => labels.push(label),
                None => holders.push((value, vec![label])),
            }
        }
        let texts: Vec<String> =
            holders.into_iter().map(|(value, labels)| format!("{value} ({})", labels.join(", "))).collect();
        Fact { name: differing.name, value: vec![Value::from(texts.join("; "))] }
    }

    /// Of each run the tags and variables that not all have in common: `branch=fix, users=50`.
    pub(super) fn marks(&self) -> Vec<String> {
        let mut differing = tags_and_variables(&self.manifests());
        differing.retain(Trait::differs);
        let pair = |this: &Trait, run: usize| Some(format!("{}={}", this.name, this.values[run].as_deref()?));
        let of_run = |run| differing.iter().filter_map(|this| pair(this, run)).collect::<Vec<_>>().join(", ");
        (0..=self.others.len()).map(of_run).collect()
    }

    fn manifests(&self) -> Vec<&Manifest> {
        self.entrants().map(|(entrant, _)| &entrant.run.log.manifest).collect()
    }
}
