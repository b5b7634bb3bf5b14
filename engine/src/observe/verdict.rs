//! The figures of a run that has just ended, from the workers' books: to three digits, which is what the screen shows.
//! Whether a threshold holds is decided exactly: where three digits leave it open, the rows are read.

use std::path::Path;

use runlog::directory::Run;
use runlog::manifest::Manifest;
use runlog::reader::ReadError;
use runlog::spread::Spread;
use runlog::summary::{CheckResult, Group, RunFacts, Summary, per_second, summarize};
use runlog::threshold::{Threshold, ThresholdResult};
use runlog::units::Nanos;
use runlog::validity::Validity;

use crate::worker::ledger::{Gathered, Ledger};

/// The figures of a run, without those of each request, and without its ending. `response` is lag + service time of those
/// answered; `judged` is what came of the thresholds that were judged while the run lasted.
///
/// # Errors
/// Where a threshold can be decided by the rows only, and these cannot be read.
pub fn figures(
    ledger: &Ledger,
    response: &Spread,
    judged: Vec<Option<ThresholdResult>>,
    manifest: &Manifest,
    directory: &Path,
) -> Result<Summary, ReadError> {
    Ok(Summary {
        requests: Vec::new(),
        total: total(ledger, response),
        // To three digits.
        exact: false,
        thresholds: thresholds(ledger, judged, manifest, directory)?,
        checks: checks(ledger, manifest),
        validity: Validity::unknown(),
        run: RunFacts::new(manifest, directory, ledger.end, ledger.rows),
    })
}

fn total(ledger: &Ledger, response: &Spread) -> Group {
    Group {
        request: "total".to_owned(),
        count: ledger.rows,
        errors: ledger.failed,
        rate_per_s: per_second(ledger.rows, ledger.end).unwrap_or(0.0),
        response_time_ns: response.figures(),
        service_time_ns: ledger.service.figures(),
        ttfb_ns: None,
        lag_ns: ledger.lag.figures(),
        connect_ns: None,
        tls_ns: None,
        statuses: ledger.statuses(),
        error_kinds: ledger.failures(),
        bytes_sent: ledger.bytes_sent,
        bytes_received: ledger.bytes_received,
    }
}

fn checks(ledger: &Ledger, manifest: &Manifest) -> Vec<CheckResult> {
    let of_request = |(request, (made, fails)): (&runlog::manifest::Request, &(u64, Vec<u64>))| {
        let result = |(check, &fails): (&String, &u64)| CheckResult {
            request: request.name.clone(),
            check: check.clone(),
            passes: made - fails,
            fails,
        };
        request.checks.iter().zip(fails).map(result).collect::<Vec<_>>()
    };
    manifest.requests.iter().zip(&ledger.checks).flat_map(of_request).collect()
}

fn thresholds(
    ledger: &Ledger,
    judged: Vec<Option<ThresholdResult>>,
    manifest: &Manifest,
    directory: &Path,
) -> Result<Vec<ThresholdResult>, ReadError> {
    let decide = |((threshold, gathered), judged): ((&Threshold, &Gathered), Option<ThresholdResult>)| {
        judged.or_else(|| decide(threshold, gathered, ledger.end))
    };
    let decided: Vec<_> = manifest.thresholds.iter().zip(&ledger.thresholds).zip(judged).map(decide).collect();
    if decided.iter().all(Option::is_some) {
        return Ok(decided.into_iter().flatten().collect());
    }
    let of_rows = summarize(&Run::open(directory)?)?.thresholds;
    Ok(decided.into_iter().zip(of_rows).map(|(decided, of_rows)| decided.unwrap_or(of_rows)).collect())
}

/// What came of a threshold; `None` where only the rows can tell.
fn decide(threshold: &Threshold, gathered: &Gathered, elapsed: Nanos) -> Option<ThresholdResult> {
    let condition = &threshold.condition;
    let Some((lowest, highest)) = gathered.bounds(condition.aggregation, elapsed) else {
        return Some(threshold.judge(None));
    };
    // Every comparison but `==` and `!=` holds for all values between two for which it holds, or for none; and for those
    // two, a bound between them shows as different outcomes at the ends of a shorter stretch.
    let is_open = lowest < highest && (condition.holds(lowest) != condition.holds(highest) || condition.is_exact());
    match (is_open, threshold.is_of_rows()) {
        (true, true) => None,
        (true, false) => Some(threshold.judge(Some(condition.favourable(lowest, highest)))),
        (false, _) => Some(threshold.judge(Some(highest))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use runlog::metric::Metric;

    fn threshold(condition: &str) -> Threshold {
        let condition = condition.parse().expect("a condition");
        Threshold::new(Metric::ResponseTime, [].into(), condition)
    }

    fn gathered(times_ns: &[u64]) -> Gathered {
        let mut spread = Spread::default();
        for &time in times_ns {
            spread.record(time);
        }
        Gathered {
            arrivals: times_ns.len() as u64,
            times: Some(Box::new(spread)),
            ..Gathered::new(Metric::ResponseTime)
        }
    }

    #[test]
    fn a_bound_far_from_the_percentile_is_decided_without_the_rows() {
        let times = gathered(&[400_000_100, 400_000_200, 400_000_300]);
        assert!(decide(&threshold("med < 500ms"), &times, Nanos::ZERO).is_some_and(|result| result.passed));
        assert!(decide(&threshold("med < 300ms"), &times, Nanos::ZERO).is_some_and(|result| !result.passed));
    }

    #[test]
    fn a_bound_within_the_percentiles_bucket_is_left_to_the_rows() {
        let times = gathered(&[400_000_100, 400_000_200, 400_000_300]);
        assert_eq!(decide(&threshold("med < 400000150ns"), &times, Nanos::ZERO), None);
        assert_eq!(decide(&threshold("med == 400ms"), &times, Nanos::ZERO), None);
    }

    #[test]
    fn what_no_row_tells_is_decided_in_its_favour() {
        let times =
            Gathered { metric: Metric::IterationDuration, ..gathered(&[400_000_100, 400_000_200, 400_000_300]) };
        let threshold = Threshold { metric: Metric::IterationDuration, ..threshold("med < 400000150ns") };
        assert!(decide(&threshold, &times, Nanos::ZERO).is_some_and(|result| result.passed));
    }

    #[test]
    fn what_saw_no_arrival_fails() {
        let nothing = Gathered { times: None, ..gathered(&[]) };
        assert!(decide(&threshold("med < 1s"), &nothing, Nanos::ZERO).is_some_and(|result| !result.passed));
    }
}
