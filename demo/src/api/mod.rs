//! The shop's HTTP interface: which request goes where, and what all requests share.

mod access;
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
use crate::metrics::Metrics;
use crate::rate_limit::RateLimits;
use crate::store::{Seeding, Store};
use crate::{Failure, Options};
use error::ApiError;

/// The largest body of a request; room for an import of some ten thousand products.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// What every request may use.
struct Shop {
    store: Store,
    limits: Option<RateLimits>,
    metrics: Metrics,
    clock: Clock,
}

type SharedShop = axum::extract::State<Arc<Shop>>;

impl Shop {
    fn open(options: &Options) -> Result<Arc<Self>, Failure> {
        let clock = Clock::start();
        let seeding =
            Seeding { products: options.products, stock: options.stock, flash_sale_stock: options.flash_sale_stock };
        Ok(Arc::new(Self {
            store: Store::seeded(seeding),
            limits: (!options.no_rate_limits).then(RateLimits::default),
            metrics: Metrics::new(clock)?,
            clock,
        }))
    }
}

/// The whole shop as a router, freshly seeded.
///
/// # Errors
/// Where it cannot be opened.
pub fn router(options: &Options) -> Result<Router, Failure> {
    let shop = Shop::open(options)?;
    let customers_only = Router::new()
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
        .layer(from_fn_with_state(Arc::clone(&shop), access::customers_only));
    Ok(Router::new()
        .route("/", get(|| async { "the Drumfire demo shop\n" }))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/metrics", get(status::prometheus))
        .route("/api/login", post(access::login))
        .route("/api/metrics", get(status::metrics))
        .nest("/api", customers_only)
        .fallback(no_such_path)
        .method_not_allowed_fallback(no_such_method)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(Arc::clone(&shop), status::count))
        .with_state(shop))
}

async fn no_such_path() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "no such path")
}

async fn no_such_method() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take that method")
}
