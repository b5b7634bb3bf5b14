//! The questions that a store answers, by name: they are timed apart, and each can be made slow.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// One for each method of [`super::Store`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Query {
    Products,
    Search,
    Product,
    PlaceOrder,
    Order,
    AdjustStock,
    Import,
    Inventory,
    InventorySummary,
    OrderDetails,
}

impl Query {
    pub(crate) const ALL: [Self; 10] = [
        Self::Products,
        Self::Search,
        Self::Product,
        Self::PlaceOrder,
        Self::Order,
        Self::AdjustStock,
        Self::Import,
        Self::Inventory,
        Self::InventorySummary,
        Self::OrderDetails,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Products => "products",
            Self::Search => "search",
            Self::Product => "product",
            Self::PlaceOrder => "place_order",
            Self::Order => "order",
            Self::AdjustStock => "adjust_stock",
            Self::Import => "import",
            Self::Inventory => "inventory",
            Self::InventorySummary => "inventory_summary",
            Self::OrderDetails => "order_details",
        }
    }
}

impl fmt::Display for Query {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

impl FromStr for Query {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::name).join(", ");
        let found = Self::ALL.into_iter().find(|query| query.name() == text);
        found.ok_or_else(|| format!("no query {text:?}; there are {}", known()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_on_the_command_line_and_in_json() {
        for query in Query::ALL {
            assert_eq!(query.name().parse(), Ok(query));
            assert_eq!(serde_json::to_value(query).unwrap(), query.name());
        }
        assert!("serach".parse::<Query>().unwrap_err().contains("search, product, place_order"));
    }
}
