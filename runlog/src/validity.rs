//! Whether a measurement can be believed, or the generator was what it measured.

use serde::{Deserialize, Serialize};

use crate::units::{Nanos, Thousands};

/// Whether the figures speak of the system under test, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// They do.
    Valid,
    /// They may not, in part.
    Suspect,
    /// The run never ended in order, so nobody can tell.
    Unknown,
    /// They speak of the generator.
    Invalid,
}

/// A verdict and what led to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validity {
    /// The verdict.
    pub verdict: Verdict,
    /// A sentence for each finding, the worst first.
    pub reasons: Vec<String>,
}

impl Validity {
    /// Of a run without an ending.
    pub fn unknown() -> Self {
        let reason = "the run has no ending: it is still going on, or the engine was killed";
        Self { verdict: Verdict::Unknown, reasons: vec![reason.to_owned()] }
    }

    /// Whether the measurement is not valid because of the generator. Arrivals that were never sent may be the target's doing
    /// as well: of a load beyond what it takes, that is what becomes of many.
    pub fn blames_the_generator(&self) -> bool {
        let begins = |beginnings: &[&str]| {
            self.reasons.iter().any(|reason| beginnings.iter().any(|beginning| reason.starts_with(beginning)))
        };
        self.verdict == Verdict::Invalid && (begins(&GENERATOR) || !begins(&[NEVER_SENT]))
    }

    /// What is wrong with a measurement that is not valid, before its reasons are told.
    pub fn fault(&self) -> &'static str {
        if self.blames_the_generator() {
            "the generator was the limit, so the figures do not speak of the target"
        } else {
            "not all of the load was sent, so the figures are of another load than was meant"
        }
    }
}

/// How a reason begins that is not the generator's alone.
const NEVER_SENT: &str = "the load was not the schedule's";
/// How reasons begin that are the generator's.
const FELL_BEHIND: &str = "the generator fell behind its schedule";
const SLOW_DISK: &str = "the disk could not take the rows as fast as they came";
const WAS_LATE: &str = "the generator itself was late";
const GENERATOR: [&str; 3] = [FELL_BEHIND, SLOW_DISK, WAS_LATE];

/// What the generator knows of its own part in the open model's arrivals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Evidence {
    /// Arrivals that the schedules brought.
    pub scheduled: u64,
    /// Arrivals put off while their core had no time left: the generator's doing.
    pub behind: u64,
    /// Arrivals put off while their core had time: every connection was waiting for the server.
    pub waited: u64,
    /// Arrivals never sent.
    pub dropped: u64,
    /// How late arrivals were handed on (scheduled → connection or backlog), median; `None` of fewer than it takes for one.
    pub pacer_lag_p50: Option<Nanos>,
    /// The same, 99th percentile.
    pub pacer_lag_p99: Option<Nanos>,
    /// The median response time.
    pub response_p50: Option<Nanos>,
    /// How long workers had to wait for the disk to take rows, all cores together.
    pub record_stall: Nanos,
    /// How long the run took, times the number of cores.
    pub core_time: Nanos,
}

/// The share of arrivals (or of the time) above which the generator's part spoils the measurement.
const TOLERATED_PER_CENT: u64 = 1;
/// No lag below this is held against the generator.
const TOLERATED_LAG: Nanos = Nanos::from_millis(1);
/// The part of the median response time above which lag spoils it: a fifth.
const LAG_PART: u64 = 5;

/// Weighs the evidence.
///
/// Invalid: more than 1 % of the arrivals never sent (the load was not the schedule's, whoever held it up) or put off by a
/// core without time left, or more than 1 % of the time lost to the disk, or a median lag above both 1 ms and a fifth of the median response time. Suspect: the latter of the lag's 99th
/// percentile only; or more than 1 % of the arrivals waited for a connection, so that response times hold that wait too.
pub fn judge(evidence: &Evidence) -> Validity {
    let Evidence { scheduled, behind, waited, dropped, .. } = *evidence;
    let too_many = |part: u64, whole: u64| part * 100 > whole * TOLERATED_PER_CENT;
    let too_late = |lag: Option<Nanos>| {
        let (lag, response) = (lag?, evidence.response_p50?);
        (lag > TOLERATED_LAG && lag.0 * LAG_PART > response.0).then_some((lag, response))
    };
    let mut invalid = Vec::new();
    let mut suspect = Vec::new();
    if too_many(dropped, scheduled) {
        invalid.push(format!(
            "{NEVER_SENT}: {} of {} arrivals were never sent, because every connection was busy; \
             raise max_connections, so that a slow server shows in response times, or lower the rate",
            Thousands(dropped),
            Thousands(scheduled)
        ));
    }
    if too_many(behind, scheduled) {
        invalid.push(format!(
            "{FELL_BEHIND}: {} of {} arrivals were put off while its core had no time left; \
             give it more cores (--cores) or a lower rate",
            Thousands(behind),
            Thousands(scheduled)
        ));
    }
    if too_many(evidence.record_stall.0, evidence.core_time.0) {
        invalid.push(format!(
            "{SLOW_DISK}: the workers waited {} for it; write to a faster one (--out)",
            evidence.record_stall
        ));
    }
    if let Some((lag, response)) = too_late(evidence.pacer_lag_p50) {
        invalid.push(format!(
            "{WAS_LATE} by {lag} in the median, with a median response time of {response}; \
             give it cores of its own (--cores)"
        ));
    } else if let Some((lag, response)) = too_late(evidence.pacer_lag_p99) {
        suspect.push(format!(
            "one arrival in a hundred was late by {lag} or more through the generator itself, with a median response time \
             of {response}: high percentiles of the response time hold its lag too"
        ));
    }
    if too_many(waited, scheduled) {
        suspect.push(format!(
            "{} of {} arrivals found every connection busy: either the server is saturated or max_connections is too low; \
             the wait is in their response time",
            Thousands(waited),
            Thousands(scheduled)
        ));
    }
    let verdict = match (invalid.is_empty(), suspect.is_empty()) {
        (false, _) => Verdict::Invalid,
        (true, false) => Verdict::Suspect,
        (true, true) => Verdict::Valid,
    };
    invalid.append(&mut suspect);
    Validity { verdict, reasons: invalid }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn punctual() -> Evidence {
        Evidence {
            scheduled: 10_000,
            pacer_lag_p50: Some(Nanos::from_micros(2)),
            pacer_lag_p99: Some(Nanos::from_micros(40)),
            response_p50: Some(Nanos::from_micros(500)),
            core_time: Nanos::from_secs(10),
            ..Evidence::default()
        }
    }

    #[test]
    fn a_punctual_run_is_valid() {
        assert_eq!(judge(&punctual()), Validity { verdict: Verdict::Valid, reasons: vec![] });
        assert_eq!(judge(&Evidence::default()).verdict, Verdict::Valid);
    }

    #[test]
    fn more_than_one_per_cent_behind_is_invalid() {
        assert_eq!(judge(&Evidence { behind: 100, ..punctual() }).verdict, Verdict::Valid);
        assert_eq!(judge(&Evidence { behind: 101, ..punctual() }).verdict, Verdict::Invalid);
    }

    #[test]
    fn lag_counts_only_above_both_bounds() {
        let lag = |lag_ms, response_ms| {
            let evidence = Evidence {
                pacer_lag_p50: Some(Nanos::from_millis(lag_ms)),
                response_p50: Some(Nanos::from_millis(response_ms)),
                ..punctual()
            };
            judge(&evidence).verdict
        };
        assert_eq!(lag(2, 9), Verdict::Invalid);
        assert_eq!(lag(2, 10), Verdict::Valid);
        assert_eq!(lag(1, 2), Verdict::Valid);
    }

    #[test]
    fn a_late_tail_is_suspect() {
        let evidence = Evidence { pacer_lag_p99: Some(Nanos::from_millis(3)), ..punctual() };
        assert_eq!(judge(&evidence).verdict, Verdict::Suspect);
    }

    #[test]
    fn who_is_at_fault_is_told_apart() {
        let fault = |evidence: &Evidence| judge(evidence).fault();
        let dropped = Evidence { dropped: 101, ..punctual() };
        assert!(fault(&dropped).starts_with("not all of the load was sent"));
        assert!(fault(&Evidence { behind: 101, ..dropped }).starts_with("the generator was the limit"));
    }

    #[test]
    fn arrivals_that_were_never_sent_spoil_the_load() {
        assert_eq!(judge(&Evidence { dropped: 101, ..punctual() }).verdict, Verdict::Invalid);
    }

    #[test]
    fn arrivals_that_were_never_sent_need_not_be_the_generators_doing() {
        let dropped = Evidence { dropped: 101, waited: 5_000, ..punctual() };
        assert!(!judge(&dropped).blames_the_generator());
        assert!(judge(&Evidence { behind: 101, ..dropped }).blames_the_generator());
        assert!(judge(&Evidence { behind: 101, ..punctual() }).blames_the_generator());
        assert!(judge(&Evidence { record_stall: Nanos::from_millis(200), ..punctual() }).blames_the_generator());
        let late = Evidence { pacer_lag_p50: Some(Nanos::from_millis(2)), ..punctual() };
        assert!(judge(&late).blames_the_generator());
        assert!(!judge(&punctual()).blames_the_generator());
        let of_a_stranger = Validity { verdict: Verdict::Invalid, reasons: Vec::new() };
        assert!(of_a_stranger.blames_the_generator(), "nobody knows better");
    }

    #[test]
    fn waiting_for_a_slow_server_is_not_the_generators_fault() {
        assert_eq!(judge(&Evidence { waited: 5_000, ..punctual() }).verdict, Verdict::Suspect);
    }

    #[test]
    fn a_disk_that_cannot_follow_is_invalid() {
        let evidence = Evidence { record_stall: Nanos::from_millis(200), ..punctual() };
        let validity = judge(&evidence);
        assert_eq!(validity.verdict, Verdict::Invalid);
        assert!(validity.reasons[0].contains("200 ms"), "{validity:?}");
    }
}
