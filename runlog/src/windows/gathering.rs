//! Windows that rows are put into.

use super::counters::Counters;
use super::window::{self, METRICS};
use super::{Fault, MOST, Mishap, Sightings, Windows};
use crate::manifest::{Manifest, Request};
use crate::row::{Batch, Columns, Row};
use crate::tally::{Cells, Grouping, Tally};
use crate::units::Nanos;

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
    /// How many answers of each status came in it.
    statuses: Vec<u64>,
}

impl Open {
    #[inline]
    fn cell(&mut self, cell: usize) -> &mut Counting {
        if self.cells.len() <= cell {
            self.cells.resize_with(cell + 1, Default::default);
        }
        &mut self.cells[cell]
    }

    /// Counts an arrival that ended in it.
    #[inline]
    fn ended(&mut self, cell: usize, row: &Row) {
        let counting = self.cell(cell);
        counting.ended += 1;
        counting.bytes_sent = counting.bytes_sent.saturating_add(row.bytes_sent);
        counting.bytes_received = counting.bytes_received.saturating_add(row.bytes_received);
        if row.error.is_none() {
            counting.answered += 1;
            let status = usize::from(row.status);
            if self.statuses.len() <= status {
                self.statuses.resize(status + 1, 0);
            }
            self.statuses[status] += 1;
        }
    }
}

/// What is counted of a request in a window.
#[derive(Debug, Default)]
struct Counting {
    arrivals: u64,
    failed: u64,
    answered: u64,
    /// Arrivals that ended in it.
    ended: u64,
    bytes_sent: u64,
    bytes_received: u64,
    times: [Counters; METRICS.len()],
}

impl<'a> Windowing<'a> {
    /// Nothing yet, in windows of this length.
    pub fn new(manifest: &'a Manifest, width: Nanos) -> Self {
        Self::of(&manifest.requests, width)
    }

    pub(super) fn of(requests: &'a [Request], width: Nanos) -> Self {
        Self { requests, cells: Cells::new(requests.len()), done: Windows::new(width), open: Default::default() }
    }

    /// What was gathered.
    pub fn windows(mut self) -> Windows {
        self.close_all();
        self.done
    }

    /// A window to be written to; another one that stands in the way is closed.
    #[inline]
    fn opened(&mut self, number: usize) -> &mut Open {
        let slot = number % OPEN;
        if self.open[slot].number != number {
            self.close(slot);
            self.open[slot].number = number;
        }
        &mut self.open[slot]
    }

    fn close(&mut self, slot: usize) {
        let Open { number, cells, statuses } = &mut self.open[slot];
        for (cell, counting) in cells.iter_mut().enumerate() {
            let ended = std::mem::take(&mut counting.ended);
            if counting.arrivals == 0 && ended == 0 {
                continue;
            }
            let window = self.done.cell(*number, cell);
            window.arrivals += std::mem::take(&mut counting.arrivals);
            window.failed += std::mem::take(&mut counting.failed);
            window.answered += std::mem::take(&mut counting.answered);
            window.bytes_sent = window.bytes_sent.saturating_add(std::mem::take(&mut counting.bytes_sent));
            window.bytes_received = window.bytes_received.saturating_add(std::mem::take(&mut counting.bytes_received));
            for (metric, counters) in counting.times.iter_mut().enumerate() {
                if let Some((sketch, longest_ns)) = counters.take() {
                    window.times[metric].merge(&sketch);
                    window.longest_ns[metric] = window.longest_ns[metric].max(longest_ns);
                }
            }
        }
        let came = (0_u16..).zip(statuses.iter()).filter(|(_, count)| **count > 0);
        self.done.answered(*number, came.map(|(status, count)| (status, *count)));
        statuses.clear();
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
        let counted = self
            .cells
            .columns()
            .and(Columns::SCHEDULED_NS)
            .and(Columns::STATUS)
            .and(Columns::BYTES_SENT)
            .and(Columns::BYTES_RECEIVED);
        METRICS.iter().fold(counted, |all, metric| all.and(metric.columns()))
    }

    fn add(&mut self, batch: &Batch) {
        for place in 0..batch.len() {
            let row = batch.row(place);
            let request = usize::from(row.request.0);
            let cell = self.cells.of(usize::from(row.scenario.0), request);
            let fault = Fault::of(&row, &self.requests[request]);
            let ended_ns = row.end_ns();
            let (number, ended) = (self.number(row.scheduled_ns), self.number(ended_ns));
            let counting = self.opened(number).cell(cell);
            counting.arrivals += 1;
            counting.failed += u64::from(fault.is_some());
            for (counters, time) in counting.times.iter_mut().zip(window::times(&row)) {
                if let Some(ns) = time {
                    counters.record(ns);
                }
            }
            self.opened(ended).ended(cell, &row);
            if let Some(fault) = fault {
                *self.done.cell(ended, cell).mishaps.entry(Mishap::from(fault)).or_default() += 1;
                self.done.faults.add(cell, fault, Sightings::once(Nanos(ended_ns)));
            }
        }
    }

    fn merge(&mut self, other: Self) {
        self.close_all();
        self.done.merge(other.windows());
    }
}
