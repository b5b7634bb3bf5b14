//! Conditions: a number of a metric and the bound it is held against. Their grammar, their only parser, and their verdict on
//! a value.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::metric::{Metric, MetricKind};
use crate::probe::{self, ProbeMetric};
use crate::sign::Sign;
use crate::units::{Nanos, Percentile, Rate};

/// How the values of a metric become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Aggregation {
    /// The mean.
    Avg,
    /// The smallest.
    Min,
    /// The largest.
    Max,
    /// A percentile by nearest rank; `med` is the 50th.
    Percentile(Percentile),
    /// How many values, or the total.
    Count,
    /// A share of one, or the total per second.
    Rate,
    /// The last one.
    Value,
}

impl fmt::Display for Aggregation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Avg => write!(f, "avg"),
            Self::Min => write!(f, "min"),
            Self::Max => write!(f, "max"),
            Self::Percentile(Percentile::P50) => write!(f, "med"),
            Self::Percentile(percentile) => write!(f, "p({percentile})"),
            Self::Count => write!(f, "count"),
            Self::Rate => write!(f, "rate"),
            Self::Value => write!(f, "value"),
        }
    }
}

/// A bound in a metric's unit: `p(95) < 500ms`, `rate <= 1%`, `count > 1000`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Condition {
    /// Which number of the metric is held against the bound.
    pub aggregation: Aggregation,
    comparison: Sign,
    /// In nanoseconds, as a share of one, as a count or per second.
    bound: f64,
    unit: Unit,
    text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    Time,
    PerSecond,
    /// A part of a hundred, as a share of one.
    Percent,
    Number,
}

impl Condition {
    /// Whether a value (in nanoseconds, as a share of one, as a count or per second) is as it must be.
    pub fn holds(&self, value: f64) -> bool {
        self.comparison.holds(&value, &self.bound)
    }

    /// Which of two values and those between them is the likeliest to be as it must be: if this one is not, none is.
    pub fn favourable(&self, lowest: f64, highest: f64) -> f64 {
        match self.comparison {
            Sign::Below | Sign::AtMost => lowest,
            Sign::Equal => self.bound.clamp(lowest, highest),
            Sign::Different if self.holds(lowest) => lowest,
            Sign::Above | Sign::AtLeast | Sign::Different => highest,
        }
    }

    /// Which of two values is further on the wrong side of the bound, or nearer to it. The second where the condition asks
    /// for a single value and both are, or neither is.
    pub fn worse(&self, first: f64, second: f64) -> f64 {
        match self.comparison {
            Sign::Below | Sign::AtMost => first.max(second),
            Sign::Above | Sign::AtLeast => first.min(second),
            Sign::Equal | Sign::Different if self.holds(second) && !self.holds(first) => first,
            Sign::Equal | Sign::Different => second,
        }
    }

    /// Whether it asks for a single value (`==`, `!=`), so that nothing but the exact one will do.
    pub const fn is_exact(&self) -> bool {
        matches!(self.comparison, Sign::Equal | Sign::Different)
    }

    /// Whether it bounds from above (`<`, `<=`), so that less can never be too little.
    pub const fn is_from_above(&self) -> bool {
        matches!(self.comparison, Sign::Below | Sign::AtMost)
    }

    /// Whether this condition makes sense for a metric.
    ///
    /// # Errors
    /// Where it does not: what would.
    pub fn fits(&self, metric: Metric) -> Result<(), String> {
        use Aggregation::{Avg, Count, Max, Min, Percentile, Rate, Value};
        let unit = match (metric.kind(), self.aggregation) {
            (MetricKind::Time, Avg | Min | Max | Percentile(_)) => Some(Unit::Time),
            (MetricKind::Counter, Rate) => Some(Unit::PerSecond),
            (MetricKind::Share, Rate) if self.unit == Unit::Percent => Some(Unit::Percent),
            (MetricKind::Time | MetricKind::Counter, Count)
            | (MetricKind::Share, Rate)
            | (MetricKind::Gauge, Value | Min | Max | Avg) => Some(Unit::Number),
            _ => None,
        };
        if unit == Some(self.unit) {
            return Ok(());
        }
        let right = match metric.kind() {
            MetricKind::Time => {
                "`avg`, `min`, `max`, `med` or `p(N)` with a duration, such as `p(95) < 500ms`, or `count` with a number"
            }
            MetricKind::Share => "`rate` with a share, such as `rate < 0.01` or `rate < 1%`",
            MetricKind::Counter => {
                "`count` with a number, such as `count > 1000`, or `rate` per second, such as `rate > 100/s`"
            }
            MetricKind::Gauge => "`value` (the last), `min`, `max` or `avg` with a number, such as `max <= 50`",
        };
        Err(format!("`{self}` does not fit {metric}, which takes {right}"))
    }

    /// What a sample of 1 of a probe's metric is in this condition's unit, by the end of the metric's name.
    ///
    /// # Errors
    /// Where the condition makes no sense for what probes sample: what would.
    pub fn sample_of_one(&self, metric: &ProbeMetric) -> Result<f64, String> {
        use Aggregation::{Avg, Max, Min, Percentile, Value};
        if !matches!(self.aggregation, Value | Min | Max | Avg | Percentile(_)) {
            return Err(format!(
                "`{self}` does not fit {metric}, of which there are samples: write `value` (the last), `min`, `max`, `avg`, \
                 `med` or `p(N)`, such as `max <= 50`"
            ));
        }
        match self.unit {
            Unit::Time => probe::nanoseconds_in_one(&metric.metric).ok_or_else(|| {
                format!(
                    "the name of {metric} does not say which unit of time it is sampled in, as `{0}_ms` or `{0}_seconds` \
                     would: write the bound as a number of its unit",
                    metric.metric
                )
            }),
            Unit::Percent if probe::is_percentage(&metric.metric) => Ok(0.01),
            Unit::Percent | Unit::PerSecond | Unit::Number => Ok(1.0),
        }
    }

    /// A value in this condition's unit, as a person reads it.
    pub fn show(&self, value: f64) -> String {
        match self.unit {
            Unit::Time => Nanos(value.round() as u64).to_string(),
            Unit::PerSecond => Rate::per_second(value).unwrap_or_default().to_string(),
            Unit::Percent => format!("{:.3} %", value * 100.0),
            Unit::Number if self.aggregation == Aggregation::Rate => format!("{:.3} %", value * 100.0),
            Unit::Number => number(value),
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl From<Condition> for String {
    fn from(condition: Condition) -> Self {
        condition.text
    }
}

impl TryFrom<String> for Condition {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl FromStr for Condition {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (at, sign, comparison) = Sign::ALL
            .iter()
            .filter_map(|&(sign, comparison)| text.find(sign).map(|at| (at, sign, comparison)))
            .min_by_key(|&(at, sign, _)| (at, std::cmp::Reverse(sign.len())))
            .ok_or_else(|| format!("`{text}` compares nothing: write a condition such as `p(95) < 500ms`"))?;
        let aggregation = parse_aggregation(text[..at].trim())?;
        let (bound, unit) = parse_bound(text[at + sign.len()..].trim())?;
        Ok(Self { aggregation, comparison, bound, unit, text: text.split_whitespace().collect::<Vec<_>>().join(" ") })
    }
}

/// To four digits, or to the last one before the point, without zeros at the end.
fn number(value: f64) -> String {
    let before_the_point = if value == 0.0 { 1 } else { value.abs().log10().floor() as i32 + 1 };
    let decimals = usize::try_from(4 - before_the_point).unwrap_or(0).min(9);
    let text = format!("{value:.decimals$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

fn parse_aggregation(text: &str) -> Result<Aggregation, String> {
    Ok(match text {
        "avg" => Aggregation::Avg,
        "min" => Aggregation::Min,
        "max" => Aggregation::Max,
        "med" => Aggregation::Percentile(Percentile::P50),
        "count" => Aggregation::Count,
        "rate" => Aggregation::Rate,
        "value" => Aggregation::Value,
        _ => {
            let number = text.strip_prefix("p(").and_then(|rest| rest.strip_suffix(')'));
            let number = number.ok_or_else(|| {
                format!("`{text}` is no aggregation: there are avg, min, max, med, p(N), count, rate and value")
            })?;
            Aggregation::Percentile(number.trim().parse().map_err(|error: crate::units::UnitError| error.to_string())?)
        }
    })
}

fn parse_bound(text: &str) -> Result<(f64, Unit), String> {
    if let Some(percent) = text.strip_suffix('%') {
        let share = percent.trim_end().parse::<f64>().map_err(|_| format!("`{text}` is no percentage"))?;
        return finite(share / 100.0, Unit::Percent, text);
    }
    if let Ok(number) = text.parse::<f64>() {
        return finite(number, Unit::Number, text);
    }
    if text.contains('/') {
        let rate: Rate = text.parse().map_err(|error: crate::units::UnitError| error.to_string())?;
        return Ok((rate.as_per_second(), Unit::PerSecond));
    }
    let span: Nanos = text.parse().map_err(|_| {
        format!("`{text}` is no bound: write a duration (`500ms`), a share (`1%`), a number or a rate (`100/s`)")
    })?;
    Ok((span.0 as f64, Unit::Time))
}

fn finite(value: f64, unit: Unit, text: &str) -> Result<(f64, Unit), String> {
    if value.is_finite() { Ok((value, unit)) } else { Err(format!("`{text}` is no bound: it has to be finite")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition(text: &str) -> Condition {
        text.parse().expect("a condition")
    }

    #[test]
    fn conditions_hold_or_do_not() {
        assert!(condition("p(95) < 500ms").holds(499e6));
        assert!(!condition("p(95) < 500ms").holds(500e6));
        assert!(condition("p(99.9)<=1s").holds(1e9));
        assert!(condition("rate < 1%").holds(0.009));
        assert!(condition("rate>=100/s").holds(100.0));
        assert!(condition("count == 50").holds(50.0));
        assert!(condition("count != 50").holds(51.0));
    }

    #[test]
    fn what_is_no_condition_is_refused_with_what_would_be_right() {
        for (text, expected) in [
            ("p(95) 500ms", "compares nothing"),
            ("p95 < 500ms", "no aggregation"),
            ("p(101) < 1s", "percentile from 0 to 100"),
            ("avg < fast", "no bound"),
            ("rate < 5/x", "rate with its unit"),
            ("rate < inf", "finite"),
            ("rate < NaN%", "finite"),
        ] {
            let error = text.parse::<Condition>().expect_err(text);
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_condition_fits_its_metrics_kind() {
        assert_eq!(condition("p(95) < 500ms").fits(Metric::HttpReqDuration), Ok(()));
        assert_eq!(condition("rate < 0.1").fits(Metric::HttpReqFailed), Ok(()));
        assert_eq!(condition("count > 10").fits(Metric::HttpReqs), Ok(()));
        assert_eq!(condition("value <= 10").fits(Metric::Vus), Ok(()));
        assert_eq!(condition("avg > 10").fits(Metric::VusMax), Ok(()));
        for (text, metric) in [
            ("p(95) < 500", Metric::HttpReqDuration),
            ("rate < 0.1", Metric::HttpReqDuration),
            ("p(95) < 1s", Metric::HttpReqFailed),
            ("rate > 100", Metric::HttpReqs),
            ("value < 1s", Metric::HttpReqDuration),
            ("value > 100", Metric::Iterations),
            ("max > 1s", Metric::Vus),
            ("count > 1", Metric::Vus),
        ] {
            assert!(condition(text).fits(metric).is_err(), "{text} on {metric}");
        }
    }

    #[test]
    fn a_condition_on_samples_is_in_the_unit_that_the_metrics_name_says() {
        let one = |text: &str, metric: &str| condition(text).sample_of_one(&metric.parse().expect("a probe's metric"));
        assert_eq!(one("p(95) < 5ms", "db.wait_ms"), Ok(1e6));
        assert_eq!(one("max < 5ms", "db.wait_seconds"), Ok(1e9));
        assert_eq!(one("avg < 80%", "host.cpu_percent"), Ok(0.01));
        assert_eq!(one("avg > 85%", "cache.hit_rate"), Ok(1.0));
        assert_eq!(one("value < 20", "db.active"), Ok(1.0));
        assert_eq!(one("min > 100/s", "db.commits_per_s"), Ok(1.0));
        for (text, metric) in [("max < 5ms", "db.wait"), ("max < 5ms", "db.commits_per_s"), ("count > 1", "db.active")]
        {
            assert!(one(text, metric).is_err(), "{text} on {metric}");
        }
    }

    #[test]
    fn numbers_are_shown_to_four_digits() {
        let shown = [0.0, 7.0, 5.5, 0.873_46, -0.000_5, 203.33, 12_345.6].map(number);
        assert_eq!(shown, ["0", "7", "5.5", "0.8735", "-0.0005", "203.3", "12346"]);
    }

    #[test]
    fn the_favourable_of_two_values_is_as_it_must_be_if_any_between_them_is() {
        for sign in ["<", "<=", ">", ">=", "==", "!="] {
            for (lowest, highest) in [(1, 3), (4, 6), (5, 5), (5, 7), (3, 5), (7, 9)] {
                let condition = condition(&format!("count {sign} 5"));
                let any = (lowest..=highest).any(|value| condition.holds(f64::from(value)));
                let favourable = condition.favourable(f64::from(lowest), f64::from(highest));
                assert_eq!(condition.holds(favourable), any, "{condition}, {lowest} to {highest}");
            }
        }
    }

    #[test]
    fn the_worse_of_two_values_fails_if_either_does() {
        for sign in ["<", "<=", ">", ">=", "==", "!="] {
            let condition = condition(&format!("count {sign} 5"));
            for (first, second) in [(4.0, 5.0), (5.0, 4.0), (5.0, 6.0), (6.0, 5.0), (5.0, 5.0)] {
                let both = condition.holds(first) && condition.holds(second);
                assert_eq!(condition.holds(condition.worse(first, second)), both, "{condition}, {first} and {second}");
            }
        }
    }
}
