//! Which requests charts show, where there are more than a chart can.

use std::cmp::Reverse;

use runlog::summary::Summary;

/// The most requests that a chart has a line for.
pub const MOST: usize = 10;

/// The busiest requests of a run, by their places in the manifest, in its order; those without arrivals are left out.
pub struct Busiest {
    /// Their places.
    pub places: Vec<usize>,
    /// How many others had arrivals.
    pub others: usize,
    /// The arrivals of these others.
    pub others_arrivals: u64,
}

impl Busiest {
    /// Of this run.
    pub fn of(summary: &Summary) -> Self {
        let count = |place: &usize| summary.requests[*place].count;
        let mut places: Vec<usize> = (0..summary.requests.len()).filter(|place| count(place) > 0).collect();
        places.sort_by_key(|place| Reverse(count(place)));
        let others = places.split_off(places.len().min(MOST));
        places.sort_unstable();
        Self { others: others.len(), others_arrivals: others.iter().map(count).sum(), places }
    }

    /// What a chart's note says of the others; nothing where there are none.
    pub fn note(&self, summary: &Summary) -> String {
        if self.others == 0 {
            return String::new();
        }
        let share = self.others_arrivals as f64 / summary.total.count.max(1) as f64 * 100.0;
        format!(" The {MOST} busiest requests; {} others had {share:.1} % of the arrivals.", self.others)
    }
}
