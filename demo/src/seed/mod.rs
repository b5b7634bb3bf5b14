//! What the shop opens with: goods, tenants, and a year of orders, made from a number so that everybody can make the same again;
//! and the command that fills a database with them.

mod orders;
mod products;
mod progress;
mod tenants;

use std::sync::Arc;

use clap::Args;
use tokio_postgres::Client;

use crate::clock::Clock;
use crate::store::postgres::schema::State;
use crate::store::postgres::{connect, load, schema};
use crate::store::{DatabaseFailure, DatabaseUrl};
use orders::History;
pub(crate) use products::{SEED, Seeding};
use progress::Progress;
use tenants::Buyers;

/// Sorting for an index is faster in memory; what the server has by default is meant for many connections.
const SORT_IN_MEMORY: &str = "SET maintenance_work_mem = '512MB'";

/// What a database is filled with.
#[derive(Debug, Clone, Args)]
pub struct SeedOptions {
    /// The database: postgres://USER:PASSWORD@HOST:PORT/NAME or postgres:///NAME?host=/FOLDER/OF/SOCKET.
    #[arg(long, value_name = "URL")]
    pub database: DatabaseUrl,

    /// Products, beside the one on flash sale.
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u32).range(..=100_000_000))]
    pub products: u32,

    /// Orders of the year before, with two lines each on average.
    #[arg(long, value_name = "N", default_value_t = 10_000_000, value_parser = clap::value_parser!(u64).range(..=10_000_000_000))]
    pub orders: u64,

    /// Tenants: nine of ten in the tier free, two of a thousand in the tier enterprise.
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(4..=10_000_000))]
    pub tenants: u32,

    /// Stock of flash-sale-product-001.
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub flash_sale_stock: u32,

    /// The same number makes the same data.
    #[arg(long, value_name = "N", default_value_t = SEED)]
    pub seed: u64,

    /// Drops a shop that is there, with all that is in it.
    #[arg(long)]
    pub replace: bool,
}

/// Fills a database, telling on standard error how far it is, and at the end what it took.
///
/// # Errors
/// Where there is a shop already, or what the database says.
pub async fn seed(options: &SeedOptions) -> Result<(), DatabaseFailure> {
    let clock = Clock::start();
    let goods = Seeding {
        products: options.products,
        stock: None,
        flash_sale_stock: options.flash_sale_stock,
        seed: options.seed,
    };
    let history = History {
        orders: options.orders,
        buyers: Buyers::of(tenants::tenants(options.tenants)),
        prices_cents: goods.products().map(|product| product.price.cents() as u32).collect::<Arc<_>>(),
        seed: options.seed,
    };
    let mut database = connect(&options.database).await?;
    make_room(&mut database, options.replace).await?;

    let progress = Progress::of("products", u64::from(options.products) + 1, clock);
    load::tenants(&database, tenants::tenants(options.tenants)).await?;
    load::products(&database, progress.told(goods.products())).await?;

    // Two connections at once: the server works on orders and on their lines, each on a processor of its own.
    let other = connect(&options.database).await?;
    let progress = Progress::of("orders", options.orders, clock);
    tokio::try_join!(
        load::orders(&database, history.clone().orders()),
        // There are twice as many lines as orders: those who wait, wait for them.
        load::order_items(&other, progress.told(history.orders())),
    )?;

    Progress::step("indexes", clock);
    database.batch_execute(SORT_IN_MEMORY).await?;
    schema::finish(&database).await?;
    Progress::step("statistics", clock);
    database.batch_execute(schema::VACUUM).await?;
    Progress::step("done", clock);
    Ok(())
}

/// Empty tables, in place of those of before only where that is wished.
async fn make_room(database: &mut Client, replace: bool) -> Result<(), DatabaseFailure> {
    let transaction = database.transaction().await?;
    if schema::state(&transaction).await? != State::Empty {
        if !replace {
            return Err(DatabaseFailure::Taken);
        }
        schema::drop_tables(&transaction).await?;
    }
    schema::make_tables(&transaction).await?;
    transaction.commit().await?;
    Ok(())
}
