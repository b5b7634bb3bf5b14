//! What the management wants to know.

use axum::extract::State;
use serde::Deserialize;

use super::SharedShop;
use super::error::ApiError;
use super::extract::{Asked, Json};
use crate::store::{Inventory, InventorySummary, OrderDetails};

/// `GET /api/reports/inventory`
pub(super) async fn inventory(State(shop): SharedShop) -> Result<Json<Inventory>, ApiError> {
    Ok(Json(shop.store.inventory().await?))
}

/// `GET /api/analytics/inventory-summary`
pub(super) async fn inventory_summary(State(shop): SharedShop) -> Result<Json<InventorySummary>, ApiError> {
    Ok(Json(shop.store.inventory_summary().await?))
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    include: Option<Include>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Include {
    All,
}

/// `GET /api/reports/order-details?include=all`
pub(super) async fn order_details(
    State(shop): SharedShop,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<OrderDetails>, ApiError> {
    Ok(Json(shop.store.order_details(matches!(wanted.include, Some(Include::All))).await?))
}
