//! The floor: not a load generator, but what each of them costs at the least. See [`crate::floor`].

use std::path::{Path, PathBuf};
use std::process::Command;

use super::found::beside;
use super::said::number_before;
use super::{Client, Demand, Load, Place};

/// The floor that was built beside the bench.
#[derive(Debug)]
pub struct Floor {
    program: PathBuf,
    /// How many answers it waits for before it does anything.
    gather: u32,
}

impl Floor {
    /// Looks for it.
    ///
    /// # Errors
    /// Where it has not been built.
    pub fn find() -> anyhow::Result<Self> {
        Ok(Self { program: beside("floor")?, gather: 1 })
    }

    /// The same, but it lets answers wait until there are eight, as shb does: cheaper, and useless for latencies.
    #[must_use]
    pub fn gathering(&self) -> Self {
        Self { program: self.program.clone(), gather: 8 }
    }
}

impl Client for Floor {
    fn name(&self) -> &'static str {
        if self.gather == 1 { "floor" } else { "floor, gathering 8" }
    }

    fn version(&self) -> String {
        "the floor".to_owned()
    }

    fn command(&self, load: &Load, _place: &Place<'_>) -> anyhow::Result<Option<Command>> {
        let depth = match load.demand {
            Demand::Closed if !load.secured() => 1,
            Demand::Pipelined(depth) => depth,
            Demand::Closed | Demand::Reconnecting | Demand::Open(_) => return Ok(None),
        };
        let mut command = Command::new(&self.program);
        command
            .arg(&load.url)
            .args(["--connections", &load.connections.to_string(), "--seconds", &load.seconds.to_string()])
            .args(["--pipeline", &depth.to_string(), "--gather", &self.gather.to_string()]);
        Ok(Some(command))
    }

    fn answered(&self, stdout: &str, _folder: &Path) -> anyhow::Result<u64> {
        number_before(stdout, " answers")
    }
}
