//! The question that everybody is asked, and whether all give the same answer: of each request how many arrivals and errors;
//! of response and service time the mean, the largest, and five percentiles by nearest rank.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};
use serde_json::Value;

/// The times that are asked for.
const TIMES: [&str; 2] = ["response_time_ns", "service_time_ns"];
/// The whole numbers that are asked for of each.
const RANKS: [&str; 6] = ["p50", "p90", "p95", "p99", "p999", "max"];
/// By how much means may differ, of themselves: sums beyond 2⁵³ are rounded on the way, by each in another order.
const ROUNDING: f64 = 1e-12;

/// An answer: figures by their place, such as `products_list.response_time_ns.p99`.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    whole: BTreeMap<String, u64>,
    means: BTreeMap<String, f64>,
}

impl Answer {
    /// Out of JSON in the form of `drumfire-analyze summary --json`.
    ///
    /// # Errors
    /// Where a figure is missing.
    pub fn from_json(text: &str) -> anyhow::Result<Self> {
        let document: Value = serde_json::from_str(text).context("the answer is not JSON")?;
        let requests = document["requests"].as_array().context("the answer has no `requests`")?;
        let mut answer = Self { whole: BTreeMap::new(), means: BTreeMap::new() };
        for request in requests {
            let name = request["request"].as_str().context("a request without a name")?;
            answer.take(name, request, &["count", "errors"])?;
            for time in TIMES {
                let (place, figures) = (format!("{name}.{time}"), &request[time]);
                answer.take(&place, figures, &RANKS)?;
                let mean = figures["mean"].as_f64().with_context(|| format!("{place} has no `mean`"))?;
                answer.means.insert(place, mean);
            }
        }
        Ok(answer)
    }

    fn take(&mut self, place: &str, figures: &Value, keys: &[&str]) -> anyhow::Result<()> {
        for key in keys {
            let figure = figures[key].as_u64().with_context(|| format!("{place} has no `{key}`"))?;
            self.whole.insert(format!("{place}.{key}"), figure);
        }
        Ok(())
    }

    /// How many figures it has.
    pub fn figures(&self) -> usize {
        self.whole.len() + self.means.len()
    }

    /// Asserts that another is the same: whole numbers to the last digit, means to the rounding of their sums.
    ///
    /// # Errors
    /// The first figure that differs.
    pub fn ensure_same(&self, other: &Self) -> anyhow::Result<()> {
        ensure!(self.whole.keys().eq(other.whole.keys()), "the answers are about other requests");
        for ((place, one), other) in self.whole.iter().zip(other.whole.values()) {
            ensure!(one == other, "{place}: {one} here, {other} there");
        }
        for ((place, one), other) in self.means.iter().zip(other.means.values()) {
            ensure!((one - other).abs() <= ROUNDING * one.abs(), "the mean of {place}: {one} here, {other} there");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(p95: u64, mean: f64) -> anyhow::Result<Answer> {
        let times =
            format!(r#"{{"mean": {mean}, "p50": 1, "p90": 2, "p95": {p95}, "p99": 4, "p999": 5, "max": 6, "min": 1}}"#);
        Answer::from_json(&format!(
            r#"{{"requests": [{{"request": "a", "count": 9, "errors": 0, "response_time_ns": {times}, "service_time_ns": {times}}}]}}"#
        ))
    }

    #[test]
    fn a_digit_of_a_percentile_makes_another_answer_and_the_rounding_of_a_mean_does_not() {
        let given = answer(3, 2.5).expect("an answer");
        assert_eq!(given.figures(), 16);
        given.ensure_same(&answer(3, 2.5_f64.next_up()).expect("an answer")).expect("the same");
        let error = given.ensure_same(&answer(7, 2.5).expect("an answer")).expect_err("another");
        assert_eq!(error.to_string(), "a.response_time_ns.p95: 3 here, 7 there");
        assert!(given.ensure_same(&answer(3, 2.6).expect("an answer")).is_err());
    }

    #[test]
    fn what_does_not_say_everything_is_no_answer() {
        let error = Answer::from_json(r#"{"requests": [{"request": "a", "count": 9}]}"#).expect_err("too little");
        assert_eq!(error.to_string(), "a has no `errors`");
    }
}
