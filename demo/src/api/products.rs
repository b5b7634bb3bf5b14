//! Looking at the goods.

use axum::extract::State;

use super::SharedShop;
use super::error::ApiError;
use super::extract::{Asked, Id, Json};
use crate::store::{Filter, Page, Paging, Product};

/// `GET /api/products?page=&limit=`
pub(super) async fn list(State(shop): SharedShop, Asked(paging): Asked<Paging>) -> Json<Page<Product>> {
    Json(shop.store.products(paging))
}

/// `GET /api/products/search?q=&category=&min_price=&max_price=&page=&limit=`
pub(super) async fn search(
    State(shop): SharedShop,
    Asked(filter): Asked<Filter>,
    Asked(paging): Asked<Paging>,
) -> Json<Page<Product>> {
    Json(shop.store.search(&filter, paging))
}

/// `GET /api/products/{id}`
pub(super) async fn by_id(State(shop): SharedShop, Id(id): Id) -> Result<Json<Product>, ApiError> {
    Ok(Json(shop.store.product(&id)?))
}
