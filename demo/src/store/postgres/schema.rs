//! The tables, their keys and indexes: made once, whoever of several processes comes first.

use tokio_postgres::{Client, Error, GenericClient};

use super::{DatabaseFailure, load, signed};
use crate::store::{MAX_ADDED, Product};

const TABLES: &str = include_str!("tables.sql");
const INDEXES: &str = include_str!("indexes.sql");
const DROP: &str = "DROP TABLE IF EXISTS stock_adjustments, order_items, orders, products, catalogue, tenants CASCADE";

/// What the planner has to know of the tables.
const ANALYZE: &str = "ANALYZE tenants, catalogue, products, orders, order_items, stock_adjustments";

/// The same, and what a bulk load has left is put in order, so that an index alone may answer.
pub(crate) const VACUUM: &str = "VACUUM (ANALYZE) tenants, catalogue, products, orders, order_items, stock_adjustments";

/// Whoever makes the tables holds this; the number is anybody's choice.
const LOCK: &str = "SELECT pg_advisory_xact_lock(7305110)";

/// What is in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// No shop.
    Empty,
    /// Tables that somebody is filling, or has given up filling.
    Unfinished,
    /// A shop.
    Open,
}

/// Makes a shop of these goods where the database has none.
///
/// # Errors
/// What the database says; it is as it was then.
pub(super) async fn open(client: &mut Client, goods: impl Iterator<Item = Product>) -> Result<(), DatabaseFailure> {
    let transaction = client.transaction().await?;
    transaction.batch_execute(LOCK).await?;
    match state(&transaction).await? {
        State::Open => return Ok(()),
        State::Unfinished => return Err(DatabaseFailure::Unfinished),
        State::Empty => {}
    }
    make_tables(&transaction).await?;
    load::tenants(&transaction, load::accounts()).await?;
    load::products(&transaction, goods).await?;
    finish(&transaction).await?;
    transaction.batch_execute(ANALYZE).await?;
    transaction.commit().await?;
    Ok(())
}

/// What is in the database.
pub(crate) async fn state(client: &impl GenericClient) -> Result<State, Error> {
    let there = client.query_one("SELECT to_regclass('catalogue') IS NOT NULL", &[]).await?;
    if !there.try_get::<_, bool>(0)? {
        return Ok(State::Empty);
    }
    let finished = client.query_one("SELECT EXISTS (SELECT FROM catalogue)", &[]).await?;
    Ok(if finished.try_get(0)? { State::Open } else { State::Unfinished })
}

/// Takes the shop away, with all that is in it.
pub(crate) async fn drop_tables(client: &impl GenericClient) -> Result<(), Error> {
    client.batch_execute(DROP).await
}

/// Makes the tables, without anything in them.
pub(crate) async fn make_tables(client: &impl GenericClient) -> Result<(), Error> {
    client.batch_execute(TABLES).await
}

/// Makes keys and indexes and counts the products, by which the shop is open.
pub(crate) async fn finish(client: &impl GenericClient) -> Result<(), Error> {
    client.batch_execute(INDEXES).await?;
    let count = "INSERT INTO catalogue SELECT count(*), count(*) + $1 FROM products";
    client.execute(count, &[&signed(MAX_ADDED as u64)]).await?;
    Ok(())
}
