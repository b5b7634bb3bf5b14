//! A file of rows: as it was written, or packed.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use super::ReadError;
use crate::row::{self, Names};

/// A `requests-CC.csv` or `requests-CC.csv.zst` that was found to have our header.
#[derive(Debug)]
pub struct RowFile {
    pub(super) path: PathBuf,
    file: File,
    pub(super) bytes: u64,
    is_packed: bool,
    pub(super) names: Names,
}

impl RowFile {
    /// Opens a row file and checks its header. One whose name ends with `.zst` is unpacked while it is read.
    ///
    /// # Errors
    /// Where it cannot be read or its header is not ours.
    pub fn open(path: PathBuf, names: Names) -> Result<Self, ReadError> {
        let io = |source| ReadError::Io { path: path.clone(), source };
        let file = File::open(&path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        let is_packed = path.extension().is_some_and(|ending| ending == "zst");
        let opened = Self { path: path.clone(), file, bytes, is_packed, names };
        let header = row::header();
        let mut start = vec![0; header.len()];
        let read = opened.read_at(0, None).and_then(|mut reader| fill(&mut reader, &mut start)).map_err(io)?;
        if start[..read] != *header.as_bytes() {
            let what = format!("the header is not `{}`", header.trim_end());
            return Err(ReadError::Row { path, line: 1, what });
        }
        Ok(opened)
    }

    /// Whether it can only be read from its beginning on.
    pub(super) const fn is_packed(&self) -> bool {
        self.is_packed
    }

    /// Its text from this place on, which is the beginning where it is packed. What is read of the disk is added to
    /// `progress`.
    pub(super) fn read_at<'a>(&'a self, offset: u64, progress: Option<&'a AtomicU64>) -> io::Result<Source<'a>> {
        let plain = Plain { file: &self.file, offset, progress };
        Ok(if self.is_packed {
            Source::Packed(Box::new(zstd::stream::read::Decoder::new(plain)?))
        } else {
            Source::Plain(plain)
        })
    }
}

/// The text of a file.
pub(super) enum Source<'a> {
    Plain(Plain<'a>),
    Packed(Box<zstd::stream::read::Decoder<'a, io::BufReader<Plain<'a>>>>),
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(plain) => plain.read(buffer),
            Self::Packed(packed) => packed.read(buffer),
        }
    }
}

/// A file from some place on, of which others may read elsewhere at the same time.
pub(super) struct Plain<'a> {
    file: &'a File,
    offset: u64,
    progress: Option<&'a AtomicU64>,
}

impl Read for Plain<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read_at(buffer, self.offset)?;
        self.offset += read as u64;
        if let Some(progress) = self.progress {
            progress.fetch_add(read as u64, Ordering::Relaxed);
        }
        Ok(read)
    }
}

/// Reads until the buffer is full or there is no more.
pub(super) fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match reader.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}
