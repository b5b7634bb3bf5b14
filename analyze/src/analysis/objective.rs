//! What a target has to do to be said to cope with a load: conditions on times and on errors.

use std::collections::BTreeMap;

use runlog::condition::Condition;
use runlog::manifest::Manifest;
use runlog::metric::Metric;
use runlog::sketch::{Sketch, highest, lowest};
use runlog::threshold::{Aggregation, Threshold};
use runlog::units::Percentile;
use runlog::windows::{METRICS, Window};

/// What is taken for the objective where nobody says anything else.
const ASSUMED: [&str; 2] = ["p(95) < 500ms", "rate < 1%"];

/// Conditions that have to hold, all of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Objective {
    /// The conditions.
    pub conditions: Vec<Threshold>,
    /// So many of them, the last, are nobody's but what is usual.
    pub assumed: usize,
}

impl Objective {
    /// What was asked for; without that, what the scenario's own thresholds want. What is said of times or of errors by neither is
    /// assumed: a target that refuses everything at once has excellent times.
    pub fn new(asked: &[Threshold], manifest: &Manifest) -> Self {
        let own = || manifest.thresholds.iter().filter(|threshold| is_judged_by_windows(threshold)).cloned();
        let mut conditions: Vec<Threshold> = if asked.is_empty() { own().collect() } else { asked.to_vec() };
        let said = conditions.len();
        for text in ASSUMED {
            let Ok(usual) = condition(text) else { continue };
            if conditions[..said].iter().all(|said| is_of_errors(said) != is_of_errors(&usual)) {
                conditions.push(usual);
            }
        }
        Self { assumed: conditions.len() - said, conditions }
    }

    /// The condition on times that comes first: its metric and percentile are those that a run is looked at by.
    pub fn times(&self) -> (Metric, Percentile) {
        let of = |condition: &Threshold| match condition.condition.aggregation {
            Aggregation::Percentile(percentile) if !is_of_errors(condition) => Some((condition.metric, percentile)),
            _ => None,
        };
        self.conditions.iter().find_map(of).unwrap_or((Metric::ResponseTime, Percentile::P95))
    }
}

/// A condition as somebody writes it: `p(95) < 500ms` of response times, `rate < 1%` of errors, or with the metric in front:
/// `http_req_duration p(99) < 1s`.
///
/// # Errors
/// Where it is none: what would be.
pub fn condition(text: &str) -> Result<Threshold, String> {
    let text = text.trim();
    let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let (metric, condition) = match first.parse::<Metric>() {
        Ok(metric) => (Some(metric), rest.parse::<Condition>()?),
        Err(_) => (None, text.parse::<Condition>()?),
    };
    let metric = metric.unwrap_or(match condition.aggregation {
        Aggregation::Rate => Metric::HttpReqFailed,
        _ => Metric::ResponseTime,
    });
    condition.fits(metric)?;
    let threshold = Threshold::new(metric, BTreeMap::new(), condition);
    if is_judged_by_windows(&threshold) {
        return Ok(threshold);
    }
    Err(format!(
        "`{text}` cannot be an objective: that is `p(N)`, `med`, `avg` or `max` of response_time, http_req_duration, \
         http_req_waiting or schedule_lag, or `rate` of http_req_failed, such as `p(95) < 500ms` and `rate < 1%`"
    ))
}

fn is_of_errors(threshold: &Threshold) -> bool {
    threshold.metric == Metric::HttpReqFailed
}

/// Whether what is kept of stretches of time tells whether it holds in them.
fn is_judged_by_windows(threshold: &Threshold) -> bool {
    use Aggregation::{Avg, Max, Percentile, Rate};
    match threshold.condition.aggregation {
        Percentile(_) | Avg | Max => METRICS.contains(&threshold.metric),
        Rate => is_of_errors(threshold),
        _ => false,
    }
}

/// What a condition is held against, of a stretch of time. Times are to within 1/128. `None` where there is too little for it.
pub fn value(threshold: &Threshold, window: &Window) -> Option<f64> {
    match threshold.condition.aggregation {
        Aggregation::Rate => (window.arrivals > 0).then(|| window.failed as f64 / window.arrivals as f64),
        Aggregation::Percentile(percentile) => percentile_of(window, threshold.metric, percentile),
        Aggregation::Avg => mean(window.times_of(threshold.metric)?.sketch),
        Aggregation::Max => Some(window.times_of(threshold.metric)?.max()? as f64),
        _ => None,
    }
}

/// A percentile of a metric's times, where there are enough to be sure of it.
pub fn percentile_of(window: &Window, metric: Metric, percentile: Percentile) -> Option<f64> {
    let times = window.times_of(metric)?;
    let is_sure = percentile.samples_needed() <= times.sketch.count();
    times.percentile(percentile).filter(|_| is_sure).map(|ns| ns as f64)
}

fn mean(times: &Sketch) -> Option<f64> {
    let sum: f64 = times
        .buckets()
        .map(|(bucket, count)| f64::midpoint(lowest(bucket) as f64, highest(bucket) as f64) * f64::from(count))
        .sum();
    (!times.is_empty()).then(|| sum / times.count() as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made_up;

    fn names(objective: &Objective) -> Vec<String> {
        objective.conditions.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn what_is_not_said_is_assumed() {
        let mut manifest = made_up::manifest();
        let objective = |asked: &[&str], manifest: &Manifest| {
            let asked: Vec<Threshold> = asked.iter().map(|text| condition(text).expect("a condition")).collect();
            let objective = Objective::new(&asked, manifest);
            (names(&objective).join("; "), objective.assumed)
        };
        let both = "response_time p(95) < 500ms; http_req_failed rate < 1%";
        assert_eq!(objective(&[], &manifest), (both.to_owned(), 2));
        assert_eq!(objective(&["p(99) < 1s"], &manifest).0, "response_time p(99) < 1s; http_req_failed rate < 1%");
        assert_eq!(objective(&["rate<5%", "http_req_duration med < 1s"], &manifest).1, 0);
        manifest.thresholds = vec![
            condition("http_req_duration p(95) < 1s").expect("a condition"),
            Threshold::new(Metric::HttpReqs, BTreeMap::new(), "count > 10".parse().expect("a condition")),
        ];
        assert_eq!(
            objective(&[], &manifest),
            ("http_req_duration p(95) < 1s; http_req_failed rate < 1%".to_owned(), 1)
        );
        assert_eq!(
            objective(&["p(50) < 1s", "rate < 1%"], &manifest).0,
            "response_time p(50) < 1s; http_req_failed rate < 1%"
        );
    }

    #[test]
    fn what_cannot_be_an_objective_is_refused_with_what_can() {
        for (text, expected) in [
            ("p(95) < 5", "takes"),
            ("count > 10", "cannot be an objective"),
            ("http_reqs count > 10", "cannot be an objective"),
            ("http_req_blocked p(95) < 1s", "cannot be an objective"),
            ("min < 1s", "cannot be an objective"),
            ("fast", "compares nothing"),
            ("", "compares nothing"),
        ] {
            let error = condition(text).expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_window_has_the_values_of_its_times_and_errors() {
        let mut window = Window { arrivals: 10, failed: 1, ..Window::default() };
        window.times[0] = (1..=9).map(|ns| ns * 10).collect();
        window.longest_ns[0] = 90;
        let of = |text: &str| value(&condition(text).expect("a condition"), &window);
        assert_eq!(
            (of("rate < 1%"), of("med < 1s"), of("avg < 1s"), of("max < 1s")),
            (Some(0.1), Some(50.0), Some(50.0), Some(90.0))
        );
        assert_eq!((of("p(95) < 1s"), of("schedule_lag med < 1s")), (None, None), "too few, and none");
    }
}
