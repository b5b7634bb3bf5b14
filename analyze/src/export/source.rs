//! Where an exporter gets its rows from.

use std::sync::atomic::AtomicU64;

use runlog::directory::Run;
use runlog::manifest::Request;
use runlog::reader::{Reading, Rows};
use runlog::row::{Batch, Columns, Row};

use super::ExportError;

/// A run that is exported.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// Its directory, opened.
    pub run: &'a Run,
    /// Where it is told how many bytes of the disk were read, for whoever waits. Some formats read the rows twice.
    pub progress: Option<&'a AtomicU64>,
}

impl<'a> Source<'a> {
    /// Hands every row in batches to `each`, file by file, with the file's place. Returns how many torn last
    /// lines were passed over.
    ///
    /// # Errors
    /// The first line that is no row, or the error of `each`.
    pub fn each(
        &self,
        wanted: Columns,
        mut each: impl FnMut(u32, &Batch) -> Result<(), ExportError>,
    ) -> Result<u64, ExportError> {
        let mut torn_lines = 0;
        for (worker, file) in (0..).zip(&self.run.rows) {
            torn_lines += self.reading(file, wanted).each(|batch| each(worker, batch))?;
        }
        Ok(torn_lines)
    }

    /// What a row's request is.
    pub fn request(&self, row: &Row) -> &'a Request {
        &self.run.manifest.requests[usize::from(row.request.0)]
    }

    pub(super) fn reading(&self, file: &'a Rows, wanted: Columns) -> Reading<'a> {
        Reading { files: std::slice::from_ref(file), wanted, progress: self.progress }
    }
}
