//! How the shop itself is doing.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use serde_json::{Value, json};

use super::SharedShop;
use super::extract::Json;
use crate::metrics::memory_usage_mb;

/// `GET /api/metrics`; the answer does not count itself.
pub(super) async fn metrics(State(shop): SharedShop) -> Json<Value> {
    Json(json!({
        "process": { "memory_usage_mb": memory_usage_mb(), "uptime_s": shop.started.elapsed().as_secs_f64() },
        "requests": shop.answers.by_status(),
        "orders": shop.store.orders_placed(),
    }))
}

/// Counts every answer, whatever it is.
pub(super) async fn count(State(shop): SharedShop, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    shop.answers.count(response.status().as_u16());
    response
}
