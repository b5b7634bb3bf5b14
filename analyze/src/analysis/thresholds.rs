//! Which thresholds hold.

use super::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Part, Section, Table, Value};

/// The thresholds of a run.
pub struct Thresholds;

impl Analysis for Thresholds {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let thresholds = &run.summary.thresholds;
        if thresholds.is_empty() {
            return Ok(Vec::new());
        }
        let mut table = Table::new(&["", "threshold"], &["was"]);
        for threshold in thresholds {
            table.push(vec![
                Value::Passed(threshold.passed),
                threshold.threshold.clone().into(),
                threshold.shown.clone().into(),
            ]);
        }
        Ok(vec![Section::new("Thresholds", vec![Part::Table(table)])])
    }
}
