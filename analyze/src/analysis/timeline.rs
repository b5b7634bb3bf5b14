//! The windows of a run, put together to as many as a chart can show.

use runlog::metric::Metric;
use runlog::units::{Nanos, Percentile};
use runlog::windows::Window;

use super::buckets::{self, Buckets};
use crate::load::Run;
use crate::section::Axis;

/// Some of the arrivals of a run, over time.
pub struct Timeline {
    /// Its time axis.
    pub buckets: Buckets,
    /// What happened in each.
    pub windows: Vec<Window>,
}

impl Timeline {
    /// All requests together, in at most so many windows, and one.
    pub fn of(run: &Run, most: u64) -> Self {
        Self::of_cells(run, most, |_| true)
    }

    /// One request, by its place in the manifest, in all scenarios together, as finely as a page shows it.
    pub fn of_request(run: &Run, request: usize) -> Self {
        Self::of_cells(run, buckets::OF_PAGE, run.is_of_request(request))
    }

    fn of_cells(run: &Run, most: u64, wanted: impl Fn(usize) -> bool) -> Self {
        let buckets = Buckets::covering(run.summary.run.elapsed_ns, run.windows.width, most);
        let mut windows = vec![Window::default(); buckets.count];
        for (number, window) in run.windows.together(wanted).iter().enumerate() {
            windows[buckets.of_window(run, number)].merge(window);
        }
        Self { buckets, windows }
    }

    /// The time axis.
    pub fn axis(&self) -> Axis {
        Axis::Time(self.buckets.middles())
    }

    /// What is counted of each window, per second.
    pub fn per_second(&self, count: impl Fn(&Window) -> u64) -> Vec<Option<f64>> {
        self.windows.iter().map(|window| Some(self.buckets.per_second(count(window)))).collect()
    }

    /// A percentile of the times of a metric, window by window.
    pub fn percentile(&self, metric: Metric, percentile: Percentile) -> Vec<Option<f64>> {
        let value = |window: &Window| Some(window.times_of(metric)?.percentile(percentile)? as f64);
        self.windows.iter().map(value).collect()
    }

    /// The longest time of a metric, window by window.
    pub fn longest(&self, metric: Metric) -> Vec<Option<f64>> {
        let value = |window: &Window| Some(window.times_of(metric)?.max()? as f64);
        self.windows.iter().map(value).collect()
    }
}

impl Buckets {
    /// The place of the bucket that the window of this number goes into.
    pub fn of_window(&self, run: &Run, number: usize) -> usize {
        self.place(Nanos(run.windows.width.0.saturating_mul(number as u64))) as usize
    }

    /// So many in a bucket, per second: to a thousandth, which is more than a chart shows.
    pub fn per_second(&self, count: u64) -> f64 {
        (count as f64 / self.width.as_secs_f64() * 1e3).round() / 1e3
    }
}
