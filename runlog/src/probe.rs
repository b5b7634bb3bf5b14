//! What probes sample: how a metric of a probe is named, the unit that its name tells, and how its tags are written.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::tags::Tags;

/// What the name of a metric ends in where its samples are times, and a sample of 1 in nanoseconds.
const TIME_ENDINGS: [(&str, f64); 9] = [
    ("_ns", 1.0),
    ("_nanoseconds", 1.0),
    ("_us", 1e3),
    ("_microseconds", 1e3),
    ("_ms", 1e6),
    ("_milliseconds", 1e6),
    ("_s", 1e9),
    ("_sec", 1e9),
    ("_seconds", 1e9),
];
/// What the name of a metric ends in where its samples are so many per second: no times, whatever the end looks like.
const RATE_ENDING: &str = "_per_s";
/// What the name of a metric ends in where its samples are percentages; those of other names are shares of one.
const PERCENT_ENDINGS: [&str; 2] = ["_percent", "_pct"];

/// What a sample of 1 is in nanoseconds, by the end of the metric's name; `None` where that says no unit of time.
pub fn nanoseconds_in_one(metric: &str) -> Option<f64> {
    if metric.ends_with(RATE_ENDING) {
        return None;
    }
    TIME_ENDINGS.iter().find(|(ending, _)| metric.ends_with(ending)).map(|&(_, nanoseconds)| nanoseconds)
}

/// Whether samples are percentages, by the end of the metric's name; otherwise they are shares of one.
pub fn is_percentage(metric: &str) -> bool {
    PERCENT_ENDINGS.iter().any(|ending| metric.ends_with(ending))
}

/// A metric of a probe, written `PROBE.METRIC`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ProbeMetric {
    /// The probe's name, which holds no `.`.
    pub probe: String,
    /// The metric's name, as in `probes.csv`.
    pub metric: String,
}

impl fmt::Display for ProbeMetric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.probe, self.metric)
    }
}

impl FromStr for ProbeMetric {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('.') {
            Some((probe, metric)) if !probe.is_empty() && !metric.is_empty() => {
                Ok(Self { probe: probe.to_owned(), metric: metric.to_owned() })
            }
            _ => Err(format!("`{text}` is not written as PROBE.METRIC")),
        }
    }
}

impl TryFrom<String> for ProbeMetric {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<ProbeMetric> for String {
    fn from(metric: ProbeMetric) -> Self {
        metric.to_string()
    }
}

/// Tags as they stand in `probes.csv`: `k=v` pairs with `;` between them; a `\` stands before a `;`, `=` or `\` that is
/// part of a name or a value.
pub fn tags_to_text(tags: &Tags) -> String {
    let mut text = String::new();
    for (name, value) in tags {
        if !text.is_empty() {
            text.push(';');
        }
        push_escaped(&mut text, name);
        text.push('=');
        push_escaped(&mut text, value);
    }
    text
}

fn push_escaped(text: &mut String, part: &str) {
    for c in part.chars() {
        if matches!(c, ';' | '=' | '\\') {
            text.push('\\');
        }
        text.push(c);
    }
}

/// The tags of a row of `probes.csv`: what [`tags_to_text`] writes. What is no pair is a name without a value.
pub fn tags_from_text(text: &str) -> Tags {
    let mut tags = Tags::new();
    let (mut name, mut part) = (None, String::new());
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => part.extend(characters.next()),
            '=' if name.is_none() => name = Some(std::mem::take(&mut part)),
            ';' => add_tag(&mut tags, &mut name, &mut part),
            c => part.push(c),
        }
    }
    if name.is_some() || !part.is_empty() {
        add_tag(&mut tags, &mut name, &mut part);
    }
    tags
}

fn add_tag(tags: &mut Tags, name: &mut Option<String>, part: &mut String) {
    let part = std::mem::take(part);
    match name.take() {
        Some(name) => tags.insert(name, part),
        None => tags.insert(part, String::new()),
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_name_tells_the_unit_of_its_samples() {
        assert_eq!(nanoseconds_in_one("wait_ms"), Some(1e6));
        assert_eq!(nanoseconds_in_one("p95_seconds"), Some(1e9));
        assert_eq!(nanoseconds_in_one("uptime_s"), Some(1e9));
        assert_eq!(nanoseconds_in_one("commits_per_s"), None);
        assert_eq!(nanoseconds_in_one("connections"), None);
        assert!(is_percentage("cpu_percent") && !is_percentage("hit_rate"));
    }

    #[test]
    fn a_metric_of_a_probe_is_named_by_both() {
        let metric: ProbeMetric = "app.pool.active".parse().expect("a metric");
        assert_eq!((metric.probe.as_str(), metric.metric.as_str()), ("app", "pool.active"));
        assert_eq!(serde_json::to_string(&metric).expect("JSON"), "\"app.pool.active\"");
        for text in ["app", ".x", "app.", ""] {
            assert!(text.parse::<ProbeMetric>().is_err(), "{text}");
        }
    }

    #[test]
    fn tags_are_pairs() {
        let tags = Tags::from([("query".to_owned(), "a=1; b".to_owned()), ("id".to_owned(), "7".to_owned())]);
        assert_eq!(tags_to_text(&tags), r"id=7;query=a\=1\; b");
        assert_eq!(tags_from_text(""), Tags::new());
    }

    proptest! {
        #[test]
        fn tags_are_read_as_they_were_written(tags in proptest::collection::btree_map("[a-z;=\\\\ ]{1,6}", "\\PC{0,8}", 0..5)) {
            prop_assert_eq!(tags_from_text(&tags_to_text(&tags)), tags);
        }

        #[test]
        fn any_text_is_read(text in "[;=\\\\a-c]{0,20}") {
            tags_from_text(&text);
        }
    }
}
