//! What was bought: the latest orders, and how many there ever were.

use std::collections::VecDeque;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};

use super::money::Money;
use crate::tier::Tier;

/// How many orders are kept; older ones are forgotten, so that a long soak does not grow.
const CAPACITY: usize = 100_000;

/// One line of an order, as a customer wishes it.
#[derive(Debug, Deserialize)]
pub(crate) struct Wish {
    pub(crate) product_id: String,
    pub(crate) quantity: NonZeroU32,
}

/// An order, as a customer sees it.
#[derive(Debug, Serialize)]
pub(crate) struct Order {
    /// `order-N`.
    pub(crate) id: String,
    pub(crate) tier: &'static str,
    pub(crate) items: Vec<Item>,
    pub(crate) total: Money,
}

/// One line of an order, with the price at that time.
#[derive(Debug, Serialize)]
pub(crate) struct Item {
    pub(crate) product_id: String,
    pub(crate) quantity: u32,
    pub(crate) price: Money,
}

/// An order, as it is kept.
#[derive(Debug)]
pub(super) struct Sale {
    pub(super) tier: Tier,
    pub(super) lines: Box<[Line]>,
}

impl Sale {
    pub(super) fn total(&self) -> Money {
        self.lines.iter().map(|line| line.price.times(line.quantity)).sum()
    }
}

/// One line of a [`Sale`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    /// Where the product is in the catalogue.
    pub(super) position: usize,
    pub(super) quantity: u32,
    pub(super) price: Money,
}

/// The latest sales. Numbers start at 1 and have no gaps, so a number says where its sale is.
#[derive(Debug)]
pub(super) struct Orders {
    latest: VecDeque<Sale>,
    placed: u64,
    capacity: usize,
}

impl Orders {
    pub(super) fn new() -> Self {
        Self { latest: VecDeque::new(), placed: 0, capacity: CAPACITY }
    }

    /// How many orders there ever were.
    pub(super) fn placed(&self) -> u64 {
        self.placed
    }

    /// Keeps `sale`, forgetting the oldest one if need be; returns it with its number.
    pub(super) fn push(&mut self, sale: Sale) -> (u64, &Sale) {
        if self.latest.len() == self.capacity {
            self.latest.pop_front();
        }
        self.placed += 1;
        (self.placed, self.latest.push_back_mut(sale))
    }

    pub(super) fn get(&self, number: u64) -> Option<&Sale> {
        let index = number.checked_sub(self.forgotten() + 1)?;
        self.latest.get(usize::try_from(index).ok()?)
    }

    /// All that are kept, the oldest first, with their numbers.
    pub(super) fn numbered(&self) -> impl DoubleEndedIterator<Item = (u64, &Sale)> + ExactSizeIterator {
        let forgotten = self.forgotten();
        self.latest.iter().enumerate().map(move |(index, sale)| (forgotten + 1 + index as u64, sale))
    }

    fn forgotten(&self) -> u64 {
        self.placed - self.latest.len() as u64
    }
}

/// The id that customers see.
pub(super) fn id_of(number: u64) -> String {
    format!("order-{number}")
}

/// The number behind an id.
pub(super) fn number_of(id: &str) -> Option<u64> {
    id.strip_prefix("order-")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sale(quantity: u32) -> Sale {
        let line = Line { position: 0, quantity, price: Money::from_cents(250) };
        Sale { tier: Tier::Free, lines: Box::new([line, line]) }
    }

    #[test]
    fn a_total_is_the_sum_of_its_lines() {
        assert_eq!(sale(3).total(), Money::from_cents(1500));
    }

    #[test]
    fn the_oldest_order_makes_room_and_numbers_go_on() {
        let mut orders = Orders { capacity: 3, ..Orders::new() };
        let numbers: Vec<_> = (1..=5).map(|quantity| orders.push(sale(quantity)).0).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5]);
        assert_eq!(orders.placed(), 5);

        let quantity = |number| orders.get(number).map(|sale| sale.lines[0].quantity);
        assert_eq!([0, 1, 2, 3, 4, 5, 6].map(quantity), [None, None, None, Some(3), Some(4), Some(5), None]);
        assert!(orders.numbered().map(|(number, _)| number).eq(3..=5));
    }
}
