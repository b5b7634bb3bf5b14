//! What runs mean for whoever asked, as an exit code.

use runlog::summary::Summary;
use runlog::validity::Verdict;

/// All went well.
pub const PASSED: u8 = 0;
/// The generator was the limit: the figures do not speak of the system under test.
pub const NOT_VALID: u8 = 3;
/// A threshold failed.
pub const THRESHOLD_FAILED: u8 = 99;

/// The exit code of runs together. An invalid measurement comes before a failed threshold, which it may have caused.
pub fn code<'a>(summaries: impl IntoIterator<Item = &'a Summary>) -> u8 {
    let mut code = PASSED;
    for summary in summaries {
        if summary.validity.verdict == Verdict::Invalid {
            return NOT_VALID;
        }
        if summary.thresholds.iter().any(|threshold| !threshold.passed) {
            code = THRESHOLD_FAILED;
        }
    }
    code
}
