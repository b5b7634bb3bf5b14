//! Stock: changed for several products at once or for none, and never below zero. The check is made where the rows are locked;
//! the table's own constraint stands behind it.

use std::collections::HashMap;

use deadpool_postgres::Transaction;

use super::Statements;
use super::products::product;
use crate::store::{Product, Refusal, StockChange};

/// Everybody locks products in the order of their numbers, so that nobody waits for somebody who waits for him.
const CHANGE: &str = "
WITH change AS (
    SELECT * FROM unnest($1::text[], $2::bigint[]) AS change (id, delta)
), locked AS (
    SELECT products.number, change.delta FROM products JOIN change USING (id)
    ORDER BY products.number FOR UPDATE OF products
)
UPDATE products SET stock = products.stock + locked.delta
FROM locked
WHERE products.number = locked.number AND products.stock + locked.delta BETWEEN 0 AND 4294967295
RETURNING products.number, id, name, category, price_cents, stock";

const LEVELS: &str = "SELECT id, stock FROM products WHERE id = ANY ($1) ORDER BY number";

const NOTE: &str = "
INSERT INTO stock_adjustments (product, delta)
SELECT * FROM unnest($1::bigint[], $2::bigint[])";

/// More than any stock: what lies beyond is refused as well, and sums stay within the database's numbers.
const BEYOND: i64 = 1 << 40;

/// Products with their new stock, and the numbers that other tables know them by; by id.
pub(super) type Changed = HashMap<String, (i64, Product)>;

/// Makes all of `changes` or, where one is impossible, none; several to one product are taken together.
pub(super) async fn change(transaction: &Transaction<'_>, changes: &[StockChange]) -> Result<Changed, Refusal> {
    let mut net = HashMap::<&str, i64>::new();
    for StockChange { product_id, delta } in changes {
        let sum = net.entry(product_id).or_default();
        *sum = sum.saturating_add(*delta);
    }
    let (ids, deltas): (Vec<&str>, Vec<i64>) =
        net.iter().map(|(id, delta)| (*id, (*delta).clamp(-BEYOND, BEYOND))).unzip();
    let rows = transaction.rows(CHANGE, &[&ids, &deltas]).await?;
    let changed = rows.iter().map(|row| {
        let product = product(row, 1)?;
        Ok((product.id.clone(), (row.try_get(0)?, product)))
    });
    let changed = changed.collect::<Result<Changed, tokio_postgres::Error>>()?;
    if changed.len() < ids.len() {
        return Err(refusal(transaction, changes, &net, &changed).await?);
    }
    Ok(changed)
}

/// Why not all were changed: the first product that there is none of or, in the order of the catalogue, without the stock.
async fn refusal(
    transaction: &Transaction<'_>,
    changes: &[StockChange],
    net: &HashMap<&str, i64>,
    changed: &Changed,
) -> Result<Refusal, Refusal> {
    let ids: Vec<&str> = net.keys().copied().collect();
    let mut levels = Vec::with_capacity(ids.len());
    for row in transaction.rows(LEVELS, &[&ids]).await? {
        levels.push((row.try_get::<_, String>(0)?, row.try_get::<_, i64>(1)?));
    }
    let unknown = changes.iter().find(|change| levels.iter().all(|(id, _)| *id != change.product_id));
    if let Some(change) = unknown {
        return Ok(Refusal::UnknownProduct(change.product_id.clone()));
    }
    let short = levels.iter().find(|(id, _)| !changed.contains_key(id));
    Ok(short.map_or_else(
        || Refusal::Failed("stock that was short is not any more".into()),
        |(id, level)| Refusal::of_stock(id, level.saturating_add(net[id.as_str()])),
    ))
}

/// Makes the changes, puts them down in the books, and returns the product of each.
pub(super) async fn adjust(transaction: &Transaction<'_>, changes: &[StockChange]) -> Result<Vec<Product>, Refusal> {
    let changed = change(transaction, changes).await?;
    let of_each = || changes.iter().filter_map(|change| Some((changed.get(&change.product_id)?, change.delta)));
    let (numbers, deltas): (Vec<i64>, Vec<i64>) = of_each().map(|((number, _), delta)| (number, delta)).unzip();
    transaction.rows(NOTE, &[&numbers, &deltas]).await?;
    Ok(of_each().map(|((_, product), _)| product.clone()).collect())
}
