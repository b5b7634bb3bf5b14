//! What reports say; how they are worked out is a store's own business.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Money, Product};
use crate::tier::Tier;

/// Stock of which less than this is left is low.
pub(super) const LOW_STOCK: u32 = 250;

/// How many orders are shown one by one.
pub(super) const SHOWN_ORDERS: usize = 1000;

/// What is in the warehouse, and what it is worth.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Inventory {
    pub(super) total: Shelf,
    pub(super) by_category: BTreeMap<String, Shelf>,
}

/// A part of the warehouse.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Shelf {
    pub(super) products: usize,
    pub(super) units: u64,
    pub(super) value: Money,
    pub(super) low_stock: usize,
    pub(super) out_of_stock: usize,
}

/// How prices and stock are spread, by category.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct InventorySummary {
    pub(super) by_category: BTreeMap<String, CategorySummary>,
}

#[derive(Debug, PartialEq, Serialize)]
pub(super) struct CategorySummary {
    pub(super) price: Spread,
    pub(super) stock: Spread,
}

/// Of a list with at least one number.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Spread {
    min: f64,
    median: f64,
    mean: f64,
    max: f64,
}

/// A [`Spread`] in whole numbers, from which every store makes the same fractions.
#[derive(Debug, Clone, Copy)]
pub(super) struct WholeSpread {
    pub(super) min: u64,
    /// The lower one of two in the middle.
    pub(super) median: u64,
    pub(super) sum: u64,
    pub(super) count: u64,
    pub(super) max: u64,
}

impl WholeSpread {
    /// In units of which each has `parts` of what was counted.
    pub(super) fn in_units_of(self, parts: f64) -> Spread {
        let units = |number: u64| number as f64 / parts;
        Spread {
            min: units(self.min),
            median: units(self.median),
            mean: self.sum as f64 / (self.count as f64 * parts),
            max: units(self.max),
        }
    }
}

/// Who bought what.
#[derive(Debug, Default, Serialize)]
pub(crate) struct OrderDetails {
    pub(super) total: Turnover,
    pub(super) by_tier: BTreeMap<String, Turnover>,
    pub(super) by_category: BTreeMap<String, Turnover>,
    /// The newest first; only where they were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) orders: Option<Vec<OrderDetail>>,
}

#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Turnover {
    pub(super) lines: usize,
    pub(super) units: u64,
    pub(super) revenue: Money,
}

#[derive(Debug, Serialize)]
pub(super) struct OrderDetail {
    pub(super) id: String,
    pub(super) tier: Tier,
    pub(super) total: Money,
    pub(super) items: Vec<ItemDetail>,
}

#[derive(Debug, Serialize)]
pub(super) struct ItemDetail {
    pub(super) quantity: u32,
    pub(super) price: Money,
    pub(super) product: Option<Product>,
}
