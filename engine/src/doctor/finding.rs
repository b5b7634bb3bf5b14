//! What a look at a machine comes to: findings, each with its level, and a verdict on all of them.

use std::borrow::Cow;

use serde::Serialize;

/// How much a finding matters to a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Good,
    /// Worth knowing: some loads suffer by it.
    Note,
    /// Every measurement suffers by it.
    Hurts,
    /// No run is possible.
    Stops,
}

/// What one check has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub level: Level,
    /// What was found, in a few words.
    pub found: String,
    /// Why it matters; nothing where all is well.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub why: Cow<'static, str>,
    /// The command that mends it, or else what helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mend: Option<String>,
}

impl Finding {
    /// All is well.
    pub fn good(found: impl Into<String>) -> Self {
        Self { level: Level::Good, found: found.into(), why: Cow::Borrowed(""), mend: None }
    }

    /// All is not well.
    pub fn bad(level: Level, found: impl Into<String>, why: impl Into<Cow<'static, str>>) -> Self {
        Self { level, found: found.into(), why: why.into(), mend: None }
    }

    /// With what mends it.
    #[must_use]
    pub fn mended_by(self, mend: impl Into<String>) -> Self {
        Self { mend: Some(mend.into()), ..self }
    }
}

/// A question to the machine, by its name, and what was found; nothing where the machine does not tell.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// What is looked at.
    pub check: &'static str,
    /// What was found.
    #[serde(flatten)]
    pub finding: Option<Finding>,
}

/// Checks of one kind.
#[derive(Debug, Clone, Serialize)]
pub struct Group {
    /// What they are about.
    pub group: &'static str,
    /// The checks, in the order in which they are shown.
    pub checks: Vec<Check>,
}

impl Group {
    /// Checks under a heading.
    pub fn new<const N: usize>(group: &'static str, checks: [(&'static str, Option<Finding>); N]) -> Self {
        Self { group, checks: checks.into_iter().map(|(check, finding)| Check { check, finding }).collect() }
    }
}

/// What all findings come to.
#[derive(Debug, Clone, Serialize)]
pub struct Verdict {
    /// The worst level there is.
    pub level: Level,
    /// It in a sentence.
    pub verdict: String,
}

/// What a look at a machine has come to: the verdict on all groups.
pub fn verdict(groups: &[Group]) -> Verdict {
    let named = |level: Level| {
        let checks = groups.iter().flat_map(|group| &group.checks);
        let of_level = checks.filter(|check| check.finding.as_ref().is_some_and(|finding| finding.level == level));
        of_level.map(|check| check.check).collect::<Vec<_>>()
    };
    let (notes, hurts, stops) = (named(Level::Note), named(Level::Hurts), named(Level::Stops));
    let level = match (stops.len(), hurts.len(), notes.len()) {
        (1.., _, _) => Level::Stops,
        (0, 1.., _) => Level::Hurts,
        (0, 0, 1..) => Level::Note,
        (0, 0, 0) => Level::Good,
    };
    let known = match notes.len() {
        0 => ".".to_owned(),
        1 => format!("; {} is worth knowing.", notes[0]),
        count => format!("; {count} things are worth knowing."),
    };
    let verdict = match level {
        Level::Stops => format!("No run is possible here: {}.", stops.join(", ")),
        Level::Hurts => format!("This machine will hurt a measurement: {}{known}", hurts.join(", ")),
        Level::Note | Level::Good => format!("Nothing here will hurt a measurement{known}"),
    };
    Verdict { level, verdict }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(levels: &[Level]) -> Group {
        let finding = |&level| Some(Finding::bad(level, "found", "why"));
        let checks = levels.iter().map(|level| Check { check: "thing", finding: finding(level) });
        Group { group: "Group", checks: checks.chain([Check { check: "dark", finding: None }]).collect() }
    }

    #[test]
    fn the_worst_finding_is_the_verdict() {
        let of = |levels: &[Level]| verdict(&[group(levels), group(&[Level::Good])]);
        assert_eq!(of(&[]).verdict, "Nothing here will hurt a measurement.");
        assert_eq!(of(&[Level::Note]).verdict, "Nothing here will hurt a measurement; thing is worth knowing.");
        let hurt = of(&[Level::Note, Level::Hurts, Level::Note, Level::Hurts]);
        assert_eq!(hurt.level, Level::Hurts);
        assert_eq!(hurt.verdict, "This machine will hurt a measurement: thing, thing; 2 things are worth knowing.");
        assert_eq!(of(&[Level::Hurts, Level::Stops]).verdict, "No run is possible here: thing.");
    }
}
