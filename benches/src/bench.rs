//! Who and what takes part, and how one of them takes a turn.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use tempfile::TempDir;

use crate::clients::{Client, Drumfire, Floor, Load, Place, peers};
use crate::machine;
use crate::measure::{Cost, measured};

/// How long a client may take beyond its time, to open its connections and to write down what it saw.
const GRACE: Duration = Duration::from_mins(1);

/// How much is measured, and on which processors.
#[derive(Debug, Clone)]
pub struct Extent {
    /// How many turns each client gets.
    pub rounds: u32,
    /// How long a turn lasts.
    pub seconds: u32,
    /// How long the soak lasts.
    pub soak_seconds: u32,
    /// How many connections a client keeps open.
    pub connections: u32,
    /// The processor of the clients.
    pub client_cpu: usize,
    /// The processor of the server.
    pub server_cpu: usize,
    /// A file that is locked for each turn, by the lock of `flock`.
    pub lock: Option<PathBuf>,
}

/// Everybody who takes part.
pub struct Bench {
    /// How much is measured.
    pub extent: Extent,
    /// Whom it is about.
    pub drumfire: Drumfire,
    /// The bound.
    pub floor: Floor,
    /// The bound where answers may lie about.
    pub gathering_floor: Floor,
    /// Those that were found.
    pub peers: Vec<Box<dyn Client>>,
    /// Those that were not, and how to get them.
    pub missing: Vec<String>,
}

/// What a client left behind.
pub struct Ran {
    /// What it cost.
    pub cost: Cost,
    /// What it wrote to standard output.
    pub stdout: String,
    /// The folder that it could write to; gone when dropped.
    pub folder: TempDir,
}

impl Bench {
    /// Looks for everybody.
    ///
    /// # Errors
    /// Where our own programs have not been built.
    pub fn new(extent: Extent) -> anyhow::Result<Self> {
        let (peers, missing) = peers();
        let floor = Floor::find()?;
        let gathering_floor = floor.gathering();
        Ok(Self { extent, drumfire: Drumfire::find()?, floor, gathering_floor, peers, missing })
    }

    /// Keeps others who respect the lock from measuring, until what is returned is dropped.
    ///
    /// # Errors
    /// Where the file cannot be made or locked.
    pub fn alone(&self) -> anyhow::Result<Option<File>> {
        machine::alone(self.extent.lock.as_deref())
    }

    /// Has a client make a load from the clients' processor. `None` where it has no mode for it.
    ///
    /// # Errors
    /// Where it fails, or does not end in time.
    pub fn run(&self, client: &dyn Client, load: &Load) -> anyhow::Result<Option<Ran>> {
        self.run_on(&[self.extent.client_cpu], client, load)
    }

    /// Has a client make a load from these processors.
    ///
    /// # Errors
    /// Where it fails, or does not end in time.
    pub fn run_on(&self, cpus: &[usize], client: &dyn Client, load: &Load) -> anyhow::Result<Option<Ran>> {
        // Beside this program, which is on a disk; the system's temporary folder may be memory.
        let own = std::env::current_exe()?;
        let folder = tempfile::tempdir_in(own.parent().unwrap_or(Path::new(".")))?;
        let place = Place { cpus, folder: folder.path() };
        let Some(mut command) = client.command(load, &place)? else { return Ok(None) };
        let _turn = self.alone()?;
        let bound = Duration::from_secs(u64::from(load.seconds)) + GRACE;
        let only = (cpus.len() == 1).then(|| cpus[0]);
        let (cost, stdout) = measured(&mut command, only, bound).with_context(|| client.name())?;
        Ok(Some(Ran { cost, stdout, folder }))
    }
}
