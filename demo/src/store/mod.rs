//! What the shop keeps, and what it can be asked. [`Store`] is all that the API knows; behind it things are kept in memory
//! (`embedded`) or in a database (`postgres`), and both give the same answers. Ids, quantities and money come in, owned values
//! go out; nothing in here knows of HTTP.

mod embedded;
mod money;
mod order;
mod page;
pub(crate) mod postgres;
mod product;
mod query;
mod refusal;
mod report;

use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;

use crate::metrics::LatencyFigures;
use crate::tier::Tier;
pub(crate) use embedded::Embedded;
pub(crate) use money::Money;
pub(crate) use order::{Item, Order, Wish};
pub(crate) use page::{Page, Paging};
use postgres::{CacheFigures, PoolFigures};
pub use postgres::{DatabaseFailure, DatabaseUrl};
pub(crate) use product::{Filter, Imported, Product, StockChange};
pub(crate) use query::Query;
pub(crate) use refusal::Refusal;
pub(crate) use report::{Inventory, InventorySummary, OrderDetails};

/// The most products that may be added to those the shop opened with: what is kept has a bound.
pub(crate) const MAX_ADDED: usize = 100_000;

/// What the shop can be asked. What is refused has changed nothing.
#[async_trait]
pub(crate) trait Store: fmt::Debug + Send + Sync {
    /// A page of all products, in the order in which they came.
    async fn products(&self, paging: Paging) -> Result<Page<Product>, Refusal>;

    /// A page of those that match.
    async fn search(&self, filter: Filter, paging: Paging) -> Result<Page<Product>, Refusal>;

    async fn product(&self, id: &str) -> Result<Product, Refusal>;

    /// Sells all that is wished for or nothing.
    async fn place_order(&self, tier: Tier, wishes: Vec<Wish>) -> Result<Order, Refusal>;

    async fn order(&self, id: &str) -> Result<Order, Refusal>;

    /// Makes all changes or none, and returns the products of each with their new stock.
    async fn adjust_stock(&self, changes: Vec<StockChange>) -> Result<Vec<Product>, Refusal>;

    /// Takes in all or, where there is no room for the new ones, none. A known id is replaced.
    async fn import(&self, products: Vec<Product>) -> Result<Imported, Refusal>;

    async fn inventory(&self) -> Result<Inventory, Refusal>;

    async fn inventory_summary(&self) -> Result<InventorySummary, Refusal>;

    /// Who bought what; `each` shows the latest orders one by one as well.
    async fn order_details(&self, each: bool) -> Result<OrderDetails, Refusal>;

    /// What is measured behind this interface now; brings the same figures in Prometheus' format up to date.
    fn figures(&self) -> StoreFigures;
}

/// What is measured behind a store.
#[derive(Debug, Default)]
pub(crate) struct StoreFigures {
    pub(crate) pool: Option<PoolFigures>,
    pub(crate) cache: Option<CacheFigures>,
    /// By the names of [`Query`].
    pub(crate) queries: BTreeMap<String, LatencyFigures>,
}
