//! What probes sampled: `probes.csv` of a run directory, and how each probe fared, as run.json has it.

#![allow(clippy::expect_used, reason = "what fails in here fails the test")]

use std::fs;

use serde_json::Value;

use crate::run::Run;

/// A row of `probes.csv`.
#[allow(missing_docs, reason = "named as the columns are")]
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    pub time_ns: u64,
    pub probe: String,
    pub metric: String,
    pub tags: String,
    pub value: f64,
}

/// The rows of `probes.csv`. What is sampled in tests has no commas in its tags but those of SQL, which stand in quotes.
#[track_caller]
pub fn samples(run: &Run) -> Vec<Sample> {
    let text = fs::read_to_string(run.path().join("probes.csv")).expect("a run has probes.csv");
    let sample = |line: &str| {
        let (rest, value) = line.rsplit_once(',').expect("a value");
        let mut fields = rest.splitn(4, ',').map(str::to_owned);
        let mut next = || fields.next().expect("a field");
        Sample {
            time_ns: next().parse().expect("a time"),
            probe: next(),
            metric: next(),
            tags: next(),
            value: value.parse().expect("a value"),
        }
    };
    text.lines().skip(1).map(sample).collect()
}

/// The values of a metric, in the order of time.
pub fn values(samples: &[Sample], probe: &str, metric: &str) -> Vec<f64> {
    let is_meant = |sample: &&Sample| sample.probe == probe && sample.metric == metric;
    samples.iter().filter(is_meant).map(|sample| sample.value).collect()
}

/// How a probe fared, as run.json has it.
#[track_caller]
pub fn books(run: &Run, name: &str) -> Value {
    let manifest = run.manifest();
    let all = manifest["ending"]["probes"].as_array().expect("the books of probes").clone();
    all.into_iter().find(|books| books["name"] == name).expect("the books of this probe")
}
