//! The rows of a batch by their groups.

use super::Grouping;
use crate::row::Batch;

/// Which rows of a batch belong to which group: what is gathered of a group stays near the processor while its rows are
/// gone through.
#[derive(Debug, Default)]
pub(super) struct Members {
    /// Their places in the batch, by the group's number.
    places: Vec<Vec<u32>>,
    /// The groups that have any.
    there: Vec<usize>,
}

impl Members {
    /// Forgets the last batch and takes this one.
    pub(super) fn sort(&mut self, grouping: &impl Grouping, batch: &Batch) {
        for group in self.there.drain(..) {
            self.places[group].clear();
        }
        for place in 0..batch.len() {
            let Some(group) = grouping.group(batch, place) else { continue };
            if self.places.len() <= group {
                self.places.resize_with(group + 1, Vec::new);
            }
            let places = &mut self.places[group];
            if places.is_empty() {
                self.there.push(group);
            }
            places.push(place as u32);
        }
    }

    /// The groups that have rows in the batch, each with their places.
    pub(super) fn groups(&self) -> impl Iterator<Item = (usize, &[u32])> {
        self.there.iter().map(|&group| (group, self.places[group].as_slice()))
    }

    /// One above the highest number of a group.
    pub(super) fn most(&self) -> usize {
        self.places.len()
    }
}
