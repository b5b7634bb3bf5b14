//! A file that is sent as the body of a request, as it is.

use std::path::Path;

use memmap2::Mmap;

use super::error::{DataError, map};

/// A mapped file: however large it is, memory holds what of it is being sent.
#[derive(Debug)]
pub struct BodyFile {
    bytes: Mmap,
}

impl BodyFile {
    /// Maps a file.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn open(path: &Path) -> Result<Self, DataError> {
        Ok(Self { bytes: map(path)? })
    }

    /// What is in it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
