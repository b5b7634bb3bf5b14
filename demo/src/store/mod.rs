//! What the shop keeps, all of it in memory behind one lock. Ids, quantities and money come in, owned values go out; nothing
//! in here knows of HTTP, and nothing outside knows how things are kept.

mod catalogue;
mod money;
mod orders;
mod page;
mod reports;
mod seed;

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::tier::Tier;
use catalogue::Catalogue;
pub(crate) use catalogue::{Filter, Imported, Product};
use orders::{Item, Orders};
pub(crate) use orders::{Order, Wish};
pub(crate) use page::{Page, Paging};
pub(crate) use reports::{Inventory, InventorySummary, OrderDetails};
pub(crate) use seed::Seeding;

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
}

impl Refusal {
    /// Of a stock `level` that cannot be.
    fn of_stock(id: &str, level: i64) -> Self {
        if level < 0 { Self::OutOfStock(id.into()) } else { Self::TooMuchStock(id.into()) }
    }
}

/// The shop's memory.
#[derive(Debug)]
pub(crate) struct Store {
    state: RwLock<State>,
}

#[derive(Debug)]
struct State {
    catalogue: Catalogue,
    orders: Orders,
}

impl Store {
    pub(crate) fn seeded(seeding: Seeding) -> Self {
        let state = State { catalogue: Catalogue::new(seeding.products()), orders: Orders::new() };
        Self { state: RwLock::new(state) }
    }

    pub(crate) fn products(&self, paging: Paging) -> Page<Product> {
        paging.of(self.read().catalogue.products())
    }

    pub(crate) fn search(&self, filter: &Filter, paging: Paging) -> Page<Product> {
        self.read().catalogue.search(filter, paging)
    }

    pub(crate) fn product(&self, id: &str) -> Result<Product, Refusal> {
        self.read().catalogue.get(id).cloned()
    }

    /// Sells all that is wished for or nothing.
    pub(crate) fn place_order(&self, tier: Tier, wishes: Vec<Wish>) -> Result<Order, Refusal> {
        let State { catalogue, orders } = &mut *self.write();
        let item = |Wish { product_id, quantity }| {
            let price = catalogue.get(&product_id)?.price;
            Ok(Item { product_id, quantity: quantity.get(), price })
        };
        let items = wishes.into_iter().map(item).collect::<Result<Vec<_>, _>>()?;
        catalogue.change_stock(items.iter().map(|item| (&*item.product_id, -i64::from(item.quantity))))?;
        Ok(orders.place(tier.account().tier, items).clone())
    }

    pub(crate) fn order(&self, id: &str) -> Result<Order, Refusal> {
        self.read().orders.get(id).cloned().ok_or_else(|| Refusal::UnknownOrder(id.into()))
    }

    /// How many orders there ever were.
    pub(crate) fn orders_placed(&self) -> u64 {
        self.read().orders.placed()
    }

    /// Changes stock by ids and differences, all of it or nothing, and returns the products with their new stock.
    pub(crate) fn adjust_stock(&self, changes: &[(&str, i64)]) -> Result<Vec<Product>, Refusal> {
        let State { catalogue, .. } = &mut *self.write();
        catalogue.change_stock(changes.iter().copied())?;
        changes.iter().map(|(id, _)| catalogue.get(id).cloned()).collect()
    }

    pub(crate) fn import(&self, products: Vec<Product>) -> Result<Imported, Refusal> {
        self.write().catalogue.import(products)
    }

    pub(crate) fn inventory(&self) -> Inventory {
        reports::inventory(self.read().catalogue.products())
    }

    pub(crate) fn inventory_summary(&self) -> InventorySummary {
        reports::inventory_summary(self.read().catalogue.products())
    }

    /// `each` shows orders one by one as well.
    pub(crate) fn order_details(&self, each: bool) -> OrderDetails {
        let State { catalogue, orders } = &*self.read();
        reports::order_details(catalogue, orders, each)
    }

    // Changes are worked out first and applied last, so a panic in between leaves nothing half done behind a poisoned lock.
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}
