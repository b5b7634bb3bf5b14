//! Does the cache in front of the data keep the load away from it?

use runlog::units::Percentile;

use super::names::{has_word, is_share, is_time};
use super::series::{Series, mean, nearest_rank};
use crate::analysis::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::measure::Measure;
use crate::section::{Finding, Level, Part, Section, Table, Value};

/// Hit rates, and how long a look into a cache takes.
pub(super) struct Cache;

/// The requirement's bound.
const LEAST: f64 = 0.85;

impl Analysis for Cache {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let all = Series::all(&run.log.probes);
        let (mut findings, mut table) =
            (Vec::new(), Table::new(&["metric"], &["samples", "mean", "p95", "min", "max"]));
        for series in &all {
            let measure = Measure::of_name(series.metric);
            let is_hit_rate = has_word(series.metric, &["hit"]) && is_share(series.metric);
            let is_of_cache = has_word(series.probe, &["cache"]) || has_word(series.metric, &["cache"]);
            let is_time_of_cache = is_of_cache && is_time(series.metric);
            if !is_hit_rate && !is_time_of_cache {
                continue;
            }
            let values = series.sorted();
            let (Some(mean), Some(p95)) = (mean(&values), nearest_rank(&values, Percentile::P95)) else { continue };
            if is_hit_rate {
                findings.push(hit_rate(series, mean * measure.factor()));
            }
            table.push(vec![
                series.name().into(),
                Value::Count(values.len() as u64),
                measure.value(mean),
                measure.value(p95),
                Value::from(values.first().map(|value| measure.value(*value))),
                Value::from(values.last().map(|value| measure.value(*value))),
            ]);
        }
        if table.rows.is_empty() {
            return Ok(Vec::new());
        }
        Ok(vec![Section::new("Cache", vec![Part::Findings(findings), Part::Table(table)])])
    }
}

fn hit_rate(series: &Series<'_>, mean: f64) -> Finding {
    let level = if mean > LEAST { Level::Good } else { Level::Bad };
    let finding =
        Finding::new(level, series.name()).and(": ").and(Value::Share(mean)).and(" of reads are answered by the cache");
    if mean > LEAST { finding } else { finding.and(", and more than ").and(Value::Share(LEAST)).and(" should be") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made_up::{MadeUp, findings, sample};
    use runlog::units::Nanos;

    #[test]
    fn a_hit_rate_is_held_against_the_requirements() {
        let said = |rates: [f64; 3]| {
            let probes = rates
                .into_iter()
                .zip(0..)
                .map(|(rate, second)| sample(Nanos::from_secs(second), "shop.cache_hit_rate", rate));
            findings(&MadeUp { probes: probes.collect(), ..MadeUp::default() }.sections(&Cache)).remove(0)
        };
        assert_eq!(
            said([0.8, 0.9, 1.0]),
            (Level::Good, "shop.cache_hit_rate: 90.00 % of reads are answered by the cache".to_owned())
        );
        assert_eq!(said([0.5, 0.6, 0.7]).0, Level::Bad);
        assert_eq!(MadeUp::default().sections(&Cache), []);
    }
}
