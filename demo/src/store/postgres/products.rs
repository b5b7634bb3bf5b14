//! Products: listed, found, shown, and taken in.

use std::collections::{HashMap, HashSet};

use deadpool_postgres::Transaction;
use tokio_postgres::{Error, Row};

use super::{Parameters, Statements, signed, whole};
use crate::store::{Filter, Imported, Money, Page, Paging, Product, Refusal};

const PAGE: &str = "
SELECT id, name, category, price_cents, stock FROM products
ORDER BY number LIMIT $1 OFFSET $2";

const COUNT: &str = "SELECT products FROM catalogue";

const MATCHING: &str = "
FROM products
WHERE ($1::text IS NULL OR name ILIKE $1)
  AND ($2::text IS NULL OR lower(category) = lower($2))
  AND ($3::bigint IS NULL OR price_cents >= $3)
  AND ($4::bigint IS NULL OR price_cents <= $4)";

const BY_ID: &str = "SELECT id, name, category, price_cents, stock FROM products WHERE id = $1";

const ROOM: &str = "SELECT products, capacity FROM catalogue FOR UPDATE";

/// In the order in which everybody locks them.
const KNOWN: &str = "SELECT id FROM products WHERE id = ANY ($1) ORDER BY number FOR UPDATE";

const IMPORT: &str = "
INSERT INTO products (id, name, category, price_cents, stock)
SELECT id, name, category, price_cents, stock
FROM unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::bigint[])
    WITH ORDINALITY AS product (id, name, category, price_cents, stock, position)
ORDER BY position
ON CONFLICT (id) DO UPDATE SET
    name = excluded.name, category = excluded.category, price_cents = excluded.price_cents, stock = excluded.stock";

const ADDED: &str = "UPDATE catalogue SET products = products + $1";

/// A product from the columns `id, name, category, price_cents, stock`, of which the first is at `at`.
pub(super) fn product(row: &Row, at: usize) -> Result<Product, Error> {
    Ok(Product {
        id: row.try_get(at)?,
        name: row.try_get(at + 1)?,
        category: row.try_get(at + 2)?,
        price: Money::from_cents(whole(row.try_get(at + 3)?)),
        stock: whole(row.try_get(at + 4)?) as u32,
    })
}

fn page_of(paging: Paging, rows: &[Row], count: &[Row]) -> Result<Page<Product>, Error> {
    let items = rows.iter().map(|row| product(row, 0)).collect::<Result<_, _>>()?;
    let total = count.first().map_or(Ok(0), |row| row.try_get(0))?;
    Ok(paging.page_of(items, whole(total) as usize))
}

/// Limit and offset.
fn span(paging: Paging) -> (i64, i64) {
    let (skipped, limit) = paging.span();
    (signed(limit as u64), signed(skipped as u64))
}

pub(super) async fn list(client: &impl Statements, paging: Paging) -> Result<Page<Product>, Error> {
    let (limit, offset) = span(paging);
    let span: Parameters<'_, 2> = [&limit, &offset];
    // Both are on their way at once.
    let (rows, count) = tokio::try_join!(client.rows(PAGE, &span), client.rows(COUNT, &[]))?;
    page_of(paging, &rows, &count)
}

pub(super) async fn search(client: &impl Statements, filter: &Filter, paging: Paging) -> Result<Page<Product>, Error> {
    let name = filter.q.as_deref().filter(|part| !part.is_empty()).map(like);
    let category = filter.category.as_deref().filter(|category| !category.is_empty());
    let (least, most) = (filter.min_price.map(cents), filter.max_price.map(cents));
    let (limit, offset) = span(paging);
    let page = format!("SELECT id, name, category, price_cents, stock {MATCHING} ORDER BY number LIMIT $5 OFFSET $6");
    let count = format!("SELECT count(*) {MATCHING}");
    let wanted: Parameters<'_, 4> = [&name, &category, &least, &most];
    let wanted_there: Parameters<'_, 6> = [&name, &category, &least, &most, &limit, &offset];
    let (rows, count) = tokio::try_join!(client.rows(&page, &wanted_there), client.rows(&count, &wanted))?;
    page_of(paging, &rows, &count)
}

fn cents(price: Money) -> i64 {
    signed(price.cents())
}

/// A pattern that matches what contains `part`, whatever characters are in it.
fn like(part: &str) -> String {
    let mut pattern = String::with_capacity(part.len() + 2);
    pattern.push('%');
    for character in part.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

pub(super) async fn by_id(client: &impl Statements, id: &str) -> Result<Product, Refusal> {
    let rows = client.rows(BY_ID, &[&id]).await?;
    let row = rows.first().ok_or_else(|| Refusal::UnknownProduct(id.into()))?;
    Ok(product(row, 0)?)
}

/// Imports wait for each other at the catalogue's row, and for orders at the products they replace.
pub(super) async fn import(transaction: &Transaction<'_>, products: &[Product]) -> Result<Imported, Refusal> {
    let room = transaction.rows(ROOM, &[]).await?;
    let room =
        room.first().map_or(Ok(0), |row| Ok::<_, Error>(row.try_get::<_, i64>(1)? - row.try_get::<_, i64>(0)?))?;
    let given = products.len();
    let products = last_of_each(products);
    let ids: Vec<&str> = products.iter().map(|product| &*product.id).collect();
    let known = transaction.rows(KNOWN, &[&ids]).await?.len();
    let created = ids.len() - known;
    if created > whole(room) as usize {
        return Err(Refusal::Full { room: whole(room) as usize });
    }
    let names: Vec<&str> = products.iter().map(|product| &*product.name).collect();
    let categories: Vec<&str> = products.iter().map(|product| &*product.category).collect();
    let prices: Vec<i64> = products.iter().map(|product| cents(product.price)).collect();
    let stocks: Vec<i64> = products.iter().map(|product| product.stock.into()).collect();
    transaction.rows(IMPORT, &[&ids, &names, &categories, &prices, &stocks]).await?;
    transaction.rows(ADDED, &[&signed(created as u64)]).await?;
    Ok(Imported { created, updated: given - created })
}

/// One product for each id: the last of those that have it, in the place of the first.
fn last_of_each(products: &[Product]) -> Vec<&Product> {
    let last: HashMap<&str, &Product> = products.iter().map(|product| (&*product.id, product)).collect();
    let mut seen = HashSet::new();
    let first_of_each = products.iter().filter(|product| seen.insert(&*product.id));
    first_of_each.filter_map(|product| last.get(&*product.id).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_what_it_is_made_of_and_nothing_else() {
        assert_eq!(like("100%_\\o/"), "%100\\%\\_\\\\o/%");
    }

    #[test]
    fn of_products_with_one_id_the_last_takes_the_place_of_the_first() {
        let product = |id: &str, stock| Product {
            id: id.into(),
            name: "n".into(),
            category: "c".into(),
            price: Money::from_cents(1),
            stock,
        };
        let batch = [product("a", 1), product("b", 2), product("a", 3)];
        assert_eq!(last_of_each(&batch), [&product("a", 3), &product("b", 2)]);
    }
}
