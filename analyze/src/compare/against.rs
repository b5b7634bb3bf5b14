//! A run held against the figures of a baseline: how far chance may have moved each of them.

use runlog::statistics::SHOWN;
use statrs::distribution::{Beta, ContinuousCDF};

use super::side::{Side, resampling};
use crate::baseline::measured::{Interval, MeasuredGroup, MeasuredRun, times_of};
use crate::baseline::{Baseline, Expected, Figure, Measure, confidence};
use crate::load::Run;
use crate::statistics::bootstrap::{self, Resampled};
use crate::statistics::comparison::{Criteria, compare_with_constant};
use crate::statistics::distribution::variance;
use crate::statistics::statistic::Statistic;

/// Gives each measured figure that the baseline has the interval of its difference to that.
///
/// Against other runs, intervals come from resampled windows of time, at [`confidence`], which all figures of the baseline
/// share: what counts is whether such a run might have come out so. Against a hand-written limit, percentiles have the
/// interval of their ranks: what counts is whether what was measured is beyond the limit.
pub fn add_intervals(measured: &mut MeasuredRun, run: &Run, baseline: &Baseline) {
    for Expected { request, figures } in &baseline.requests {
        if let Some(group) = measured.requests.iter_mut().find(|group| group.request == *request) {
            Against { run, baseline, request: Some(request) }.add(group, figures);
        }
    }
    Against { run, baseline, request: None }.add(&mut measured.total, &baseline.total);
}

/// A request of a run, or all of them, under a baseline.
struct Against<'a> {
    run: &'a Run,
    baseline: &'a Baseline,
    request: Option<&'a str>,
}

impl Against<'_> {
    fn add(&self, group: &mut MeasuredGroup, figures: &[Figure]) {
        let wanted: Vec<(&Figure, Statistic)> =
            figures.iter().filter_map(|figure| Some((figure, figure.measure.statistic()?))).collect();
        if wanted.is_empty() {
            return;
        }
        let side = Side { runs: std::slice::from_ref(self.run), metric: self.baseline.time.metric() };
        let statistics: Vec<Statistic> = wanted.iter().map(|(_, statistic)| *statistic).collect();
        let resampled = Resampled::new(&side.windows(self.request), &statistics, resampling());
        for ((figure, _), found) in wanted.iter().zip(&resampled.figures) {
            let interval = self.interval(figure, found);
            if let Some(measured) = group.figures.iter_mut().find(|measured| measured.measure == figure.measure) {
                measured.interval = interval;
            }
        }
    }

    fn interval(&self, figure: &Figure, found: &bootstrap::Figure) -> Option<Interval> {
        let confidence = confidence(self.baseline);
        if figure.measure == Measure::ErrorRate {
            return of_errors(figure.value, found, confidence);
        }
        if self.baseline.saved.is_none()
            && let Some(place) = SHOWN.iter().position(|&shown| Some(shown) == figure.measure.percentile())
        {
            return self.of_ranks(figure.value, place);
        }
        let criteria = Criteria { confidence, tolerance: 0.0 };
        let interval = compare_with_constant(figure.value, found, criteria).interval?;
        Some(Interval { low: interval.low, high: interval.high })
    }

    fn of_ranks(&self, limit: f64, place: usize) -> Option<Interval> {
        let summary = &self.run.summary;
        let group = match self.request {
            Some(request) => summary.requests.iter().find(|group| group.request == request)?,
            None => &summary.total,
        };
        let (_, interval) = times_of(group, self.baseline.time)?.percentiles()[place];
        let change = |ns: u64| ns as f64 / limit - 1.0;
        interval.map(|interval| Interval { low: change(interval.lower_ns), high: change(interval.upper_ns) })
    }
}

/// The interval of an error rate, less the baseline's: exact for independent arrivals (Clopper & Pearson 1934), of which
/// there are as many fewer as resamples of whole blocks of time spread wider than single arrivals would (Kish's design
/// effect, 1965).
fn of_errors(base: f64, found: &bootstrap::Figure, confidence: f64) -> Option<Interval> {
    let rate = found.value?;
    let arrivals = found.samples as f64;
    let alone = rate * (1.0 - rate) / arrivals;
    let design = if alone > 0.0 { (variance(&found.resamples) / alone).max(1.0) } else { 1.0 };
    let (arrivals, failed) = (arrivals / design, arrivals * rate / design);
    let tail = (1.0 - confidence) / 2.0;
    let quantile = |a: f64, b: f64, p: f64| Beta::new(a, b).ok().map(|beta| beta.inverse_cdf(p));
    let low = if failed > 0.0 { quantile(failed, arrivals - failed + 1.0, tail)? } else { 0.0 };
    let high = if failed < arrivals { quantile(failed + 1.0, arrivals - failed, 1.0 - tail)? } else { 1.0 };
    Some(Interval { low: low - base, high: high - base })
}
