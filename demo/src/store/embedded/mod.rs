//! Everything in memory behind one lock: nothing to install, the same at every start, and gone at the end.

mod catalogue;
mod orders;
mod reports;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use async_trait::async_trait;

use super::{
    Filter, Imported, Inventory, InventorySummary, Item, Order, OrderDetails, Page, Paging, Product, Query, Refusal,
    StockChange, Store, StoreFigures, Wish,
};
use crate::faults::SlowQueries;
use crate::tier::Tier;
use catalogue::Catalogue;
use orders::Orders;

/// The shop's memory.
#[derive(Debug)]
pub(crate) struct Embedded {
    state: RwLock<State>,
    slow: Arc<SlowQueries>,
}

#[derive(Debug)]
struct State {
    catalogue: Catalogue,
    orders: Orders,
}

impl Embedded {
    pub(crate) fn of(products: impl Iterator<Item = Product>, slow: Arc<SlowQueries>) -> Self {
        let state = State { catalogue: Catalogue::new(products), orders: Orders::new() };
        Self { state: RwLock::new(state), slow }
    }

    // Changes are worked out first and applied last, so a panic in between leaves nothing half done behind a poisoned lock.
    async fn read(&self, query: Query) -> RwLockReadGuard<'_, State> {
        self.hold_up(query).await;
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write(&self, query: Query) -> RwLockWriteGuard<'_, State> {
        self.hold_up(query).await;
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    async fn hold_up(&self, query: Query) {
        if let Some(delay) = self.slow.delay(query) {
            tokio::time::sleep(delay).await;
        }
    }
}

#[async_trait]
impl Store for Embedded {
    async fn products(&self, paging: Paging) -> Result<Page<Product>, Refusal> {
        Ok(paging.of(self.read(Query::Products).await.catalogue.products()))
    }

    async fn search(&self, filter: Filter, paging: Paging) -> Result<Page<Product>, Refusal> {
        Ok(self.read(Query::Search).await.catalogue.search(&filter, paging))
    }

    async fn product(&self, id: &str) -> Result<Product, Refusal> {
        self.read(Query::Product).await.catalogue.get(id).cloned()
    }

    async fn place_order(&self, tier: Tier, wishes: Vec<Wish>) -> Result<Order, Refusal> {
        let State { catalogue, orders } = &mut *self.write(Query::PlaceOrder).await;
        let item = |Wish { product_id, quantity }| -> Result<Item, Refusal> {
            let price = catalogue.get(&product_id)?.price;
            Ok(Item { product_id, quantity: quantity.get(), price })
        };
        let items = wishes.into_iter().map(item).collect::<Result<Vec<_>, _>>()?;
        catalogue.change_stock(&items.iter().map(Item::taken).collect::<Vec<_>>())?;
        Ok(orders.place(tier, items).clone())
    }

    async fn order(&self, id: &str) -> Result<Order, Refusal> {
        let State { orders, .. } = &*self.read(Query::Order).await;
        orders.get(id).cloned().ok_or_else(|| Refusal::UnknownOrder(id.into()))
    }

    async fn adjust_stock(&self, changes: Vec<StockChange>) -> Result<Vec<Product>, Refusal> {
        let State { catalogue, .. } = &mut *self.write(Query::AdjustStock).await;
        catalogue.change_stock(&changes)?;
        changes.iter().map(|change| catalogue.get(&change.product_id).cloned()).collect()
    }

    async fn import(&self, products: Vec<Product>) -> Result<Imported, Refusal> {
        self.write(Query::Import).await.catalogue.import(products)
    }

    async fn inventory(&self) -> Result<Inventory, Refusal> {
        Ok(reports::inventory(self.read(Query::Inventory).await.catalogue.products()))
    }

    async fn inventory_summary(&self) -> Result<InventorySummary, Refusal> {
        Ok(reports::inventory_summary(self.read(Query::InventorySummary).await.catalogue.products()))
    }

    async fn order_details(&self, each: bool) -> Result<OrderDetails, Refusal> {
        let State { catalogue, orders } = &*self.read(Query::OrderDetails).await;
        Ok(reports::order_details(catalogue, orders, each))
    }

    fn figures(&self) -> StoreFigures {
        StoreFigures::default()
    }
}
