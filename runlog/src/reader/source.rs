//! Where rows come from.

use std::fmt;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use super::piece::{PieceReader, pieces_of};
use super::{ReadError, RowFile};
use crate::row::{Batch, Columns};

/// No row is shorter by much.
const SHORT_ROW_BYTES: u64 = 40;
/// Rows pack to no less than a part of this size.
const PACKED_MOST: u64 = 12;

/// Something that holds rows, and can be read in pieces, several at the same time.
pub trait RowSource: fmt::Debug + Send + Sync {
    /// Where it is.
    fn path(&self) -> &Path;

    /// How long it is on disk, in bytes.
    fn bytes(&self) -> u64;

    /// How many rows it has at the most, as far as can be told without reading it.
    fn rows_at_most(&self) -> u64;

    /// How many pieces it has, in the order of their rows.
    fn pieces(&self) -> usize;

    /// Hands the rows of a piece in batches of the `wanted` columns to `each`, until that breaks. How many bytes of the disk
    /// were read is added to `progress`. Returns how many lines without an end were passed over.
    ///
    /// # Errors
    /// The first row that is none, or what the system says.
    fn read(
        &self,
        piece: usize,
        wanted: Columns,
        progress: Option<&AtomicU64>,
        each: &mut dyn FnMut(&Batch) -> ControlFlow<()>,
    ) -> Result<u64, ReadError>;
}

/// A source that several may hold.
pub type Rows = Arc<dyn RowSource>;

impl RowSource for RowFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn rows_at_most(&self) -> u64 {
        let text = if self.is_packed() { self.bytes.saturating_mul(PACKED_MOST) } else { self.bytes };
        text / SHORT_ROW_BYTES
    }

    fn pieces(&self) -> usize {
        pieces_of(self).len()
    }

    fn read(
        &self,
        piece: usize,
        wanted: Columns,
        progress: Option<&AtomicU64>,
        each: &mut dyn FnMut(&Batch) -> ControlFlow<()>,
    ) -> Result<u64, ReadError> {
        match pieces_of(self).get(piece) {
            Some(piece) => PieceReader::new(wanted, progress).read(piece, each),
            None => Ok(0),
        }
    }
}
