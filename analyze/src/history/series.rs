//! A figure over the runs.

use serde::Serialize;

use super::RunOfHistory;
use crate::baseline::Measure;
use crate::baseline::measured::{MeasuredGroup, MeasuredRun};
use crate::baseline::unit::Unit;
use crate::gate::Subject;

/// A figure of a request, or of all together, over the runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Series {
    /// Whose figure.
    pub subject: Subject,
    /// Which figure.
    pub figure: Measure,
    /// The unit of its values.
    pub unit: Unit,
    /// A value for each run; absent where the run has none, or too few samples to speak of one.
    pub values: Vec<Option<f64>>,
}

impl Series {
    /// The figures of each request and then those of all together. Runs did the same, so that the first knows all requests.
    pub fn of_all(runs: &[(RunOfHistory, MeasuredRun)], figures: &[Measure]) -> Vec<Self> {
        let requests = runs.first().map_or(&[][..], |(_, run)| &run.requests).iter();
        let subjects =
            requests.map(|group| Subject::Request { request: group.request.clone() }).chain([Subject::Total]);
        let of = |subject: Subject| {
            let series = move |&figure: &Measure| Self {
                values: runs.iter().map(|(_, run)| value(run, &subject, figure)).collect(),
                subject: subject.clone(),
                figure,
                unit: figure.unit(),
            };
            figures.iter().map(series)
        };
        subjects.flat_map(of).collect()
    }

    /// The values that there are, each with the place of its run.
    pub fn known(&self) -> (Vec<usize>, Vec<f64>) {
        let known = self.values.iter().enumerate();
        known.filter_map(|(run, value)| value.filter(|value| value.is_finite()).map(|value| (run, value))).unzip()
    }
}

fn value(run: &MeasuredRun, subject: &Subject, figure: Measure) -> Option<f64> {
    let group: Option<&MeasuredGroup> = match subject {
        Subject::Request { request } => run.requests.iter().find(|group| group.request == *request),
        Subject::Total => Some(&run.total),
        Subject::Probe { .. } => None,
    };
    let measured = group?.figure(figure)?;
    (measured.samples >= figure.samples_needed()).then_some(measured.value)
}
