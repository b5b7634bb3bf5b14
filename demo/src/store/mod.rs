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
use orders::{Item, Line, Orders, Sale};
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
        let State { catalogue, .. } = &*self.read();
        Ok(catalogue.at(catalogue.position(id)?).clone())
    }

    /// Sells all that is wished for or nothing.
    pub(crate) fn place_order(&self, tier: Tier, wishes: &[Wish]) -> Result<Order, Refusal> {
        let State { catalogue, orders } = &mut *self.write();
        let line = |wish: &Wish| {
            let position = catalogue.position(&wish.product_id)?;
            Ok(Line { position, quantity: wish.quantity.get(), price: catalogue.at(position).price })
        };
        let lines = wishes.iter().map(line).collect::<Result<Box<[_]>, _>>()?;
        let stock = catalogue.restocked(lines.iter().map(|line| (line.position, -i64::from(line.quantity))))?;
        catalogue.apply(stock);
        let (number, sale) = orders.push(Sale { tier, lines });
        Ok(order(catalogue, number, sale))
    }

    pub(crate) fn order(&self, id: &str) -> Result<Order, Refusal> {
        let State { catalogue, orders } = &*self.read();
        let known = orders::number_of(id).and_then(|number| Some((number, orders.get(number)?)));
        known.map(|(number, sale)| order(catalogue, number, sale)).ok_or_else(|| Refusal::UnknownOrder(id.into()))
    }

    /// How many orders there ever were.
    pub(crate) fn orders_placed(&self) -> u64 {
        self.read().orders.placed()
    }

    /// Changes stock by ids and differences, all of it or nothing, and returns the products with their new stock.
    pub(crate) fn adjust_stock(&self, changes: &[(&str, i64)]) -> Result<Vec<Product>, Refusal> {
        let State { catalogue, .. } = &mut *self.write();
        let located = changes.iter().map(|&(id, delta)| Ok((catalogue.position(id)?, delta)));
        let located = located.collect::<Result<Vec<_>, _>>()?;
        let stock = catalogue.restocked(located.iter().copied())?;
        catalogue.apply(stock);
        Ok(located.iter().map(|&(position, _)| catalogue.at(position).clone()).collect())
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

fn order(catalogue: &Catalogue, number: u64, sale: &Sale) -> Order {
    let item = |line: &Line| Item {
        product_id: catalogue.at(line.position).id.clone(),
        quantity: line.quantity,
        price: line.price,
    };
    Order {
        id: orders::id_of(number),
        tier: sale.tier.account().tier,
        items: sale.lines.iter().map(item).collect(),
        total: sale.total(),
    }
}
