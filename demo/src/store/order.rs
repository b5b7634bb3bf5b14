//! What was bought.

use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::{Money, StockChange};
use crate::tier::Tier;

/// How many of the latest orders a report looks at. In memory older ones are forgotten, so that a long soak does not grow.
pub(super) const LATEST: usize = 100_000;

/// One line of an order, as a customer wishes it.
#[derive(Debug, Deserialize)]
pub(crate) struct Wish {
    pub(crate) product_id: String,
    pub(crate) quantity: NonZeroU32,
}

/// What one customer bought at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Order {
    /// `order-N`.
    pub(crate) id: String,
    pub(crate) tier: Tier,
    pub(crate) items: Vec<Item>,
    pub(crate) total: Money,
}

/// One line of an order, with the price at that time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Item {
    pub(crate) product_id: String,
    pub(crate) quantity: u32,
    pub(crate) price: Money,
}

impl Item {
    /// What it takes from the stock.
    pub(super) fn taken(&self) -> StockChange {
        StockChange { product_id: self.product_id.clone(), delta: -i64::from(self.quantity) }
    }
}

impl Order {
    /// The order with this number; its total is the sum of its lines.
    pub(super) fn numbered(number: u64, tier: Tier, items: Vec<Item>) -> Self {
        let total = total(&items);
        Self { id: format!("order-{number}"), tier, items, total }
    }

    /// The number in an id.
    pub(super) fn number(id: &str) -> Option<u64> {
        id.strip_prefix("order-")?.parse().ok()
    }
}

/// What all of it costs.
pub(crate) fn total(items: &[Item]) -> Money {
    items.iter().map(|item| item.price.times(item.quantity)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_total_is_the_sum_of_its_lines() {
        let item = Item { product_id: "a".into(), quantity: 3, price: Money::from_cents(250) };
        let order = Order::numbered(7, Tier::Free, vec![item.clone(), item]);
        assert_eq!((order.total, Order::number(&order.id)), (Money::from_cents(1500), Some(7)));
    }
}
