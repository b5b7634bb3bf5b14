//! The shop's HTTP interface: which request goes where, and what all requests share.

mod access;
mod admin;
mod error;
mod extract;
mod orders;
mod products;
mod reports;
mod status;
mod stock;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};

use crate::clock::Clock;
use crate::faults::{Leak, SlowQueries};
use crate::metrics::Metrics;
use crate::rate_limit::RateLimits;
use crate::store::postgres::Postgres;
use crate::store::{Embedded, Store};
use crate::{Failure, Options};
use admin::Guard;
use error::ApiError;

/// The largest body of a request; room for an import of some ten thousand products.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// What every request may use.
struct Shop {
    store: Arc<dyn Store>,
    limits: Option<RateLimits>,
    leak: Leak,
    slow: Arc<SlowQueries>,
    guard: Guard,
    metrics: Metrics,
    clock: Clock,
}

type SharedShop = axum::extract::State<Arc<Shop>>;

impl Shop {
    async fn open(options: &Options) -> Result<Arc<Self>, Failure> {
        let clock = Clock::start();
        let metrics = Metrics::new(clock)?;
        let slow = Arc::new(SlowQueries::new(&options.slow_query));
        let goods = options.goods().products();
        let store: Arc<dyn Store> = match options.database() {
            Some(settings) => {
                Arc::new(Postgres::open(settings, goods, Arc::clone(&slow), metrics.registry(), clock).await?)
            }
            None => Arc::new(Embedded::of(goods, Arc::clone(&slow))),
        };
        Ok(Arc::new(Self {
            store,
            limits: (!options.no_rate_limits).then(|| RateLimits::new(&options.rate_limit)),
            leak: Leak::enrolled(metrics.registry(), options.leak_per_request)?,
            slow,
            guard: Guard::of(options),
            metrics,
            clock,
        }))
    }
}

/// The whole shop as a router: freshly seeded, or as the database has it.
///
/// # Errors
/// Where the database cannot be opened.
pub async fn router(options: &Options) -> Result<Router, Failure> {
    let shop = Shop::open(options).await?;
    Ok(Router::new()
        .route("/", get(|| async { "the Drumfire demo shop\n" }))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/metrics", get(status::prometheus))
        .route("/api/login", post(access::login))
        .route("/api/metrics", get(status::metrics))
        .nest("/api/admin", for_operators(&shop))
        .nest("/api", for_customers(&shop))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(Arc::clone(&shop), status::count))
        .with_state(shop))
}

fn for_operators(shop: &Arc<Shop>) -> Router<Arc<Shop>> {
    Router::new()
        .route("/leak", post(admin::leak))
        .route("/slow-query", post(admin::slow_query))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn_with_state(Arc::clone(shop), admin::operators_only))
}

fn for_customers(shop: &Arc<Shop>) -> Router<Arc<Shop>> {
    Router::new()
        .route("/products", get(products::list))
        .route("/products/search", get(products::search))
        .route("/products/{id}", get(products::by_id))
        .route("/orders", post(orders::place))
        .route("/orders/{id}", get(orders::by_id))
        .route("/reports/inventory", get(reports::inventory))
        .route("/reports/order-details", get(reports::order_details))
        .route("/analytics/inventory-summary", get(reports::inventory_summary))
        .route("/inventory/adjustments", post(stock::adjust))
        .route("/bulk/import", post(stock::import))
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(from_fn_with_state(Arc::clone(shop), access::customers_only))
}

async fn no_such_path() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "no such path")
}

async fn no_such_method() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take that method")
}
