//! Reads a run without its rows back, or refuses what is none.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use runlog::directory::{Run, parse_manifest};
use runlog::reader::ReadError;
use runlog::samples::{self, Sample};
use runlog::tally::StoredGroups;
use runlog::text::printable_path;
use runlog::windows::Windows;
use serde::de::DeserializeOwned;
use zstd::stream::read::Decoder;

use super::{Condensed, FORMAT, Head, NAME, Samples};

/// The longest first line.
const HEAD_BYTES_MOST: u64 = 4 << 10;
/// The longest manifest.
const MANIFEST_BYTES_MOST: u64 = 64 << 20;
/// Whatever its size, a file may hold so much.
const BYTES_FREE: u64 = 64 << 20;
/// Numbers that differ pack to no less than one part in so many: what unpacks to more was not written by us.
const PACKED_MOST: u64 = 200;
/// The most that there may be in any file.
const BYTES_MOST: u64 = 4 << 30;

/// Why a file cannot be read as a run without its rows.
#[derive(Debug, thiserror::Error)]
pub enum CondensedReadError {
    /// It is something else.
    #[error("`{}` is not a summary file: `drumfire-analyze summarize` writes those", printable_path(.path))]
    NotOurs {
        /// The file.
        path: PathBuf,
    },
    /// It was one, and is no more.
    #[error("`{}` is a summary file, but damaged: {what}; write it anew with `drumfire-analyze summarize`", printable_path(.path))]
    Broken {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
    /// It is from the future, its manifest or its samples are not ours, or the system said no.
    #[error(transparent)]
    Read(#[from] ReadError),
}

impl Condensed {
    /// Reads a file.
    ///
    /// # Errors
    /// Where it is none of ours, from a newer version, not whole, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, CondensedReadError> {
        let mut lines = Lines::open(path)?;
        lines.head()?;
        let manifest = parse_manifest(&lines.next(MANIFEST_BYTES_MOST)?, path)?;
        let samples: Samples = lines.parsed()?;
        let stored: StoredGroups = lines.parsed()?;
        let windows: Windows = lines.parsed()?;
        lines.end()?;
        let log = Run {
            path: path.to_owned(),
            manifest,
            rows: Vec::new(),
            engine: parse(&samples.engine, path)?,
            probes: parse(&samples.probes, path)?,
            events: parse(&samples.events, path)?,
        };
        let Samples { torn_lines, shards, .. } = samples;
        let condensed = Self { log, windows, stored, torn_lines, shards };
        condensed.check()?;
        Ok(condensed)
    }

    /// Whether there is such a file at a path, whatever its version.
    pub fn is_at(path: &Path) -> bool {
        let head = Lines::open(path).and_then(|mut lines| lines.head());
        matches!(head, Ok(()) | Err(CondensedReadError::Read(ReadError::Newer { .. })))
    }
}

fn parse<T: Sample>(text: &str, path: &Path) -> Result<Vec<T>, ReadError> {
    samples::parse(text.as_bytes(), path)
}

/// The lines of a file, unpacked no further than is asked for.
struct Lines<'p> {
    path: &'p Path,
    text: BufReader<io::Take<Decoder<'static, BufReader<File>>>>,
}

impl<'p> Lines<'p> {
    fn open(path: &'p Path) -> Result<Self, CondensedReadError> {
        let io = |source| ReadError::Io { path: path.to_owned(), source };
        let file = File::open(path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        let most = bytes.saturating_mul(PACKED_MOST).saturating_add(BYTES_FREE).min(BYTES_MOST);
        let text = Decoder::new(file).map_err(io)?.take(most);
        Ok(Self { path, text: BufReader::new(text) })
    }

    fn broken(&self, what: impl Into<String>) -> CondensedReadError {
        CondensedReadError::Broken { path: self.path.to_owned(), what: what.into() }
    }

    /// Whether it is one of ours, of a version that can be read.
    fn head(&mut self) -> Result<(), CondensedReadError> {
        let path = self.path;
        let not_ours = || CondensedReadError::NotOurs { path: path.to_owned() };
        let line = self.next(HEAD_BYTES_MOST).map_err(|_| not_ours())?;
        let head: Head = serde_json::from_slice(&line).map_err(|_| not_ours())?;
        if head.name != NAME {
            return Err(not_ours());
        }
        if head.format.major > FORMAT.major {
            let (path, theirs) = (self.path.to_owned(), u64::from(head.format.major));
            return Err(ReadError::Newer { path, theirs, ours: FORMAT.major }.into());
        }
        Ok(())
    }

    /// The next line, which may be so long.
    fn next(&mut self, most_bytes: u64) -> Result<Vec<u8>, CondensedReadError> {
        let mut line = Vec::new();
        let read = self.text.by_ref().take(most_bytes).read_until(b'\n', &mut line);
        read.map_err(|error| self.broken(error.to_string()))?;
        match line.pop() {
            Some(b'\n') => Ok(line),
            _ if self.text.get_ref().limit() == 0 || line.len() as u64 + 1 >= most_bytes => {
                Err(self.broken("it holds more than any run has"))
            }
            _ => Err(self.broken("it ends too soon")),
        }
    }

    fn parsed<T: DeserializeOwned>(&mut self) -> Result<T, CondensedReadError> {
        let line = self.next(BYTES_MOST)?;
        serde_json::from_slice(&line).map_err(|error| self.broken(error.to_string()))
    }

    /// Reads to the end, where the check sum is.
    fn end(&mut self) -> Result<(), CondensedReadError> {
        match self.text.read(&mut [0]) {
            Ok(0) => Ok(()),
            Ok(_) => Err(self.broken("something stands behind its end")),
            Err(error) => Err(self.broken(error.to_string())),
        }
    }
}
