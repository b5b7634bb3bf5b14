//! What throughput does with more instances: grows as they do, grows more slowly, or falls.

use serde::Serialize;

use super::configuration::Measured;
use super::steady::Limit;
use crate::statistics::distribution::Interval;

/// Growth is linear where no more than this is missing.
const TOLERANCE: f64 = 0.05;

/// What throughput does with more instances.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Verdict {
    /// It grows as they do, to within a twentieth.
    Linear {
        /// The largest number of instances.
        instances: f64,
        /// Throughput for each of them, as a share of that for each of the fewest.
        efficiency: [f64; 2],
    },
    /// It grows more slowly than they do.
    Sublinear {
        /// The largest number of instances of which that is certain.
        instances: f64,
        /// Throughput for each of them, as a share of that for each of the fewest.
        efficiency: [f64; 2],
    },
    /// So many instances do less than fewer of them.
    Retrograde {
        /// So many.
        instances: f64,
        /// Than so many.
        fewer: f64,
        /// Their throughput, as a share of that of the fewer.
        ratio: [f64; 2],
    },
    /// Nobody can tell.
    Unclear {
        /// Why.
        because: Unclear,
    },
}

/// Why nobody can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unclear {
    /// There is one number of instances only.
    OneNumber,
    /// The target did all that was asked of it, with some number of instances.
    LoadWasTheLimit,
    /// Runs are too short, or have no answers as wanted.
    TooLittleData,
    /// What is missing to linear growth may be chance, or not.
    TooNoisy,
}

/// The verdict on what was measured, by ascending number of instances.
///
/// Where the load was the limit, throughput is what the target does at the least: that is enough to see that others do less, and
/// never enough to call growth linear.
pub fn judge(measured: &[Measured], confidence: f64) -> Verdict {
    let Some((base, others)) = measured.split_first().filter(|(_, others)| !others.is_empty()) else {
        return Verdict::Unclear { because: Unclear::OneNumber };
    };
    if let Some(verdict) = retrograde(measured, confidence) {
        return verdict;
    }
    let efficiency = |one: &Measured| {
        let more = one.instances / base.instances;
        let Interval { low, high } = one.ratio_to(base, confidence)?;
        Some(Interval { low: low / more, high: high / more })
    };
    let of_most =
        others.iter().rev().find(|one| one.limit == Limit::Target).map(|one| (one.instances, efficiency(one)));
    match of_most {
        Some((instances, Some(Interval { low, high }))) if high < 1.0 && low < 1.0 - TOLERANCE => {
            Verdict::Sublinear { instances, efficiency: [low, high] }
        }
        _ if measured.iter().any(|one| one.limit == Limit::Load) => {
            Verdict::Unclear { because: Unclear::LoadWasTheLimit }
        }
        Some((instances, Some(Interval { low, high }))) if low >= 1.0 - TOLERANCE => {
            Verdict::Linear { instances, efficiency: [low, high] }
        }
        Some((_, Some(_))) => Verdict::Unclear { because: Unclear::TooNoisy },
        Some((_, None)) | None => Verdict::Unclear { because: Unclear::TooLittleData },
    }
}

/// The pair of which the more instances do the least, certainly less than the fewer. As many pairs are looked at as there are, so
/// that each has to be the surer (Bonferroni).
fn retrograde(measured: &[Measured], confidence: f64) -> Option<Verdict> {
    let pairs = (measured.len() * (measured.len() - 1) / 2).max(1) as f64;
    let of_each = 1.0 - (1.0 - confidence) / pairs;
    let mut found: Vec<(f64, f64, Interval)> = Vec::new();
    for (place, one) in measured.iter().enumerate().filter(|(_, one)| one.limit == Limit::Target) {
        for fewer in &measured[..place] {
            let ratio = one.ratio_to(fewer, of_each).filter(|ratio| ratio.high < 1.0);
            found.extend(ratio.map(|ratio| (one.instances, fewer.instances, ratio)));
        }
    }
    let worst = found.into_iter().min_by(|one, other| one.2.high.total_cmp(&other.2.high))?;
    let (instances, fewer, Interval { low, high }) = worst;
    Some(Verdict::Retrograde { instances, fewer, ratio: [low, high] })
}
