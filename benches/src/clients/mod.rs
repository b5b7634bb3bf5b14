//! Who asks: load generators, each a file of its own, all behind [`Client`].

mod drumfire;
mod wrk;

use std::path::Path;
use std::process::Command;

pub use drumfire::Drumfire;
pub use wrk::Wrk;

/// What every client is to do: as many requests as it can, each connection one after another.
#[derive(Debug, Clone)]
pub struct Load {
    /// Where to.
    pub url: String,
    /// Connections that are kept open.
    pub connections: u32,
    /// For how long.
    pub seconds: u32,
}

/// A load generator that runs as one process.
pub trait Client {
    /// Its name in tables.
    fn name(&self) -> &'static str;

    /// Its name and version, as it says itself.
    fn version(&self) -> String;

    /// The command that makes this load from one processor, and may write into an empty folder.
    fn command(&self, load: &Load, cpu: usize, folder: &Path) -> Command;

    /// How many requests it got a good answer to, from its standard output or from what it wrote into the folder.
    ///
    /// # Errors
    /// Where it does not say, or some requests failed: such a round is no comparison.
    fn answered(&self, stdout: &str, folder: &Path) -> anyhow::Result<u64>;
}

/// The first line that a program says when asked with these arguments, or nothing.
fn first_line(program: &Path, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().trim().to_owned()
}
