//! A run over time: for each window of time and each request in each scenario, how many arrivals there were, what became of
//! them, and how their times are spread. Small enough to be kept for any run, and to be added up for many.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::manifest::{Manifest, Request};
use crate::metric::Metric;
use crate::outcome::Failure;
use crate::row::{Batch, Columns, Row};
use crate::sketch::{self, Sketch};
use crate::tally::{Cells, Grouping, StoreError, Tally};
use crate::units::{Nanos, Percentile};

/// The metrics whose times are kept.
pub const METRICS: [Metric; 4] =
    [Metric::ResponseTime, Metric::HttpReqDuration, Metric::HttpReqWaiting, Metric::ScheduleLag];

/// The times of a row, in the order of [`METRICS`].
#[inline]
fn times(row: &Row) -> [Option<u64>; METRICS.len()] {
    [row.response_ns(), row.service_ns(), row.ttfb_ns, row.lag_ns]
}

/// How an arrival ended that was not answered as wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Mishap {
    /// Without an answer.
    Failure(Failure),
    /// With an unwanted status of this class: 5 for 503.
    Status(u16),
}

impl Mishap {
    fn of(row: &Row, request: &Request) -> Option<Self> {
        match row.error {
            Some(failure) => Some(Self::Failure(failure)),
            None if request.has_failed(row) => Some(Self::Status(row.status / 100)),
            None => None,
        }
    }
}

/// What happened to one request in one window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Arrivals that were scheduled in it.
    pub arrivals: u64,
    /// Of these, without an answer or with a status that was not wanted.
    pub failed: u64,
    /// Arrivals that ended in it with an answer, whenever they were scheduled.
    pub answered: u64,
    /// Arrivals that ended in it otherwise than was wanted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty", with = "mishaps")]
    pub mishaps: BTreeMap<Mishap, u64>,
    /// The times of the arrivals that were scheduled in it, in the order of [`METRICS`].
    pub times: [Sketch; METRICS.len()],
    /// The longest of each.
    pub longest_ns: [u64; METRICS.len()],
}

/// A map in JSON has texts for keys; a list of pairs need not.
mod mishaps {
    use super::{BTreeMap, Deserialize, Mishap, Serialize};
    use serde::{Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(map: &BTreeMap<Mishap, u64>, to: S) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<Mishap, u64>, D::Error> {
        Ok(Vec::<(Mishap, u64)>::deserialize(from)?.into_iter().collect())
    }
}

impl Window {
    /// Adds what happened in another.
    pub fn merge(&mut self, other: &Self) {
        self.arrivals += other.arrivals;
        self.failed += other.failed;
        self.answered += other.answered;
        for (&mishap, count) in &other.mishaps {
            *self.mishaps.entry(mishap).or_default() += count;
        }
        for (mine, theirs) in self.times.iter_mut().zip(&other.times) {
            mine.merge(theirs);
        }
        for (mine, theirs) in self.longest_ns.iter_mut().zip(&other.longest_ns) {
            *mine = (*mine).max(*theirs);
        }
    }

    /// The times of a metric, where it is one that is kept.
    pub fn times_of(&self, metric: Metric) -> Option<Times<'_>> {
        let place = METRICS.iter().position(|&kept| kept == metric)?;
        Some(Times { sketch: &self.times[place], longest_ns: self.longest_ns[place] })
    }
}

/// How the times of a window are spread.
#[derive(Debug, Clone, Copy)]
pub struct Times<'a> {
    /// In buckets.
    pub sketch: &'a Sketch,
    longest_ns: u64,
}

impl Times<'_> {
    /// A percentile by nearest rank, to within 1/128 of it: the upper end of its bucket. `None` without times.
    pub fn percentile(&self, percentile: Percentile) -> Option<u64> {
        self.sketch.percentile(percentile).map(|ns| ns.min(self.longest_ns))
    }

    /// The longest, exactly. `None` without times.
    pub fn max(&self) -> Option<u64> {
        (!self.sketch.is_empty()).then_some(self.longest_ns)
    }
}

/// Windows of equal length, from t=0 on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// How long each is.
    pub width: Nanos,
    /// For each window, a place for each request in each scenario, or none where nothing happened.
    windows: Vec<Vec<Window>>,
}

/// The most windows of what is kept: one a second for an hour.
pub const MOST: u64 = 3_600;
/// As many as charts and comparisons look at.
pub const ENOUGH: u64 = 1_200;
/// The most windows times cells: some hundred megabytes.
const MOST_CELLS: u64 = 1 << 16;

impl Windows {
    /// No windows yet, of this length.
    pub const fn new(width: Nanos) -> Self {
        Self { width, windows: Vec::new() }
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
        if self.len() > 2 * MOST as usize + 1 || self.iter().any(|window| window.len() > cells) {
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
        let times_fit = |window: &Window| window.times.iter().all(|times| times.count() <= window.arrivals);
        let fits = counts.into_iter().all(|count| sum(count) <= rows)
            && sum(counts[0]) == rows
            && all().all(|window| window.failed <= window.arrivals && times_fit(window));
        if fits {
            Ok(())
        } else {
            Err(StoreError::Contradiction("its windows of time have other rows than its requests"))
        }
    }

    /// Windows of all requests together, as a single cell.
    pub(crate) fn of_all(width: Nanos, windows: impl Iterator<Item = Window>) -> Self {
        Self { width, windows: windows.map(|window| vec![window]).collect() }
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.windows.is_empty()
    }

    /// The windows, each with its cells.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &[Window]> {
        self.windows.iter().map(Vec::as_slice)
    }

    /// All cells that are wanted, together, window by window.
    pub fn together(&self, wanted: impl Fn(usize) -> bool) -> Vec<Window> {
        let mut sums = Vec::with_capacity(self.windows.len());
        for cells in &self.windows {
            let mut sum = Window::default();
            cells.iter().enumerate().filter(|(cell, _)| wanted(*cell)).for_each(|(_, window)| sum.merge(window));
            sums.push(sum);
        }
        sums
    }

    /// The same in windows of another length, which has to be a multiple of this one.
    #[must_use]
    pub fn widened(self, width: Nanos) -> Self {
        let of_each = ((width.0 / self.width.0.max(1)) as usize).max(1);
        let mut wide = Self::new(width);
        for (number, cells) in self.windows.iter().enumerate() {
            for (cell, window) in cells.iter().enumerate() {
                wide.cell(number / of_each, cell).merge(window);
            }
        }
        wide
    }

    /// Adds those of another; both are widened to the longer length of the two.
    pub fn merge(&mut self, mut other: Self) {
        if other.width < self.width {
            other = other.widened(self.width);
        } else if self.width < other.width {
            *self = std::mem::replace(self, Self::new(other.width)).widened(other.width);
        }
        for (number, cells) in other.windows.into_iter().enumerate() {
            for (cell, window) in cells.into_iter().enumerate() {
                self.cell(number, cell).merge(&window);
            }
        }
    }

    fn cell(&mut self, number: usize, cell: usize) -> &mut Window {
        if self.windows.len() <= number {
            self.windows.resize_with(number + 1, Vec::new);
        }
        let cells = &mut self.windows[number];
        if cells.len() <= cell {
            cells.resize_with(cell + 1, Window::default);
        }
        &mut cells[cell]
    }
}

/// So many windows are written to at once: rows stand in the order in which they ended, and most end soon.
const OPEN: usize = 8;

/// Windows that are being gathered.
#[derive(Debug)]
pub struct Windowing<'a> {
    requests: &'a [Request],
    cells: Cells,
    done: Windows,
    open: [Open; OPEN],
}

/// A window that is written to.
#[derive(Debug, Default)]
struct Open {
    number: usize,
    cells: Vec<Counting>,
}

/// What is counted of a request in a window.
#[derive(Debug, Default)]
struct Counting {
    arrivals: u64,
    failed: u64,
    answered: u64,
    times: [Counters; METRICS.len()],
}

/// A counter for each bucket.
#[derive(Debug)]
struct Counters {
    counts: Vec<u32>,
    /// From the lowest to the highest bucket that has any.
    lowest: usize,
    highest: usize,
    longest_ns: u64,
}

impl Default for Counters {
    fn default() -> Self {
        Self { counts: Vec::new(), lowest: usize::MAX, highest: 0, longest_ns: 0 }
    }
}

impl Counters {
    #[inline]
    fn record(&mut self, ns: u64) {
        let bucket = sketch::bucket(ns);
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] += 1;
        self.lowest = self.lowest.min(bucket);
        self.highest = self.highest.max(bucket);
        self.longest_ns = self.longest_ns.max(ns);
    }

    /// What there was, and nothing is any more.
    fn take(&mut self) -> Option<(Sketch, u64)> {
        let counts = self.counts.get_mut(self.lowest..=self.highest)?;
        let mut buckets = Vec::with_capacity(counts.iter().filter(|count| **count > 0).count());
        for (bucket, count) in (self.lowest..).zip(counts) {
            if *count > 0 {
                buckets.push((bucket as u16, std::mem::take(count)));
            }
        }
        (self.lowest, self.highest) = (usize::MAX, 0);
        Some((Sketch::new(buckets), std::mem::take(&mut self.longest_ns)))
    }
}

impl<'a> Windowing<'a> {
    /// Nothing yet, in windows of this length.
    pub fn new(manifest: &'a Manifest, width: Nanos) -> Self {
        let cells = Cells::new(manifest.requests.len());
        Self { requests: &manifest.requests, cells, done: Windows::new(width), open: Default::default() }
    }

    /// What was gathered.
    pub fn windows(mut self) -> Windows {
        self.close_all();
        self.done
    }

    /// Where a cell of a window is counted; another window that stands in the way is closed.
    #[inline]
    fn counting(&mut self, number: usize, cell: usize) -> &mut Counting {
        let slot = number % OPEN;
        if self.open[slot].number != number {
            self.close(slot);
            self.open[slot].number = number;
        }
        let open = &mut self.open[slot];
        if open.cells.len() <= cell {
            open.cells.resize_with(cell + 1, Default::default);
        }
        &mut open.cells[cell]
    }

    fn close(&mut self, slot: usize) {
        let Open { number, cells } = &mut self.open[slot];
        for (cell, counting) in cells.iter_mut().enumerate() {
            if counting.arrivals == 0 && counting.answered == 0 {
                continue;
            }
            let window = self.done.cell(*number, cell);
            window.arrivals += std::mem::take(&mut counting.arrivals);
            window.failed += std::mem::take(&mut counting.failed);
            window.answered += std::mem::take(&mut counting.answered);
            for (metric, counters) in counting.times.iter_mut().enumerate() {
                if let Some((sketch, longest_ns)) = counters.take() {
                    window.times[metric].merge(&sketch);
                    window.longest_ns[metric] = window.longest_ns[metric].max(longest_ns);
                }
            }
        }
    }

    fn close_all(&mut self) {
        (0..OPEN).for_each(|slot| self.close(slot));
    }

    /// The window of an instant. One that no run would last to is put into the last: nothing that a file says makes it large.
    #[inline]
    fn number(&self, at_ns: u64) -> usize {
        (at_ns / self.done.width.0).min(2 * MOST) as usize
    }
}

impl Tally for Windowing<'_> {
    fn columns(&self) -> Columns {
        METRICS.iter().fold(self.cells.columns().and(Columns::SCHEDULED_NS).and(Columns::STATUS), |all, metric| {
            all.and(metric.columns())
        })
    }

    fn add(&mut self, batch: &Batch) {
        for place in 0..batch.len() {
            let row = batch.row(place);
            let request = usize::from(row.request.0);
            let cell = self.cells.of(usize::from(row.scenario.0), request);
            let mishap = Mishap::of(&row, &self.requests[request]);
            let (number, ended) = (self.number(row.scheduled_ns), self.number(row.end_ns()));
            let counting = self.counting(number, cell);
            counting.arrivals += 1;
            counting.failed += u64::from(mishap.is_some());
            for (counters, time) in counting.times.iter_mut().zip(times(&row)) {
                if let Some(ns) = time {
                    counters.record(ns);
                }
            }
            if row.error.is_none() {
                self.counting(ended, cell).answered += 1;
            }
            if let Some(mishap) = mishap {
                *self.done.cell(ended, cell).mishaps.entry(mishap).or_default() += 1;
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.close_all();
        self.done.merge(other.windows());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contribution::Contribution;
    use crate::manifest::Tags;
    use crate::row::RequestId;
    use proptest::prelude::*;

    fn requests() -> Vec<Request> {
        let request = |name: &str| Request {
            name: name.to_owned(),
            method: "GET".to_owned(),
            path: "/".to_owned(),
            expect_status: vec![(200, 299)],
            checks: Vec::new(),
            tags: Tags::new(),
            flows: Vec::new(),
        };
        vec![request("a"), request("b")]
    }

    fn windowing(requests: &[Request]) -> Windowing<'_> {
        let width = Nanos::from_millis(100);
        Windowing { requests, cells: Cells::new(2), done: Windows::new(width), open: Default::default() }
    }

    fn any_row() -> impl Strategy<Value = Row> {
        let times = (0_u64..3_000_000_000, 0_u64..1_000, 0_u64..900_000_000);
        (times, 0_u16..2, 0_usize..8).prop_map(|((scheduled_ns, lag, duration), request, fate)| {
            let (request, status) = (RequestId(request), if fate == 1 { 503 } else { 200 });
            let row = Row { scheduled_ns, request, status, ..Row::default() };
            match fate {
                0 => Row { error: Some(Failure::Dropped), status: 0, ..row },
                _ => Row { lag_ns: Some(lag), duration_ns: Some(duration), ttfb_ns: Some(duration / 2), ..row },
            }
        })
    }

    fn batch_of(rows: &[Row]) -> Batch {
        let names = crate::row::Names::new(["s"], ["a", "b"]);
        let mut batch = Batch::default();
        for row in rows {
            batch.push_line(row.line(&names).trim_ascii_end(), Columns::ALL, &names).expect("our own line");
        }
        batch
    }

    proptest! {
        #[test]
        fn windows_hold_what_a_plain_count_of_the_rows_finds(rows in proptest::collection::vec(any_row(), 0..300), cut in 0_usize..300) {
            let requests = requests();
            let (some, others) = rows.split_at(cut.min(rows.len()));
            let (mut one, mut other) = (windowing(&requests), windowing(&requests));
            one.add(&batch_of(some));
            other.add(&batch_of(others));
            one.merge(other);
            let windows = one.windows();
            for (number, cells) in windows.iter().enumerate() {
                let within = |at: u64| (at / 100_000_000) as usize == number;
                for (cell, window) in cells.iter().enumerate() {
                    let of_cell = || rows.iter().filter(move |row| usize::from(row.request.0) == cell);
                    let scheduled = || of_cell().filter(|row| within(row.scheduled_ns));
                    prop_assert_eq!(window.arrivals, scheduled().count() as u64);
                    prop_assert_eq!(window.failed, scheduled().filter(|row| requests[cell].has_failed(row)).count() as u64);
                    let ended = || of_cell().filter(|row| within(row.end_ns()));
                    prop_assert_eq!(window.answered, ended().filter(|row| row.error.is_none()).count() as u64);
                    prop_assert_eq!(window.mishaps.values().sum::<u64>(), ended().filter(|row| requests[cell].has_failed(row)).count() as u64);
                    for (place, metric) in METRICS.iter().enumerate() {
                        let times = || scheduled().filter_map(|row| match metric.contribution(row, &requests[cell]) {
                            Contribution::Time(time) => time,
                            _ => None,
                        });
                        prop_assert_eq!(&window.times[place], &times().collect::<Sketch>());
                        prop_assert_eq!(window.longest_ns[place], times().max().unwrap_or(0));
                    }
                }
            }
            prop_assert_eq!(windows.iter().flatten().map(|window| window.arrivals).sum::<u64>(), rows.len() as u64);
            let wide = windows.clone().widened(Nanos::from_secs(1));
            prop_assert_eq!(wide.iter().flatten().map(|window| window.arrivals).sum::<u64>(), rows.len() as u64);
            let json = serde_json::to_string(&windows).expect("plain data");
            prop_assert_eq!(serde_json::from_str::<Windows>(&json).expect("our own"), windows);
        }
    }

    #[test]
    fn windows_are_few_and_can_be_put_together() {
        assert_eq!(Windows::width(Nanos::from_secs(60), 5, MOST), Nanos::from_millis(100));
        assert_eq!(Windows::width(Nanos::from_secs(3_600), 5, MOST), Nanos::from_secs(1));
        assert_eq!(Windows::width(Nanos::from_secs(3_600), 30, MOST), Nanos::from_secs(2));
        assert_eq!(Windows::width(Nanos::from_secs(36_000), 5, MOST), Nanos::from_secs(16));
    }
}
