//! How often each check passed.

use super::Analysis;
use crate::failure::Failure;
use crate::load::Run;
use crate::section::{Part, Section, Table, Value};

/// The checks of a run.
pub struct Checks;

impl Analysis for Checks {
    fn sections(&self, run: &Run) -> Result<Vec<Section>, Failure> {
        let checks = &run.summary.checks;
        if checks.is_empty() {
            return Ok(Vec::new());
        }
        let mut table = Table::new(&["request", "check"], &["passed", "failed", "pass rate"]);
        for check in checks {
            table.push(vec![
                check.request.clone().into(),
                check.check.clone().into(),
                Value::Count(check.passes),
                Value::Count(check.fails),
                Value::share(check.passes, check.passes + check.fails),
            ]);
        }
        Ok(vec![Section::new("Checks", vec![Part::Table(table)])])
    }
}
