//! Looking at the goods.

use axum::extract::State;

use super::SharedShop;
use super::error::ApiError;
use super::extract::{Asked, Id, Json};
use crate::store::{Filter, Page, Paging, Product};

/// `GET /api/products?page=&limit=`
pub(super) async fn list(
    State(shop): SharedShop,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Product>>, ApiError> {
    Ok(Json(shop.store.products(paging).await?))
}

/// `GET /api/products/search?q=&category=&min_price=&max_price=&page=&limit=`
pub(super) async fn search(
    State(shop): SharedShop,
    Asked(filter): Asked<Filter>,
    Asked(paging): Asked<Paging>,
) -> Result<Json<Page<Product>>, ApiError> {
    Ok(Json(shop.store.search(filter, paging).await?))
}

/// `GET /api/products/{id}`
pub(super) async fn by_id(State(shop): SharedShop, Id(id): Id) -> Result<Json<Product>, ApiError> {
    Ok(Json(shop.store.product(&id).await?))
}
