//! A threshold on what a probe samples, while the run lasts: sample after sample is kept, and all of them or the last ones
//! are held against the condition.

use std::collections::VecDeque;

use runlog::tags::Tags;
use runlog::threshold::{Aggregation, ProbeThreshold, ThresholdResult};
use runlog::units::Nanos;

use super::fall::Fall;
use super::finding::Finding;
use super::standing::ThresholdNow;

/// A threshold under judgement.
pub struct GaugeTrial {
    threshold: &'static ProbeThreshold,
    /// What a sample of 1 is in the condition's unit.
    one: f64,
    /// The samples that count, in the condition's unit: those of the window where there is one.
    samples: VecDeque<(Nanos, f64)>,
    fall: Fall,
    /// The value furthest on the wrong side of the bound, or nearest to it, of all windows that were judged.
    worst: Option<f64>,
}

impl GaugeTrial {
    /// A trial that begins.
    pub fn new(threshold: &'static ProbeThreshold) -> Self {
        // That the condition fits is known since the scenario was read.
        let one = threshold.condition.sample_of_one(&threshold.metric).unwrap_or(1.0);
        Self { threshold, one, samples: VecDeque::new(), fall: Fall::default(), worst: None }
    }

    /// Takes a sample of a probe, if it is one of those that the threshold is about.
    pub fn hear(&mut self, at: Nanos, probe: &str, metric: &str, tags: &Tags, value: f64) {
        let wanted = &self.threshold.metric;
        let counts = wanted.probe == probe
            && wanted.metric == metric
            && self.threshold.filter.iter().all(|(key, wanted)| tags.get(key) == Some(wanted));
        if counts {
            self.samples.push_back((at, value * self.one));
        }
    }

    /// Judges what was heard up to now, where that cannot wait for the end. Returns what came to light.
    pub fn judge(&mut self, now: Nanos) -> Vec<Finding> {
        let threshold = self.threshold;
        match threshold.window_ns {
            Some(window) => {
                while self.samples.front().is_some_and(|(at, _)| at.after(window) <= now) {
                    self.samples.pop_front();
                }
                if self.fall.first.is_none() && now >= window {
                    self.hold_window(now);
                }
            }
            None if threshold.abort_on_fail && now >= threshold.delay_abort_eval_ns => self.hold(now),
            None => {}
        }
        self.fall.findings(threshold, now)
    }

    /// How it stands.
    pub fn standing(&self) -> ThresholdNow {
        let fallen = self.fall.first.map(|(value, _)| value);
        ThresholdNow::new(self.threshold, fallen.or_else(|| self.value()))
    }

    /// What came of it when the run is over.
    pub fn result(&mut self) -> ThresholdResult {
        let threshold = self.threshold;
        let Some(_) = threshold.window_ns else { return threshold.judge(self.value()) };
        // A run that is shorter than a window is judged as a whole.
        if let (None, None, Some(&(last, _))) = (self.worst, self.fall.first, self.samples.back()) {
            self.hold_window(last);
        }
        let Some((value, at)) = self.fall.first else { return threshold.judge(self.worst) };
        let result = threshold.judge(Some(value));
        ThresholdResult { shown: format!("{} in the stretch up to {at}", result.shown), ..result }
    }

    fn hold_window(&mut self, now: Nanos) {
        let Some(value) = self.value() else { return };
        let condition = &self.threshold.condition;
        self.worst = Some(self.worst.map_or(value, |worst| condition.worse(worst, value)));
        self.hold(now);
    }

    fn hold(&mut self, now: Nanos) {
        if let Some(value) = self.value().filter(|value| !self.threshold.condition.holds(*value)) {
            self.fall.first.get_or_insert((value, now));
        }
    }

    /// The number that the condition is about; `None` without a sample.
    fn value(&self) -> Option<f64> {
        let values = || self.samples.iter().map(|&(_, value)| value);
        match self.threshold.condition.aggregation {
            Aggregation::Min => values().min_by(f64::total_cmp),
            Aggregation::Max => values().max_by(f64::total_cmp),
            Aggregation::Avg => (!self.samples.is_empty()).then(|| values().sum::<f64>() / self.samples.len() as f64),
            Aggregation::Percentile(percentile) => {
                let mut sorted: Vec<f64> = values().collect();
                sorted.sort_unstable_by(f64::total_cmp);
                percentile.index(sorted.len()).map(|place| sorted[place])
            }
            Aggregation::Value | Aggregation::Count | Aggregation::Rate => values().next_back(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runlog::threshold::Threshold;

    fn threshold(metric: &str, condition: &str) -> ProbeThreshold {
        let metric = metric.parse().expect("a probe's metric");
        Threshold::new(metric, [].into(), condition.parse().expect("a condition"))
    }

    fn trial(threshold: ProbeThreshold) -> GaugeTrial {
        GaugeTrial::new(Box::leak(Box::new(threshold)))
    }

    /// Takes samples of `app.wait_ms`, one a second from 1 s on. Returns what came to light.
    fn hear(trial: &mut GaugeTrial, values: &[f64]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (second, value) in (1..).zip(values) {
            let at = Nanos::from_secs(second);
            trial.hear(at, "app", "wait_ms", &Tags::new(), *value);
            findings.extend(trial.judge(at));
        }
        findings
    }

    #[test]
    fn samples_become_a_number_of_the_conditions_unit() {
        for (condition, shown) in [
            ("value < 1s", "3.00 ms"),
            ("min < 1s", "1.00 ms"),
            ("max < 1s", "8.00 ms"),
            ("avg < 1s", "4.00 ms"),
            ("med < 1s", "3.00 ms"),
            ("p(90) < 1s", "8.00 ms"),
            ("max < 1000", "8"),
        ] {
            let mut trial = trial(threshold("app.wait_ms", condition));
            assert_eq!(hear(&mut trial, &[8.0, 1.0, 4.0, 3.0]), [], "{condition}");
            let result = trial.result();
            assert!(result.passed && result.shown == shown, "{result:?}");
        }
    }

    #[test]
    fn others_do_not_count() {
        let filter = [("code".to_owned(), "200".to_owned())].into();
        let mut trial = trial(Threshold { filter, ..threshold("app.wait_ms", "max < 10") });
        let tagged = |code: &str| Tags::from([("code".to_owned(), code.to_owned())]);
        trial.hear(Nanos::ZERO, "app", "wait_ms", &tagged("200"), 1.0);
        trial.hear(Nanos::ZERO, "app", "wait_ms", &tagged("500"), 99.0);
        trial.hear(Nanos::ZERO, "app", "wait_ms", &Tags::new(), 99.0);
        trial.hear(Nanos::ZERO, "app", "other", &tagged("200"), 99.0);
        trial.hear(Nanos::ZERO, "db", "wait_ms", &tagged("200"), 99.0);
        assert_eq!(trial.result().value, Some(1.0));
    }

    #[test]
    fn what_never_had_a_sample_fails() {
        let result = trial(threshold("app.wait_ms", "max < 5ms")).result();
        assert!(!result.passed && result.shown == "no sample", "{result:?}");
    }

    #[test]
    fn a_run_is_aborted_when_the_delay_is_over() {
        let delay_abort_eval_ns = Nanos::from_secs(3);
        let aborting = Threshold { abort_on_fail: true, delay_abort_eval_ns, ..threshold("app.wait_ms", "max < 5ms") };
        let findings = hear(&mut trial(aborting), &[9.0, 1.0, 1.0, 1.0]);
        assert_eq!(
            findings.iter().map(|finding| (finding.at.0, finding.aborts)).collect::<Vec<_>>(),
            [(3_000_000_000, false), (3_000_000_000, true)]
        );
        assert_eq!(findings[0].what, "app.wait_ms max < 5ms does not hold: it was 9.00 ms");
    }

    #[test]
    fn a_window_is_judged_over_its_stretch() {
        let windowed =
            |condition| Threshold { window_ns: Some(Nanos::from_secs(2)), ..threshold("app.wait_ms", condition) };
        let mut good = trial(windowed("avg < 6ms"));
        assert_eq!(hear(&mut good, &[9.0, 2.0, 3.0, 4.0]), [], "9 and 2 are 5.5 on average");
        assert_eq!((good.result().passed, good.result().shown.as_str()), (true, "5.50 ms"));
        let mut bad = trial(windowed("avg < 5ms"));
        assert_eq!(hear(&mut bad, &[9.0, 2.0, 3.0, 4.0]).len(), 1);
        assert_eq!((bad.result().passed, bad.result().shown.as_str()), (false, "5.50 ms in the stretch up to 2.00 s"));
        let mut short = trial(windowed("avg < 5ms"));
        assert_eq!(hear(&mut short, &[9.0]), [], "there is no whole window");
        assert!(!short.result().passed);
    }
}
