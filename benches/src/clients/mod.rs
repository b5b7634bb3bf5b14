//! Who asks: load generators, each a file of its own, all behind [`Client`].
//!
//! ```text
//! load     what they are asked to do           found    where their programs are       said     numbers out of texts
//! ```

mod ab;
mod drumfire;
mod floor;
mod found;
mod gcannon;
mod h2load;
mod hey;
mod k6;
mod load;
mod oha;
mod said;
mod shb;
mod vegeta;
mod wrk;
mod wrk2;

use std::path::Path;
use std::process::Command;

pub use drumfire::{Drumfire, run_directory};
pub use floor::Floor;
pub use found::beside;
pub use load::{Arrival, Demand, Load, Place, Rate};

/// A load generator that runs as one process.
pub trait Client {
    /// Its name in tables.
    fn name(&self) -> &'static str;

    /// Its name and version, as it says itself.
    fn version(&self) -> String;

    /// The command that makes this load, or `None` where it has no mode for it.
    ///
    /// # Errors
    /// Where a script that it needs cannot be written into the folder.
    fn command(&self, load: &Load, place: &Place<'_>) -> anyhow::Result<Option<Command>>;

    /// How many requests it got a good answer to, from its standard output or from what it wrote into the folder.
    ///
    /// # Errors
    /// Where it does not say, or some requests failed: such a round is no comparison.
    fn answered(&self, stdout: &str, folder: &Path) -> anyhow::Result<u64>;
}

/// The peers that are on this machine, and why the others are not.
pub fn peers() -> (Vec<Box<dyn Client>>, Vec<String>) {
    let mut peers: Vec<Box<dyn Client>> = Vec::new();
    let mut missing = Vec::new();
    let mut keep = |found: anyhow::Result<Box<dyn Client>>| match found {
        Ok(client) => peers.push(client),
        Err(error) => missing.push(error.to_string()),
    };
    keep(wrk::Wrk::find().map(|client| Box::new(client) as _));
    keep(wrk2::Wrk2::find().map(|client| Box::new(client) as _));
    keep(oha::Oha::find().map(|client| Box::new(client) as _));
    keep(h2load::H2load::find().map(|client| Box::new(client) as _));
    keep(gcannon::Gcannon::find().map(|client| Box::new(client) as _));
    keep(shb::Shb::find().map(|client| Box::new(client) as _));
    keep(k6::K6::find().map(|client| Box::new(client) as _));
    keep(vegeta::Vegeta::find().map(|client| Box::new(client) as _));
    keep(hey::Hey::find().map(|client| Box::new(client) as _));
    keep(ab::Ab::find().map(|client| Box::new(client) as _));
    (peers, missing)
}
