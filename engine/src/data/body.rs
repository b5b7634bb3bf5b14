//! A file that is sent as the body of a request, as it is.

use std::ops::Range;
use std::path::Path;

use memmap2::{Mmap, UncheckedAdvice};

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

    /// What is in this range need not be in memory any longer; whoever looks at it again gets it from the file again.
    pub fn forget(&self, range: Range<usize>) {
        // SAFETY: the bytes are a file's, mapped to be read and never written to: dropping the pages loses nothing.
        #[expect(unsafe_code, reason = "what is sent of a file that is larger than memory should not stay there")]
        let forgotten =
            unsafe { self.bytes.unchecked_advise_range(UncheckedAdvice::DontNeed, range.start, range.len()) };
        // Advice that is not taken costs memory that the system can have back at any time.
        drop(forgotten);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_forgotten_is_still_in_the_file() {
        let path = std::env::temp_dir().join(format!("drumfire-body-{}", std::process::id()));
        let content: Vec<u8> = (0..100_000_u32).map(|at| (at % 251) as u8).collect();
        std::fs::write(&path, &content).expect("written");
        let file = BodyFile::open(&path).expect("opened");
        assert_eq!(file.bytes(), content);
        file.forget(5000..90_000);
        assert_eq!(file.bytes(), content);
        std::fs::remove_file(&path).expect("removed");
    }
}
