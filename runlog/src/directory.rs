//! The run directory itself: which files it has, creating one, opening one.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::manifest::{FORMAT, Manifest};
use crate::reader::{ReadError, RowFile, Rows};
use crate::row;
use crate::samples::{self, EngineSample, Event, ProbeSample, Sample};
use crate::text::printable_path;

/// The manifest's file name.
pub const MANIFEST: &str = "run.json";
/// The file of the generator's own health.
pub const ENGINE: &str = "engine.csv";
/// The file of what was sampled from the system under test.
pub const PROBES: &str = "probes.csv";
/// The file of what happened during the run.
pub const EVENTS: &str = "events.csv";

/// The name of the row file of the worker at this place: `requests-00.csv`.
pub fn rows_file_name(worker: usize) -> String {
    format!("requests-{worker:02}.csv")
}

/// Why a run directory could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    /// Something is there already; nothing is ever overwritten.
    #[error("the output folder `{}` is not empty: nothing is overwritten; name another with --out, or remove it first", printable_path(.0))]
    NotEmpty(PathBuf),
    /// The file system said no.
    #[error("cannot write the output folder `{}`: {source}", printable_path(.path))]
    Io {
        /// The folder or file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// A run directory that is being written.
#[derive(Debug)]
pub struct NewRun {
    path: PathBuf,
}

impl NewRun {
    /// Makes the directory (and those above it); one that exists must be empty.
    ///
    /// # Errors
    /// Where something is in it, or it cannot be written.
    pub fn create(path: &Path) -> Result<Self, CreateError> {
        let failed = |source| CreateError::Io { path: path.to_owned(), source };
        fs::create_dir_all(path).map_err(failed)?;
        if fs::read_dir(path).map_err(failed)?.next().is_some() {
            return Err(CreateError::NotEmpty(path.to_owned()));
        }
        Ok(Self { path: path.to_owned() })
    }

    /// Whether nothing stands in the way of a directory there: what is to be known before anything is done for the run.
    ///
    /// # Errors
    /// Where something is in it.
    pub fn check(path: &Path) -> Result<(), CreateError> {
        let is_taken = fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_some());
        if is_taken { Err(CreateError::NotEmpty(path.to_owned())) } else { Ok(()) }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Creates the row file of a worker, with its header line.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn create_rows(&self, worker: usize) -> Result<File, CreateError> {
        self.create_file(&rows_file_name(worker), &row::header())
    }

    /// Creates `engine.csv`, `probes.csv` or `events.csv` with its header line.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn create_samples<T: Sample>(&self, name: &str) -> Result<csv::Writer<File>, CreateError> {
        let file = self.create_file(name, &(T::NAMES.join(",") + "\n"))?;
        Ok(csv::WriterBuilder::new().has_headers(false).from_writer(file))
    }

    fn create_file(&self, name: &str, header: &str) -> Result<File, CreateError> {
        let path = self.path.join(name);
        let create = || {
            let mut file = OpenOptions::new().write(true).create_new(true).open(&path)?;
            file.write_all(header.as_bytes())?;
            Ok(file)
        };
        create().map_err(|source| CreateError::Io { path: path.clone(), source })
    }

    /// Writes the manifest in place of the one before, whole or not at all.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn write_manifest(&self, manifest: &Manifest) -> Result<(), CreateError> {
        let path = self.path.join(MANIFEST);
        let write = || {
            let text = serde_json::to_string_pretty(manifest)? + "\n";
            let beside = self.path.join(".run.json.new");
            fs::write(&beside, text)?;
            fs::rename(&beside, &path)
        };
        write().map_err(|source| CreateError::Io { path: path.clone(), source })
    }
}

/// A run directory that is being read.
#[derive(Debug, Clone)]
pub struct Run {
    /// Where it is.
    pub path: PathBuf,
    /// What was run.
    pub manifest: Manifest,
    /// Its row files, by worker.
    pub rows: Vec<Rows>,
    /// Its `engine.csv`.
    pub engine: Vec<EngineSample>,
    /// Its `probes.csv`.
    pub probes: Vec<ProbeSample>,
    /// Its `events.csv`.
    pub events: Vec<Event>,
}

impl Run {
    /// Opens a run directory: the manifest and the samples are read, the rows only found.
    ///
    /// # Errors
    /// Where it is not a run directory, was written by a newer major version, or cannot be read.
    pub fn open(path: &Path) -> Result<Self, ReadError> {
        let manifest = read_manifest(path)?;
        let names = manifest.names();
        let mut files: Vec<PathBuf> = fs::read_dir(path)
            .and_then(|entries| entries.map(|entry| entry.map(|e| e.path())).collect())
            .map_err(|source| ReadError::Io { path: path.to_owned(), source })?;
        files.retain(|file| is_rows_file(file));
        files.sort();
        let open = |file| Ok(Arc::new(RowFile::open(file, names.clone())?) as Rows);
        let rows = files.into_iter().map(open).collect::<Result<_, ReadError>>()?;
        Ok(Self {
            engine: read_if_there(&path.join(ENGINE))?,
            probes: read_if_there(&path.join(PROBES))?,
            events: read_if_there(&path.join(EVENTS))?,
            path: path.to_owned(),
            manifest,
            rows,
        })
    }

    /// Takes in another shard of the same load: its rows and samples, and what its ending says. Scenarios and requests have to
    /// be the same.
    pub fn add_shard(&mut self, shard: Self) {
        debug_assert_eq!(self.manifest.requests, shard.manifest.requests);
        self.rows.extend(shard.rows);
        self.engine.extend(shard.engine);
        self.probes.extend(shard.probes);
        self.events.extend(shard.events);
        self.engine.sort_by_key(|sample| sample.time_ns);
        self.probes.sort_by_key(|sample| sample.time_ns);
        self.events.sort_by_key(|event| event.time_ns);
        self.manifest.add_shard(shard.manifest);
    }

    /// How many rows it has: as the engine counted them, or at the most, judging by the size of the files.
    pub fn rows_expected(&self) -> u64 {
        match &self.manifest.ending {
            Some(ending) => ending.cores.iter().fold(0, |sum, books| books.rows.saturating_add(sum)),
            None => self.rows.iter().map(|file| file.rows_at_most()).sum(),
        }
    }
}

fn is_rows_file(path: &Path) -> bool {
    path.file_name()
        .and_then(|name| name.to_str())
        .map(|name| name.strip_suffix(".zst").unwrap_or(name))
        .and_then(|name| name.strip_prefix("requests-")?.strip_suffix(".csv"))
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

fn read_if_there<T: Sample>(path: &Path) -> Result<Vec<T>, ReadError> {
    if path.exists() { samples::read(path) } else { Ok(Vec::new()) }
}

/// Reads the manifest of a run directory, and nothing else of it.
///
/// # Errors
/// Where it is not a run directory, was written by a newer major version, or cannot be read.
pub fn read_manifest(directory: &Path) -> Result<Manifest, ReadError> {
    let path = directory.join(MANIFEST);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(source) if matches!(source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Err(ReadError::NotARun { path: directory.to_owned() });
        }
        Err(source) => return Err(ReadError::Io { path, source }),
    };
    parse_manifest(&text, &path)
}

/// Reads the text of a manifest; `path` is what messages call it.
///
/// # Errors
/// Where it is not one of ours, or of a newer major version.
pub fn parse_manifest(text: &[u8], path: &Path) -> Result<Manifest, ReadError> {
    let not_ours = |error: serde_json::Error| ReadError::Manifest { path: path.to_owned(), what: error.to_string() };
    let value: serde_json::Value = serde_json::from_slice(text).map_err(not_ours)?;
    let major = value["format"]["major"].as_u64();
    if major.is_some_and(|major| major > u64::from(FORMAT.major)) {
        let theirs = major.unwrap_or_default();
        return Err(ReadError::Newer { path: path.to_owned(), theirs, ours: FORMAT.major });
    }
    serde_json::from_value(value).map_err(not_ours)
}
