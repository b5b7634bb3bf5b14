//! A JSON document, and numbers out of it.

use serde_json::Value;

use super::{Probe, Sample};
use crate::client::Client;
use crate::clock::Clock;
use crate::json::Pointer;
use crate::plan::Endpoint;

/// Fetches a document and takes numbers out of it.
pub struct Json {
    client: Client,
    metrics: &'static [(String, Pointer)],
}

impl Json {
    /// Of the document that is there.
    pub fn new(endpoint: &'static Endpoint, metrics: &'static [(String, Pointer)]) -> Self {
        Self { client: Client::new(endpoint), metrics }
    }
}

impl Probe for Json {
    async fn look(&mut self, _clock: &Clock) -> Result<Vec<Sample>, String> {
        values(&self.client.get().await?, self.metrics)
    }
}

/// The numbers that the pointers lead to. Those that lead to none have no sample.
fn values(document: &[u8], metrics: &[(String, Pointer)]) -> Result<Vec<Sample>, String> {
    let sample =
        |(name, pointer): &(String, Pointer)| number(&pointer.find(document)?).map(|value| Sample::plain(name, value));
    let samples: Vec<Sample> = metrics.iter().filter_map(sample).collect();
    if samples.is_empty() {
        return Err("the answer is not JSON, or there is a number at none of the pointers".to_owned());
    }
    Ok(samples)
}

/// A number, or what stands for one.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64().filter(|number| number.is_finite()),
        Value::Bool(is_so) => Some(f64::from(u8::from(*is_so))),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn metrics() -> Vec<(String, Pointer)> {
        [("memory_mb", "/process/memory_mb"), ("up", "/up"), ("second", "/list/1")]
            .map(|(name, pointer)| (name.to_owned(), Pointer::parse(pointer).expect("a pointer")))
            .into()
    }

    #[test]
    fn numbers_are_taken_out_by_pointers() {
        let document = br#"{ "process": { "memory_mb": 12.5 }, "up": true, "list": [1, 2] }"#;
        let expected = [("memory_mb", 12.5), ("up", 1.0), ("second", 2.0)];
        assert_eq!(values(document, &metrics()), Ok(expected.map(|(name, value)| Sample::plain(name, value)).into()));
    }

    #[test]
    fn what_is_not_there_or_no_number_is_left_out() {
        let document = br#"{ "process": { "memory_mb": "much" }, "up": false, "list": [1] }"#;
        assert_eq!(values(document, &metrics()), Ok(vec![Sample::plain("up", 0.0)]));
    }

    #[test]
    fn a_document_with_nothing_of_it_is_a_failure() {
        for document in ["", "[]", "<html>", "{\"process\": 1e999}", "\u{feff}{}"] {
            assert!(values(document.as_bytes(), &metrics()).is_err(), "{document}");
        }
    }

    proptest! {
        #[test]
        fn any_document_is_looked_into(document in "[\\[\\]{}\":,a-z0-9.e+ -]{0,60}|\\PC{0,40}") {
            let pointers = ["", "/a", "/0/a"].map(|text| (text.to_owned(), Pointer::parse(text).expect("a pointer")));
            if let Ok(samples) = values(document.as_bytes(), &pointers) {
                prop_assert!(samples.iter().all(|sample| sample.value.is_finite()));
            }
        }
    }
}
