//! One side of a comparison: the windows of its runs, request by request.

use runlog::metric::Metric;
use runlog::units::Nanos;

use crate::baseline::measured::{MeasuredGroup, measured};
use crate::load::Run;
use crate::statistics::bootstrap::Resampling;
use crate::statistics::windows::{Window, Windows};
use crate::time::Time;

/// The runs of a side.
#[derive(Debug, Clone, Copy)]
pub struct Side<'r> {
    /// The runs: of the same scenario.
    pub runs: &'r [Run],
    /// Which times are looked at.
    pub metric: Metric,
}

/// So many windows tell as much as more of them would, and are resampled in no time.
const MOST_WINDOWS: usize = 300;
/// A last window that was cut off is left out where there are as many others.
const ENOUGH: usize = 10;

/// How sides are resampled: the same runs always give the same figures.
pub const fn resampling() -> Resampling {
    Resampling { replicates: 1_000, seed: 20_260 }
}

impl Side<'_> {
    /// The requests that all runs have, in the order of the first.
    pub fn requests(&self) -> Vec<String> {
        let Some((first, others)) = self.runs.split_first() else { return Vec::new() };
        let has = |run: &Run, name: &str| run.log.manifest.requests.iter().any(|request| request.name == name);
        let names = first.log.manifest.requests.iter().map(|request| request.name.clone());
        names.filter(|name| others.iter().all(|run| has(run, name))).collect()
    }

    /// The windows of a request, or of all requests together, run by run.
    pub fn windows(&self, request: Option<&str>) -> Vec<Windows> {
        self.runs.iter().map(|run| of_run(run, request, self.metric)).collect()
    }
}

impl Side<'_> {
    /// The exact figures of a request, or of all requests together, where the side is one run.
    pub fn measured(&self, request: Option<&str>, time: Time) -> Option<MeasuredGroup> {
        let [run] = self.runs else { return None };
        let measured = measured(&run.summary, &[], time);
        match request {
            None => Some(measured.total),
            Some(request) => measured.requests.into_iter().find(|group| group.request == request),
        }
    }
}

fn of_run(run: &Run, request: Option<&str>, metric: Metric) -> Windows {
    let mut all = run.windows.together(run.is_of(request));
    // What comes after the schedule is over are answers to what was scheduled before.
    while all.last().is_some_and(|window| window.arrivals == 0) {
        all.pop();
    }
    let of_each = all.len().div_ceil(MOST_WINDOWS).max(1);
    let mut windows: Vec<Window> = all.chunks(of_each).map(|chunk| Window::together(chunk, metric)).collect();
    let is_cut_off = of_each == 1 || !all.len().is_multiple_of(of_each);
    if is_cut_off && windows.len() > ENOUGH {
        windows.pop();
    }
    Windows { width: Nanos(run.windows.width.0 * of_each as u64), windows }
}
