//! What a client is asked to do, and where.

use std::path::Path;

/// A load.
#[derive(Debug, Clone)]
pub struct Load {
    /// Where to.
    pub url: String,
    /// Connections that are kept open; with a rate, the most of them.
    pub connections: u32,
    /// For how long.
    pub seconds: u32,
    /// When requests are sent.
    pub demand: Demand,
}

/// When requests are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// As many as possible, each connection one after another.
    Closed,
    /// As many as possible, each over a connection of its own.
    Reconnecting,
    /// As many as possible, with so many on their way over each connection.
    Pipelined(u32),
    /// So many in a second, whatever the answers do.
    Open(Rate),
}

/// Arrivals in a second, and how they are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub per_second: u32,
    /// How they are spaced.
    pub arrival: Arrival,
}

/// How arrivals are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrival {
    /// At even distances.
    Even,
    /// As if each knew nothing of the others.
    Poisson,
}

impl Rate {
    /// So many in a second at even distances: all that most peers can do.
    pub fn even(per_second: u32) -> Self {
        Self { per_second, arrival: Arrival::Even }
    }

    /// So many in a second, each as if it knew nothing of the others.
    pub fn poisson(per_second: u32) -> Self {
        Self { per_second, arrival: Arrival::Poisson }
    }
}

impl Load {
    /// Whether it goes over TLS, by certificates that nobody knows.
    pub fn secured(&self) -> bool {
        self.url.starts_with("https:")
    }

    /// The rate, where it is one at even distances.
    pub fn even_rate(&self) -> Option<u32> {
        match self.demand {
            Demand::Open(Rate { per_second, arrival: Arrival::Even }) => Some(per_second),
            _ => None,
        }
    }
}

/// Where a client runs.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The processors it may use.
    pub cpus: &'a [usize],
    /// An empty folder that it may write to.
    pub folder: &'a Path,
}

impl Place<'_> {
    /// The processors as a list, such as `0,1`.
    pub fn cpu_list(&self) -> String {
        self.cpus.iter().map(usize::to_string).collect::<Vec<_>>().join(",")
    }

    /// How many threads it should have to use them all.
    pub fn threads(&self) -> usize {
        self.cpus.len()
    }
}
