//! Windows as a dense matrix of counts, a row for each window and a column for each occupied bucket, so that a resample is
//! a sum of rows, each taken so many times.

use std::collections::BTreeSet;
use std::ops::Range;

use runlog::sketch::{highest, lowest};

use super::windows::Windows;

/// The windows of one run or several, row by row.
#[derive(Debug, Clone)]
pub struct Matrix {
    /// The buckets that are occupied anywhere, ascending.
    buckets: Vec<usize>,
    /// The middle of each bucket, in nanoseconds.
    middles_ns: Vec<f64>,
    /// How many times each bucket has, row after row.
    counts: Vec<u32>,
    /// What each row has besides.
    rows: Vec<Row>,
    /// The rows of each run.
    runs: Vec<Range<usize>>,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    arrivals: u64,
    failed: u64,
    span_ns: u64,
}

/// What rows sum up to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Totals {
    /// How many times each column has.
    pub counts: Vec<u64>,
    /// How many arrivals there were.
    pub arrivals: u64,
    /// How many of them failed.
    pub failed: u64,
    /// How long it took.
    pub span_ns: u64,
}

impl Totals {
    /// How many arrivals were answered.
    pub fn answered(&self) -> u64 {
        self.counts.iter().sum()
    }
}

impl Matrix {
    /// The windows of these runs, over the buckets that they occupy.
    pub fn new(runs: &[Windows]) -> Self {
        Self::over(&occupied(runs), runs)
    }

    /// The windows of two sides, over the buckets that either occupies: their columns are the same.
    pub fn pair(base: &[Windows], run: &[Windows]) -> [Self; 2] {
        let mut buckets = occupied(base);
        buckets.append(&mut occupied(run));
        [Self::over(&buckets, base), Self::over(&buckets, run)]
    }

    fn over(buckets: &BTreeSet<usize>, runs: &[Windows]) -> Self {
        let buckets: Vec<usize> = buckets.iter().copied().collect();
        let windows = || runs.iter().flat_map(|run| run.windows.iter().map(move |window| (run.width, window)));
        let mut counts = vec![0; buckets.len() * windows().count()];
        let mut rows = Vec::new();
        for (place, (width, window)) in windows().enumerate() {
            let row = &mut counts[place * buckets.len()..][..buckets.len()];
            let mut column = 0;
            for (bucket, count) in window.times.buckets() {
                column += buckets[column..].partition_point(|&other| other < bucket);
                row[column] = count;
            }
            rows.push(Row { arrivals: window.arrivals, failed: window.failed, span_ns: width.0 });
        }
        let ends = runs.iter().scan(0, |end, run| {
            *end += run.windows.len();
            Some(*end - run.windows.len()..*end)
        });
        let middles_ns = buckets.iter().map(|&bucket| middle_ns(bucket)).collect();
        Self { middles_ns, counts, rows, runs: ends.collect(), buckets }
    }

    /// The bucket of each column, ascending.
    pub fn buckets(&self) -> &[usize] {
        &self.buckets
    }

    /// The middle of each column's bucket, in nanoseconds.
    pub fn middles_ns(&self) -> &[f64] {
        &self.middles_ns
    }

    /// How many rows there are.
    pub const fn windows(&self) -> usize {
        self.rows.len()
    }

    /// The rows of each run.
    pub fn runs(&self) -> &[Range<usize>] {
        &self.runs
    }

    /// The counts of a row, column by column.
    pub fn row(&self, place: usize) -> &[u32] {
        &self.counts[place * self.buckets.len()..][..self.buckets.len()]
    }

    /// The share of a row's arrivals that failed. `None` without arrivals.
    pub fn failed_share(&self, place: usize) -> Option<f64> {
        let row = self.rows[place];
        (row.arrivals > 0).then(|| row.failed as f64 / row.arrivals as f64)
    }

    /// The sum of the rows, each taken as often as `taken` says for its place. Overwrites what `totals` had.
    pub fn sum(&self, taken: &[u32], totals: &mut Totals) {
        totals.counts.clear();
        totals.counts.resize(self.buckets.len(), 0);
        (totals.arrivals, totals.failed, totals.span_ns) = (0, 0, 0);
        for (place, (&taken, row)) in taken.iter().zip(&self.rows).enumerate().filter(|(_, (taken, _))| **taken > 0) {
            let taken = u64::from(taken);
            totals.arrivals += taken * row.arrivals;
            totals.failed += taken * row.failed;
            totals.span_ns += taken * row.span_ns;
            for (sum, &count) in totals.counts.iter_mut().zip(self.row(place)) {
                *sum += taken * u64::from(count);
            }
        }
    }

    /// The sum of these rows.
    pub fn sum_of(&self, rows: Range<usize>) -> Totals {
        let mut taken = vec![0; self.windows()];
        taken[rows].fill(1);
        let mut totals = Totals::default();
        self.sum(&taken, &mut totals);
        totals
    }
}

fn occupied(runs: &[Windows]) -> BTreeSet<usize> {
    let windows = runs.iter().flat_map(|run| &run.windows);
    windows.flat_map(|window| window.times.buckets().map(|(bucket, _)| bucket)).collect()
}

/// The middle of a bucket, in nanoseconds.
pub fn middle_ns(bucket: usize) -> f64 {
    f64::midpoint(lowest(bucket) as f64, highest(bucket) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statistics::windows::Window;
    use runlog::units::Nanos;

    fn window(times: &[u64]) -> Window {
        Window { times: times.iter().copied().collect(), arrivals: times.len() as u64 + 1, failed: 1 }
    }

    #[test]
    fn a_sum_of_rows_is_what_merging_their_windows_gives() {
        let run = Windows {
            width: Nanos::from_secs(1),
            windows: vec![window(&[5, 7, 7]), window(&[]), window(&[7, 900_000])],
        };
        let matrix = Matrix::new(std::slice::from_ref(&run));
        let totals = matrix.sum_of(0..3);
        let merged: Vec<u64> = run.times().buckets().map(|(_, count)| u64::from(count)).collect();
        assert_eq!(totals, Totals { counts: merged, arrivals: 8, failed: 3, span_ns: 3_000_000_000 });

        let mut twice = Totals::default();
        matrix.sum(&[2, 0, 1], &mut twice);
        assert_eq!(twice, Totals { counts: vec![2, 5, 1], arrivals: 11, failed: 3, span_ns: 3_000_000_000 });
        assert_eq!(twice.answered(), 8);
    }

    #[test]
    fn two_sides_have_the_same_columns() {
        let side = |times| [Windows { width: Nanos::from_secs(1), windows: vec![window(times)] }];
        let [base, run] = Matrix::pair(&side(&[1, 3]), &side(&[2, 3]));
        assert_eq!((base.buckets(), run.buckets()), ([1, 2, 3].as_slice(), [1, 2, 3].as_slice()));
        assert_eq!((base.row(0), run.row(0)), ([1, 0, 1].as_slice(), [0, 1, 1].as_slice()));
    }
}
