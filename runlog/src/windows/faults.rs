//! What went wrong with which request, how often, first when and last when.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::manifest::Request;
use crate::outcome::Failure;
use crate::row::Row;
use crate::units::Nanos;

/// Why an arrival counts as failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Fault {
    /// It got no answer.
    Failure(Failure),
    /// It was answered with this status, which was not wanted.
    Status(u16),
}

impl Fault {
    /// Why this row, of this request, counts as failed, if it does.
    #[inline]
    pub fn of(row: &Row, request: &Request) -> Option<Self> {
        match row.error {
            Some(failure) => Some(Self::Failure(failure)),
            None if request.has_failed(row) => Some(Self::Status(row.status)),
            None => None,
        }
    }
}

/// How often something went wrong, and when: the instants at which such an arrival ended, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sightings {
    /// How often.
    pub count: u64,
    /// The first time, since t=0.
    pub first: Nanos,
    /// The last time.
    pub last: Nanos,
}

impl Sightings {
    /// One, at this instant.
    pub const fn once(at: Nanos) -> Self {
        Self { count: 1, first: at, last: at }
    }

    /// Adds others of the same.
    pub fn merge(&mut self, other: &Self) {
        self.count = self.count.saturating_add(other.count);
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// What went wrong with the arrivals of each cell: a request in a scenario, by its place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<(usize, Fault, Sightings)>", from = "Vec<(usize, Fault, Sightings)>")]
pub struct Faults {
    all: BTreeMap<(usize, Fault), Sightings>,
}

impl Faults {
    /// Adds what was seen of a cell.
    pub fn add(&mut self, cell: usize, fault: Fault, seen: Sightings) {
        self.all.entry((cell, fault)).and_modify(|mine| mine.merge(&seen)).or_insert(seen);
    }

    /// Adds those of others.
    pub fn merge(&mut self, other: &Self) {
        other.iter().for_each(|(cell, fault, seen)| self.add(cell, fault, seen));
    }

    /// All there are: the cell, what went wrong, and how often and when.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (usize, Fault, Sightings)> + '_ {
        self.all.iter().map(|(&(cell, fault), &seen)| (cell, fault, seen))
    }

    /// Whether nothing went wrong; or, in files from before it was kept, nobody noted what.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether they can be those of a run of so many rows and cells.
    pub(super) fn fit(&self, rows: u64, cells: usize) -> bool {
        let count = self.all.values().fold(0_u64, |sum, seen| sum.saturating_add(seen.count));
        count <= rows && self.iter().all(|(cell, _, seen)| cell < cells && seen.count > 0 && seen.first <= seen.last)
    }
}

impl From<Faults> for Vec<(usize, Fault, Sightings)> {
    fn from(faults: Faults) -> Self {
        faults.iter().collect()
    }
}

impl From<Vec<(usize, Fault, Sightings)>> for Faults {
    fn from(all: Vec<(usize, Fault, Sightings)>) -> Self {
        let mut faults = Self::default();
        for (cell, fault, seen) in all {
            faults.add(cell, fault, seen);
        }
        faults
    }
}
