//! What can be chosen on the command line.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytesize::ByteSize;
use clap::{Args, Parser, Subcommand};

use crate::faults::Slow;
use crate::rate_limit::RateLimit;
use crate::seed::{SEED, SeedOptions, Seeding};
use crate::store::DatabaseUrl;
use crate::store::postgres::{CacheSettings, PoolSettings, Settings};
use crate::tier::Tier;

/// The demo shop: a small HTTP server to put under load. Without a command it serves.
#[derive(Debug, Clone, Parser)]
#[command(name = "drumfire-demo", version, after_help = tokens(), args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// What to do other than to serve.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// How to serve.
    #[command(flatten)]
    pub options: Options,
}

/// What to do other than to serve.
#[derive(Debug, Clone, Subcommand)]
pub enum Command {
    /// Fills a PostgreSQL database with goods, tenants and a year of orders.
    Seed(SeedOptions),
}

/// How the shop is served.
#[derive(Debug, Clone, Parser)]
pub struct Options {
    /// Address to listen on; port 0 takes a free one, which the first line of output names.
    #[arg(long, value_name = "ADDRESS:PORT", default_value_t = (Ipv4Addr::LOCALHOST, 0).into())]
    pub listen: SocketAddr,

    /// Products in the catalogue, beside the one on flash sale.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(..=5_000_000))]
    pub products: u32,

    /// Stock of each of these products [default: from 100 to 5000, by the seed].
    #[arg(long, value_name = "N")]
    pub stock: Option<u32>,

    /// Stock of flash-sale-product-001.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub flash_sale_stock: u32,

    /// Lets every tier send as many requests as it likes.
    #[arg(long)]
    pub no_rate_limits: bool,

    /// Requests that a tier may send in a second, such as professional=100; may be given several times.
    #[arg(long, value_name = "TIER=N", conflicts_with = "no_rate_limits")]
    pub rate_limit: Vec<RateLimit>,

    /// Threads that serve requests [default: one per core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Stops when standard input closes, so that the server cannot outlive the program that started it.
    #[arg(long)]
    pub until_stdin_closes: bool,

    /// What is kept where: in memory, or in PostgreSQL.
    #[command(flatten)]
    pub database: DatabaseOptions,

    /// Memory that every request of a customer keeps for good, such as 10kB, up to 2 GB in all.
    #[arg(long, value_name = "SIZE", default_value = "0B", help_heading = "Faults")]
    pub leak_per_request: ByteSize,

    /// A query that is to take longer by some time, such as search=200ms; may be given several times.
    #[arg(long, value_name = "QUERY=DURATION", help_heading = "Faults")]
    pub slow_query: Vec<Slow>,

    /// The token that switches faults under /api/admin [default: none is needed while the shop listens on loopback].
    #[arg(long, value_name = "TOKEN", help_heading = "Faults")]
    pub admin_token: Option<String>,
}

/// How the shop is kept in PostgreSQL.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "PostgreSQL")]
pub struct DatabaseOptions {
    /// Keeps the shop there and not in memory: postgres://USER:PASSWORD@HOST:PORT/NAME or postgres:///NAME?host=/FOLDER/OF/SOCKET. A
    /// database without a shop is given one, with the goods that the options above say.
    #[arg(long, value_name = "URL")]
    pub database: Option<DatabaseUrl>,

    /// The most connections to the database.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub pool_size: u16,

    /// How long a request may wait for a connection before it is answered with 503.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = humantime::parse_duration)]
    pub pool_timeout: Duration,

    /// Products that are remembered one by one, and as many on pages; 0 reads everything from the database.
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub cache_size: usize,

    /// How long they are remembered, and so how old an answer may be.
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = humantime::parse_duration)]
    pub cache_ttl: Duration,
}

impl Options {
    /// What a shop opens with that is not there yet.
    pub(crate) fn goods(&self) -> Seeding {
        Seeding { products: self.products, stock: self.stock, flash_sale_stock: self.flash_sale_stock, seed: SEED }
    }

    /// How to keep the shop in a database, where it is to be kept in one.
    pub(crate) fn database(&self) -> Option<Settings<'_>> {
        let DatabaseOptions { database, pool_size, pool_timeout, cache_size, cache_ttl } = &self.database;
        let cache = CacheSettings { products: *cache_size, time_to_live: *cache_ttl };
        Some(Settings {
            database: database.as_ref()?,
            pool: PoolSettings { size: *pool_size, timeout: *pool_timeout },
            cache: (*cache_size > 0).then_some(cache),
        })
    }
}

/// The tokens that requests under /api need, for those who write scenarios.
fn tokens() -> String {
    let line = |tier: Tier| {
        let account = tier.account();
        format!("\n  {:<18}{:>6} requests/s  {}", account.token, account.requests_per_second, account.email)
    };
    format!("Bearer tokens, their rate limits and the emails to log in with:{}", Tier::ALL.map(line).concat())
}
