//! Writes a run without its rows.

use std::io::{self, Write};

use runlog::samples::{self, Sample};
use serde::Serialize;
use zstd::stream::write::Encoder;

use super::{Condensed, FORMAT, Head, NAME, Samples};

/// How hard it is packed: it is little, and read often.
const ZSTD_LEVEL: i32 = 12;

impl Condensed {
    /// Writes it as a file.
    ///
    /// # Errors
    /// Where `out` cannot be written.
    pub fn write(&self, out: impl Write) -> io::Result<()> {
        let mut packed = Encoder::new(out, ZSTD_LEVEL)?;
        packed.include_checksum(true)?;
        let samples = Samples {
            engine: text(&self.log.engine)?,
            probes: text(&self.log.probes)?,
            events: text(&self.log.events)?,
            torn_lines: self.torn_lines,
            shards: self.shards.clone(),
        };
        line(&Head { name: NAME.to_owned(), format: FORMAT }, &mut packed)?;
        line(&self.log.manifest, &mut packed)?;
        line(&samples, &mut packed)?;
        line(&self.stored, &mut packed)?;
        line(&self.windows, &mut packed)?;
        packed.finish()?.flush()
    }
}

fn line(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

fn text<T: Sample>(samples: &[T]) -> io::Result<String> {
    String::from_utf8(samples::text(samples)?).map_err(io::Error::other)
}
