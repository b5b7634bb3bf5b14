//! How the shop itself is doing.

use axum::extract::{MatchedPath, Request, State};
use axum::http::{Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::error::ApiError;
use super::extract::Json;
use super::{SharedShop, Shop};
use crate::metrics::Metrics;
use crate::store::StoreFigures;

/// `GET /api/metrics`; the answer does not count itself.
pub(super) async fn metrics(State(shop): SharedShop) -> Json<Value> {
    Json(figures(&shop))
}

/// All figures now; those that are not counted as they come are brought up to date in Prometheus' format as well.
fn figures(shop: &Shop) -> Value {
    let Metrics { requests, orders, .. } = &shop.metrics;
    let StoreFigures { pool, cache, queries } = shop.store.figures();
    json!({
        "process": shop.metrics.process(),
        "requests": requests.by_status(),
        "routes": requests.by_route(),
        "orders": orders.get(),
        "leaked_bytes": shop.leak.bytes(),
        "pool": pool,
        "cache": cache,
        "queries": queries,
    })
}

/// `GET /metrics`: the same in Prometheus' text format.
pub(super) async fn prometheus(State(shop): SharedShop) -> Result<Response, ApiError> {
    figures(&shop);
    let text =
        shop.metrics.text().map_err(|error| ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))?;
    Ok(([(header::CONTENT_TYPE, prometheus::TEXT_FORMAT)], text).into_response())
}

/// Counts every answer, whatever it is.
pub(super) async fn count(State(shop): SharedShop, request: Request, next: Next) -> Response {
    let since = shop.clock.now();
    let method = told_apart(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("other", MatchedPath::as_str);
    let took = shop.clock.now().saturating_sub(since);
    shop.metrics.requests.count(method, route, response.status().as_str(), took);
    response
}

/// The methods that the shop knows; a client may make up any number of others.
fn told_apart(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        _ => "other",
    }
}
