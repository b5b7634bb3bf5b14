//! What can be chosen on the command line.

use std::net::{Ipv4Addr, SocketAddr};

use clap::Parser;

use crate::tier::Tier;

/// The demo shop: a small HTTP server to put under load.
#[derive(Debug, Clone, Parser)]
#[command(name = "drumfire-demo", version, after_help = tokens())]
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

    /// Threads that serve requests [default: one per core].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,

    /// Stops when standard input closes, so that the server cannot outlive the program that started it.
    #[arg(long)]
    pub until_stdin_closes: bool,
}

/// The tokens that requests under /api need, for those who write scenarios.
fn tokens() -> String {
    let line = |tier: Tier| {
        let account = tier.account();
        format!("\n  {:<18}{:>6} requests/s  {}", account.token, account.requests_per_second, account.email)
    };
    format!("Bearer tokens, their rate limits and the emails to log in with:{}", Tier::ALL.map(line).concat())
}
