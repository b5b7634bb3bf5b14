//! Parquet: everything there is of a run, in one file that reads fast.

use std::io::Write;

use runlog::row::Columns;

use super::{ExportError, Exporter, Source};
use crate::columnar::RowWriter;

/// A run as one Parquet file, from which it can be read back: see [`crate::columnar`].
#[derive(Debug)]
pub struct Parquet;

impl Exporter for Parquet {
    fn export(&self, source: &Source<'_>, out: &mut (dyn Write + Send)) -> Result<u64, ExportError> {
        let mut writer = RowWriter::new(source.run, out)?;
        let torn_lines = source.each(Columns::ALL, |worker, batch| Ok(writer.push(worker, batch)?))?;
        writer.finish()?;
        Ok(torn_lines)
    }
}
