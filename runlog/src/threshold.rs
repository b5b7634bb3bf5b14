//! Thresholds: what must hold for a run to pass, of which arrivals, when, and what came of it.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use crate::condition::{Aggregation, Condition};
use crate::metric::Metric;
use crate::probe::ProbeMetric;
use crate::units::Nanos;

/// A condition on a metric of the load, over the arrivals that the filter lets through; or on what a probe samples, see
/// [`ProbeThreshold`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Threshold<M = Metric> {
    /// What is looked at.
    pub metric: M,
    /// `request`, `scenario` (of the load only) or a tag's name → the value it must have.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub filter: BTreeMap<String, String>,
    /// What must hold.
    pub condition: Condition,
    /// Whether the run is over as soon as it does not hold.
    #[serde(default, skip_serializing_if = "is_default")]
    pub abort_on_fail: bool,
    /// How long the run goes on in any case, since t=0.
    #[serde(default, skip_serializing_if = "is_default")]
    pub delay_abort_eval_ns: Nanos,
    /// The length of the stretches in each of which it must hold; over the run as a whole where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window_ns: Option<Nanos>,
}

/// A condition on a metric of a probe, over the samples that the filter lets through.
pub type ProbeThreshold = Threshold<ProbeMetric>;

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl<M> Threshold<M> {
    /// A threshold over the run as a whole that stops nothing.
    pub const fn new(metric: M, filter: BTreeMap<String, String>, condition: Condition) -> Self {
        Self { metric, filter, condition, abort_on_fail: false, delay_abort_eval_ns: Nanos::ZERO, window_ns: None }
    }
}

impl Threshold {
    /// Whether the rows of a run tell what comes of it.
    pub const fn is_of_rows(&self) -> bool {
        self.metric.is_of_rows() && self.window_ns.is_none()
    }
}

impl<M: fmt::Display> fmt::Display for Threshold<M> {
    /// As in k6: `http_req_duration{request:products_list} p(95) < 500ms`, with ` over 30.0 s` where it has a window.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.metric)?;
        if !self.filter.is_empty() {
            let pairs: Vec<String> = self.filter.iter().map(|(key, value)| format!("{key}:{value}")).collect();
            write!(f, "{{{}}}", pairs.join(","))?;
        }
        write!(f, " {}", self.condition)?;
        self.window_ns.map_or(Ok(()), |window| write!(f, " over {window}"))
    }
}

/// What came of a threshold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ThresholdResult {
    /// The threshold, as a person reads it.
    pub threshold: String,
    /// The value it was held against: in nanoseconds, as a share of one, as a count or per second; absent without samples.
    pub value: Option<f64>,
    /// The value as a person reads it.
    pub shown: String,
    /// Whether it holds. Without samples it does not.
    pub passed: bool,
}

impl<M: fmt::Display> Threshold<M> {
    /// Holds the threshold against the metric's value; a threshold that saw no sample fails.
    pub fn judge(&self, value: Option<f64>) -> ThresholdResult {
        ThresholdResult {
            threshold: self.to_string(),
            value,
            shown: value.map_or_else(|| "no sample".to_owned(), |value| self.condition.show(value)),
            passed: value.is_some_and(|value| self.condition.holds(value)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(text: &str) -> Condition {
        text.parse().expect("a condition")
    }

    #[test]
    fn a_threshold_without_a_sample_fails() {
        let filter = BTreeMap::from([("request".to_owned(), "login".to_owned())]);
        let threshold = Threshold::new(Metric::ResponseTime, filter, condition("med < 1s"));
        let result = threshold.judge(None);
        assert!(!result.passed);
        assert_eq!(result.threshold, "response_time{request:login} med < 1s");
    }

    #[test]
    fn a_threshold_is_read_as_it_was_written() {
        let plain = Threshold::new(Metric::HttpReqFailed, BTreeMap::new(), condition("rate<1%"));
        let text = serde_json::to_string(&plain).expect("plain data");
        assert_eq!(text, r#"{"metric":"http_req_failed","condition":"rate<1%"}"#);
        let watched = Threshold {
            abort_on_fail: true,
            delay_abort_eval_ns: Nanos::from_secs(10),
            window_ns: Some(Nanos::from_secs(30)),
            ..plain.clone()
        };
        for threshold in [plain, watched] {
            let text = serde_json::to_string(&threshold).expect("plain data");
            assert_eq!(serde_json::from_str::<Threshold>(&text).expect("our own"), threshold);
        }
    }

    #[test]
    fn a_window_is_part_of_how_a_threshold_is_read() {
        let threshold = Threshold::new(Metric::HttpReqDuration, BTreeMap::new(), condition("p(95) < 500ms"));
        let threshold = Threshold { window_ns: Some(Nanos::from_secs(30)), ..threshold };
        assert_eq!(threshold.to_string(), "http_req_duration p(95) < 500ms over 30.0 s");
        assert!(!threshold.is_of_rows());
    }
}
