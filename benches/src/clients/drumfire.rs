//! Drumfire itself, as anybody would start it: with a row for each request written to the disk.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::found::{beside, first_line};
use super::{Arrival, Client, Demand, Load, Place};
use crate::rows::Rows;

/// The engine that was built beside the bench.
#[derive(Debug, Clone)]
pub struct Drumfire {
    program: PathBuf,
    /// What it says of its flags.
    help: String,
    pacing: Option<&'static str>,
}

impl Drumfire {
    /// Looks for it.
    ///
    /// # Errors
    /// Where it has not been built.
    pub fn find() -> anyhow::Result<Self> {
        let program = beside("drumfire")?;
        let help = Command::new(&program).args(["hit", "--help"]).output()?;
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        Ok(Self { program, help, pacing: None })
    }

    /// The same with this `--pacing`, or `None` where it has no such flag.
    pub fn paced(&self, pacing: &'static str) -> Option<Self> {
        self.has("--pacing").then(|| Self { pacing: Some(pacing), ..self.clone() })
    }

    fn has(&self, flag: &str) -> bool {
        self.help.contains(flag)
    }
}

impl Client for Drumfire {
    fn name(&self) -> &'static str {
        "drumfire"
    }

    fn version(&self) -> String {
        first_line(&self.program, &["--version"])
    }

    fn command(&self, load: &Load, place: &Place<'_>) -> anyhow::Result<Option<Command>> {
        let mut command = Command::new(&self.program);
        command
            .args(["hit", &load.url, "--quiet", "-c", &load.connections.to_string()])
            .args(["-d", &format!("{}s", load.seconds), "--cores", &place.cpu_list()])
            .arg("--out")
            .arg(run_directory(place.folder));
        match load.demand {
            Demand::Closed => {}
            Demand::Reconnecting => {
                command.args(["--requests-per-connection", "1"]);
            }
            Demand::Pipelined(_) if !self.has("--pipeline") => return Ok(None),
            Demand::Pipelined(depth) => {
                command.args(["--pipeline", &depth.to_string()]);
            }
            Demand::Open(rate) => {
                let arrival = match rate.arrival {
                    Arrival::Even => "even",
                    Arrival::Poisson => "poisson",
                };
                command.args(["-r", &format!("{}/s", rate.per_second), "--arrival", arrival]);
            }
        }
        if load.secured() {
            command.args(["--insecure", "--no-resumption"]);
        }
        if let Some(pacing) = self.pacing {
            command.args(["--pacing", pacing]);
        }
        Ok(Some(command))
    }

    fn answered(&self, _stdout: &str, folder: &Path) -> anyhow::Result<u64> {
        Ok(Rows::count(&run_directory(folder))?.all_good()?.answered)
    }
}

/// Where it writes its rows, in the folder of a turn.
pub fn run_directory(folder: &Path) -> PathBuf {
    folder.join("run")
}
