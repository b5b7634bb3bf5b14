//! How far percentiles may be from the samples that they stand for, in words that are the same wherever they are shown.

use crate::section::{Finding, Level};

/// Where a run is a summary file, whose histograms have 512 buckets to an octave.
pub fn from_summary_files() -> Finding {
    let note = "percentiles are from histograms: to within 0.2 %, and never too low; all else is exact";
    Finding::new(Level::Note, note)
}

/// Where figures are of several runs together, whose windows of time have 128 buckets to an octave.
pub fn from_windows() -> Finding {
    Finding::new(Level::Note, "percentiles and means of several runs together are from their windows: to within 0.8 %")
}
