//! A run over time in outline: all requests together, arrivals, answers and response times. It costs little beside figures,
//! where [`Windowing`](crate::windows::Windowing) looks at every request and every time.

use crate::metric::Metric;
use crate::row::{Batch, Columns};
use crate::sketch::{self, Sketch};
use crate::tally::Tally;
use crate::units::Nanos;
use crate::windows::{self, Window, Windows};

/// As many windows as an outline of more than a minute has at the most.
pub const ENOUGH: u64 = 240;

/// The place of response times among [`windows::METRICS`].
const RESPONSE_TIME: usize = 0;
const _: () = assert!(matches!(windows::METRICS[RESPONSE_TIME], Metric::ResponseTime));

/// An outline that is being gathered.
#[derive(Debug)]
pub struct Outlining {
    width: Nanos,
    windows: Vec<Counting>,
}

/// What is counted in a window.
#[derive(Debug, Default)]
struct Counting {
    /// Arrivals that were scheduled in it.
    arrivals: u64,
    /// Arrivals that ended in it with an answer.
    answered: u64,
    /// A counter for each bucket of a sketch: response times of the arrivals that were scheduled in it.
    times: Vec<u32>,
    longest_ns: u64,
}

impl Counting {
    #[inline]
    fn record(&mut self, ns: u64) {
        let bucket = sketch::bucket(ns);
        if self.times.len() <= bucket {
            self.times.resize(bucket + 1, 0);
        }
        self.times[bucket] += 1;
        self.longest_ns = self.longest_ns.max(ns);
    }

    fn merge(&mut self, other: Self) {
        self.arrivals += other.arrivals;
        self.answered += other.answered;
        self.times.resize(self.times.len().max(other.times.len()), 0);
        for (mine, theirs) in self.times.iter_mut().zip(other.times) {
            *mine += theirs;
        }
        self.longest_ns = self.longest_ns.max(other.longest_ns);
    }

    /// A window of which no other times are known.
    fn window(&self) -> Window {
        let mut window = Window { arrivals: self.arrivals, answered: self.answered, ..Window::default() };
        let counted = (0_u16..).zip(&self.times).filter(|(_, count)| **count > 0);
        window.times[RESPONSE_TIME] = Sketch::new(counted.map(|(bucket, &count)| (bucket, count)).collect());
        window.longest_ns[RESPONSE_TIME] = self.longest_ns;
        window
    }
}

impl Outlining {
    /// Nothing yet, of a run of this length.
    pub fn new(elapsed: Nanos) -> Self {
        Self { width: Windows::width(elapsed, 1, ENOUGH), windows: Vec::new() }
    }

    /// What was gathered: windows of a single cell, that of all requests.
    pub fn windows(self) -> Windows {
        Windows::of_all(self.width, self.windows.iter().map(Counting::window))
    }

    #[inline]
    fn counting(&mut self, at_ns: u64) -> &mut Counting {
        // One that no run would last to is put into the last: nothing that a file says makes it large.
        let number = (at_ns / self.width.0).min(2 * windows::MOST) as usize;
        if self.windows.len() <= number {
            self.windows.resize_with(number + 1, Counting::default);
        }
        &mut self.windows[number]
    }
}

impl Tally for Outlining {
    fn columns(&self) -> Columns {
        Columns::SCHEDULED_NS.and(Columns::LAG_NS).and(Columns::DURATION_NS).and(Columns::ERROR)
    }

    fn add(&mut self, batch: &Batch) {
        for place in 0..batch.len() {
            let row = batch.row(place);
            let scheduled = self.counting(row.scheduled_ns);
            scheduled.arrivals += 1;
            if let Some(ns) = row.response_ns() {
                scheduled.record(ns);
            }
            if row.error.is_none() {
                self.counting(row.end_ns()).answered += 1;
            }
        }
    }

    fn merge(&mut self, other: Self) {
        if self.windows.len() < other.windows.len() {
            self.windows.resize_with(other.windows.len(), Counting::default);
        }
        for (mine, theirs) in self.windows.iter_mut().zip(other.windows) {
            mine.merge(theirs);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::outcome::Failure;
    use crate::row::{Names, Row};

    fn any_row() -> impl Strategy<Value = Row> {
        (0_u64..3_000_000_000, 0_u64..1_000, 0_u64..900_000_000, 0_usize..8).prop_map(
            |(scheduled_ns, lag, duration, fate)| {
                let row = Row { scheduled_ns, status: 200, ..Row::default() };
                match fate {
                    0 => Row { error: Some(Failure::Dropped), status: 0, ..row },
                    1 => Row {
                        error: Some(Failure::Timeout),
                        status: 0,
                        lag_ns: Some(lag),
                        duration_ns: Some(duration),
                        ..row
                    },
                    _ => Row { lag_ns: Some(lag), duration_ns: Some(duration), ..row },
                }
            },
        )
    }

    fn batch_of(rows: &[Row]) -> Batch {
        Batch::of(rows, &Names::new(["s"], ["a"]))
    }

    proptest! {
        #[test]
        fn an_outline_holds_what_a_plain_count_of_the_rows_finds(rows in proptest::collection::vec(any_row(), 0..300), cut in 0_usize..300) {
            let (some, others) = rows.split_at(cut.min(rows.len()));
            let outlining = || Outlining::new(Nanos::from_secs(4));
            let (mut one, mut other) = (outlining(), outlining());
            one.add(&batch_of(some));
            other.add(&batch_of(others));
            one.merge(other);
            let windows = one.windows().together(|_| true);
            prop_assert_eq!(windows.iter().map(|window| window.arrivals).sum::<u64>(), rows.len() as u64);
            for (number, window) in windows.iter().enumerate() {
                let within = |at: u64| (at / 100_000_000) as usize == number;
                let scheduled = || rows.iter().filter(|row| within(row.scheduled_ns));
                prop_assert_eq!(window.arrivals, scheduled().count() as u64);
                let answered = rows.iter().filter(|row| row.error.is_none() && within(row.end_ns()));
                prop_assert_eq!(window.answered, answered.count() as u64);
                let times = || scheduled().filter_map(Row::response_ns);
                let found = window.times_of(Metric::ResponseTime).expect("it is kept");
                prop_assert_eq!(found.sketch, &times().collect::<Sketch>());
                prop_assert_eq!(found.max(), times().max());
            }
        }
    }
}
