//! What is measured: a file for each experiment, which takes the [`Bench`] and returns a [`Section`].

mod closed;
mod compared;
mod connections;
mod cores;
mod lag;
mod open;
mod pacing;
mod pipelined;
mod secured;
mod soak;

use clap::ValueEnum;

use crate::bench::Bench;
use crate::report::Section;

/// The experiments there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Experiment {
    /// As many requests as possible for a second of CPU time, against every peer.
    Closed,
    /// The same with 16 requests on their way over each connection.
    Pipelined,
    /// TLS against every peer that speaks it: requests on kept-alive connections, and handshakes.
    Secured,
    /// Arrivals at a rate, as a witness saw them, against every peer that has one.
    Open,
    /// What `--pacing` costs and buys.
    Pacing,
    /// How late requests are at half of what the server can take.
    Lag,
    /// Ten thousand connections.
    Connections,
    /// A second processor.
    Cores,
    /// A long run: is the memory flat, and does every arrival have its row?
    Soak,
}

impl Experiment {
    /// Does it.
    ///
    /// # Errors
    /// Where a server does not start, or Drumfire itself fails.
    pub fn run(self, bench: &Bench) -> anyhow::Result<Section> {
        match self {
            Self::Closed => closed::run(bench),
            Self::Pipelined => pipelined::run(bench),
            Self::Secured => secured::run(bench),
            Self::Open => Ok(open::run(bench)),
            Self::Pacing => Ok(pacing::run(bench)),
            Self::Lag => lag::run(bench),
            Self::Connections => connections::run(bench),
            Self::Cores => cores::run(bench),
            Self::Soak => soak::run(bench),
        }
    }
}
