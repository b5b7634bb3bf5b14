//! The shop's HTTP interface: which request goes where.

mod error;

use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;

use crate::Options;
use error::ApiError;

/// The whole shop as a router, freshly seeded.
pub fn router(_options: &Options) -> Router {
    Router::new()
        .route("/", get(|| async { "the Drumfire demo shop\n" }))
        .route("/healthz", get(|| async { "ok\n" }))
        .fallback(|| async { ApiError::new(StatusCode::NOT_FOUND, "no such path") })
        .method_not_allowed_fallback(|| async {
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "this path does not take that method")
        })
}
