//! Times that are being counted.

use crate::sketch::{self, Sketch};

/// A counter for each bucket.
#[derive(Debug)]
pub(super) struct Counters {
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
    /// Counts a time.
    #[inline]
    pub(super) fn record(&mut self, ns: u64) {
        self.count(sketch::bucket(ns), 1);
        self.longest_ns = self.longest_ns.max(ns);
    }

    /// Counts the times of a sketch, of which the longest is known: many are added up in no more time than it takes to look
    /// at each bucket once.
    pub(super) fn add(&mut self, sketch: &Sketch, longest_ns: u64) {
        sketch.buckets().for_each(|(bucket, count)| self.count(bucket, count));
        self.longest_ns = self.longest_ns.max(longest_ns);
    }

    #[inline]
    fn count(&mut self, bucket: usize, count: u32) {
        if self.counts.len() <= bucket {
            self.counts.resize(bucket + 1, 0);
        }
        self.counts[bucket] = self.counts[bucket].saturating_add(count);
        self.lowest = self.lowest.min(bucket);
        self.highest = self.highest.max(bucket);
    }

    /// What there was, and nothing is any more.
    pub(super) fn take(&mut self) -> Option<(Sketch, u64)> {
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
