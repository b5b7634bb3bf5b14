//! Why a store did not do what it was asked.

use std::time::Duration;

/// Why the shop did not do what it was asked; nothing has changed then.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("no product {0:?}")]
    UnknownProduct(String),
    #[error("no order {0:?}")]
    UnknownOrder(String),
    #[error("not enough stock of {0:?}")]
    OutOfStock(String),
    #[error("the stock of {0:?} cannot be more than {max}", max = u32::MAX)]
    TooMuchStock(String),
    #[error("there is room for only {room} more products")]
    Full { room: usize },
    #[error("none of the {size} connections to the database became free within {waited:?}")]
    Busy { size: usize, waited: Duration },
    #[error("the database cannot be reached: {0}")]
    Unreachable(String),
    #[error("the database failed: {0}")]
    Failed(String),
}

impl Refusal {
    /// Of a stock `level` that cannot be.
    pub(super) fn of_stock(id: &str, level: i64) -> Self {
        if level < 0 { Self::OutOfStock(id.into()) } else { Self::TooMuchStock(id.into()) }
    }
}
