//! The tables, their keys and indexes: made once, whoever of several processes comes first.

use tokio_postgres::{Client, Error, GenericClient};

use super::{DatabaseFailure, load, signed};
use crate::store::{MAX_ADDED, Product};

const TABLES: &str = include_str!("tables.sql");
const INDEXES: &str = include_str!("indexes.sql");
const DROP: &str = "DROP TABLE IF EXISTS stock_adjustments, order_items, orders, products, catalogue, tenants CASCADE";

/// Whoever makes the tables holds this; the number is anybody's choice.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7305110)";

/// Makes a shop of these goods where the database has none.
///
/// # Errors
/// What the database says; it is as it was then.
pub(super) async fn open(client: &mut Client, goods: impl Iterator<Item = Product>) -> Result<(), DatabaseFailure> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(LOCK).await?;
    if !is_there(&transaction).await? {
        make_tables(&transaction).await?;
        load::tenants(&transaction, load::accounts()).await?;
        load::products(&transaction, goods).await?;
        make_indexes(&transaction).await?;
    }
    transaction.commit().await?;
    Ok(())
}

/// Whether there is a shop.
pub(crate) async fn is_there(client: &impl GenericClient) -> Result<bool, Error> {
    client.query_one("SELECT to_regclass('catalogue') IS NOT NULL", &[]).await?.try_get(0)
}

/// Takes the shop away, with all that is in it.
pub(crate) async fn drop_tables(client: &impl GenericClient) -> Result<(), Error> {
    client.batch_execute(DROP).await
}

/// Makes the tables, without anything in them.
pub(crate) async fn make_tables(client: &impl GenericClient) -> Result<(), Error> {
    client.batch_execute(TABLES).await
}

/// Makes keys and indexes, and counts the products.
pub(crate) async fn make_indexes(client: &impl GenericClient) -> Result<(), Error> {
    client.batch_execute(INDEXES).await?;
    let count = "INSERT INTO catalogue SELECT count(*), count(*) + $1 FROM products";
    client.execute(count, &[&signed(MAX_ADDED as u64)]).await?;
    Ok(())
}
