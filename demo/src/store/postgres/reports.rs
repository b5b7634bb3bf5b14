//! Reports: aggregates that aggregate and joins that join, computed anew at every request.

use std::collections::BTreeMap;

use tokio_postgres::{Error, Row};

use super::products::product;
use super::{Statements, signed, tier, whole};
use crate::store::money::CENTS_PER_UNIT;
use crate::store::order::LATEST;
use crate::store::report::{
    CategorySummary, Inventory, InventorySummary, ItemDetail, LOW_STOCK, OrderDetail, OrderDetails, SHOWN_ORDERS,
    Shelf, Turnover, WholeSpread,
};
use crate::store::{Money, Refusal};

const INVENTORY: &str = "
SELECT category, count(*), sum(stock)::bigint, least(coalesce(sum(price_cents::numeric * stock), 0), 9223372036854775807)::bigint,
    count(*) FILTER (WHERE stock BETWEEN 1 AND $1::bigint - 1), count(*) FILTER (WHERE stock = 0)
FROM products
GROUP BY GROUPING SETS ((), (category))";

/// `percentile_disc` is the lower one of two in the middle.
const SUMMARY: &str = "
SELECT category, count(*),
    min(price_cents), percentile_disc(0.5) WITHIN GROUP (ORDER BY price_cents), sum(price_cents)::bigint, max(price_cents),
    min(stock), percentile_disc(0.5) WITHIN GROUP (ORDER BY stock), sum(stock)::bigint, max(stock)
FROM products
GROUP BY category";

const TURNOVER: &str = "
SELECT tenants.tier, products.category, count(*), sum(order_items.quantity)::bigint,
    least(coalesce(sum(order_items.price_cents::numeric * order_items.quantity), 0), 9223372036854775807)::bigint
FROM orders
JOIN tenants ON tenants.id = orders.tenant
JOIN order_items ON order_items.order_number = orders.number
JOIN products ON products.number = order_items.product
WHERE orders.number > (SELECT max(number) FROM orders) - $1::bigint
GROUP BY GROUPING SETS ((), (tenants.tier), (products.category))";

const LATEST_ORDERS: &str = "
SELECT latest.number, tenants.tier, latest.total_cents, order_items.quantity, order_items.price_cents,
    products.id, products.name, products.category, products.price_cents, products.stock
FROM (SELECT number, tenant, total_cents FROM orders ORDER BY number DESC LIMIT $1) AS latest
JOIN tenants ON tenants.id = latest.tenant
JOIN order_items ON order_items.order_number = latest.number
JOIN products ON products.number = order_items.product
ORDER BY latest.number DESC, order_items.line";

pub(super) async fn inventory(client: &impl Statements) -> Result<Inventory, Error> {
    let mut inventory = Inventory { total: Shelf::default(), by_category: BTreeMap::new() };
    for row in client.rows(INVENTORY, &[&i64::from(LOW_STOCK)]).await? {
        let number = |at| number(&row, at);
        let shelf = Shelf {
            products: number(1)? as usize,
            units: number(2)?,
            value: Money::from_cents(number(3)?),
            low_stock: number(4)? as usize,
            out_of_stock: number(5)? as usize,
        };
        match row.try_get(0)? {
            Some(category) => drop(inventory.by_category.insert(category, shelf)),
            None => inventory.total = shelf,
        }
    }
    Ok(inventory)
}

pub(super) async fn inventory_summary(client: &impl Statements) -> Result<InventorySummary, Error> {
    let mut by_category = BTreeMap::new();
    for row in client.rows(SUMMARY, &[]).await? {
        let spread = |at| {
            let number = |at| number(&row, at);
            Ok::<_, Error>(WholeSpread {
                min: number(at)?,
                median: number(at + 1)?,
                sum: number(at + 2)?,
                count: number(1)?,
                max: number(at + 3)?,
            })
        };
        let summary =
            CategorySummary { price: spread(2)?.in_units_of(CENTS_PER_UNIT), stock: spread(6)?.in_units_of(1.0) };
        by_category.insert(row.try_get(0)?, summary);
    }
    Ok(InventorySummary { by_category })
}

pub(super) async fn order_details(client: &impl Statements, each: bool) -> Result<OrderDetails, Refusal> {
    let mut details = OrderDetails::default();
    for row in client.rows(TURNOVER, &[&signed(LATEST as u64)]).await? {
        let turnover = Turnover {
            lines: number(&row, 2)? as usize,
            units: number(&row, 3)?,
            revenue: Money::from_cents(number(&row, 4)?),
        };
        match (row.try_get(0)?, row.try_get(1)?) {
            (Some(tier), _) => drop(details.by_tier.insert(tier, turnover)),
            (None, Some(category)) => drop(details.by_category.insert(category, turnover)),
            (None, None) => details.total = turnover,
        }
    }
    if each {
        details.orders = Some(latest_orders(client).await?);
    }
    Ok(details)
}

async fn latest_orders(client: &impl Statements) -> Result<Vec<OrderDetail>, Refusal> {
    let mut orders: Vec<OrderDetail> = Vec::new();
    for row in client.rows(LATEST_ORDERS, &[&signed(SHOWN_ORDERS as u64)]).await? {
        let id = format!("order-{}", number(&row, 0)?);
        let item = ItemDetail {
            quantity: number(&row, 3)? as u32,
            price: Money::from_cents(number(&row, 4)?),
            product: Some(product(&row, 5)?),
        };
        match orders.last_mut() {
            Some(order) if order.id == id => order.items.push(item),
            _ => orders.push(OrderDetail {
                id,
                tier: tier(row.try_get(1)?)?,
                total: Money::from_cents(number(&row, 2)?),
                items: vec![item],
            }),
        }
    }
    Ok(orders)
}

/// A count or an amount; nothing adds up to 0.
fn number(row: &Row, at: usize) -> Result<u64, Error> {
    Ok(whole(row.try_get::<_, Option<i64>>(at)?.unwrap_or_default()))
}
