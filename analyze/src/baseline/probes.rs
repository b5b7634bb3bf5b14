//! The limits of what probes sampled: `[probes.PROBE.METRIC]`, a number of the samples, `at_most` and `at_least`.

use runlog::probe;
use toml::de::DeValue;

use super::entry::{Entry, keep};
use super::problem::Problem;
use super::unit::Unit;
use super::{Budget, Measure};

const EXPECTED: &str = "a table such as `{ at_most = \"5ms\" }`, `{ at_least = \"85%\" }` or `{ at_most = 20 }`";
const BOUNDS: [&str; 2] = ["at_most", "at_least"];

/// All limits of the table `probes`.
pub(super) fn budgets(entry: &Entry<'_>, problems: &mut Vec<Problem>) -> Vec<Budget> {
    let mut budgets = Vec::new();
    for probe in keep(entry.table("a table of probes, such as `[probes.NAME.METRIC]`"), problems).unwrap_or_default() {
        let metrics = keep(probe.table("a table of metrics, such as `[probes.NAME.METRIC]`"), problems);
        for metric in metrics.unwrap_or_default() {
            let numbers = keep(metric.table("a table such as `p95 = { at_most = \"5ms\" }`"), problems);
            for number in numbers.unwrap_or_default() {
                budgets.extend(keep(budget(probe.key, metric.key, &number), problems));
            }
        }
    }
    budgets
}

fn budget(probe: &str, metric: &str, entry: &Entry<'_>) -> Result<Budget, Problem> {
    let measure = Measure::named(entry.key, &Measure::OF_PROBES).ok_or_else(|| {
        let known: Vec<&str> = Measure::OF_PROBES.iter().map(|measure| measure.name()).collect();
        Problem::unknown(entry.at.clone(), entry.key, &format!("the limits of `{metric}`"), &known)
    })?;
    let (mut at_most, mut at_least) = (None, None);
    for bound in entry.table(EXPECTED)? {
        match bound.key {
            "at_most" => at_most = Some(limit(&bound)?),
            "at_least" => at_least = Some(limit(&bound)?),
            unknown => return Err(Problem::unknown(bound.at.clone(), unknown, "a limit", &BOUNDS)),
        }
    }
    let wrong = |message: &str| Problem::new(entry.value_at.clone(), format!("`{}`: {message}", entry.key));
    let unit = match (at_most, at_least) {
        (Some((_, one)), Some((_, other))) if one != other => return Err(wrong("its limits are of two units")),
        (Some((most, _)), Some((least, _))) if most < least => return Err(wrong("`at_most` is below `at_least`")),
        (Some((_, unit)), _) | (None, Some((_, unit))) => unit,
        (None, None) => return Err(entry.wrong(EXPECTED)),
    };
    let scale = scale(metric, unit).ok_or_else(|| {
        wrong(&format!(
            "the name of `{metric}` does not say which unit it was sampled in, as `{metric}_ms` or `{metric}_seconds` \
             would; write the limit as a number of its unit"
        ))
    })?;
    let [at_most, at_least] = [at_most, at_least].map(|bound| bound.map(|(value, _)| value));
    Ok(Budget { probe: probe.to_owned(), metric: metric.to_owned(), measure, unit, scale, at_most, at_least })
}

fn limit(entry: &Entry<'_>) -> Result<(f64, Unit), Problem> {
    match entry.value {
        DeValue::String(text) => {
            let unit = Unit::of(text);
            let value = unit.read(text).map_err(|error| Problem::new(entry.value_at.clone(), error.to_string()))?;
            Ok((value, unit))
        }
        DeValue::Integer(integer) => number(entry, &integer.to_string()),
        DeValue::Float(float) => number(entry, &float.to_string()),
        _ => Err(entry.wrong("a number, a duration, a percentage or a rate")),
    }
}

fn number(entry: &Entry<'_>, digits: &str) -> Result<(f64, Unit), Problem> {
    let value = digits.parse::<f64>().ok().filter(|value| value.is_finite());
    let value = value.ok_or_else(|| Problem::new(entry.value_at.clone(), format!("`{digits}` is no plain number")))?;
    Ok((value, Unit::Number))
}

/// What a sample of 1 is in a unit, by the end of the metric's name.
fn scale(metric: &str, unit: Unit) -> Option<f64> {
    match unit {
        Unit::Time => probe::nanoseconds_in_one(metric),
        Unit::Share if probe::is_percentage(metric) => Some(0.01),
        Unit::Share | Unit::PerSecond | Unit::Number => Some(1.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::parse;

    fn read(text: &str) -> Result<Vec<Budget>, String> {
        parse("b.toml", text).map(|baseline| baseline.probes).map_err(|invalid| invalid.to_string())
    }

    #[test]
    fn samples_are_held_against_limits_in_the_limits_unit() {
        let text = "[probes.db.wait_ms]\np95 = { at_most = '5ms' }\n[probes.db.cpu_percent]\nmax = { at_most = '90%' }\n\
                    [probes.db.pool]\navg = { at_least = -1, at_most = 20.5 }";
        let budgets = read(text).expect("limits");
        let of: Vec<_> = budgets.iter().map(|b| (b.scale, b.unit, b.at_least, b.at_most)).collect();
        let expected = [
            (1e6, Unit::Time, None, Some(5e6)),
            (0.01, Unit::Share, None, Some(0.9)),
            (1.0, Unit::Number, Some(-1.0), Some(20.5)),
        ];
        assert_eq!(of, expected);
    }

    #[test]
    fn limits_that_cannot_be_are_refused() {
        for (limit, said) in [
            ("{ at_most = 1, at_least = 2 }", "`at_most` is below `at_least`"),
            ("{ at_most = '1ms', at_least = 2 }", "two units"),
            ("{ at_mots = 1 }", "did you mean `at_most`?"),
            ("{}", "has to be a table such as"),
            ("20", "has to be a table such as"),
            ("{ at_most = nan }", "no plain number"),
            ("{ at_most = 'soon' }", "`soon` is not a duration"),
        ] {
            let said_of_it = read(&format!("[probes.db.wait_ms]\np95 = {limit}")).expect_err(limit);
            assert!(said_of_it.contains(said), "{limit}: {said_of_it}");
        }
    }
}
