//! How busy the machines of the system under test are while the load is at its peak.

use runlog::units::{Nanos, Percentile};

use super::load::{Bin, Course};
use super::names::{has_word, is_utilisation};
use super::series::{Series, mean, nearest_rank};
use crate::analysis::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::measure::Measure;
use crate::section::{Finding, Level, Part, Section, Table, Value};

/// Processors, memory and disks at peak load.
pub(super) struct Utilisation;

/// The requirement's bound.
const MOST: f64 = 0.8;
/// The peak is where so much of the highest load is.
const PEAK: f64 = 0.9;
/// Loads of so many bins are looked at together: the highest of one would be chance.
const SMOOTH: usize = 5;

impl Analysis for Utilisation {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let mut all = Series::all(&run.log.probes);
        all.retain(|series| is_utilisation(series.metric));
        if all.is_empty() {
            return Ok(Vec::new());
        }
        let peaks = peaks(&Course::of(run).bins());
        let is_at_peak = |at: Nanos| peaks.iter().any(|(from, to)| *from <= at && at <= *to);
        let mut table = Table::new(&["", "metric"], &["samples at peak", "mean", "p95", "max"]);
        let mut findings = Vec::new();
        for series in &all {
            let measure = Measure::of_name(series.metric);
            let values: Vec<f64> =
                series.at(is_at_peak).sorted().into_iter().map(|value| value * measure.factor()).collect();
            let (Some(mean), Some(p95)) = (mean(&values), nearest_rank(&values, Percentile::P95)) else { continue };
            table.push(vec![
                Value::Passed(mean < MOST),
                series.name().into(),
                Value::Count(values.len() as u64),
                Value::Share(mean),
                Value::Share(p95),
                Value::from(values.last().map(|max| Value::Share(*max))),
            ]);
            if mean >= MOST {
                let finding = Finding::new(Level::Bad, series.name()).and(" is at ").and(Value::Share(mean));
                findings
                    .push(finding.and(" while the load is at its peak, and should be below ").and(Value::Share(MOST)));
            }
        }
        if table.rows.is_empty() {
            return Ok(Vec::new());
        }
        if findings.is_empty() {
            let finding = Finding::new(Level::Good, "all are below ").and(Value::Share(MOST));
            findings.push(finding.and(" while the load is at its peak"));
        }
        Ok(vec![Section::new("Utilisation", vec![Part::Findings(findings), Part::Table(table)])])
    }
}

/// The share of their processors that the machines of the system under test were using from one instant to another, in the mean of
/// all that were probed. `None` where none was.
pub fn processors(run: &Run, from: Nanos, to: Nanos) -> Option<f64> {
    let all = Series::all(&run.log.probes);
    let of_processors = all.iter().filter(|series| is_utilisation(series.metric) && has_word(series.metric, &["cpu"]));
    let means = of_processors.filter_map(|series| {
        let within = series.at(|at| from <= at && at < to).sorted();
        Some(mean(&within)? * Measure::of_name(series.metric).factor())
    });
    mean(&means.collect::<Vec<_>>())
}

/// The stretches in which the load is at its peak.
fn peaks(bins: &[Bin]) -> Vec<(Nanos, Nanos)> {
    let rate = |stretch: &[Bin]| stretch.iter().map(|bin| bin.rate).sum::<f64>() / stretch.len().max(1) as f64;
    let stretches = || bins.windows(SMOOTH.min(bins.len().max(1)));
    let highest = stretches().map(rate).fold(0.0, f64::max);
    let at_peak = stretches().filter(|stretch| highest > 0.0 && rate(stretch) >= PEAK * highest);
    at_peak.filter_map(|stretch| Some((stretch.first()?.from, stretch.last()?.to))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::made_up::{MadeUp, answered, findings, sample};

    #[test]
    fn processors_are_the_mean_of_all_that_were_probed() {
        let second = Nanos::from_secs;
        let probes = vec![
            sample(second(1), "host.cpu_percent", 90.0),
            sample(second(5), "host.cpu_percent", 40.0),
            sample(second(6), "host.cpu_percent", 60.0),
            sample(second(5), "other.cpu_used_share", 0.7),
            sample(second(5), "other.memory_used_share", 0.1),
        ];
        let folder = tempfile::tempdir().expect("a temporary directory");
        let run = MadeUp { probes, ..MadeUp::default() }.written(folder.path());
        let found = processors(&run, second(5), second(10)).expect("two were probed");
        assert!((found - 0.6).abs() < 1e-12, "{found}");
        assert_eq!(processors(&run, second(20), second(30)), None);
    }

    #[test]
    fn only_the_peak_counts() {
        let mut rows = Vec::new();
        for tenth in 0..300_u64 {
            let each = if (100..200).contains(&tenth) { 20 } else { 4 };
            let at = Nanos::from_millis(100 * tenth);
            rows.extend((0..each).map(|_| answered(at, 0, Nanos::from_millis(1), 200)));
        }
        let said = |at_peak: f64, beside: f64| {
            let probes = (0..30_u64).map(|second| {
                let value = if (10..=20).contains(&second) { at_peak } else { beside };
                sample(Nanos::from_secs(second), "host.cpu_percent", value)
            });
            findings(
                &MadeUp { rows: rows.clone(), probes: probes.collect(), ..MadeUp::default() }.sections(&Utilisation),
            )
        };
        let busy = said(95.0, 10.0);
        assert_eq!(busy[0].0, Level::Bad, "{busy:?}");
        assert!(busy[0].1.starts_with("host.cpu_percent is at "), "{busy:?}");
        assert_eq!(said(40.0, 99.0)[0].0, Level::Good);
        assert_eq!(MadeUp { rows, ..MadeUp::default() }.sections(&Utilisation), []);
    }
}
