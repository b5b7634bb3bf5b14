//! The goods, and how they are asked for and changed.

use serde::{Deserialize, Serialize};

use super::Money;

/// Something for sale.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Product {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) category: String,
    pub(crate) price: Money,
    pub(crate) stock: u32,
}

/// What a search asks for; what is not given, or empty, matches everything. Capitals (ASCII) make no difference.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Deserialize)]
pub(crate) struct Filter {
    /// A part of the name.
    pub(super) q: Option<String>,
    pub(super) category: Option<String>,
    pub(super) min_price: Option<Money>,
    pub(super) max_price: Option<Money>,
}

/// More of a product, or less.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct StockChange {
    pub(crate) product_id: String,
    pub(crate) delta: i64,
}

/// What an import did.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Imported {
    pub(super) created: usize,
    pub(super) updated: usize,
}
