//! Everything in a PostgreSQL database. Several processes may share one: nothing is kept here but what can be read again.
//!
//! `pool` lends connections, `schema` makes the tables, `load` fills them; `products`, `stock`, `orders` and `reports` have the
//! SQL, in transactions where several statements belong together; `cache` saves reads.

mod cache;
mod failure;
pub(crate) mod load;
mod orders;
mod pool;
mod products;
mod reports;
pub(crate) mod schema;
mod stock;
mod url;

use std::hash::Hash;
use std::sync::Arc;

use async_trait::async_trait;
use deadpool_postgres::GenericClient;
use prometheus::Registry;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error, NoTls, Row};

use super::{
    Filter, Imported, Inventory, InventorySummary, Order, OrderDetails, Page, Paging, Product, Query, Refusal,
    StockChange, Store, StoreFigures, Wish,
};
use crate::clock::Clock;
use crate::faults::SlowQueries;
use crate::tier::Tier;
use cache::{Cache, Kept, Weighed};
pub(crate) use cache::{CacheFigures, CacheSettings};
pub use failure::DatabaseFailure;
use failure::told;
use pool::Pool;
pub(crate) use pool::{PoolFigures, PoolSettings};
pub use url::DatabaseUrl;

/// How a shop on a database is set up.
#[derive(Debug)]
pub(crate) struct Settings<'a> {
    pub(crate) database: &'a DatabaseUrl,
    pub(crate) pool: PoolSettings,
    /// Without one, everything is read from the database.
    pub(crate) cache: Option<CacheSettings>,
}

/// The shop's database.
#[derive(Debug)]
pub(crate) struct Postgres {
    pool: Pool,
    cache: Option<Cache>,
}

impl Postgres {
    /// Connects, and makes a shop of these goods where there is none.
    ///
    /// # Errors
    /// Where the database cannot be reached or refuses.
    pub(crate) async fn open(
        settings: Settings<'_>,
        goods: impl Iterator<Item = Product>,
        slow: Arc<SlowQueries>,
        registry: &Registry,
        clock: Clock,
    ) -> Result<Self, DatabaseFailure> {
        schema::open(&mut connect(settings.database).await?, goods).await?;
        let pool = Pool::to(settings.database.config()?, settings.pool, slow, registry, clock)?;
        let cache = settings.cache.map(|cache| Cache::enrolled(cache, registry, clock)).transpose()?;
        Ok(Self { pool, cache })
    }

    fn pages(&self) -> Option<&Kept<(Filter, Paging), Page<Product>>> {
        self.cache.as_ref().map(|cache| &cache.pages)
    }

    fn forget<'a>(&self, ids: impl Iterator<Item = &'a String>) {
        if let Some(cache) = &self.cache {
            cache.products.forget(ids);
        }
    }
}

/// One connection, for what is done before there is a pool.
pub(crate) async fn connect(database: &DatabaseUrl) -> Result<Client, DatabaseFailure> {
    let config = database.config()?;
    let (client, connection) = config
        .connect(NoTls)
        .await
        .map_err(|error| DatabaseFailure::Unreachable { place: url::place(&config), reason: told(&error) })?;
    // It ends with the client; what goes wrong on it, the client is told.
    tokio::spawn(async { drop(connection.await) });
    Ok(client)
}

#[async_trait]
impl Store for Postgres {
    async fn products(&self, paging: Paging) -> Result<Page<Product>, Refusal> {
        let read = async { Ok(products::list(&*self.pool.lend(Query::Products).await?, paging).await?) };
        remembered(self.pages(), (Filter::default(), paging), read).await
    }

    async fn search(&self, filter: Filter, paging: Paging) -> Result<Page<Product>, Refusal> {
        let read = async { Ok(products::search(&*self.pool.lend(Query::Search).await?, &filter, paging).await?) };
        remembered(self.pages(), (filter.clone(), paging), read).await
    }

    async fn product(&self, id: &str) -> Result<Product, Refusal> {
        let read = async { products::by_id(&*self.pool.lend(Query::Product).await?, id).await };
        remembered(self.cache.as_ref().map(|cache| &cache.products), id.to_owned(), read).await
    }

    async fn place_order(&self, tier: Tier, wishes: Vec<Wish>) -> Result<Order, Refusal> {
        let mut connection = self.pool.lend(Query::PlaceOrder).await?;
        let transaction = connection.transaction().await?;
        let order = orders::place(&transaction, tier, wishes).await?;
        transaction.commit().await?;
        self.forget(order.items.iter().map(|item| &item.product_id));
        Ok(order)
    }

    async fn order(&self, id: &str) -> Result<Order, Refusal> {
        orders::by_id(&*self.pool.lend(Query::Order).await?, id).await
    }

    async fn adjust_stock(&self, changes: Vec<StockChange>) -> Result<Vec<Product>, Refusal> {
        let mut connection = self.pool.lend(Query::AdjustStock).await?;
        let transaction = connection.transaction().await?;
        let products = stock::adjust(&transaction, &changes).await?;
        transaction.commit().await?;
        self.forget(products.iter().map(|product| &product.id));
        Ok(products)
    }

    async fn import(&self, products: Vec<Product>) -> Result<Imported, Refusal> {
        let mut connection = self.pool.lend(Query::Import).await?;
        let transaction = connection.transaction().await?;
        let imported = products::import(&transaction, &products).await?;
        transaction.commit().await?;
        self.forget(products.iter().map(|product| &product.id));
        Ok(imported)
    }

    async fn inventory(&self) -> Result<Inventory, Refusal> {
        Ok(reports::inventory(&*self.pool.lend(Query::Inventory).await?).await?)
    }

    async fn inventory_summary(&self) -> Result<InventorySummary, Refusal> {
        Ok(reports::inventory_summary(&*self.pool.lend(Query::InventorySummary).await?).await?)
    }

    async fn order_details(&self, each: bool) -> Result<OrderDetails, Refusal> {
        reports::order_details(&*self.pool.lend(Query::OrderDetails).await?, each).await
    }

    fn figures(&self) -> StoreFigures {
        StoreFigures {
            pool: Some(self.pool.figures()),
            cache: self.cache.as_ref().map(Cache::figures),
            queries: self.pool.queries(),
        }
    }
}

/// What the cache remembers, or else what is read, which it then remembers.
async fn remembered<K, V>(
    cache: Option<&Kept<K, V>>,
    key: K,
    read: impl Future<Output = Result<V, Refusal>>,
) -> Result<V, Refusal>
where
    K: Hash + Eq + Clone,
    V: Clone + Weighed,
{
    let Some(cache) = cache else { return read.await };
    if let Some(value) = cache.get(&key) {
        return Ok(value);
    }
    let value = read.await?;
    cache.set(key, value.clone());
    Ok(value)
}

/// What a statement is given.
type Parameters<'a, const N: usize> = [&'a (dyn ToSql + Sync); N];

/// Statements that are prepared once for each connection.
trait Statements {
    /// Its rows.
    fn rows(
        &self,
        sql: &str,
        parameters: &[&(dyn ToSql + Sync)],
    ) -> impl Future<Output = Result<Vec<Row>, Error>> + Send;
}

impl<C: GenericClient + Sync> Statements for C {
    async fn rows(&self, sql: &str, parameters: &[&(dyn ToSql + Sync)]) -> Result<Vec<Row>, Error> {
        self.query(&self.prepare_cached(sql).await?, parameters).await
    }
}

/// A count or an amount: the tables let none be negative.
fn whole(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// The same for the database, which knows no numbers without a sign.
fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The tier of this name.
fn tier(name: &str) -> Result<Tier, Refusal> {
    Tier::named(name).ok_or_else(|| Refusal::Failed(format!("a tenant is in tier {name:?}, which there is not")))
}
