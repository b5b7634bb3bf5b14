//! A run over time: for each window of time and each request in each scenario, how many arrivals there were, what became of
//! them, and how their times are spread. Small enough to be kept for any run, and to be added up for many.

mod counters;
mod faults;
mod gathering;
#[cfg(test)]
mod tests;
mod window;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use self::counters::Counters;
pub use self::faults::{Fault, Faults, Sightings};
pub use self::gathering::Windowing;
pub use self::window::{METRICS, Mishap, Times, Window};
use crate::tally::StoreError;
use crate::units::Nanos;

/// Windows of equal length, from t=0 on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// How long each is.
    pub width: Nanos,
    /// For each window, a place for each request in each scenario, or none where nothing happened.
    #[serde(rename = "windows")]
    cells: Vec<Vec<Window>>,
    /// For each window, how many answers of each status came in it. Of all requests together: a server may answer with
    /// hundreds of statuses. Empty in files from before it was kept.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    statuses: Vec<BTreeMap<u16, u64>>,
    /// What went wrong in the whole run. Empty in files from before it was kept.
    #[serde(default, skip_serializing_if = "Faults::is_empty")]
    pub faults: Faults,
}

/// The most windows of what is kept: one a second for an hour.
pub const MOST: u64 = 3_600;
/// As many as charts and comparisons look at.
pub const ENOUGH: u64 = 1_200;
/// The most windows times cells: some hundred megabytes.
const MOST_CELLS: u64 = 1 << 16;

impl Windows {
    /// No windows yet, of this length.
    pub fn new(width: Nanos) -> Self {
        Self { width, cells: Vec::new(), statuses: Vec::new(), faults: Faults::default() }
    }

    /// Windows of all requests together, as a single cell.
    pub(crate) fn of_all(width: Nanos, windows: impl Iterator<Item = Window>) -> Self {
        Self { cells: windows.map(|window| vec![window]).collect(), ..Self::new(width) }
    }

    /// The length of windows for a run of this length: a tenth of a second up to a minute, and then a second, or so many of
    /// them (a power of two, so that they can be put together with those of another run) that there are at most so many, and
    /// fewer where there are many cells.
    pub fn width(elapsed: Nanos, cells: usize, most: u64) -> Nanos {
        if elapsed <= Nanos::from_secs(60) {
            return Nanos::from_millis(100);
        }
        let most = (MOST_CELLS / cells.max(1) as u64).clamp(60, most);
        let mut width = Nanos::from_secs(1);
        while elapsed.0 / width.0 > most {
            width = Nanos(width.0 * 2);
        }
        width
    }

    /// Whether they can be those of a run of so many rows and cells, when they were read from a file.
    ///
    /// # Errors
    /// Why they cannot.
    pub fn check(&self, rows: u64, cells: usize) -> Result<(), StoreError> {
        let seconds = self.width.0 / Nanos::from_secs(1).0;
        let is_width = self.width == Nanos::from_millis(100)
            || (seconds.is_power_of_two() && self.width == Nanos::from_secs(seconds));
        if !is_width || self.width > Self::width(Nanos(u64::MAX), cells, MOST) {
            return Err(StoreError::Contradiction("its windows of time have a length that none has"));
        }
        let most = 2 * MOST as usize + 1;
        if self.len().max(self.statuses.len()) > most || self.iter().any(|window| window.len() > cells) {
            return Err(StoreError::Contradiction("it has more windows of time than a run has"));
        }
        let all = || self.iter().flatten();
        let counts: [fn(&Window) -> u64; 4] = [
            |window| window.arrivals,
            |window| window.failed,
            |window| window.answered,
            |window| window.mishaps.values().fold(0, |sum, &count| sum.saturating_add(count)),
        ];
        let sum = |count: fn(&Window) -> u64| all().fold(0_u64, |sum, window| sum.saturating_add(count(window)));
        let answers =
            self.statuses.iter().flat_map(BTreeMap::values).fold(0_u64, |sum, &count| sum.saturating_add(count));
        let times_fit = |window: &Window| window.times.iter().all(|times| times.count() <= window.arrivals);
        let fits = counts.into_iter().all(|count| sum(count) <= rows)
            && sum(counts[0]) == rows
            && answers <= rows
            && self.faults.fit(rows, cells)
            && all().all(|window| window.failed <= window.arrivals && times_fit(window));
        if fits {
            Ok(())
        } else {
            Err(StoreError::Contradiction("its windows of time have other rows than its requests"))
        }
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }

    /// The windows, each with its cells.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[Window]> {
        self.cells.iter().map(Vec::as_slice)
    }

    /// How many answers of each status came in each window, as far as any did.
    pub fn statuses(&self) -> impl ExactSizeIterator<Item = &BTreeMap<u16, u64>> {
        self.statuses.iter()
    }

    /// All cells that are wanted, together, window by window.
    pub fn together(&self, wanted: impl Fn(usize) -> bool) -> Vec<Window> {
        let mut times = Default::default();
        self.cells.iter().map(|cells| sum(chosen(cells, &wanted), &mut times)).collect()
    }

    /// All cells that are wanted, together, of the whole run.
    pub fn whole(&self, wanted: impl Fn(usize) -> bool) -> Window {
        sum(self.cells.iter().flat_map(|cells| chosen(cells, &wanted)), &mut Default::default())
    }

    /// The same in windows of another length, which has to be a multiple of this one.
    #[must_use]
    pub fn widened(self, width: Nanos) -> Self {
        let of_each = ((width.0 / self.width.0.max(1)) as usize).max(1);
        let mut wide = Self::new(width);
        for (number, cells) in self.cells.iter().enumerate() {
            for (cell, window) in cells.iter().enumerate() {
                wide.cell(number / of_each, cell).merge(window);
            }
        }
        for (number, statuses) in self.statuses.iter().enumerate() {
            wide.answered(number / of_each, statuses.iter().map(|(&status, &count)| (status, count)));
        }
        wide.faults = self.faults;
        wide
    }

    /// Adds those of another; both are widened to the longer length of the two.
    pub fn merge(&mut self, mut other: Self) {
        if other.width < self.width {
            other = other.widened(self.width);
        } else if self.width < other.width {
            *self = std::mem::replace(self, Self::new(other.width)).widened(other.width);
        }
        for (number, cells) in other.cells.into_iter().enumerate() {
            for (cell, window) in cells.into_iter().enumerate() {
                self.cell(number, cell).merge(&window);
            }
        }
        for (number, statuses) in other.statuses.iter().enumerate() {
            self.answered(number, statuses.iter().map(|(&status, &count)| (status, count)));
        }
        self.faults.merge(&other.faults);
    }

    fn cell(&mut self, number: usize, cell: usize) -> &mut Window {
        if self.cells.len() <= number {
            self.cells.resize_with(number + 1, Vec::new);
        }
        let cells = &mut self.cells[number];
        if cells.len() <= cell {
            cells.resize_with(cell + 1, Window::default);
        }
        &mut cells[cell]
    }

    /// Adds so many answers of each status to a window.
    fn answered(&mut self, number: usize, statuses: impl Iterator<Item = (u16, u64)>) {
        for (status, count) in statuses {
            if self.statuses.len() <= number {
                self.statuses.resize_with(number + 1, BTreeMap::new);
            }
            let mine = self.statuses[number].entry(status).or_default();
            *mine = mine.saturating_add(count);
        }
    }
}

fn chosen<'a>(cells: &'a [Window], wanted: &impl Fn(usize) -> bool) -> impl Iterator<Item = &'a Window> {
    cells.iter().enumerate().filter(|(cell, _)| wanted(*cell)).map(|(_, window)| window)
}

/// Windows together; `times` is where their times are counted, with nothing in it before and after.
fn sum<'a>(windows: impl Iterator<Item = &'a Window>, times: &mut [Counters; METRICS.len()]) -> Window {
    let mut sum = Window::default();
    for window in windows {
        sum.merge_counts(window);
        for (counters, (sketch, longest_ns)) in times.iter_mut().zip(window.times.iter().zip(window.longest_ns)) {
            counters.add(sketch, longest_ns);
        }
    }
    for (place, counters) in times.iter_mut().enumerate() {
        (sum.times[place], sum.longest_ns[place]) = counters.take().unwrap_or_default();
    }
    sum
}
