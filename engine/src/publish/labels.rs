//! Labels: what series of one metric are told apart by. Names of tags become names of labels, of which none is one of ours.

use std::collections::{BTreeMap, BTreeSet};

use prometheus::proto::LabelPair;
use runlog::tags::Tags;

use crate::scenario::secrets;

/// Names that a tag cannot have: those of our own labels, of Prometheus' own, and those that Prometheus adds.
const TAKEN: [&str; 19] = [
    "check",
    "core",
    "error",
    "instance",
    "job",
    "le",
    "metric",
    "name",
    "probe",
    "quantile",
    "request",
    "result",
    "run",
    "scenario",
    "seed",
    "statistic",
    "status",
    "threshold",
    "version",
];

/// What the tags of a run are called as labels.
#[derive(Debug)]
pub struct TagNames(BTreeMap<String, String>);

impl TagNames {
    /// Names for all of these tags; no two have the same.
    pub fn of<'a>(tags: impl IntoIterator<Item = &'a str>) -> Self {
        let mut names = BTreeMap::new();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        // In the order of the alphabet, whatever order they are given in.
        for tag in tags.into_iter().collect::<BTreeSet<&str>>() {
            let name = label_name(tag);
            let numbered = (2..).map(|number| format!("{name}_{number}"));
            let free = std::iter::once(name.clone()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or(name);
            taken.insert(free.clone());
            names.insert(tag.to_owned(), free);
        }
        Self(names)
    }

    /// The labels of tags, as they may be seen.
    pub fn labels<'a>(&'a self, tags: impl IntoIterator<Item = (&'a String, &'a String)>) -> Vec<(&'a str, &'a str)> {
        let known = tags.into_iter().filter_map(|(tag, value)| Some((tag, self.0.get(tag)?, value)));
        known
            .map(|(tag, name, value)| {
                let shown = if secrets::is_secret(tag) { secrets::REDACTED } else { value.as_str() };
                (name.as_str(), shown)
            })
            .collect()
    }
}

/// The tags of several, each coming before those behind it.
pub fn merged(several: &[&Tags]) -> Tags {
    let mut all = Tags::new();
    for tags in several.iter().rev() {
        all.extend(tags.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    all
}

/// Labels as the library has them.
pub fn pairs<'a>(labels: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<LabelPair> {
    let pair = |(name, value): (&str, &str)| {
        let mut pair = LabelPair::default();
        pair.set_name(name.to_owned());
        pair.set_value(value.to_owned());
        pair
    };
    labels.into_iter().map(pair).collect()
}

/// Labels, and some more.
pub fn with(labels: &[LabelPair], more: &[(&str, &str)]) -> Vec<LabelPair> {
    let mut all = labels.to_vec();
    all.extend(pairs(more.iter().copied()));
    all
}

/// A name of a tag with what a label's cannot have replaced.
fn label_name(tag: &str) -> String {
    let plain: String = tag.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let is_fit = !plain.starts_with(|c: char| c.is_ascii_digit() || c == '_') && !TAKEN.contains(&plain.as_str());
    if is_fit { plain } else { format!("tag_{plain}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(tags: &[&str]) -> Vec<String> {
        let names = TagNames::of(tags.iter().copied());
        let tags: Tags = tags.iter().map(|tag| ((*tag).to_owned(), String::new())).collect();
        names.labels(&tags).into_iter().map(|(name, _)| name.to_owned()).collect()
    }

    #[test]
    fn a_tag_becomes_a_label_of_a_name_that_is_allowed_and_not_ours() {
        assert_eq!(named(&["tier"]), ["tier"]);
        assert_eq!(named(&["a b-c"]), ["a_b_c"]);
        assert_eq!(
            named(&["9lives", "__name__", "größe", "le", "status"]),
            ["tag_9lives", "tag___name__", "gr__e", "tag_le", "tag_status"]
        );
    }

    #[test]
    fn tags_that_would_be_called_the_same_are_numbered() {
        assert_eq!(named(&["a.b", "a-b", "a_b"]), ["a_b", "a_b_2", "a_b_3"]);
    }

    #[test]
    fn secrets_are_not_shown() {
        let tags: Tags = [("api_token".to_owned(), "hunter2".to_owned())].into();
        let names = TagNames::of(["api_token"]);
        assert_eq!(names.labels(&tags), [("api_token", "[redacted]")]);
    }
}
