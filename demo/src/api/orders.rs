//! Buying.

use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Deserialize;

use super::SharedShop;
use super::error::ApiError;
use super::extract::{Batch, Id, Json};
use crate::store::{Order, Wish};
use crate::tier::Tier;

/// The most lines of one order.
const MAX_LINES: usize = 20;

#[derive(Deserialize)]
pub(super) struct Basket {
    items: Batch<Wish, MAX_LINES>,
}

/// `POST /api/orders`
pub(super) async fn place(
    State(shop): SharedShop,
    Extension(tier): Extension<Tier>,
    Json(basket): Json<Basket>,
) -> Result<(StatusCode, Json<Order>), ApiError> {
    let order = shop.store.place_order(tier, basket.items.0).await?;
    shop.metrics.orders.inc();
    Ok((StatusCode::CREATED, Json(order)))
}

/// `GET /api/orders/{id}`
pub(super) async fn by_id(State(shop): SharedShop, Id(id): Id) -> Result<Json<Order>, ApiError> {
    Ok(Json(shop.store.order(&id).await?))
}
