//! What is gathered of rows in one pass: batches in, something that can be added up out.
//!
//! Several things are gathered in the same pass by putting them side by side, as a pair.

mod groups;
mod kept;
mod members;
mod ranks;
mod stored;

use std::sync::atomic::AtomicU64;

pub use self::groups::{Cells, Counts, Group, Grouping, Groups, Recall, Stretch};
pub use self::ranks::{Answers, Question, Questions};
pub use self::stored::{StoreError, StoredGroups};
use crate::reader::{ReadError, Reading, Rows};
use crate::row::{Batch, Columns};

/// Something that is gathered of rows.
pub trait Tally: Send {
    /// The columns that it is gathered from.
    fn columns(&self) -> Columns;

    /// Takes rows.
    fn add(&mut self, batch: &Batch);

    /// Takes what another has gathered of other rows.
    fn merge(&mut self, other: Self);
}

impl<A: Tally, B: Tally> Tally for (A, B) {
    fn columns(&self) -> Columns {
        self.0.columns().and(self.1.columns())
    }

    fn add(&mut self, batch: &Batch) {
        self.0.add(batch);
        self.1.add(batch);
    }

    fn merge(&mut self, other: Self) {
        self.0.merge(other.0);
        self.1.merge(other.1);
    }
}

/// What came of a pass.
#[derive(Debug)]
pub struct Gathered<T> {
    /// What was gathered.
    pub tally: T,
    /// Last lines without an end, which a killed engine leaves: passed over.
    pub torn_lines: u64,
}

/// Reads all rows once, on all processors, each with a tally of its own made by `new`. How many bytes have been read is told
/// in `progress`.
///
/// # Errors
/// The first line that is no row, or what the system says.
pub fn gather<T: Tally>(
    files: &[Rows],
    progress: Option<&AtomicU64>,
    new: impl Fn() -> T + Sync,
) -> Result<Gathered<T>, ReadError> {
    let mut tally = new();
    let folded = Reading { files, wanted: tally.columns(), progress }.fold(new, T::add)?;
    for state in folded.states {
        tally.merge(state);
    }
    Ok(Gathered { tally, torn_lines: folded.torn_lines })
}
