//! What was bought: the latest orders, and how many there ever were.

use std::collections::VecDeque;

use crate::store::order::LATEST;
use crate::store::{Item, Order};
use crate::tier::Tier;

/// The latest orders. Numbers start at 1 and have no gaps, so a number says where its order is.
#[derive(Debug)]
pub(super) struct Orders {
    latest: VecDeque<Order>,
    placed: u64,
    capacity: usize,
}

impl Orders {
    pub(super) fn new() -> Self {
        Self { latest: VecDeque::new(), placed: 0, capacity: LATEST }
    }

    /// Makes an order of `items` and keeps it, forgetting the oldest one if need be.
    pub(super) fn place(&mut self, tier: Tier, items: Vec<Item>) -> &Order {
        if self.latest.len() == self.capacity {
            self.latest.pop_front();
        }
        self.placed += 1;
        self.latest.push_back_mut(Order::numbered(self.placed, tier, items))
    }

    pub(super) fn get(&self, id: &str) -> Option<&Order> {
        let number = Order::number(id)?;
        let forgotten = self.placed - self.latest.len() as u64;
        let index = number.checked_sub(forgotten + 1)?;
        self.latest.get(usize::try_from(index).ok()?)
    }

    /// All that are kept, the oldest first.
    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Order> {
        self.latest.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Money;

    fn items(quantity: u32) -> Vec<Item> {
        let item = Item { product_id: "a".into(), quantity, price: Money::from_cents(250) };
        vec![item.clone(), item]
    }

    #[test]
    fn the_oldest_order_makes_room_and_numbers_go_on() {
        let mut orders = Orders { capacity: 3, ..Orders::new() };
        let ids: Vec<_> = (1..=5).map(|quantity| orders.place(Tier::Free, items(quantity)).id.clone()).collect();
        assert_eq!(ids, ["order-1", "order-2", "order-3", "order-4", "order-5"]);
        assert_eq!(orders.placed, 5);
        assert_eq!(orders.iter().count(), 3);

        let quantity = |number: u64| orders.get(&format!("order-{number}")).map(|order| order.items[0].quantity);
        assert_eq!([0, 1, 2, 3, 4, 5, 6].map(quantity), [None, None, None, Some(3), Some(4), Some(5), None]);
    }
}
