//! Orders: placed, and looked up.

use deadpool_postgres::Transaction;
use tokio_postgres::Error;

use super::{Statements, signed, stock, tier, whole};
use crate::store::order::total;
use crate::store::{Item, Money, Order, Refusal, StockChange, Wish};
use crate::tier::Tier;

const PLACE: &str = "
WITH placed AS (
    INSERT INTO orders (tenant, total_cents) VALUES ($1, $2) RETURNING number
)
INSERT INTO order_items (order_number, line, product, quantity, price_cents)
SELECT placed.number, item.line, item.product, item.quantity, item.price_cents
FROM placed, unnest($3::bigint[], $4::bigint[], $5::bigint[])
    WITH ORDINALITY AS item (product, quantity, price_cents, line)
RETURNING order_number";

const BY_NUMBER: &str = "
SELECT tenants.tier, products.id, order_items.quantity, order_items.price_cents
FROM orders
JOIN tenants ON tenants.id = orders.tenant
JOIN order_items ON order_items.order_number = orders.number
JOIN products ON products.number = order_items.product
WHERE orders.number = $1
ORDER BY order_items.line";

/// Takes what is wished for from the stock and puts the order down. Its number is drawn last: what is refused uses up none.
pub(super) async fn place(transaction: &Transaction<'_>, tier: Tier, wishes: Vec<Wish>) -> Result<Order, Refusal> {
    let taken =
        |wish: &Wish| StockChange { product_id: wish.product_id.clone(), delta: -i64::from(wish.quantity.get()) };
    let changed = stock::change(transaction, &wishes.iter().map(taken).collect::<Vec<_>>()).await?;
    let (mut numbers, mut items) = (Vec::with_capacity(wishes.len()), Vec::with_capacity(wishes.len()));
    for Wish { product_id, quantity } in wishes {
        if let Some((number, product)) = changed.get(&product_id) {
            numbers.push(*number);
            items.push(Item { product_id, quantity: quantity.get(), price: product.price });
        }
    }
    let total_cents = signed(total(&items).cents());
    let quantities: Vec<i64> = items.iter().map(|item| item.quantity.into()).collect();
    let prices: Vec<i64> = items.iter().map(|item| signed(item.price.cents())).collect();
    let rows = transaction.rows(PLACE, &[&tier.tenant(), &total_cents, &numbers, &quantities, &prices]).await?;
    let number = rows.first().map_or(Ok(0), |row| row.try_get(0))?;
    Ok(Order::numbered(whole(number), tier, items))
}

pub(super) async fn by_id(client: &impl Statements, id: &str) -> Result<Order, Refusal> {
    let unknown = || Refusal::UnknownOrder(id.into());
    let number = Order::number(id).and_then(|number| i64::try_from(number).ok()).ok_or_else(unknown)?;
    let rows = client.rows(BY_NUMBER, &[&number]).await?;
    let tier = rows.first().ok_or_else(unknown).and_then(|row| tier(row.try_get(0)?))?;
    let item = |row: &tokio_postgres::Row| {
        Ok(Item {
            product_id: row.try_get(1)?,
            quantity: whole(row.try_get(2)?) as u32,
            price: Money::from_cents(whole(row.try_get(3)?)),
        })
    };
    let items = rows.iter().map(item).collect::<Result<_, Error>>()?;
    Ok(Order::numbered(whole(number), tier, items))
}
